"""The generator: same seed, same bytes; files that the readers take; results that keep to seats."""

import json
from collections import Counter

import pytest

from admissions.generator import generate
from admissions.generator.mistakes import MISTAKES
from admissions.generator.people import check_digit
from admissions.imports.formats import load_profile
from admissions.imports.readers import ReadError, open_rows
from admissions.reference import load_pack, regions

PACK = load_pack("guangdong")


@pytest.fixture(scope="module")
def province(tmp_path_factory):
    folder = tmp_path_factory.mktemp("province")
    return folder, generate("guangdong", folder, 4000, seed=7)


@pytest.fixture(scope="module")
def shandong(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shandong")
    return folder, generate("shandong", folder, 1500, seed=7)


def rows(path, profile=None):
    opened = open_rows(path)
    fields = opened.header
    if profile is not None:
        assert opened.header == profile.header
        fields = [c.field for c in profile.columns]
    found = []
    for row in opened.rows:
        assert not row.problems, (path, row)
        found.append(dict(zip(fields, row.cells, strict=True)))
    return found


def test_same_seed_same_bytes(province, tmp_path):
    _, first = province
    again = generate("guangdong", tmp_path / "a", 4000, seed=7)
    assert again.files == first.files
    other = generate("guangdong", tmp_path / "b", 4000, seed=8, mistakes=False)
    assert not set(other.files.values()) & {first.files[f"{c.code}/candidates.xlsx"] for c in PACK.cities}


def test_one_city_alone_is_the_same_as_in_the_province(province, tmp_path):
    _, whole = province
    alone = generate("guangdong", tmp_path, 4000, seed=7, cities=["440900"], mistakes=False)
    for name, digest in alone.files.items():
        if name.startswith("440900/"):
            assert whole.files[name] == digest


def test_counts_and_manifest(province):
    folder, made = province
    assert sum(c["candidates"] for c in made.counts.values()) == 4000
    stored = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert stored["counts"] == made.counts
    assert stored["files"] == made.files
    seats = sum(c["seats"] for c in made.counts.values())
    left = sum(c["candidates"] - c["general_admissions"] for c in made.counts.values())
    assert 0.93 < seats / left < 0.97
    assert 0.5 < sum(c["general_admissions"] for c in made.counts.values()) / 4000 < 0.54


def test_candidates_are_sound(province):
    folder, _ = province
    known = {r.code for r in regions("44")}
    everyone, ids = Counter(), Counter()
    for city in PACK.cities:
        for row in rows(folder / city.code / "candidates.xlsx", load_profile("candidates")):
            number = row["id_number"]
            assert check_digit(number[:17]) == number[17]
            assert number[6:14] == row["birth_date"].replace("-", "")
            assert int(number[16]) % 2 == int(row["sex"]) % 2
            assert row["county_code"] in known
            assert row["county_code"].startswith(city.code[:4])
            assert row["feeder_school_code"].startswith(row["county_code"])
            assert all(row[c.field] for c in load_profile("candidates").columns if c.required)
            everyone[row["candidate_number"]] += 1
            ids[number] += 1
    assert set(everyone.values()) == {1}
    assert set(ids.values()) == {1}


def test_scores_sum_and_tie(province):
    folder, _ = province
    totals = Counter()
    for city in PACK.cities:
        for row in rows(folder / city.code / "scores.xlsx"):
            marks = [int(row[s.name]) for s in city.subjects]
            assert sum(marks) == int(row["总分"])
            assert all(0 <= m <= s.full_marks for m, s in zip(marks, city.subjects, strict=True))
            totals[city.code, row["总分"]] += 1
    assert sum(n for n in totals.values() if n > 1) > 1000


def test_choices_name_plan_lines(province):
    folder, _ = province
    for city in PACK.cities:
        plans = rows(folder / city.code / "plans.xlsx", load_profile("plans"))
        offered = {(p["batch_code"], p["school_code"]): set() for p in plans}
        for p in plans:
            offered[p["batch_code"], p["school_code"]].add(p["major_code"])
            assert p["plan_kind"] in next(b for b in city.batches if b.code == p["batch_code"]).plan_kinds
        keys = Counter((p["school_code"], p["major_code"], p["batch_code"], p["plan_kind"]) for p in plans)
        assert set(keys.values()) <= {1}
        batches = {b.code: b for b in city.batches}
        for row in rows(folder / city.code / "choices.xlsx"):
            batch = batches[row["批次代码"]]
            chosen = [row.get(f"志愿{n}学校代码", "") for n in range(1, 6)]
            filled = [c for c in chosen if c]
            assert chosen[: len(filled)] == filled
            assert len(set(filled)) == len(filled) <= batch.choices
            for n, school in enumerate(filled, 1):
                majors = [row[f"志愿{n}专业{m}"] for m in (1, 2) if row[f"志愿{n}专业{m}"]]
                assert set(majors) <= offered[batch.code, school]
                assert row[f"志愿{n}服从"] in ("0", "1")


def test_daily_results_keep_to_seats(province):
    folder, _ = province
    profile = load_profile("daily_results")
    for code in ("440100", "440300"):
        general = {r["candidate_number"] for r in rows(folder / code / "general_admissions.xlsx",
                                                       load_profile("general_admissions"))}  # fmt: skip
        key = ("school_code", "major_code", "batch_code", "plan_kind")
        seats = {
            tuple(p[k] for k in key): int(p["seats"])
            for p in rows(folder / code / "plans.xlsx", load_profile("plans"))
        }
        known = {
            r["candidate_number"] for r in rows(folder / code / "candidates.xlsx", load_profile("candidates"))
        }
        first = rows(folder / code / "daily_results_day1.xlsx", profile)
        second = rows(folder / code / "daily_results_day2.xlsx", profile)
        for day in (first, second):
            numbers = [r["candidate_number"] for r in day]
            assert len(set(numbers)) == len(numbers)
            assert set(numbers) <= known - general
            used = Counter(tuple(r[k] for k in key) for r in day if r["status"] == "1")
            assert all(n <= seats[k] for k, n in used.items())
        assert len(second) > len(first)
        gone = {r["candidate_number"] for r in first} - {r["candidate_number"] for r in second}
        assert len(gone) <= 0.02 * len(first)


def test_results_of_shandong_are_tables_of_the_notice(shandong):
    folder, made = shandong
    profile = load_profile("shandong_2019")
    for city in (c for c in load_pack("shandong").cities if c.has_own_system):
        tables = sorted((folder / city.code).glob("zz*.dbf"))
        assert tables
        count = 0
        for path in tables:
            school = path.stem[2:].split("-")[0]
            for row in rows(path, profile):
                assert row["school_code"] == school
                assert len(row["candidate_number"]) == 13
                marks = sum(int(row[f"subject_{n}"]) for n in range(1, 5))
                assert marks + int(row["bonus"] or 0) == int(row["dispatch_score"])
                count += 1
        withdrawn = (
            made.counts[city.code]["results_day2"] - count - made.counts[city.code]["results_not_in_dbf"]
        )
        assert 0 <= withdrawn < 20


def test_a_hundred_mistakes(province):
    folder, _ = province
    places = json.loads((folder / "mistakes" / "candidates_100.json").read_text("utf-8"))
    assert len(MISTAKES) == len(places) == 100
    assert len({p["kind"] for p in places}) > 80
    opened = open_rows(folder / "mistakes" / "candidates_100.xlsx")
    found = {r.number: dict(zip(opened.header, r.cells, strict=True)) for r in opened.rows}
    assert set(found) == set(range(2, 102))
    by_kind = {p["kind"]: found[p["row"]][p["column"]] for p in places}
    assert by_kind["id_duplicate"] == found[2]["证件号码"]
    assert by_kind["number_duplicate"] == found[2]["考生号"]
    assert by_kind["county_of_other_city"][:4] != found[2]["县区代码"][:4]
    assert by_kind["county_of_other_province"][:2] == "37"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("empty.xlsx", "0 字节"),
        ("bomb.xlsx", "解压"),
        ("cut.xlsx", "不完整"),
        ("encrypted.xlsx", "密码"),
        ("old.xls", ".xls"),
        ("macro.xlsx", "宏"),
        ("truncated.dbf", "不完整"),
        ("wrong_count.dbf", "记录数不符"),
        ("broken_header.dbf", "文件头损坏"),
    ],
)
def test_files_to_refuse_are_refused(province, name, words):
    with pytest.raises(ReadError) as caught:
        open_rows(province[0] / "mistakes" / name)
    assert words in caught.value.message
