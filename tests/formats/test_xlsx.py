"""Workbooks: limits before unpacking, text out of every cell, and no formula in what we write."""

import io
import struct
import zipfile
from datetime import date, datetime

import openpyxl
import pytest

from admissions.imports.readers import Limits, ReadError, open_rows, read_xlsx, write_xlsx


def workbook(path, rows, **sheets):
    book = openpyxl.Workbook()
    page = book.active
    for row in rows:
        page.append(row)
    for name, more in sheets.items():
        extra = book.create_sheet(name)
        for row in more:
            extra.append(row)
    book.save(path)
    return path


def cells(path, **options):
    return [r.cells for r in open_rows(path, **options).rows]


def test_every_cell_is_text(tmp_path):
    path = workbook(
        tmp_path / "a.xlsx", [["甲", "乙", "丙", "丁", "戊"], ["001", 7.0, 3.25, date(2021, 8, 20), True]]
    )
    assert cells(path) == [("001", "7", "3.25", "2021-08-20", "是")]
    path = workbook(
        tmp_path / "b.xlsx", [["甲"], [datetime(2021, 8, 20, 18, 30)], [" 首尾空格\u3000"], [-4.0]]
    )
    assert cells(path) == [("2021-08-20 18:30:00",), ("首尾空格",), ("-4",)]


def test_rows_keep_their_number_and_empty_ones_are_left_out(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [[None], ["甲", "乙"], ["1", None], [], ["2", "b"]])
    rows = open_rows(path)
    assert rows.header == ("甲", "乙")
    assert [(r.number, r.cells) for r in rows.rows] == [(3, ("1", "")), (5, ("2", "b"))]


def test_a_long_number_typed_as_number_is_reported(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [["证件号码"], [440103200601010011]])
    problem = next(open_rows(path).rows).problems[0]
    assert (problem.kind, problem.column, problem.header) == ("lost_precision", 0, "证件号码")
    assert problem.fatal
    assert "文本" in problem.message


def test_error_cells_are_reported(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [["甲", "乙"], ["1", "#N/A"], ["#REF!", "2"]])
    problems = [(r.number, p.column, p.kind, p.raw) for r in open_rows(path).rows for p in r.problems]
    assert problems == [(2, 1, "error_cell", "#N/A"), (3, 0, "error_cell", "#REF!")]


def test_invisible_characters_are_taken_out_and_told(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [["姓名"], ["陈\u200b明"], ["\ue81e"], ["王\ufffd"]])
    rows = list(open_rows(path).rows)
    assert [r.cells[0] for r in rows] == ["陈明", "\ue81e", "王\ufffd"]
    assert [(r.problems[0].kind, r.problems[0].fatal) for r in rows] == [
        ("invisible", False),
        ("private_use", True),
        ("replacement", True),
    ]


def test_text_beyond_the_header_is_reported(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [["甲"], ["1", "多"]])
    assert [p.kind for r in open_rows(path).rows for p in r.problems] == ["extra_cells"]


def test_rare_characters_survive(tmp_path):
    names = ["䶮", "𬱖", "㛃", "𡈽", "燚", "龴", "阿依古丽·买买提"]
    write_xlsx(tmp_path / "a.xlsx", [("数据", ["姓名"], [[n] for n in names])])
    assert [c[0] for c in cells(tmp_path / "a.xlsx")] == names


def test_a_sheet_may_be_named(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [["甲"]], 说明=[["乙"], ["x"]])
    assert read_xlsx(path, "说明")[0] == ("乙",)
    with pytest.raises(ReadError, match="没有工作表"):
        read_xlsx(path, "别的")


def test_what_we_write_has_no_formula_and_equal_bytes(tmp_path):
    rows = [["=1+1", "001", "@x", "http://example.invalid", "-3", "+7"]]
    first, second = io.BytesIO(), io.BytesIO()
    for target in (first, second):
        write_xlsx(target, [("数据", list("abcdef"), rows)])
    assert first.getvalue() == second.getvalue()
    page = openpyxl.load_workbook(first).active
    assert [c.value for c in page[2]] == rows[0]
    assert {(c.data_type, c.number_format) for c in page[2]} == {("s", "@")}
    assert {page.column_dimensions["A"].number_format, page["A9"].number_format} <= {"@", "General"}


def plain_zip(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def refused(path, **options):
    with pytest.raises(ReadError) as caught:
        list(open_rows(path, **options).rows)
    return caught.value.message


def test_hostile_files_are_refused(tmp_path):
    good = workbook(tmp_path / "good.xlsx", [["甲"], ["1"]])
    raw = good.read_bytes()
    case = tmp_path / "x.xlsx"

    case.write_bytes(b"")
    assert "0 字节" in refused(case)
    case.write_bytes(raw[:-200])
    assert "不完整" in refused(case)
    case.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"))
    assert "密码" in refused(case)
    case.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    assert ".xls" in refused(case)
    assert "不是 Excel" in refused(plain_zip(case, {"a.txt": "1"}))

    members = {i.filename: zipfile.ZipFile(good).read(i) for i in zipfile.ZipFile(good).infolist()}
    assert "宏" in refused(plain_zip(case, {**members, "xl/vbaProject.bin": b"0"}))
    assert "部件" in refused(plain_zip(case, {**members, **{f"x/{i}": "1" for i in range(600)}}))
    assert "解压" in refused(plain_zip(case, {**members, "xl/media/a": b"\0" * (30 << 20)}))
    assert "损坏" in refused(plain_zip(case, {**members, "xl/workbook.xml": b"<workbook"}))
    assert "行" in refused(good, limits=Limits(rows=1))
    assert "列" in refused(good, limits=Limits(columns=0))
    assert "MB" in refused(good, limits=Limits(packed=10))


def test_a_directory_that_lies_about_sizes_does_not_help(tmp_path):
    good = workbook(tmp_path / "good.xlsx", [["甲"], ["1"]])
    members = {i.filename: zipfile.ZipFile(good).read(i) for i in zipfile.ZipFile(good).infolist()}
    path = plain_zip(tmp_path / "liar.xlsx", {**members, "xl/media/a": b"\0" * (30 << 20)})
    data = path.read_bytes()
    path.write_bytes(data.replace(struct.pack("<I", 30 << 20), struct.pack("<I", 1000)))
    assert "解压" in refused(path)
