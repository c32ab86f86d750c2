"""What every reader gives back: rows of text, each cell's problem with its place, and refusals in Chinese."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

INVISIBLE = {
    "\u200b": "零宽空格",
    "\u200c": "零宽不连字",
    "\u200d": "零宽连字",
    "\u2060": "单词连接符",
    "\ufeff": "字节序标记",
    "\u00ad": "软连字符",
    "\u200e": "从左到右标记",
    "\u200f": "从右到左标记",
    "\u202a": "方向控制符",
    "\u202b": "方向控制符",
    "\u202c": "方向控制符",
    "\u202d": "方向控制符",
    "\u202e": "方向控制符",
}
_INVISIBLE = re.compile("[" + "".join(INVISIBLE) + "]")
_ODD = re.compile(
    "[\\x00-\\x1f\\x7f-\\xa0\\u3000" + "".join(INVISIBLE) + "\ue000-\uf8ff\ufffd\U000f0000-\U0010ffff]"
)
_SEPARATOR = "\x1f"
_ODD_BUT_SEPARATOR = re.compile(_ODD.pattern.replace("\\x00-\\x1f", "\\x00-\\x1e"))
_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")
_CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f]+")


class ReadError(Exception):
    """The file as a whole cannot be read; nothing of it is taken.

    Attributes:
        message: what is wrong, in words for the officer.
        hint: what to do about it, in words for the officer; may be empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message}{hint}")
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class CellProblem:
    """One cell that could not be taken as it stands.

    Attributes:
        column: index of the cell in the row, from 0; -1 for the row as a whole.
        header: heading of the column, empty where there is none.
        kind: `bad_bytes`, `private_use`, `invisible`, `control`, `replacement`, `lost_precision`,
            `error_cell`, `extra_cells`, `short_row`, `deleted`.
        message: what is wrong, in words for the officer.
        raw: what the file holds, as text or as hexadecimal bytes.
        fatal: False where the reader mended the cell without loss and only tells so (`invisible`).
    """

    column: int
    header: str
    kind: str
    message: str
    raw: str = ""
    fatal: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file.

    Attributes:
        number: its place as the officer sees it: the sheet's row in XLSX (header is 1), the line in CSV,
            the record number from 1 in DBF.
        cells: one text for each column of the header, normalised by `clean`.
        problems: what is wrong with single cells; empty for nearly every row.
    """

    number: int
    cells: tuple[str, ...]
    problems: tuple[CellProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    """A file opened for reading.

    Attributes:
        header: the headings as they stand in the file (Chinese in sheets, field names in DBF).
        rows: the rows, once, in order; rows without any text are left out.
        kind: `xlsx`, `csv` or `dbf`, by content.
        source: sheet name, or encoding of the text.
        total: number of records where the file says so beforehand (DBF), else None.
        widths: width of each field in bytes (DBF), else empty.
    """

    header: tuple[str, ...]
    rows: Iterator[Row]
    kind: str
    source: str = ""
    total: int | None = None
    widths: tuple[int, ...] = field(default=())


def name_of(character: str) -> str:
    """Name one character for a message: `“䶮”(U+4DAE)`, private-use and invisible ones by code only."""
    shown = "" if unicodedata.category(character) in ("Co", "Cn", "Cc", "Cf") else f"“{character}”"
    return f"{shown}U+{ord(character):04X}"


def is_clean(cells: Sequence[str]) -> bool:
    """Whether `clean` would change no cell of a row; nearly every row is so, and told in one look."""
    text = _SEPARATOR.join(cells)
    return (
        _ODD_BUT_SEPARATOR.search(text) is None
        and "\x1f " not in text
        and " \x1f" not in text
        and text[:1] != " "
        and text[-1:] != " "
        and text.count(_SEPARATOR) == len(cells) - 1
    )


def clean(text: str, column: int, header: str) -> tuple[str, tuple[CellProblem, ...]]:
    """Normalise one text and say what was wrong with it.

    Spaces at both ends go, ideographic and no-break spaces count as spaces, invisible characters are removed
    and reported, control characters become one space and are reported, private-use characters and U+FFFD are
    kept and reported: what they stood for cannot be known. No compatibility folding: a full-width digit stays
    and is for the checks to judge.

    Args:
        text: the cell.
        column: its index from 0.
        header: heading of its column.
    """
    if _ODD.search(text) is None:
        return text.strip(), ()
    problems: list[CellProblem] = []
    found = sorted(set(_INVISIBLE.findall(text)))
    if found:
        names = "、".join(f"{INVISIBLE[c]}(U+{ord(c):04X})" for c in found)
        problems.append(
            CellProblem(column, header, "invisible", f"含看不见的字符：{names}，已去除", ascii(text), False)
        )
        text = _INVISIBLE.sub("", text)
    text = text.replace("\u3000", " ").replace("\u00a0", " ").strip()
    if _CONTROL.search(text):
        problems.append(CellProblem(column, header, "control", "单元格内有换行或控制字符", ascii(text)))
        text = _CONTROL.sub(" ", text).strip()
    private = sorted(set(_PRIVATE.findall(text)))
    if private:
        names = "、".join(name_of(c) for c in private)
        problems.append(
            CellProblem(
                column, header, "private_use", f"含自造字 {names}，无法确认是哪个汉字，请改用标准汉字", text
            )
        )
    if "\ufffd" in text:
        message = "含“�”，原字已在导出时丢失，请从源系统重新导出"
        problems.append(CellProblem(column, header, "replacement", message, text))
    return text, tuple(problems)


def fit(cells: list[str], width: int, problems: list[CellProblem]) -> tuple[str, ...]:
    """Bring a row to the width of its header: pad short rows, report text beyond the last heading."""
    if len(cells) > width:
        extra = [c for c in cells[width:] if c]
        if extra:
            problems.append(CellProblem(width, "", "extra_cells", "表头之外还有内容", "、".join(extra)[:80]))
        del cells[width:]
    elif len(cells) < width:
        cells.extend([""] * (width - len(cells)))
    return tuple(cells)
