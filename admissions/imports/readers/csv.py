"""Comma-separated text in UTF-8 or GB 18030, detected strictly: nothing is guessed and nothing replaced."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator

from .base import ReadError, Row, clean, fit, is_clean
from .dbf import decode

MAX_BYTES = 200 * 1024 * 1024
MAX_FIELD = 10_000  # characters in one cell
_NOT_TEXT = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"\x1f\x8b", b"Rar!")


def detect_encoding(data: bytes) -> str:
    """Tell UTF-8 from GB 18030 by decoding the whole of it.

    UTF-8 is tried first: Chinese text in GB 18030 is practically never valid UTF-8. UTF-16 is refused.

    Raises:
        ReadError: it is neither.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ReadError("文件是 UTF-16 编码。", "请另存为“CSV UTF-8”后再上传。")
    try:
        data.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError as error:
        at_utf8 = error.start
    try:
        data.decode("gb18030")
        return "gb18030"
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ReadError(
            f"第 {line} 行的文字既不是 UTF-8 也不是 GB 18030 编码（字节位置 {max(error.start, at_utf8)}）。",
            "请用 Excel 另存为“CSV UTF-8”后再上传。",
        ) from None


def read_csv(path: str | os.PathLike) -> tuple[tuple[str, ...], Iterator[Row], str]:
    """Open a CSV file; comma, semicolon or tab, whichever is in the first line.

    Returns:
        The header, the rows (number = line in the file, header is 1), and the encoding found.

    Raises:
        ReadError: empty, too large, not text, broken quotes, wrong encoding.
    """
    size = os.path.getsize(path)
    if size == 0:
        raise ReadError("文件是空的（0 字节）。", "请重新导出后再上传。")
    if size > MAX_BYTES:
        raise ReadError(f"文件有 {size // 1048576} MB，超过上限 {MAX_BYTES // 1048576} MB。", "请分批上传。")
    with open(path, "rb") as file:
        data = file.read()
    if data.startswith(_NOT_TEXT) or (b"\x00" in data and not data.startswith((b"\xff\xfe", b"\xfe\xff"))):
        raise ReadError("不是文本文件。", "请上传 CSV、XLSX 或 DBF 文件。")
    encoding = detect_encoding(data)
    text = data.decode("utf-8-sig") if encoding == "utf-8" else decode(data)
    first = text.split("\n", 1)[0]
    delimiter = max(",\t;", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = tuple(clean(cell, i, "")[0] for i, cell in enumerate(next(reader)))
    except (StopIteration, csv.Error):
        raise ReadError("文件第一行不是表头。", "请使用平台下载的模板。") from None
    while header and not header[-1]:
        header = header[:-1]
    if not header:
        raise ReadError("文件第一行不是表头。", "请使用平台下载的模板。")
    return header, _lines(reader, header), encoding


def _lines(reader, header: tuple[str, ...]) -> Iterator[Row]:
    width = len(header)
    line = reader.line_num
    while True:
        line = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise ReadError(f"第 {line} 行的引号不配对：{error}。", "请检查该行的双引号。") from None
        if len(record) == width and is_clean(record) and _plain(record):
            if any(record):
                yield Row(line, tuple(record))
            continue
        problems = []
        cells = []
        for i, value in enumerate(record):
            if len(value) > MAX_FIELD:
                raise ReadError(f"第 {line} 行第 {i + 1} 列超过 {MAX_FIELD} 字。", "引号可能不配对。")
            text, more = clean(_unquoted(value), i, header[i] if i < width else "")
            problems.extend(more)
            cells.append(text)
        if any(cells) or problems:
            yield Row(line, fit(cells, width, problems), tuple(problems))


def _plain(record: list[str]) -> bool:
    """Whether no cell is written as ="…", and none is longer than a cell may be."""
    text = "\n".join(record)
    return '="' not in text and len(text) <= MAX_FIELD


def _unquoted(value: str) -> str:
    # ="00123" is how spreadsheets are told to keep leading zeros; and a tab in front does the same.
    if value.startswith('="') and value.endswith('"') and len(value) >= 3:
        return value[2:-1]
    return value.strip("\t ")
