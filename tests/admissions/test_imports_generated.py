"""A generated province comes in whole; its hundred mistakes are all found at once; hostile files are refused."""

import json

import pytest

from admissions.generator.province import generate
from admissions.models import Candidate, Choice, Dossier, ImportedFile
from admissions.services.opening import province_open, reference_load
from dispatch.models import Placement
from quotas.models import PlanLine
from tests import factories

CITY, OTHER = "440200", "440400"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Shaoguan and Zhuhai of a small Guangdong, and Guangzhou, which has a system of its own."""
    path = tmp_path_factory.mktemp("province")
    generate("guangdong", path, candidates=12_000, cities=["440100", CITY, OTHER])
    return path


@pytest.fixture
def officers(db, media, folder):
    reference_load()
    province_open(pack_name="guangdong", folder=folder)
    return {
        code: factories.make_user(f"officer-{code}", factories.make_organisation(code[:4]), "data")
        for code in ("440100", CITY, OTHER)
    }


@pytest.fixture
def importing(officers, django_capture_on_commit_callbacks):
    from tests.conftest import Importing

    return Importing(django_capture_on_commit_callbacks)


def test_a_city_comes_in_whole(folder, officers, importing):
    where, officer = folder / "440100", officers["440100"]
    counts = json.loads((folder / "manifest.json").read_text())["counts"]["440100"]
    for profile in ("plans", "candidates", "scores", "choices", "general_admissions"):
        file = importing.through(officer, profile, (where / f"{profile}.xlsx").read_bytes())
        assert file.findings_count == 0
        again = importing(officer, profile, (where / f"{profile}.xlsx").read_bytes(), again=True)
        assert (again.rows_new, again.rows_changed) == (0, 0), (profile, again.findings)
        assert again.rows_same == again.rows_read
    assert Candidate.objects.count() == counts["candidates"]
    assert Candidate.objects.exclude(total=None).count() == counts["candidates"]
    assert PlanLine.objects.count() == counts["plan_lines"]
    assert Choice.objects.values("candidate", "batch").distinct().count() == counts["choices"]
    assert Dossier.objects.filter(state="excluded").count() == counts["general_admissions"]
    first = importing.through(officer, "daily_results", (where / "daily_results_day1.xlsx").read_bytes())
    assert first.rows_new == counts["results_day1"]
    second = importing(officer, "daily_results", (where / "daily_results_day2.xlsx").read_bytes())
    assert second.state == "checked", second.findings
    importing.confirm(officer, second)
    admitted = Placement.objects.open().filter(method="upload").count()
    assert admitted == Dossier.objects.filter(state="admitted").count()
    assert admitted == second.rows_read - withdrawn(where)


def withdrawn(where) -> int:
    """Rows of the second day that say 录后退."""
    from admissions.imports.readers import read_xlsx

    header, rows = read_xlsx(where / "daily_results_day2.xlsx")
    at = header.index("录取状态")
    return sum(1 for row in rows if row.cells[at] == "2")


def test_a_hundred_mistakes_are_all_found_at_once(folder, officers, importing):
    content = (folder / "mistakes/candidates_100.xlsx").read_bytes()
    places = json.loads((folder / "mistakes/candidates_100.json").read_text())
    file = importing(officers[CITY], "candidates", content)
    assert file.state == "faulty"
    assert not Candidate.objects.exists()
    found = {}
    for group in file.findings:
        for place in group["places"]:
            found.setdefault(place["row"], []).append((group["column"], group["message"]))
    missed = [place for place in places if place["row"] not in found]
    assert missed == []
    same = {"birth_differs_from_id": "证件号码"}  # which of the two is wrong nobody knows
    for place in places:
        columns = {column for column, _ in found[place["row"]]}
        assert same.get(place["kind"], place["column"]) in columns, (place, found[place["row"]])


def test_mistakes_of_scores_are_all_found_at_once(folder, officers, importing):
    importing.through(officers[CITY], "candidates", (folder / CITY / "candidates.xlsx").read_bytes())
    places = json.loads((folder / "mistakes/scores_20.json").read_text())
    file = importing(officers[CITY], "scores", (folder / "mistakes/scores_20.xlsx").read_bytes())
    rows = {place["row"] for group in file.findings for place in group["places"]}
    assert {place["row"] for place in places} - rows == set()
    assert not Candidate.objects.exclude(total=None).exists()


@pytest.mark.parametrize(
    ("name", "profile", "words"),
    [
        ("truncated.dbf", "shandong_2019", "文件不完整"),
        ("wrong_count.dbf", "shandong_2019", "记录数不符"),
        ("broken_header.dbf", "shandong_2019", "文件头损坏"),
        ("wrong_template.xlsx", "candidates", "不是“考生基本信息”模板"),
        ("other_city.xlsx", "candidates", "这不是韶关市的文件"),
        ("bomb.xlsx", "candidates", "解压后超过"),
        ("cut.xlsx", "candidates", "不完整"),
        ("encrypted.xlsx", "candidates", "打开密码"),
        ("old.xls", "candidates", "旧版"),
        ("macro.xlsx", "candidates", "宏"),
    ],
)
def test_a_file_is_refused_as_a_whole_in_words(folder, officers, importing, name, profile, words):
    officer = officers[CITY] if profile == "candidates" else officers["440100"]
    file = importing(officer, profile, (folder / "mistakes" / name).read_bytes(), name=name)
    assert file.state == "refused"
    assert words in file.findings[0]["message"]
    assert file.findings[0]["hint"]
    assert not Candidate.objects.exists()


def test_a_text_named_workbook_is_read_for_what_it_is(folder, officers, importing):
    file = importing(officers[CITY], "candidates", (folder / "mistakes/renamed.xlsx").read_bytes())
    assert (file.state, file.rows_new) == ("checked", 20)
    assert ImportedFile.objects.get().rows_read == 20
