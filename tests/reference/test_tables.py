"""Code lists: complete where they claim to be, and unchanged since their manifest."""

import hashlib

import pytest

from admissions.reference import (
    ReferenceDataError,
    counties_of,
    ethnic_groups,
    majors,
    manifest,
    plan_kinds,
    political_statuses,
    regions,
    return_reasons,
    sexes,
    tables,
)


def test_guangdong_has_its_cities_and_counties():
    here = regions("44")
    assert sum(r.level == "city" for r in here) == 21
    assert sum(r.level == "county" for r in here) == 122
    assert {r.code for r in here if r.is_own_county} == {"441900", "442000"}
    assert [r.name for r in here if r.code in ("440000", "440100", "440103")] == [
        "广东省",
        "广州市",
        "荔湾区",
    ]


def test_every_region_has_its_parent():
    known = {r.code: r for r in regions()}
    for region in regions():
        if region.level == "city":
            assert region.parent == region.code[:2] + "0000"
        if region.level == "county":
            assert region.parent == region.code[:4] + "00"
        assert region.level == "province" or region.parent in known
        assert region.code.startswith(region.prefix)


def test_a_city_without_counties_is_its_own():
    assert [r.code for r in counties_of("441900")] == ["441900"]
    assert len(counties_of("440100")) == 11


def test_ethnic_groups():
    codes = [g.code for g in ethnic_groups()]
    assert codes == [f"{n:02d}" for n in range(1, 57)] + ["97", "98"]
    by_code = {g.code: g for g in ethnic_groups()}
    assert by_code["36"].aliases == ("毛难族",)
    assert by_code["08"].name == "壮族"
    assert len({g.letters for g in ethnic_groups()[:56]}) == 56


def test_small_lists():
    assert [s.code for s in sexes()] == ["0", "1", "2", "9"]
    assert len(political_statuses()) == 13
    assert {k.shandong_code for k in plan_kinds()} - {""} == {"21", "22", "23", "31", "32"}


def test_return_reasons():
    by_code = {r.code: r for r in return_reasons()}
    assert by_code["22"].needs_text
    assert by_code["01"].modes == ("choice_first",)
    assert all(r.origin == "ours" for c, r in by_code.items() if c.startswith("Z"))
    assert "Z01" in by_code
    assert by_code["Z01"].needs_attachment


def test_majors_have_the_shape_of_the_catalogue():
    assert len(majors()) >= 200
    for major in majors():
        assert len(major.code) == 6
        assert 61 <= int(major.category_code) <= 79
        assert major.code.startswith(major.class_code)
        assert major.name
        assert major.category.endswith("大类")
    assert {m.code: m.name for m in majors()}["720201"] == "护理"
    assert sum(m.is_cross_checked for m in majors()) >= 60


def test_every_file_is_the_one_of_its_manifest():
    for name, entry in manifest().items():
        raw = (tables.DATA / name).read_bytes()
        assert hashlib.sha256(raw).hexdigest() == entry["sha256"], name
        assert entry["source"]
        assert entry["standard"]
        assert entry["version"]


def test_a_changed_file_is_refused(monkeypatch, tmp_path):
    for file in tables.DATA.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "sexes.csv").write_text("code,name,aliases\n1,男,\n", "utf-8")
    monkeypatch.setattr(tables, "DATA", tmp_path)
    sexes.cache_clear()
    try:
        with pytest.raises(ReferenceDataError, match="manifest"):
            sexes()
    finally:
        sexes.cache_clear()
