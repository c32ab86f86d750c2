"""Excel workbooks: limits before unpacking, then every cell as text; and writing with text cells only."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import python_calamine
import xlsxwriter

from .archive import UPLOAD, Limits, check_archive, error_cells
from .base import CellProblem, ReadError, Row, clean, fit, is_clean

EPOCH = datetime(2021, 1, 1)  # creation time written into every workbook: equal rows give equal bytes
_TEXTS = frozenset({str})
_LOST = 10**15  # from here on a float no longer holds every whole number


def read_xlsx(
    path: str | os.PathLike, sheet: str | None = None, *, limits: Limits = UPLOAD
) -> tuple[tuple[str, ...], Iterator[Row]]:
    """Open a sheet of a workbook.

    Every cell comes as text: 7.0 as `7`, dates as `2021-08-20`, booleans as `是`/`否`. A number of 16 or more
    digits has lost digits when it was typed as a number: it is reported (`lost_precision`) and given as is.
    Error values (#N/A, #REF!) come as empty cells with the problem `error_cell`.

    Args:
        path: file name.
        sheet: name of the sheet; the first visible one if None.
        limits: what is refused before unpacking.

    Returns:
        The header (first row with text), and the rows (number = row of the sheet).

    Raises:
        ReadError: not a workbook, encrypted, with macros, too large, no such sheet, no header.
    """
    check_archive(path, limits)
    try:
        book = python_calamine.CalamineWorkbook.from_path(os.fspath(path))
        names = [m.name for m in book.sheets_metadata if "Work" in str(m.typ) and "Visible" in str(m.visible)]
        if not names:
            raise ReadError("工作簿里没有可见的工作表。", "请使用平台下载的模板。")
        if sheet is not None and sheet not in names:
            raise ReadError(f"工作簿里没有工作表“{sheet}”。", f"现有：{'、'.join(names[:5])}。")
        table = book.get_sheet_by_name(sheet or names[0])
    except (python_calamine.CalamineError, ValueError, OSError) as error:
        raise ReadError("工作簿内容损坏，无法打开。", "请用 Excel 打开后另存为 .xlsx 再上传。") from error
    if table.height > limits.rows:
        raise ReadError(f"工作表有 {table.height} 行，超过上限 {limits.rows} 行。", "请分批上传。")
    if table.width > limits.columns:
        raise ReadError(f"工作表有 {table.width} 列，超过上限 {limits.columns} 列。", "请删除多余的列。")
    if not table.height:
        raise ReadError(f"工作表“{sheet or names[0]}”是空的。", "请使用平台下载的模板填写。")
    top = 1
    rows = table.iter_rows()
    header: tuple[str, ...] = ()
    for number, cells in enumerate(rows, start=1):  # leading empty rows are given too
        top = number
        header = tuple(clean(_text(c, i, "")[0], i, "")[0] for i, c in enumerate(cells))
        if any(header):
            break
    while header and not header[-1]:
        header = header[:-1]
    if not header:
        raise ReadError("工作表里没有表头。", "请使用平台下载的模板填写。")
    try:
        errors = error_cells(path, sheet or names[0])
    except (zipfile.BadZipFile, OSError, KeyError):
        errors = {}
    return header, _rows(rows, header, top, errors)


def _rows(
    rows: Iterator[list], header: tuple[str, ...], top: int, errors: dict[tuple[int, int], str]
) -> Iterator[Row]:
    width = len(header)
    wrong: dict[int, list[tuple[int, str]]] = {}
    for (number, column), value in errors.items():
        wrong.setdefault(number, []).append((column, value))
    for number, values in enumerate(rows, start=top + 1):
        if (
            len(values) == width
            and number not in wrong
            and _TEXTS.issuperset(map(type, values))
            and is_clean(values)
        ):
            if any(values):
                yield Row(number, tuple(values))
            continue
        problems: list[CellProblem] = []
        for i, value in wrong.get(number, ()):
            problems.append(_error_cell(value, i, header[i] if i < width else ""))
        cells: list[str] = []
        for i, value in enumerate(values):
            if value.__class__ is str:
                if value.isalnum() and value.isascii():
                    cells.append(value)
                    continue
                problem = None
            else:
                value, problem = _text(value, i, header[i] if i < width else "")
            text, more = clean(value, i, header[i] if i < width else "")
            if problem:
                problems.append(problem)
            problems.extend(more)
            cells.append(text)
        if any(cells) or problems:
            yield Row(number, fit(cells, width, problems), tuple(problems))


def _error_cell(text: str, column: int, header: str) -> CellProblem:
    return CellProblem(column, header, "error_cell", f"单元格是公式错误值 {text}", text)


def _text(value: object, column: int, header: str) -> tuple[str, CellProblem | None]:
    match value:
        case str():
            return value, None
        case bool():
            return ("是" if value else "否"), None
        case float() | int():
            if abs(value) >= _LOST:
                shown = format(Decimal(value), "f").split(".")[0]
                return shown, CellProblem(
                    column, header, "lost_precision",
                    "长数字存成了数值格式，末尾几位已经丢失，请把该列设为文本格式后重新录入", shown,
                )  # fmt: skip
            return (str(int(value)) if value == int(value) else repr(value)), None
        case datetime():
            if value.time() == time(0):
                return value.date().isoformat(), None
            return value.isoformat(" ", "seconds"), None
        case date():
            return value.isoformat(), None
        case time():
            return value.isoformat("seconds"), None
        case timedelta():
            return str(value), None
        case None:
            return "", None
    return str(value), None


def write_xlsx(
    target: str | os.PathLike | io.IOBase,
    sheets: Iterable[tuple[str, Sequence[str], Iterable[Sequence[str]]]],
    *,
    widths: Sequence[int] = (),
    created: datetime = EPOCH,
) -> int:
    """Write sheets whose every cell is text, reproducibly and in constant memory.

    No cell becomes a formula, a number or a link whatever it begins with; columns are formatted as text, so
    that what an officer types later keeps its zeros and digits.

    Args:
        target: file name, or a binary file.
        sheets: (name, header, rows) for each sheet; rows may be generators.
        widths: width of the columns of the first sheet, in characters.
        created: creation time in the properties; given by the caller so that equal input gives equal bytes.

    Returns:
        Number of rows written, headers not counted.
    """
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    book = xlsxwriter.Workbook(target if hasattr(target, "write") else os.fspath(target), options)
    book.set_properties({"created": created})
    text = book.add_format({"num_format": "@"})
    head = book.add_format({"num_format": "@", "bold": True, "bg_color": "#DDE6F0", "border": 1})
    total = 0
    for index, (name, header, rows) in enumerate(sheets):
        page = book.add_worksheet(name)
        page.freeze_panes(1, 0)
        for i in range(len(header)):
            page.set_column(i, i, widths[i] if index == 0 and i < len(widths) else 14, text)
        for i, title in enumerate(header):
            page.write_string(0, i, title, head)
        put = page.write_string
        for number, row in enumerate(rows, start=1):
            for i, cell in enumerate(row):
                if cell:
                    put(number, i, cell, text)
            total += 1
    book.close()
    return total
