"""院校计划管理: plan lines come in by file, are listed, and never fall below the seats taken."""

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from quotas.models import PlanChange, PlanLine
from quotas.services import Change, seats_change
from tests.sheets import sheet, words_of


def line(**changes) -> dict[str, str]:
    row = {
        "school_code": "10001",
        "school_name": "广州市荔湾职业学校",
        "major_code": "710201",
        "major_name": "计算机应用",
        "study_years": "3",
        "source_region_code": "440100",
        "batch_code": "42",
        "plan_kind": "10",
        "seats": "40",
        "tuition": "3500",
    }
    return row | changes


@pytest.fixture
def place(cast, batch):
    return cast.city


def test_plans_come_in_and_change(place, importing):
    importing.through(
        place, "plans", sheet("plans", [line(), line(major_code="730301", major_name="会计事务")])
    )
    assert PlanLine.objects.filter(city="4401", kind="10", seats_planned=40, tuition=3500).count() == 2
    file = importing(
        place, "plans", sheet("plans", [line(seats="45"), line(major_code="740201", major_name="烹饪")])
    )
    assert (file.rows_new, file.rows_changed, file.rows_same) == (1, 1, 0)
    importing.confirm(place, file)
    assert PlanLine.objects.count() == 3
    assert PlanLine.objects.get(major_code="710201").seats_planned == 45


def test_seats_never_fall_below_those_taken(place, importing):
    importing.through(place, "plans", sheet("plans", [line()]))
    PlanLine.objects.update(seats_taken=30)
    file = importing(place, "plans", sheet("plans", [line(seats="29")]))
    assert file.state == "faulty"
    assert words_of(file) == {"计划数低于已录取占用的 30 个"}
    assert importing(place, "plans", sheet("plans", [line(seats="30")])).state == "checked"


def test_all_mistakes_at_once(place, importing):
    rows = [
        line(school_code="99999"),
        line(batch_code="99"),
        line(seats="四十"),
        line(plan_kind="XX"),
        line(major_code="７１０２０１"),
        line(seats=""),
        line(school_name="别的学校", major_code="730301"),
        line(major_code="740201"),
        line(major_code="740201"),
    ]
    file = importing(place, "plans", sheet("plans", rows))
    kinds = {row["kind"] for row in file.findings}
    assert kinds == {"unknown_code", "int", "code", "missing", "school_name", "line_twice"}
    assert not PlanLine.objects.exists()


def test_choices_need_a_plan(place, importing, make_candidates, plan_line):
    candidate = make_candidates(1)[0]
    row = {"candidate_number": candidate.number, "batch_code": "42", "choice1_school": "20001"}
    file = importing(place, "choices", sheet("choices", [row]))
    assert "在该批次没有面向本市的招生计划" in file.findings[0]["message"]
    row |= {"choice1_school": "10001", "choice1_major1": "730301"}
    file = importing(place, "choices", sheet("choices", [row]))
    assert "没有招生计划：10001 730301" in file.findings[0]["message"]
    row |= {"choice1_major1": "710201"}
    assert importing(place, "choices", sheet("choices", [row])).state == "checked"


def test_the_changes_of_plans_are_listed_for_those_who_see_the_plans(
    cast, plan_line, client_of, django_assert_max_num_queries
):
    change = seats_change(actor=cast.reviewer, changes=[Change(plan_line.pk, 4)])[0]
    url = reverse("quotas:manage_plans__changes")
    assert url in client_of(cast.city).get(reverse("quotas:manage_plans")).content.decode()
    client = client_of(cast.city)
    client.get(url)
    with django_assert_max_num_queries(25):
        page = client.get(url).content.decode()
    for words in ("广州市", "计算机应用", "+4", "10", "14", "gz-reviewer"):
        assert words in page
    assert "没有符合条件" in client_of(cast.other_city).get(url).content.decode()
    assert client_of(cast.reviewer).get(url).status_code == 403
    for deed in (lambda: PlanChange.objects.update(seats=1), change.delete):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            deed()
