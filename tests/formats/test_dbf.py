"""The DBF codec: the same as dbfread where both read, located errors, no silent loss."""

import io
from datetime import date

import pytest
from dbfread import DBF
from hypothesis import given, settings
from hypothesis import strategies as st

from admissions.imports.formats import load_profile
from admissions.imports.readers import DbfField, ReadError, WriteError, open_rows, read_dbf, write_dbf
from admissions.imports.readers.dbf import FIX_UPS, decode, encode

FIELDS = (DbfField("xm", "C", 20), DbfField("zcj", "N", 6, 1), DbfField("mz", "C", 6))


def table(rows, fields=FIELDS, **options):
    buffer = io.BytesIO()
    write_dbf(buffer, fields, rows, **options)
    return buffer.getvalue()


def read(data, **options):
    fields, rows = read_dbf(io.BytesIO(data), **options)
    return fields, list(rows)


def test_reads_what_it_wrote():
    fields, rows = read(table([("王小明", "512.5", "汉"), ("欧阳 娜", "7", "壮")]))
    assert fields == FIELDS
    assert [(r.number, r.cells) for r in rows] == [
        (1, ("王小明", "512.5", "汉")),
        (2, ("欧阳 娜", "7", "壮")),
    ]
    assert not any(r.problems for r in rows)


def test_header_is_dbase_iii_with_code_page_mark():
    data = table([("王", "1", "汉")], updated=date(2021, 8, 20))
    assert data[0] == 3
    assert data[1:4] == bytes([121, 8, 20])
    assert data[29] == 0x7A
    assert data[-1] == 0x1A


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(categories=["Lo", "Lu", "Nd"], max_codepoint=0x2FFFF), max_size=5),
            st.integers(0, 9999).map(str),
        ),
        max_size=20,
    )
)
@settings(max_examples=150, deadline=None)
def test_round_trip_of_any_text_that_fits(rows):
    fields = (DbfField("xm", "C", 20), DbfField("n", "C", 4))
    try:
        data = table(rows, fields, encoding="gb18030")
    except WriteError:  # a text of more than twenty bytes
        return
    assert [r.cells for r in read(data)[1]] == [tuple(c.strip() for c in row) for row in rows]


@given(st.lists(st.text("王李陈欧阳娜明汉壮镕", max_size=8), max_size=30))
@settings(max_examples=60, deadline=None)
def test_agrees_with_dbfread(tmp_path_factory, names):
    path = tmp_path_factory.mktemp("dbf") / "a.dbf"
    write_dbf(path, (DbfField("xm", "C", 16),), [(n,) for n in names])
    theirs = [record["xm"] for record in DBF(path, encoding="gb18030", char_decode_errors="strict")]
    assert [r.cells[0] for r in open_rows(path).rows] == theirs


def test_mends_the_characters_of_the_2000_edition():
    assert len(FIX_UPS) == 25
    for private, meant in FIX_UPS.items():
        raw = chr(private).encode("gb18030")
        assert len(raw) == 2
        assert decode(raw) == chr(meant)
        assert encode(chr(meant)) == raw
    assert encode("龴") == b"\xfe\x59"


def test_remaining_private_use_characters_are_named():
    problem = read(table([("\ue000", "1", "汉")], encoding="gb18030"))[1][0].problems[0]
    assert (problem.kind, problem.header, problem.column) == ("private_use", "xm", 0)
    assert "U+E000" in problem.message


def test_a_cut_character_is_located_not_raised():
    data = bytearray(table([("王小明", "1", "汉"), ("陈小红", "2", "汉")]))
    at = 33 + 32 * 3 + 33 + 1
    data[at : at + 20] = "陈小红".encode("gbk")[:5].ljust(20)
    first, second = read(bytes(data))[1]
    assert first.cells[0] == "王小明"
    assert not first.problems
    problem = second.problems[0]
    assert (second.number, problem.column, problem.kind, problem.raw) == (2, 0, "bad_bytes", "b3c2d0a1ba")
    assert second.cells == ("", "2", "汉")


def test_deleted_records_are_told():
    data = bytearray(table([("王", "1", "汉")]))
    data[33 + 32 * 3] = ord("*")
    assert [p.kind for p in read(bytes(data))[1][0].problems] == ["deleted"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: b"", "0 字节"),
        (lambda d: b"PK" + d[2:], "不是 DBF"),
        (lambda d: d[:20], "不是 DBF"),
        (lambda d: d[:-20], "文件不完整"),
        (lambda d: d[:4] + (1).to_bytes(4, "little") + d[8:], "记录数不符"),
        (lambda d: d[:4] + (9).to_bytes(4, "little") + d[8:], "文件不完整"),
        (lambda d: d[:10] + (30).to_bytes(2, "little") + d[12:], "记录长度"),
        (lambda d: d[:8] + (64).to_bytes(2, "little") + d[10:], "文件头损坏"),
        (lambda d: d[:43] + b"M" + d[44:], "备注"),
        (lambda d: d[:43] + b"Z" + d[44:], "不能识别"),
        (lambda d: d[:96] + b"xm" + d[98:], "重名"),
    ],
)
def test_broken_files_are_refused_in_words(change, words):
    data = table([("王", "1", "汉"), ("李", "2", "汉"), ("陈", "3", "汉")])
    with pytest.raises(ReadError) as caught:
        read(change(data))
    assert words in caught.value.message


def test_a_file_without_end_mark_or_with_zeros_behind_is_read():
    data = table([("王", "1", "汉")])
    assert len(read(data[:-1])[1]) == 1
    assert len(read(data + b"\0" * 8)[1]) == 1


def test_names_are_never_cut_and_characters_never_replaced():
    with pytest.raises(WriteError) as caught:
        table(
            [("王", "1", "汉"), ("欧阳娜娜", "2", "汉"), ("王𬱖", "3", "汉")],
            (DbfField("xm", "C", 6), *FIELDS[1:]),
        )
    assert [(row, name) for row, name, _ in caught.value.problems] == [(2, "xm"), (3, "xm")]
    assert "需 8 字节" in caught.value.problems[0][2]
    assert "U+2CC56" in caught.value.problems[1][2]


def test_nothing_is_written_when_one_value_does_not_fit(tmp_path):
    path = tmp_path / "a.dbf"
    with pytest.raises(WriteError):
        write_dbf(path, FIELDS, [("王" * 30, "1", "汉")])
    assert not path.exists()


def test_layout_of_shandong_2019_is_the_notices():
    columns = load_profile("shandong_2019").columns
    text = (
        "zkzh14 ksh13 xm8 xxdm3 xxmc30 zydm3 zymc30 sfzh18 zzmm4 byxx30 mz6 km1:3 km2:3 km3:3 km4:3 "
        "jf2 zcj3 lxdz30 yzbm6 lxdh12 xjh19 jhlb2 zsjh4 tdsj10"
    )
    expected = [w.split(":") if ":" in w else [w.rstrip("0123456789"), w.lstrip("abcdefghijklmnopqrstuvwxyz")]
                for w in text.split()]  # fmt: skip
    assert [[c.header, str(c.width)] for c in columns] == expected
    assert load_profile("shandong_2019").encoding == "gbk"
