"""Controls as sheets: what is exported is the template of what is imported; all faults are told at once."""

from collections.abc import Iterable
from dataclasses import dataclass

from ..imports.readers import Row
from ..models import Batch
from .controls import Control, Rows


@dataclass(frozen=True, slots=True)
class Wrong:
    """A fault of a sheet: row as the officer sees it, heading, words."""

    row: int
    header: str
    words: str


def sheet_header(control: Control, batch: Batch) -> list[str]:
    """Headings of the sheet: keys, what is told beside them, values."""
    keys = [column.title for column in control.keys(batch)]
    return [*keys, *control.told(), *(column.title for column in control.values(batch))]


def sheet_rows(control: Control, batch: Batch, rows: Rows) -> list[list[str]]:
    """A control as rows of a sheet, the heading first.

    Args:
        control: of which.
        batch: of which.
        rows: as of ``Control.listed``.
    """
    keys, values = control.keys(batch), control.values(batch)
    names, empty = control.names(batch, rows), ("",) * len(control.told())
    made = [sheet_header(control, batch)]
    for key, row in rows.items():
        made.append(
            [
                *(
                    part if column.kind == "text" else column.write(part)
                    for column, part in zip(keys, key, strict=True)
                ),
                *names.get(key, empty),
                *(column.write(row.get(column.name)) for column in values),
            ]
        )
    return made


def sheet_read(
    control: Control, batch: Batch, header: Iterable[str], rows: Iterable[Row]
) -> tuple[Rows, list[Wrong]]:
    """The rows a sheet asks for, and all that is wrong with it.

    A row without values takes away what was set. Rows the sheet does not name stay.

    Args:
        control: of which.
        batch: of which.
        header: headings; columns the platform only tells are passed over.
        rows: of the sheet.

    Returns:
        all rows as they are to be, and the faults; with faults the rows are not to be used.
    """
    keys, values, header = control.keys(batch), control.values(batch), list(header)
    wrong = [
        Wrong(1, column.title, "缺少这一列，请使用导出的表格填写。")
        for column in (*keys, *values)
        if column.title not in header
    ]
    known = {column.title for column in (*keys, *values)} | set(control.told())
    wrong += [Wrong(1, title, "没有这一列。") for title in header if title and title not in known]
    if wrong:
        return {}, wrong
    at = {column.name: header.index(column.title) for column in (*keys, *values)}
    asked: dict = {}
    lines: dict[tuple, int] = {}
    for row in rows:
        bad = [Wrong(row.number, p.header, p.message) for p in row.problems if p.fatal]
        cells = {name: row.cells[place] if place < len(row.cells) else "" for name, place in at.items()}
        key, told = _cells(keys, cells, row.number)
        bad += told
        blank = values and not any(cells[column.name].strip() for column in values)
        row_values, told = ({}, []) if blank else _cells(values, cells, row.number)
        bad += told
        named = tuple(str(part) for part in key.values())
        if not bad and named in lines:
            bad.append(Wrong(row.number, keys[0].title if keys else "", f"与第 {lines[named]} 行重复。"))
        wrong += bad
        if not bad:
            lines[named] = row.number
            asked[named] = None if blank else row_values
    if not lines and not wrong:
        wrong.append(Wrong(1, "", "表格里没有数据行。"))
    if wrong:
        return {}, wrong
    before = control.now(batch)
    at_line: dict[tuple, int] = {}
    for key, line in zip(control.settled(batch, lines), lines.values(), strict=True):
        if at_line.setdefault(key, line) != line:
            wrong.append(Wrong(line, "", f"与第 {at_line[key]} 行相同。"))
    found = control.merge(before, dict(zip(control.settled(batch, asked), asked.values(), strict=True)))
    wrong += [
        Wrong(at_line.get(fault.key, 0), "", fault.words) for fault in control.faults(batch, before, found)
    ]
    return found, wrong


def _cells(columns, cells: dict[str, str], number: int) -> tuple[dict, list[Wrong]]:
    values, wrong = {}, []
    for column in columns:
        try:
            values[column.name] = column.read(cells[column.name])
        except ValueError as error:
            wrong.append(Wrong(number, column.title, str(error)))
    return values, wrong
