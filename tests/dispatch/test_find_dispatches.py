"""投档情况查询: each sheet in figures."""

from io import BytesIO

import pytest
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook

from accounts.models import Deed
from dispatch.queries.figures import NAMES, figures_of
from dispatch.queries.finding import sheets_in_figures
from dispatch.services import keeping, reviewing
from tests.factories_dispatch import placement_of, sheet_released, sheet_submitted

PAGE = "dispatch:find_dispatches"


@pytest.fixture
def candidates(make_candidates):
    return make_candidates(4)


@pytest.fixture
def sheet(cast, batch, schools, plan_line, candidates):
    sheet = sheet_submitted(cast.city, cast.school, batch, schools[0], candidates[:3], candidates[3:])
    reviewing.admissions_approve(actor=cast.reviewer, placements=[placement_of(candidates[0]).pk])
    reviewing.returns_approve(actor=cast.reviewer, placements=[placement_of(candidates[3]).pk])
    return sheet


def test_the_figures_are_right(cast, sheet, candidates):
    row = sheets_in_figures(cast.city).get()
    assert (row.plan, row.size, row.lowest) == (10, 4, min(c.total for c in candidates))
    figures = figures_of(cast.city, [row])[row.pk]
    assert ([figures[name] for name in NAMES], row.short) == ([0, 0, 2, 0, 1, 1, 0], 7)
    assert sum(figures[name] for name in NAMES if name != "reading") == row.size


def test_the_figures_add_up_whatever_becomes_of_a_dossier(cast, batch, schools, plan_line, candidates):
    sheet = sheet_submitted(cast.city, cast.school, batch, schools[0], candidates[:2], candidates[2:3])
    keeping.recall_dossier(actor=cast.city, candidates=[candidates[0].pk], reason="误投")
    figures = figures_of(cast.city, [sheet])[sheet.pk]
    assert [figures[name] for name in NAMES] == [0, 0, 1, 1, 0, 0, 1]
    assert sum(figures[name] for name in NAMES if name != "reading") == sheet.size


def test_the_dossiers_are_counted_once_for_all_who_look(
    cast, batch, schools, plan_line, candidates, client_of, django_assert_num_queries
):
    sheet = sheet_released(cast.city, batch, schools[0], candidates)
    assert cast.city.scope
    assert cast.county.scope
    with django_assert_num_queries(1):
        before = figures_of(cast.city, [sheet])[sheet.pk]
    with django_assert_num_queries(0):
        assert figures_of(cast.city, [sheet])[sheet.pk] == before
    with django_assert_num_queries(1):  # another's walls are others
        figures_of(cast.county, [sheet])
    sheet.opened_at = timezone.now()  # a school that opens it makes the count void
    with django_assert_num_queries(1):
        assert figures_of(cast.city, [sheet])[sheet.pk]["at"] > before["at"]


def test_the_page_tells_of_which_moment_it_is(cast, sheet, client_of):
    page = client_of(cast.city).get(reverse(PAGE)).content.decode()
    assert "20 秒内不重新统计" in page
    assert "合计" in page


def test_an_export_ends_with_its_totals(cast, sheet, client_of):
    response = client_of(cast.city).get(reverse(PAGE), {"export": "xlsx"})
    rows = CalamineWorkbook.from_filelike(BytesIO(response.content)).get_sheet_by_index(0).to_python()
    header, last = rows[0], rows[-1]
    assert last[0] == "合计"
    assert [last[header.index(title)] for title in ("投档", "拟录取", "已录取", "已退档")] == [4, 2, 1, 1]


def test_the_page_filters_and_links(cast, sheet, client_of):
    client = client_of(cast.city)
    assert sheet.number in client.get(reverse(PAGE)).content.decode()
    assert (
        sheet.number in client.get(reverse(PAGE), {"school": "10001", "state": "submitted"}).content.decode()
    )
    assert sheet.number not in client.get(reverse(PAGE), {"state": "opened"}).content.decode()


def test_another_city_sees_nothing(cast, sheet, client_of):
    assert sheet.number not in client_of(cast.other_city).get(reverse(PAGE)).content.decode()


def test_permission(cast, sheet, client_of):
    for user in (cast.idle, cast.school):
        assert client_of(user).get(reverse(PAGE)).status_code == 403


def test_an_export_leaves_a_trace(cast, sheet, client_of):
    response = client_of(cast.city).get(reverse(PAGE), {"export": "xlsx"})
    assert response.headers["Content-Type"].endswith("sheet")
    assert Deed.objects.filter(subject="导出投档情况查询").count() == 1


def test_the_number_of_questions_does_not_grow(cast, sheet, client_of, django_assert_max_num_queries):
    client = client_of(cast.city)
    client.get(reverse(PAGE))
    with django_assert_max_num_queries(20):
        client.get(reverse(PAGE))
