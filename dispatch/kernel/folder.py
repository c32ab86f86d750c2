"""A case as a folder of CSV files, for a million candidates."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np

from dispatch.kernel import table
from dispatch.kernel.case import CELLS, INT32_MAX, LONGEST_ID, TOTAL, WIDEST, Case, Key, id_fault
from dispatch.kernel.fields import BadCase, Scores, number_of, whole
from dispatch.kernel.index import Index

UNITS, CANDIDATES, CHOICES = "units.csv", "candidates.csv", "choices.csv"
LINES, TIERS, PLACES, ALLOTTED = "lines.csv", "tiers.csv", "places.csv", "allotted.csv"
UNIT = ("unit", "plan", "ratio_percent", "region", "sex", "min_total")
PERSON = ("candidate", "region", "sex")
CHOICE = ("candidate", "no", "unit")
PLACE = ("candidate", "no", "place")
KEPT = ("unit", "feeder", "seats")
UNSET = -2


def read(path: Path, keys: tuple[Key, ...] | None, note=lambda line: None) -> Case:
    """The case of a folder.

    Args:
        path: of the folder.
        keys: that order the candidates; the total if there are none.
        note: is told of columns that mean nothing here.

    Raises:
        BadCase: if the folder is no case.

    Cost: some 2 s for a million candidates with ten choices each.
    """
    keys = keys or (Key(TOTAL),)
    units = list(_units(path / UNITS))
    regions = {name: at for at, name in enumerate(dict.fromkeys(unit[3] for unit in units if unit[3]))}
    lines = _lines(path / LINES, regions)
    feeders: dict[str, int] = {}
    kept = _kept(path / ALLOTTED, {unit[0]: at for at, unit in enumerate(units)}, feeders)
    fields = [*dict.fromkeys([*(key.field for key in keys), TOTAL])]
    persons = _Persons(path / CANDIDATES, fields, regions, feeders)
    choices = _choices(path / CHOICES, persons.index, Index.of([unit[0] for unit in units]))
    place, unranked = _places(path / PLACES, persons.index, choices)
    for name, known in ((UNITS, UNIT), (CHOICES, CHOICE)):
        for extra in table.header(path / name):
            if extra not in known:
                note(f"{name}: the column {extra!r} means nothing here; passed over")
    return Case(
        units=[unit[0] for unit in units],
        capacity=[unit[1] for unit in units],
        ratio=[unit[2] for unit in units],
        unit_region=np.array([regions[unit[3]] if unit[3] else -1 for unit in units], np.int32),
        unit_sex=np.array([unit[4] for unit in units], np.int8),
        min_total=[unit[5] for unit in units],
        candidates=persons.index.text(),
        region=persons.region,
        sex=persons.sex,
        scores=persons.scores,
        choices=choices,
        where=persons.where,
        regions=list(regions),
        lines=lines,
        keys=keys,
        place=place,
        unranked=unranked,
        tiers=_tiers(path / TIERS),
        feeder=persons.feeder if feeders else None,
        feeders=list(feeders),
        kept=kept,
    )


class _Persons:
    """The candidates: who they are, and the scores that are compared."""

    def __init__(self, path: Path, fields: Sequence[str], regions: dict[str, int], feeders: dict[str, int]):
        headings = table.header(path)
        self.path = path
        asked = ("region", "sex", "feeder") if feeders else ("region", "sex")
        names = ["candidate", *(name for name in asked if name in headings)]
        scored = [name for name in fields if name in headings]
        known, schools = Index.of(list(regions)), Index.of(list(feeders))
        parts: dict[str, list] = {name: [] for name in ("words", "region", "sex", "feeder")}
        scores = {name: _Digits() for name in scored}
        self.lines: list = []
        for columns in table.blocks(path, [*names, *scored]):
            found = dict(zip(names, columns, strict=False))
            for name, column in zip(scored, columns[len(names) :], strict=True):
                scores[name].add(column)
            parts["words"].append(_ids(found["candidate"]))
            self.lines.append(_lines_of(found["candidate"]))
            rows = len(columns[0])
            parts["region"].append(
                _regions(found["region"], known) if "region" in found else np.full(rows, -1)
            )
            parts["sex"].append(_sexes(found["sex"]) if "sex" in found else np.zeros(rows))
            if feeders:
                named = _regions(found["feeder"], schools) if "feeder" in found else np.full(rows, -1)
                parts["feeder"].append(named.clip(-1))
        self.index = Index(_stacked(parts["words"]))
        again = self.index.twice()
        if again is not None:
            name = self.index.text()[again].decode()
            raise BadCase(f"{self.where(again)}: the candidate {name!r} occurs twice")
        self.region = _joined(parts["region"], np.int32)
        self.sex = _joined(parts["sex"], np.int8)
        self.feeder = _joined(parts["feeder"], np.int32)
        self.scores = {name: digits.scores() for name, digits in scores.items()}

    def where(self, candidate: int) -> str:
        """The file and line of a candidate."""
        return f"{self.path.name} line {_joined(self.lines, np.int64)[candidate]}"


class _Digits:
    """A score field, block after block."""

    def __init__(self):
        self.digits, self.decimals, self.given, self.odd, self.rows = [], [], [], {}, 0

    def add(self, column: table.Column) -> None:
        digits, decimals, good = column.digits()
        for row in np.flatnonzero(~good & (column.length > 0)).tolist():
            number = number_of(column.text(row))
            if number is None:
                raise column.bad(row, f"must be a number, not {column.text(row)!r}")
            self.odd[self.rows + row] = number
        self.digits.append(digits)
        self.decimals.append(np.where(good, decimals, 0))
        self.given.append(column.length > 0)
        self.rows += len(column)

    def scores(self) -> Scores:
        given = _joined(self.given, np.bool_)
        digits = np.where(given, _joined(self.digits, np.int64), 0)
        return Scores.of_digits(digits, _joined(self.decimals, np.int8), given, self.odd)


def _choices(path: Path, persons: Index, units: Index) -> np.ndarray:
    """int32[n, k]."""
    parts = []
    for candidate, no, unit in table.blocks(path, CHOICE):
        chosen = units.find(unit.words()).astype(np.int32)
        parts.append((*_cells(candidate, no, persons), chosen, _lines_of(candidate)))
    return _laid(path, parts, len(persons.words), -1)


def _places(path: Path, persons: Index, choices: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
    """int32[n, k] and bool[n, k], if the file is there: a choice without a place is not in the unit's order."""
    if not path.exists():
        return None, None
    parts = []
    for candidate, no, place in table.blocks(path, PLACE):
        number = _counts(place, INT32_MAX, empty=False).astype(np.int32)
        parts.append((*_cells(candidate, no, persons), number, _lines_of(candidate)))
    laid = _laid(path, parts, len(persons.words), -1)
    place = np.full(choices.shape, -1, np.int32)
    width = min(laid.shape[1], choices.shape[1])
    place[:, :width] = laid[:, :width]
    return place.clip(0), (place < 0) & (choices >= 0)


def _cells(candidate: table.Column, no: table.Column, persons: Index) -> tuple[np.ndarray, np.ndarray]:
    """int32[r] candidates and int16[r] columns of the rows of a block."""
    words = candidate.words()
    first = np.append(True, (words[1:] != words[:-1]).any(axis=1))  # rows of one candidate come together
    found = persons.find(words[first]).astype(np.int32)
    unknown = np.flatnonzero(found < 0)
    if unknown.size:
        row = int(np.flatnonzero(first)[unknown[0]])
        raise candidate.bad(row, f"{candidate.text(row)!r} is not in {CANDIDATES}")
    number = _counts(no, WIDEST, empty=False)
    if len(number) and not number.min():
        raise no.bad(int(number.argmin()), "counts from 1, not from 0")
    return found[np.cumsum(first) - 1], (number - 1).astype(np.int16)


def _laid(path: Path, parts: list, n: int, nothing: int) -> np.ndarray:
    """int32[n, k] of the values, `nothing` where there is none."""
    width = max((int(column.max(initial=-1)) + 1 for _, column, _, _ in parts), default=0)
    if n * width > CELLS:
        raise BadCase(f"{path.name}: {width} choices for each of {n} candidates are too many")
    table = np.full(n * width, UNSET, np.int32)
    for candidate, column, value, _ in parts:
        table[candidate.astype(np.int64) * width + column] = value
    if np.count_nonzero(table != UNSET) != sum(len(value) for _, _, value, _ in parts):
        cells = np.concatenate([c.astype(np.int64) * width + j for c, j, _, _ in parts])
        by_cell = np.argsort(cells, kind="stable")
        again = by_cell[1:][cells[by_cell[1:]] == cells[by_cell[:-1]]].min()
        line = np.concatenate([lines for *_, lines in parts])[again]
        raise BadCase(f"{path.name} line {line}: this candidate has choice {cells[again] % width + 1} before")
    table[table == UNSET] = nothing
    return table.reshape(n, width)


def _units(path: Path) -> Iterator[tuple]:
    """Id, plan, ratio, region, sex and lowest total of each unit."""
    seen = set()
    for line, row in table.rows(path, UNIT[:2], UNIT):
        where = f"{path.name} line {line}"
        fault = id_fault(row["unit"])
        if fault:
            raise BadCase(f"{where}: unit {fault}")
        if row["unit"] in seen:
            raise BadCase(f"{where}: the unit {row['unit']!r} occurs twice")
        seen.add(row["unit"])
        plan = _number(row, "plan", where)
        if plan is None or whole(plan) is None or not 0 <= plan <= INT32_MAX:
            raise BadCase(f"{where}: plan must be a whole number from 0 to {INT32_MAX}, not {row['plan']!r}")
        ratio = _number(row, "ratio_percent", where)
        if ratio is not None and ratio < 0:
            raise BadCase(f"{where}: ratio_percent must not be negative")
        sex = _number(row, "sex", where)
        if sex not in (None, 1, 2):
            raise BadCase(f"{where}: sex must be 1 or 2, not {row['sex']!r}")
        least = _number(row, "min_total", where)
        yield row["unit"], int(plan), 100 if ratio is None else ratio, row["region"], int(sex or 0), least


def _lines(path: Path, regions: dict[str, int]) -> dict[int, Decimal]:
    """Lines by region; regions that are new here get numbers."""
    lines = {}
    if not path.exists():
        return lines
    for line, row in table.rows(path, ("region", TOTAL), ("region", TOTAL)):
        where = f"{path.name} line {line}"
        if not row["region"]:
            raise BadCase(f"{where}: a line needs a region")
        number = regions.setdefault(row["region"], len(regions))
        if number in lines:
            raise BadCase(f"{where}: the region {row['region']!r} occurs twice")
        total = _number(row, TOTAL, where)
        if total is not None:
            lines[number] = total
    return lines


def _kept(path: Path, units: dict[str, int], feeders: dict[str, int]) -> dict[tuple[int, int], int]:
    """Seats by unit and junior school; junior schools get numbers."""
    kept: dict[tuple[int, int], int] = {}
    if not path.exists():
        return kept
    for line, row in table.rows(path, KEPT, KEPT):
        where = f"{path.name} line {line}"
        if row["unit"] not in units:
            raise BadCase(f"{where}: there is no unit {row['unit']!r}")
        fault = id_fault(row["feeder"])
        if fault:
            raise BadCase(f"{where}: feeder {fault}")
        seats = _number(row, "seats", where)
        if seats is None or whole(seats) is None or not 0 <= seats <= INT32_MAX:
            raise BadCase(
                f"{where}: seats must be a whole number from 0 to {INT32_MAX}, not {row['seats']!r}"
            )
        pair = units[row["unit"]], feeders.setdefault(row["feeder"], len(feeders))
        if pair in kept:
            raise BadCase(f"{where}: the unit {row['unit']!r} has seats for {row['feeder']!r} before")
        kept[pair] = int(seats)
    return kept


def _tiers(path: Path) -> tuple[Decimal, ...] | None:
    if not path.exists():
        return None
    found = [
        (line, _number(row, TOTAL, f"{path.name} line {line}"))
        for line, row in table.rows(path, (TOTAL,), (TOTAL,))
    ]
    for line, total in found:
        if total is None:
            raise BadCase(f"{path.name} line {line}: total is missing")
    return tuple(total for _, total in found)


def _number(row: dict[str, str], name: str, where: str) -> Decimal | None:
    if not row[name]:
        return None
    number = number_of(row[name])
    if number is None:
        raise BadCase(f"{where}: {name} must be a number, not {row[name]!r}")
    return number


def _ids(column: table.Column) -> np.ndarray:
    """uint64[r, w] of ids that are fit to be ids."""
    empty = np.flatnonzero(column.length == 0)
    if empty.size:
        raise column.bad(int(empty[0]), "is missing")
    words = column.words()
    letters = np.ascontiguousarray(words, "<u8").view(np.uint8).reshape(len(words), -1)
    odd = (column.length == 1) | (column.length > LONGEST_ID) | ((letters < 32) & (letters > 0)).any(axis=1)
    for row in np.flatnonzero(odd).tolist():
        fault = id_fault(column.text(row))
        if fault:
            raise column.bad(row, fault)
    return words


def _regions(column: table.Column, known: Index) -> np.ndarray:
    found = known.find(column.words())
    return np.where(column.length == 0, -1, np.where(found < 0, -2, found))


def _sexes(column: table.Column) -> np.ndarray:
    number = _counts(column, 2, empty=True)
    zero = np.flatnonzero((number == 0) & (column.length > 0))
    if zero.size:
        raise column.bad(int(zero[0]), f"must be 1 or 2, not {column.text(int(zero[0]))!r}")
    return number


def _counts(column: table.Column, most: int, empty: bool) -> np.ndarray:
    """int64[r], whole numbers from 0; 0 for an empty field, if one may be empty."""
    value, decimals, good = column.digits()
    good &= (decimals == 0) & (value >= 0) & (value <= most)
    if empty:
        good |= column.length == 0
    for row in np.flatnonzero(~good).tolist():
        number = number_of(column.text(row))
        if number is None or whole(number) is None or not 0 <= number <= most:
            raise column.bad(row, f"must be a whole number up to {most}, not {column.text(row)!r}")
        value[row] = int(number)
    return value


def _lines_of(column: table.Column) -> np.ndarray:
    """int32[r], the lines of the file."""
    lines = column.lines
    whole = np.arange(lines, lines + len(column)) if isinstance(lines, int) else lines
    return whole.astype(np.int32)


def _joined(parts: list, dtype) -> np.ndarray:
    return (np.concatenate(parts) if parts else np.empty(0)).astype(dtype)


def _stacked(parts: list) -> np.ndarray:
    """Words of all blocks, of one width."""
    width = max((part.shape[1] for part in parts), default=1)
    padded = [np.pad(part, ((0, 0), (0, width - part.shape[1]))) for part in parts]
    return np.concatenate([*padded, np.empty((0, width), np.uint64)])
