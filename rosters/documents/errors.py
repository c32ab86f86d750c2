"""What a document refuses to print, in words for the officer.

A document is refused as a whole and every fault is named at once: a value that is cut, or a character
that prints as an empty box, would be a loss that nobody sees until a stamped page is sent back.
"""

from dataclasses import dataclass

SHOWN = 20


class FontsMissing(RuntimeError):
    """A print font is not installed; the message says which one and which package has it."""


class NothingToPrint(ValueError):
    """A document, or one of its sections, without a single row."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One value that cannot be printed.

    Attributes:
        place: where it stands, for the officer: 第12行（考生号 44…）.
        field: the Chinese name of the column or field.
        value: the value as given.
        reason: why not, in Chinese.
    """

    place: str
    field: str
    value: str
    reason: str

    def __str__(self):
        return f"{self.place}“{self.field}”：{self.reason}（{self.value}）"


class CannotPrint(ValueError):
    """Values that do not fit their place or have characters without a glyph.

    Attributes:
        faults: all of them, in the order of the document.
    """

    def __init__(self, faults):
        self.faults = tuple(faults)
        super().__init__(self.faults)

    def __str__(self):
        lines = [str(fault) for fault in self.faults[:SHOWN]]
        if len(self.faults) > SHOWN:
            lines.append(f"另有{len(self.faults) - SHOWN}处，从略。")
        return "无法打印：\n" + "\n".join(lines)
