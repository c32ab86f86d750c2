"""Findings: what is wrong with a file, all of it, a thousand equal mistakes as one line."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from accounts.masking import mask_id_number

PLACES = 10
WRONG_ROWS = 20_000
SHORT = 6  # too short to be anybody's number


class Level(StrEnum):
    """How much a finding weighs: an error stops the import, a warning is told."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Fault:
    """One way of being wrong, worded once.

    Attributes:
        kind: stable name.
        message: what is wrong, for the officer; ``{}`` stands for a word that differs from place to place.
        hint: what to do about it.
        level: error or warning.
    """

    kind: str
    message: str
    hint: str = ""
    level: Level = Level.ERROR

    def worded(self, word: str) -> "Fault":
        """The same with its word put in; places with the same word are one group."""
        return Fault(self.kind, self.message.format(word), self.hint, self.level)


@dataclass(slots=True)
class Group:
    """Equal findings of one column: how many, and where the first are."""

    count: int = 0
    places: list[dict] = field(default_factory=list)


class Findings:
    """Collects what the checks find.

    Args:
        guarded: headings of columns whose values pages show only in part.
    """

    def __init__(self, guarded: Iterable[str] = ()):
        self.guarded = frozenset(guarded)
        self.groups: dict[tuple[Fault, str], Group] = {}
        self.reasons: dict[int, list[str]] = {}
        self.errors = 0

    def add(self, fault: Fault, column: str, row: int, value: str = "") -> None:
        """Note one place.

        Args:
            fault: what is wrong.
            column: heading, empty for the row as a whole.
            row: number of the row as the officer sees it; 0 for no row of the file.
            value: what stands there.
        """
        self.tell(fault, column, 1)
        self.place(fault, column, row, value)

    def add_many(self, fault: Fault, column: str, places: Iterable[tuple[int, str]]) -> None:
        """Note several places of one fault."""
        for row, value in places:
            self.add(fault, column, row, value)

    def tell(self, fault: Fault, column: str, count: int) -> None:
        """Count places without naming them."""
        group = self.groups.setdefault((fault, column), Group())
        group.count += count
        if fault.level is Level.ERROR:
            self.errors += count

    def place(self, fault: Fault, column: str, row: int, value: str) -> None:
        """Name a place that was counted already."""
        group = self.groups[(fault, column)]
        if len(group.places) < PLACES:
            shown = mask_id_number(value) if column in self.guarded and len(value) > SHORT else value
            group.places.append({"row": row, "value": shown[:80]})
        if fault.level is Level.ERROR and row and (row in self.reasons or len(self.reasons) < WRONG_ROWS):
            self.reasons.setdefault(row, []).append(f"{column}：{fault.message}" if column else fault.message)

    def as_rows(self) -> list[dict]:
        """The groups for the page, errors first, the commonest first."""
        ordered = sorted(
            self.groups.items(), key=lambda item: (item[0][0].level is not Level.ERROR, -item[1].count)
        )
        return [
            {
                "level": str(fault.level),
                "kind": fault.kind,
                "column": column,
                "message": fault.message,
                "hint": fault.hint,
                "count": group.count,
                "places": sorted(group.places, key=lambda place: place["row"]),
            }
            for (fault, column), group in ordered
        ]
