"""What is looked at in a workbook before it is unpacked, and the error cells its parser passes over."""

from __future__ import annotations

import os
import posixpath
import re
import zipfile
import zlib
from dataclasses import dataclass

from .base import ReadError

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a workbook may cost.

    Attributes:
        packed: size of the file in bytes.
        unpacked: size of all its parts together in bytes, really counted and not believed.
        ratio: how many times larger it may become; not looked at below one megabyte.
        members: number of parts in the archive.
        rows: rows of the sheet, header included.
        columns: columns of the sheet.
    """

    packed: int = 10 * 1024 * 1024
    unpacked: int = 200 * 1024 * 1024
    ratio: int = 100
    members: int = 500
    rows: int = 300_000
    columns: int = 200


UPLOAD = Limits()
"""Limits of a file that comes over the web."""

BULK = Limits(packed=64 * 1024 * 1024, unpacked=1024 * 1024 * 1024)
"""Limits of a file which an operator hands to a command: a whole large city in one sheet."""


def check_archive(path: str | os.PathLike, limits: Limits = UPLOAD) -> None:
    """Refuse what must not be unpacked: by size, by kind, and by really counting what the parts become.

    Raises:
        ReadError: with the reason and what to do.
    """
    size = os.path.getsize(path)
    if size == 0:
        raise ReadError("文件是空的（0 字节）。", "请重新导出后再上传。")
    if size > limits.packed:
        raise ReadError(
            f"文件有 {size / 1048576:.1f} MB，超过上限 {limits.packed // 1048576} MB。", "请分批上传。"
        )
    with open(path, "rb") as file:
        if file.read(8) == _OLE:
            if _ENCRYPTED in file.read():
                raise ReadError("工作簿设有打开密码。", "请去掉密码后再上传。")
            raise ReadError("这是旧版 .xls 文件。", "请用 Excel 另存为 .xlsx 后再上传。")
    if not zipfile.is_zipfile(path):
        with open(path, "rb") as file:
            if file.read(4) == b"PK\x03\x04":
                raise ReadError("工作簿不完整。", "文件可能在传输中被截断，请重新传送。")
        raise ReadError("不是 Excel 工作簿（.xlsx）。", "请使用平台下载的模板填写，不要只改文件后缀。")
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(archive, size, limits)
    except _BROKEN as error:
        raise ReadError("工作簿的压缩包损坏。", "文件可能在传输中被截断，请重新传送。") from error


def _check_members(archive: zipfile.ZipFile, size: int, limits: Limits) -> None:
    members = archive.infolist()
    names = [m.filename for m in members]
    if len(members) > limits.members or len(set(names)) != len(names):
        raise ReadError(f"工作簿由 {len(members)} 个部件组成，不是正常的模板。", "请使用平台下载的模板填写。")
    if any(m.flag_bits & 1 for m in members):
        raise ReadError("压缩包设有密码。", "请去掉密码后再上传。")
    if any(n.lower().endswith("vbaproject.bin") or "macrosheets/" in n.lower() for n in names):
        raise ReadError("工作簿含有宏。", "请另存为不含宏的 .xlsx 后再上传。")
    if "xl/workbook.xml" not in names or "[Content_Types].xml" not in names:
        raise ReadError("不是 Excel 工作簿（.xlsx）。", "请使用平台下载的模板填写。")
    allowed = min(limits.unpacked, max(limits.ratio * size, 1024 * 1024))
    total = sum(m.file_size for m in members)
    if total > allowed:
        raise _bomb(allowed)
    total = 0
    for member in members:
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ReadError("工作簿用了不支持的压缩方式。", "请用 Excel 另存后再上传。")
        total += _real_size(archive, member, allowed - total)
        if total > allowed:
            raise _bomb(allowed)


def _bomb(allowed: int) -> ReadError:
    return ReadError(
        f"工作簿解压后超过 {allowed / 1048576:.0f} MB，已拒绝。", "请只保留需要的行和列，分批上传。"
    )


def _real_size(archive: zipfile.ZipFile, member: zipfile.ZipInfo, allowed: int) -> int:
    """Size of a part after unpacking, counted and not read from the directory, which may lie."""
    file = archive.fp
    file.seek(member.header_offset)
    local = file.read(30)
    if local[:4] != b"PK\x03\x04":
        raise zipfile.BadZipFile("no local header")
    skip = int.from_bytes(local[26:28], "little") + int.from_bytes(local[28:30], "little")
    file.seek(skip, os.SEEK_CUR)
    if member.compress_type == zipfile.ZIP_STORED:
        return member.compress_size
    inflate = zlib.decompressobj(-15)
    left, total = member.compress_size, 0
    while left > 0 and not inflate.eof and total <= allowed:
        block = file.read(min(65536, left))
        if not block:
            raise zipfile.BadZipFile("cut off")
        left -= len(block)
        while block and total <= allowed:
            total += len(inflate.decompress(block, 1 << 20))
            block = inflate.unconsumed_tail
    return total


def error_cells(path: str | os.PathLike, sheet: str) -> dict[tuple[int, int], str]:
    """Cells of a sheet that hold an error value such as #N/A, which the parser gives as empty.

    Args:
        path: a workbook that `check_archive` let pass.
        sheet: name of the sheet.

    Returns:
        (row from 1, column from 0) → error value.
    """
    with zipfile.ZipFile(path) as archive:
        part = _part_of(archive, sheet)
        if part is None:
            return {}
        with archive.open(part) as file:
            found: dict[tuple[int, int], str] = {}
            rest = b""
            while block := file.read(1 << 20):
                rest += block
                if b't="e"' in rest:
                    for match in _ERROR.finditer(rest):
                        place = (int(match[2]), _column(match[1].decode()))
                        found[place] = match[3].decode("utf-8", "replace")
                rest = rest[-512:]
            return found


_ERROR = re.compile(
    rb'<c r="([A-Z]{1,3})(\d{1,7})"[^>]*?t="e"[^>]*>(?:<f[^>]*>[^<]*</f>|<f[^>]*/>)?<v>([^<]*)</v>'
)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    book = archive.read("xl/workbook.xml").decode("utf-8", "replace")
    try:
        links = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    except KeyError:
        return None
    escaped = sheet.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    for tag in re.findall(r"<(?:\w+:)?sheet\b[^>]*>", book):
        name = re.search(r'\bname="([^"]*)"', tag)
        link = re.search(r'\b(?:\w+:)?id="([^"]*)"', tag)
        if not name or not link or name[1] not in (sheet, escaped):
            continue
        for item in re.findall(r"<Relationship\b[^>]*>", links):
            if f'Id="{link[1]}"' in item and (target := re.search(r'Target="([^"]*)"', item)):
                path = target[1].lstrip("/")
                part = path if path.startswith("xl/") else posixpath.normpath(posixpath.join("xl", path))
                return part if part in archive.namelist() else None
    return None
