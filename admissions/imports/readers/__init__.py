"""Readers of what offices send: one shape of rows for XLSX, CSV and DBF, found by content."""

from __future__ import annotations

import os
import zipfile

from .archive import BULK, UPLOAD, Limits
from .base import CellProblem, ReadError, Row, Rows, clean, name_of
from .csv import read_csv
from .dbf import DbfField, WriteError, read_dbf, write_dbf
from .xlsx import read_xlsx, write_xlsx

__all__ = [
    "BULK",
    "UPLOAD",
    "CellProblem",
    "DbfField",
    "Limits",
    "ReadError",
    "Row",
    "Rows",
    "WriteError",
    "clean",
    "kind_of",
    "name_of",
    "open_rows",
    "read_csv",
    "read_dbf",
    "read_xlsx",
    "write_dbf",
    "write_xlsx",
]

_DBF_VERSIONS = frozenset({0x03, 0x30, 0x31, 0x32, 0x83, 0x8B, 0xF5})


def kind_of(path: str | os.PathLike) -> str:
    """Tell `xlsx`, `dbf` or `csv` from the content of a file; its name is not looked at.

    Raises:
        ReadError: the file is empty.
    """
    with open(path, "rb") as file:
        head = file.read(32)
    if not head:
        raise ReadError("文件是空的（0 字节）。", "请重新导出后再上传。")
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")) or zipfile.is_zipfile(path):
        return "xlsx"
    is_dated = len(head) == 32 and 1 <= head[2] <= 12 and 1 <= head[3] <= 31
    if head[0] in _DBF_VERSIONS and (is_dated or b"\x00" in head):
        return "dbf"
    return "csv"


def open_rows(
    path: str | os.PathLike,
    kind: str | None = None,
    *,
    sheet: str | None = None,
    encoding: str = "gb18030",
    limits: Limits = UPLOAD,
) -> Rows:
    """Open a file of any supported kind.

    Args:
        path: file name.
        kind: `xlsx`, `csv` or `dbf` when only that will do; found by content if None.
        sheet: for XLSX, the sheet; the first visible one if None.
        encoding: for DBF.
        limits: for XLSX, what is refused before unpacking.

    Raises:
        ReadError: the file as a whole cannot be read, or is of another kind than asked for; also while
            the rows are read, when a file proves broken later on.
    """
    found = kind_of(path)
    if kind is not None and kind != found:
        raise ReadError(
            f"需要 {kind.upper()} 文件，上传的内容却是 {found.upper() if found != 'csv' else '文本'}。",
            "请检查文件；改后缀名不能改变文件格式。",
        )
    if found == "xlsx":
        header, rows = read_xlsx(path, sheet, limits=limits)
        return Rows(header, rows, "xlsx", sheet or "")
    if found == "dbf":
        fields, rows = read_dbf(path, encoding)
        total = int.from_bytes(_head(path)[4:8], "little")
        return Rows(
            tuple(f.name for f in fields), rows, "dbf", encoding, total, tuple(f.width for f in fields)
        )
    header, rows, found_encoding = read_csv(path)
    return Rows(header, rows, "csv", found_encoding)


def _head(path: str | os.PathLike) -> bytes:
    with open(path, "rb") as file:
        return file.read(8)
