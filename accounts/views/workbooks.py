"""Workbooks that leave the platform: text and counts only, so that no cell can act."""

from collections.abc import Iterable
from datetime import datetime
from io import BytesIO
from urllib.parse import quote

import xlsxwriter
from django.http import HttpResponse
from django.utils import timezone

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

EXACT = 10**15
"""Whole numbers below are written without loss: a cell holds 15 digits."""


def workbook_bytes(rows: Iterable[Iterable], *, sheet: str = "数据") -> bytes:
    """Rows as a workbook.

    Args:
        rows: the header first; whole numbers are written as numbers, so that they can be added up, all else as
            text (a candidate number is text already), None as empty.
        sheet: name of the sheet.
    """
    buffer = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        page = book.add_worksheet(sheet)
        text, head = (
            book.add_format({"num_format": "@"}),
            book.add_format({"bold": True, "bg_color": "#e8eefc"}),
        )
        page.freeze_panes(1, 0)
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                if type(value) is int and abs(value) < EXACT:
                    page.write_number(number, column, value)
                    continue
                page.write_string(number, column, _words(value), text if number else head)
        page.autofit()
    return buffer.getvalue()


def _words(value) -> str:
    """A value as text: empty for none, a moment in local time to the second."""
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M:%S}"
    return "" if value is None else str(value)


def workbook_response(name: str, rows: Iterable[Iterable]) -> HttpResponse:
    """A workbook as a download.

    Args:
        name: file name, Chinese allowed.
        rows: as for ``workbook_bytes``.
    """
    return HttpResponse(
        workbook_bytes(rows),
        content_type=XLSX,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"},
    )
