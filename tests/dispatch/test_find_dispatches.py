"""投档情况查询: each sheet in figures."""

import pytest
from django.urls import reverse

from accounts.models import Deed
from dispatch.queries.finding import sheets_in_figures
from dispatch.services import reviewing
from tests.factories_dispatch import placement_of, sheet_submitted

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
    found = [row.figures[name] for name in ("undecided", "proposed", "admitted", "returned")]
    assert (found, row.short) == ([0, 2, 1, 1], 7)


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
