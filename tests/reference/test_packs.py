"""Rule packs: those we ship load, and a wrong one names every fault."""

import copy
import tomllib
from datetime import date
from fractions import Fraction

import pytest

from admissions.reference import PackError, late_number_of, load_pack, pack_names, parse_pack, regions
from admissions.reference.packs import FOLDER


def raw(name="guangdong"):
    return copy.deepcopy(tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8")))


def test_guangdong_is_the_notice():
    pack = load_pack("guangdong")
    assert (pack.code, pack.season_year, pack.season_intake) == ("440000", 2021, "autumn")
    unified, own = pack.stages
    assert (unified.starts, unified.ends, unified.register_by) == (
        date(2021, 8, 20), date(2021, 8, 28), date(2021, 9, 22),
    )  # fmt: skip
    assert (own.starts, own.ends, own.register_by) == (
        date(2021, 9, 22),
        date(2021, 12, 20),
        date(2021, 12, 21),
    )
    assert pack.deadlines["general_admissions"] == date(2021, 8, 18)
    assert {c.code for c in pack.cities} == {r.code for r in regions("44") if r.level == "city"}
    assert {c.code for c in pack.cities if c.has_own_system} == {"440100", "440300"}
    assert {b.mode for c in pack.cities for b in c.batches} == {"choice_first", "score_first", "tiers"}
    assert len({c.subjects for c in pack.cities}) == 3
    assert pack.city("440900").batches[1].ratio == Fraction(21, 20)


def test_shandong_is_the_notice():
    pack = load_pack("shandong")
    assert {c.code for c in pack.cities} == {"370100", "370200"}
    assert pack.deadlines["final_plan"] == date(2019, 8, 7)
    for city in pack.cities:
        assert len(city.subjects) == 4
        assert city.result_profile == ("shandong_2019" if city.has_own_system else "")
        early = city.batches[0]
        assert early.line == pytest.approx(0.6 * city.full_marks)
    assert {k for c in pack.cities for b in c.batches for k in b.plan_kinds} == {"21", "22", "23", "31", "32"}


def test_all_packs_load():
    assert {load_pack(name).name for name in pack_names()} == set(pack_names())


def test_every_fault_is_named():
    data = raw()
    data["city"][0]["code"] = "440199"
    data["city"][1]["share"] = 0.9
    data["batch_defaults"]["rounding"] = "somehow"
    data["batches"]["shenzhen"][0]["tie_keys"] = ["biology"]
    data["stage"][0]["ends"] = date(2021, 1, 1)
    with pytest.raises(PackError) as caught:
        parse_pack("wrong", data)
    text = " ".join(caught.value.faults)
    for words in ("440199", "sum to", "somehow", "biology", "out of order"):
        assert words in text


@pytest.mark.parametrize("key", ["code", "season", "stage", "subjects", "batches", "city", "source"])
def test_a_missing_part_is_named(key):
    data = raw()
    del data[key]
    with pytest.raises(PackError, match=key):
        parse_pack("wrong", data)


def test_an_unknown_word_is_named():
    data = raw()
    data["batches"]["shenzhen"][0]["colour"] = "red"
    with pytest.raises(PackError, match="colour"):
        parse_pack("wrong", data)


def test_unknown_pack():
    with pytest.raises(PackError, match="guangdong"):
        load_pack("atlantis")


def test_numbers_of_late_candidates_have_a_pattern():
    assert late_number_of("4401") == "{yy}{region6}9{serial:05d}"
    assert late_number_of("3701") == "{yy}{region4}9{serial:06d}"
    assert late_number_of("9901") == ""
    data = raw()
    data["city_defaults"]["late_number"] = "{yy}{serial:05d}{region6}"
    data["city"][0]["late_number"] = "B{yyyy}{region4}{serial:04d}"
    with pytest.raises(PackError, match="late_number") as caught:
        parse_pack("wrong", data)
    assert len(caught.value.faults) == len(data["city"]) - 1
