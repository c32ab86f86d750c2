"""dBASE III tables in Chinese encodings: read everything or say where not, write everything or nothing.

Python's `gb18030` codec is the edition of 2000: 25 two-byte codes come as private-use characters. They are
mended after decoding and turned back before encoding. The language byte of the header is not believed.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

from .base import CellProblem, ReadError, Row, clean, name_of

CODE_PAGE_936 = 0x7A
MAX_RECORDS = 3_000_000
MAX_FIELDS = 255
_CHUNK = 4096  # records read at once
_VERSIONS = {0x03, 0x30, 0x31, 0x32, 0x83, 0x8B, 0xF5}

# Two-byte codes of GB 18030 which Python 3.11-3.13 decodes by the 2000 edition, and the characters meant
# (GB 18030-2005 and -2022, and the Unicode consortium's mapping of the same glyphs).
FIX_UPS = {
    0xE78D: 0xFE10, 0xE78E: 0xFE12, 0xE78F: 0xFE11, 0xE790: 0xFE13, 0xE791: 0xFE14, 0xE792: 0xFE15,
    0xE793: 0xFE16, 0xE794: 0xFE17, 0xE795: 0xFE18, 0xE796: 0xFE19, 0xE7C7: 0x1E3F,
    0xE816: 0x20087, 0xE817: 0x20089, 0xE818: 0x200CC, 0xE81E: 0x9FB4, 0xE826: 0x9FB5, 0xE82B: 0x9FB6,
    0xE82C: 0x9FB7, 0xE831: 0x215D7, 0xE832: 0x9FB8, 0xE83B: 0x2298F, 0xE843: 0x9FB9, 0xE854: 0x9FBA,
    0xE855: 0x241FE, 0xE864: 0x9FBB,
}  # fmt: skip
_BACK = {meant: private for private, meant in FIX_UPS.items()}
_MENDABLE = re.compile("[" + "".join(map(chr, FIX_UPS)) + "]")
_WHOLE = re.compile(r"-?\d+\.0+")


@dataclass(frozen=True, slots=True)
class DbfField:
    """A field of a table: name (at most 10 ASCII letters), type (C N F D L), bytes, decimals."""

    name: str
    type: str = "C"
    width: int = 10
    decimals: int = 0


class WriteError(Exception):
    """A table could not be written without loss, so nothing was.

    Attributes:
        problems: (record number from 1, field name, reason in Chinese), all of them.
    """

    def __init__(self, problems: Sequence[tuple[int, str, str]]) -> None:
        first = problems[0]
        super().__init__(f"共 {len(problems)} 处无法写入，第一处：第 {first[0]} 条 {first[1]}：{first[2]}")
        self.problems = tuple(problems)


def decode(raw: bytes, encoding: str = "gb18030") -> str:
    """Decode strictly; for GB 18030 put current characters for the old private-use ones."""
    text = raw.decode(encoding)
    if encoding == "gb18030" and _MENDABLE.search(text):
        text = text.translate(FIX_UPS)
    return text


def encode(text: str, encoding: str = "gb18030") -> bytes:
    """Encode strictly, the reverse of `decode`: 龴 gives FE59 as older systems know it, not four bytes."""
    if encoding == "gb18030":
        text = text.translate(_BACK)
    return text.encode(encoding)


def read_dbf(
    path: str | os.PathLike | BinaryIO, encoding: str = "gb18030"
) -> tuple[tuple[DbfField, ...], Iterator[Row]]:
    """Open a dBASE III table.

    Every cell is decoded by itself and strictly; bytes that are no text are reported with record, field and
    hexadecimal value, and the cell is empty. Records marked as deleted are given with the problem `deleted`.

    Args:
        path: file name, or a seekable binary file.
        encoding: `gb18030` (also right for GBK) unless the sender says otherwise.

    Returns:
        The fields, and the rows (number = record number from 1).

    Raises:
        ReadError: empty, not a table, wrong header, cut off, more or fewer records than the header says.
    """
    if hasattr(path, "read"):
        layout = _header(path)
    else:
        with open(path, "rb") as file:
            layout = _header(file)
    return layout[0], _records(path, *layout, encoding)


def _header(file: BinaryIO) -> tuple[tuple[DbfField, ...], int, int, int]:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if size == 0:
        raise ReadError("文件是空的（0 字节）。", "请重新导出后再上传。")
    head = file.read(32)
    if len(head) < 32 or head[0] not in _VERSIONS:
        raise ReadError("不是 DBF 数据库文件。", "请上传 dBASE III 格式的 .dbf 文件。")
    count, start, length = struct.unpack_from("<IHH", head, 4)
    if start < 65 or length < 2 or start > size:
        raise ReadError("DBF 文件头损坏。", "请从原系统重新导出。")
    block = file.read(start - 32)
    fields: list[DbfField] = []
    for at in range(0, len(block), 32):
        if block[at] == 0x0D:
            break
        if at + 32 > len(block) or len(fields) == MAX_FIELDS:
            raise ReadError("DBF 文件头损坏：字段表没有结束标记。", "请从原系统重新导出。")
        fields.append(_field(block[at : at + 32], len(fields) + 1))
    else:
        raise ReadError("DBF 文件头损坏：字段表没有结束标记。", "请从原系统重新导出。")
    width = 1 + sum(f.width for f in fields)
    if not fields or width != length:
        raise ReadError(
            f"DBF 文件头损坏：各字段宽度合计 {width} 字节，记录长度却是 {length} 字节。", "请重新导出。"
        )
    if len({f.name.lower() for f in fields}) != len(fields):
        raise ReadError("DBF 文件有重名字段。", "请检查表结构后重新导出。")
    if count > MAX_RECORDS:
        raise ReadError(f"文件头写明 {count} 条记录，超过上限 {MAX_RECORDS} 条。", "请分市分批上传。")
    whole = (size - start) // length
    if whole < count:
        raise ReadError(
            f"文件不完整：文件头写明 {count} 条记录，实际只有 {whole} 条完整记录。",
            "文件可能在传输中被截断，请重新传送。",
        )
    file.seek(start + count * length)
    tail = file.read(length * 2 + 16)
    if tail.strip(b"\x00\x1a") or (whole > count and len(tail) > 512):
        raise ReadError(
            f"记录数不符：文件头写明 {count} 条，其后还有 {size - start - count * length} 字节。",
            "请在原系统中重建文件后再上传。",
        )
    return tuple(fields), count, start, length


def _field(raw: bytes, number: int) -> DbfField:
    name = raw[:11].split(b"\x00")[0].decode("ascii", "replace").strip()
    kind, width, decimals = chr(raw[11]), raw[16], raw[17]
    if not name or "\ufffd" in name:
        raise ReadError(f"DBF 第 {number} 个字段名不是英文字母。", "字段名应按信息标准使用英文。")
    if kind in "MGPB":
        raise ReadError(
            f"DBF 字段 {name} 是备注或二进制字段（类型 {kind}），不能导入。", "请改为字符型字段。"
        )
    if kind not in "CNFDL" or width == 0:
        raise ReadError(f"DBF 字段 {name} 的类型 {kind} 不能识别。", "只支持字符、数值、日期、逻辑型字段。")
    if kind == "C":
        width, decimals = width + 256 * decimals, 0
    return DbfField(name, kind, width, decimals)


def _records(path, fields, count, start, length, encoding) -> Iterator[Row]:
    unpack = struct.Struct("=" + "".join(f"{w}s" for w in (1, *(f.width for f in fields)))).iter_unpack
    special = [f.type != "C" for f in fields]
    plain = encoding == "gb18030"
    number = 0
    file = path if hasattr(path, "read") else open(path, "rb")  # noqa: SIM115 - closed below
    try:
        file.seek(start)
        while number < count:
            block = file.read(min(_CHUNK, count - number) * length)
            if not block or len(block) % length:
                raise ReadError("文件在读取过程中变短了。", "请重新上传。")
            for record in unpack(block):
                number += 1
                problems: tuple[CellProblem, ...] = ()
                cells = []
                if record[0] == b"*":
                    problems = (CellProblem(-1, "", "deleted", "该记录带删除标记，请彻底删除或恢复后再导出"),)
                for i, raw in enumerate(record[1:]):
                    raw = raw.rstrip(b" \x00")
                    if raw.isascii() and raw.isalnum() and not special[i]:
                        cells.append(raw.decode("ascii"))
                        continue
                    name = fields[i].name
                    try:
                        text = decode(raw, encoding) if plain else raw.decode(encoding)
                    except UnicodeDecodeError as error:
                        problems += (_undecoded(i, name, raw, error),)
                        text = ""
                    text, more = clean(_typed(text, fields[i].type) if special[i] else text, i, name)
                    problems += more
                    cells.append(text)
                yield Row(number, tuple(cells), problems)
    finally:
        if file is not path:
            file.close()


def _undecoded(column: int, name: str, raw: bytes, error: UnicodeDecodeError) -> CellProblem:
    cut = error.end >= len(raw)
    reason = "末尾的汉字被截断" if cut else f"第 {error.start + 1} 字节起不是有效的汉字编码"
    return CellProblem(column, name, "bad_bytes", f"{reason}，原始字节 {raw.hex(' ').upper()}", raw.hex())


def _typed(text: str, kind: str) -> str:
    text = text.strip()
    if kind in "NF" and _WHOLE.fullmatch(text):
        return text.split(".")[0]
    if kind == "D" and len(text) == 8 and text.isdigit():
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    return "" if kind == "L" and text == "?" else text


def write_dbf(
    target: str | os.PathLike | BinaryIO,
    fields: Sequence[DbfField],
    rows: Iterable[Sequence[str]],
    *,
    encoding: str = "gbk",
    updated: date = date(2021, 1, 1),
) -> int:
    """Write a dBASE III table with code page mark 936, or nothing.

    Args:
        target: file name, or a binary file.
        fields: the layout; widths in bytes.
        rows: one text for each field; numbers (type N) are set to the right.
        encoding: `gbk` for receivers that know GBK only, `gb18030` for those that know more.
        updated: date in the header; given by the caller so that the same input gives the same bytes.

    Returns:
        Number of records.

    Raises:
        WriteError: a text does not fit its field in bytes, or has a character the encoding lacks; all places
            are named and no file is written: names are never cut.
        ValueError: a layout that no table can have, or a row of another width.
    """
    _check_layout(fields)
    problems: list[tuple[int, str, str]] = []
    body = bytearray()
    count = 0
    for count, row in enumerate(rows, start=1):
        if len(row) != len(fields):
            raise ValueError(f"row {count} has {len(row)} values for {len(fields)} fields")
        body += b" "
        for item, text in zip(fields, row, strict=True):
            try:
                raw = encode(text, encoding)
            except UnicodeEncodeError as error:
                lacking = "、".join(name_of(c) for c in dict.fromkeys(text[error.start : error.end]))
                problems.append((count, item.name, f"“{text}”中 {lacking} 不在 {encoding.upper()} 字符集内"))
                continue
            if len(raw) > item.width:
                problems.append((count, item.name, f"“{text}”需 {len(raw)} 字节，字段只有 {item.width} 字节"))
                continue
            body += raw.rjust(item.width) if item.type in "NF" else raw.ljust(item.width)
    if problems:
        raise WriteError(problems)
    length = 1 + sum(f.width for f in fields)
    head = struct.pack("<4BIHH16sBBH", 3, updated.year - 1900, updated.month, updated.day, count,
                       33 + 32 * len(fields), length, b"", 0, CODE_PAGE_936, 0)  # fmt: skip
    for f in fields:
        name, kind = f.name.encode("ascii"), f.type.encode("ascii")
        head += struct.pack("<11sc4sBB14s", name, kind, b"", f.width, f.decimals, b"")
    data = head + b"\r" + bytes(body) + b"\x1a"
    if hasattr(target, "write"):
        target.write(data)
    else:
        with open(target, "wb") as out:
            out.write(data)
    return count


def _check_layout(fields: Sequence[DbfField]) -> None:
    names = [f.name.lower() for f in fields]
    if not fields or len(set(names)) != len(names) or len(fields) > MAX_FIELDS:
        raise ValueError("a table needs 1 to 255 fields with different names")
    for f in fields:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,9}", f.name):
            raise ValueError(f"{f.name!r} is no field name of dBASE III")
        if f.type not in "CNFDL" or not 1 <= f.width <= 254:
            raise ValueError(f"{f.name}: type {f.type} with width {f.width} cannot be written")
