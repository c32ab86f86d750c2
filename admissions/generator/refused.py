"""Files to be refused as a whole: empty, cut off, of another kind, of another city, or hostile."""

from __future__ import annotations

import csv
import io
import zipfile
from itertools import islice
from pathlib import Path

from ..imports.formats import load_profile
from ..imports.readers import write_dbf, write_xlsx
from .people import People
from .sheets import candidate_rows, dbf_fields

BOMB_BYTES = 210 * 1024 * 1024
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1016  # first sector of an old or encrypted workbook


def write_refused(folder: Path, header: tuple[str, ...], people: People, others: People) -> list[Path]:
    """Write files that no importer may take: cut off, of another kind, of another city, or hostile.

    Args:
        folder: where to; it exists.
        header: headings of the profile `candidates`.
        people: candidates of the city in whose name the files would be uploaded.
        others: candidates of another city.
    """
    files: dict[str, bytes] = {"empty.xlsx": b""}
    files |= _tables(people)
    files["other_city.xlsx"] = _book(header, islice(candidate_rows(others), 2000))
    files["cut.xlsx"] = files["other_city.xlsx"][:-2000]
    files["wrong_template.xlsx"] = _book(("日期", "品名", "数量"), [("2021-08-01", "粉笔", "20")])
    text = io.StringIO()
    csv.writer(text).writerows([header, *islice(candidate_rows(people), 20)])
    files["renamed.xlsx"] = text.getvalue().encode("gb18030")
    files["encrypted.xlsx"] = OLE + "EncryptedPackage".encode("utf-16-le")
    files["old.xls"] = OLE + "Workbook".encode("utf-16-le")
    files["macro.xlsx"] = _with_member(files["wrong_template.xlsx"], "xl/vbaProject.bin", b"\0" * 64)
    files["bomb.xlsx"] = _with_member(files["wrong_template.xlsx"], "xl/worksheets/sheet2.xml", None)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in files]


def _book(header: tuple[str, ...], rows) -> bytes:
    buffer = io.BytesIO()
    write_xlsx(buffer, [("数据", header, rows)])
    return buffer.getvalue()


def _tables(people: People) -> dict[str, bytes]:
    """The 附件4 layout with fifty records, broken in four ways."""
    profile = load_profile("shandong_2019")
    rows = [[""] * len(profile.columns) for _ in range(50)]
    for i, row in enumerate(rows):
        row[0], row[1], row[7] = people.exam_numbers[i], people.numbers[i][:13], people.ids[i]
    table = io.BytesIO()
    write_dbf(table, dbf_fields(profile), rows)
    whole = table.getvalue()
    name_at = 33 + 32 * len(profile.columns) + 1 + 14 + 13
    cut_name = "欧阳".encode("gbk") + "娜娜".encode("gbk")[:3] + b" "
    return {
        "truncated.dbf": whole[: len(whole) * 2 // 3],
        "wrong_count.dbf": whole[:4] + (40).to_bytes(4, "little") + whole[8:],
        "broken_header.dbf": whole[:10] + (99).to_bytes(2, "little") + whole[12:],
        "cut_character.dbf": whole[:name_at] + cut_name + whole[name_at + 8 :],
    }


def _with_member(book: bytes, name: str, content: bytes | None) -> bytes:
    """A workbook with one more part; None for 210 MB of nothing, which pack to some 200 kB."""
    buffer = io.BytesIO(book)
    item = zipfile.ZipInfo(name)
    item.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(buffer, "a") as archive, archive.open(item, "w") as part:
        if content is not None:
            part.write(content)
        else:
            block = b" " * (1 << 20)
            for _ in range(BOMB_BYTES >> 20):
                part.write(block)
    return buffer.getvalue()
