"""工作台: the numbers beside the menu are those of what waits, and of nobody else's."""

import inspect
import json

import pytest
from django.urls import reverse

from accounts import workbench
from accounts.workbench import ToDo, waiting_for
from tests.factories_dispatch import sheet_released, sheet_submitted

PAGE = "accounts:workbench__waiting"


@pytest.fixture
def submitted(cast, batch, schools, plan_line, make_candidates):
    return sheet_submitted(cast.city, cast.school, batch, schools[0], make_candidates(3))


def fetched(client) -> dict:
    return json.loads(client.get(reverse(PAGE)).content)


def test_entries_of_the_menu_get_their_numbers(cast, submitted, client_of):
    answer = client_of(cast.reviewer).get(reverse(PAGE))
    assert answer.headers["Cache-Control"] == "no-store"
    assert json.loads(answer.content)[reverse("dispatch:review_admissions")] == {
        "count": 3,
        "words": ["审核录取 3"],
    }


def test_each_sees_his_own(cast, submitted, client_of):
    assert reverse("dispatch:review_admissions") not in fetched(client_of(cast.school))
    assert not fetched(client_of(cast.other_city))


def test_what_differs_in_kind_is_not_added_up(cast, batch, schools, plan_line, make_candidates):
    sheet_released(cast.city, batch, schools[0], make_candidates(4))
    found = waiting_for(cast.school)[reverse("dispatch:decide_as_leader")]
    assert found["count"] == 4
    assert found["words"] == ["待阅投档单 1", "未定档案 4"]


def test_after_ones_own_deed_it_is_counted_anew(cast, submitted, client_of):
    client = client_of(cast.reviewer)
    assert fetched(client)
    first = submitted.placements.earliest("pk")
    client.post(reverse("dispatch:review_admissions__one", args=[first.pk]), {"decision": "approve"})
    assert fetched(client)[reverse("dispatch:review_admissions")]["count"] == 2


def test_a_right_that_is_gone_takes_its_number_along(cast, submitted, client_of):
    assert fetched(client_of(cast.reviewer))
    cast.reviewer.memberships.update(roles=[], extra_functions=["accounts.workbench"])
    assert fetched(client_of(cast.reviewer)) == {}


WITHOUT = [source for source, to_dos in workbench._sources.items() if not to_dos]


@pytest.mark.parametrize("source", sorted(WITHOUT, key=lambda source: source.__name__))
def test_whoever_is_registered_without_to_dos_has_none(source):
    assert f"{ToDo.__name__}(" not in inspect.getsource(source)


def test_needs_to_be_logged_in(client, db):
    assert client.get(reverse(PAGE)).status_code == 302
