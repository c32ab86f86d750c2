"""考生轨迹查询: one candidate by his whole number, event by event."""

import pytest
from django.urls import reverse

from accounts.models import Deed
from tests.factories_dispatch import sheet_submitted

PAGE = "admissions:find_track"


@pytest.fixture
def candidate(cast, batch, schools, plan_line, make_candidates):
    one = make_candidates(1)[0]
    sheet_submitted(cast.city, cast.school, batch, schools[0], [one])
    return one


def test_every_step_with_who_did_it(cast, candidate, client_of):
    words = client_of(cast.city).get(reverse(PAGE), {"number": candidate.number}).content.decode()
    for step in ("投档", "院校阅档", "拟录取", "提交拟录取"):
        assert step in words
    assert "广州市荔湾职业学校" in words
    assert candidate.id_number not in words


def test_his_id_number_serves_as_well(cast, candidate, client_of):
    response = client_of(cast.county).get(reverse(PAGE), {"number": candidate.id_number})
    assert candidate.name in response.content.decode()


def test_part_of_a_number_finds_nobody(cast, candidate, client_of):
    assert client_of(cast.city).get(reverse(PAGE), {"number": candidate.number[:-1]}).status_code == 404


def test_another_citys_candidate_does_not_exist(cast, candidate, client_of):
    assert client_of(cast.other_city).get(reverse(PAGE), {"number": candidate.number}).status_code == 404


def test_permission(cast, candidate, client_of):
    assert client_of(cast.school).get(reverse(PAGE)).status_code == 403


def test_a_look_leaves_a_trace(cast, candidate, client_of):
    client_of(cast.city).get(reverse(PAGE), {"number": candidate.number})
    assert Deed.objects.filter(subject=f"考生轨迹查询 {candidate.number}", actor=cast.city).count() == 1
