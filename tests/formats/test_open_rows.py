"""Kinds are found by content, CSV encodings strictly, profiles are sound."""

import pytest

from admissions.imports.formats import ProfileError, load_profile, profile_names, template_xlsx
from admissions.imports.readers import DbfField, ReadError, kind_of, open_rows, write_dbf, write_xlsx
from admissions.reference import ethnic_groups


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_encodings(tmp_path, encoding):
    path = tmp_path / "a.xlsx"
    path.write_text('考生号,姓名\n001,䶮𬱖\n\n002,"龴,四"\n', encoding)
    rows = open_rows(path)
    assert (rows.kind, rows.header) == ("csv", ("考生号", "姓名"))
    assert [(r.number, r.cells) for r in rows.rows] == [(2, ("001", "䶮𬱖")), (4, ("002", "龴,四"))]


def test_csv_bytes_of_older_systems_are_mended(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("姓名\n".encode("gbk") + b"\xfe\x59\n")
    assert next(open_rows(path).rows).cells == ("龴",)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "0 字节"),
        ("姓名\n".encode() + b"\xff\xfe\xfa\n", "第 2 行"),
        ("姓名\n王".encode("utf-16"), "UTF-16"),
        (b"\x89PNG\r\n\x1a\n", "不是文本"),
        ('姓名\n"王\n'.encode(), "引号"),
        (b"\n\n", "表头"),
    ],
)
def test_csv_that_is_none(tmp_path, data, words):
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    with pytest.raises(ReadError) as caught:
        list(open_rows(path).rows)
    assert words in caught.value.message + caught.value.hint


def test_tabs_semicolons_and_spreadsheet_quotes(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('考生号\t分\n="001"\t7\n', "utf-8")
    assert [r.cells for r in open_rows(path).rows] == [("001", "7")]


def test_kind_is_by_content(tmp_path):
    write_xlsx(tmp_path / "a.dbf", [("a", ["甲"], [["1"]])])
    write_dbf(tmp_path / "b.xlsx", [DbfField("a", "C", 3)], [["1"]])
    (tmp_path / "c.xlsx").write_text("甲\n1\n", "utf-8")
    assert [kind_of(tmp_path / n) for n in ("a.dbf", "b.xlsx", "c.xlsx")] == ["xlsx", "dbf", "csv"]
    rows = open_rows(tmp_path / "b.xlsx")
    assert (rows.total, rows.widths) == (1, (3,))
    with pytest.raises(ReadError, match="改后缀名"):
        open_rows(tmp_path / "c.xlsx", "xlsx")


def test_profiles_are_sound():
    for name in profile_names():
        profile = load_profile(name)
        assert all((profile.key, profile.title, profile.source)), name
        assert all(c.required for c in profile.columns if c.field in profile.key), name
        assert len(profile.by_header()) >= len(profile.columns)
    assert {
        "candidates",
        "scores",
        "choices",
        "plans",
        "general_admissions",
        "daily_results",
        "shandong_2019",
    } <= set(profile_names())


def test_profiles_with_subjects_and_choices():
    scores = load_profile("scores").with_subjects([("chinese", "语文", 120), ("maths", "数学", 100)])
    assert scores.header == ("考生号", "姓名", "语文", "数学", "总分")
    assert scores.column("subject_maths").full_marks == 100
    choices = load_profile("choices", 2, 1)
    assert choices.header[3:] == (
        "志愿1学校代码", "志愿1专业1", "志愿1服从", "志愿2学校代码", "志愿2专业1", "志愿2服从",
    )  # fmt: skip
    assert len(load_profile("choices").columns) == 3 + 5 * 4


def test_unknown_profile():
    with pytest.raises(ProfileError, match="candidates"):
        load_profile("nothing")


def test_templates_are_read_back(tmp_path):
    for name in profile_names():
        profile = load_profile(name)
        if profile.kind != "xlsx":
            continue
        codes = {"ethnic_groups": [(g.code, g.name) for g in ethnic_groups()]}
        data = template_xlsx(profile, codes)
        assert data == template_xlsx(profile, codes)
        path = tmp_path / f"{name}.xlsx"
        path.write_bytes(data)
        rows = open_rows(path)
        assert rows.header == profile.header
        assert not list(rows.rows)
        assert open_rows(path, sheet="说明").header[0] == "列"
