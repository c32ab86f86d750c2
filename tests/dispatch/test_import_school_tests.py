"""院校考核成绩 and 考生附加信息 come in by file: checked as a whole, written, changed."""

import pytest
from django.urls import reverse

from dispatch.models import Run, SchoolTest, Trait
from tests import factories
from tests.sheets import sheet, words_of


@pytest.fixture
def two(batch, schools, plan_line, make_candidates):
    made = make_candidates(2)
    factories.make_choices(made, batch, schools[:1])
    return made


def mark_row(candidate, **changes) -> dict[str, str]:
    row = {
        "candidate_number": candidate.number, "name": candidate.name, "school_code": "10001",
        "batch_code": "42", "marks": "85.5", "passed": "是",
    }  # fmt: skip
    return row | changes


def trait_row(candidate, **changes) -> dict[str, str]:
    row = {"candidate_number": candidate.number, "name": candidate.name, "code": "综合素质", "value": "A"}
    return row | changes


def test_marks_of_tests_come_in_and_change(cast, batch, two, importing):
    importing.through(cast.city, "school_tests", sheet("school_tests", [mark_row(one) for one in two]))
    assert set(SchoolTest.objects.values_list("candidate", "marks", "passed")) == {
        (c.pk, 8550, True) for c in two
    }
    file = importing(
        cast.city, "school_tests", sheet("school_tests", [mark_row(two[0], passed="否"), mark_row(two[1])])
    )
    assert (file.rows_new, file.rows_changed, file.rows_same) == (0, 1, 1)
    importing.confirm(cast.city, file)
    assert SchoolTest.objects.get(candidate=two[0]).passed is False


def test_traits_come_in_and_change(cast, batch, two, importing):
    run = Run.objects.create(batch=batch, round=1, created_by=cast.city, state="rehearsed")
    rows = [trait_row(two[0]), trait_row(two[0], code="应届", value="是")]
    importing.through(cast.city, "traits", sheet("traits", rows))
    run.refresh_from_db()
    assert run.state == "draft", "what was rehearsed rested on other rows"
    assert Trait.objects.get(code="应届").season == batch.season
    file = importing(cast.city, "traits", sheet("traits", [trait_row(two[0], value="B"), rows[1]]))
    assert (file.rows_new, file.rows_changed, file.rows_same) == (0, 1, 1)
    importing.confirm(cast.city, file)
    assert set(Trait.objects.values_list("code", "value")) == {("综合素质", "B"), ("应届", "是")}


def test_all_mistakes_at_once_and_nothing_written(cast, batch, two, schools, importing, make_candidates):
    factories.make_plan_line(schools[1], batch)
    away = make_candidates(1, city="4403")[0]
    rows = [
        mark_row(two[0]), mark_row(two[0]), mark_row(two[1], name="别人"), mark_row(away),
        mark_row(two[1], school_code="20001"), mark_row(two[1], marks="许多"),
    ]  # fmt: skip
    file = importing(cast.city, "school_tests", sheet("school_tests", rows))
    assert file.state == "faulty"
    assert words_of(file) >= {"不是分数"}
    file = importing(cast.city, "school_tests", sheet("school_tests", rows[:-1]), name="再次.xlsx")
    assert words_of(file) == {
        "同一考生同一项在文件中重复", "姓名与考生库不一致", "本地考生库中没有这个考生号", "该考生在本批次没有填报该校",
    }  # fmt: skip
    odd = [trait_row(two[0], code="a b"), trait_row(two[1], value="A B")]
    assert words_of(importing(cast.city, "traits", sheet("traits", odd))) == {
        "项目只能用汉字、字母和数字", "内容不能含空格",
    }  # fmt: skip
    assert not SchoolTest.objects.exists()
    assert not Trait.objects.exists()


@pytest.mark.parametrize("profile", ["school_tests", "traits"])
def test_refused_while_a_run_is_confirmed(cast, batch, two, importing, profile):
    Run.objects.create(
        batch=batch, round=1, created_by=cast.city, confirmed_by=cast.second, state="confirmed"
    )
    row = mark_row(two[0]) if profile == "school_tests" else trait_row(two[0])
    file = importing(cast.city, profile, sheet(profile, [row]))
    assert words_of(file) == {"中职批有一次投档已复核或正在进行"}


def test_the_pages_hang_below_the_function(cast, batch, client_of):
    page = client_of(cast.city).get(reverse("dispatch:set_school_conditions__upload")).content.decode()
    assert "院校考核成绩" in page
    assert "考生附加信息" in page
    assert client_of(cast.idle).get(reverse("dispatch:set_school_conditions__upload")).status_code == 403
