"""设置院校所属批次: a school's plans of one kind go to another batch, before either has sent anything."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Deed
from dispatch.models import Run
from quotas.models import PlanLine
from tests import factories

CONFIRMED = {"confirmed": "1"}
ASKED = {"school": "10001", "kind": "", "batch": "43"}


@pytest.fixture
def second(season, batch, plan_line):
    return factories.make_batch(season, "4401", "43", name="第二批")


def address(batch) -> str:
    return reverse("dispatch:set_school_batch__change", args=[batch.pk])


def test_plans_of_one_kind_move_with_their_seats(cast, batch, second, schools, make_candidates, client_of):
    kept = factories.make_plan_line(schools[0], batch, major="730301", kind="22")
    factories.make_choices(make_candidates(2), batch, schools[:1])
    client = client_of(cast.city)
    shown = client.post(address(batch), ASKED).content.decode()
    assert "移动计划 10 个" in shown
    assert "2 个志愿" in shown
    assert PlanLine.objects.filter(batch=second).count() == 0
    assert client.post(address(batch), ASKED | CONFIRMED).status_code == 302
    assert PlanLine.objects.get(batch=second).major_code == "710201"
    assert PlanLine.objects.get(batch=batch) == kept
    assert "43 第二批" in Deed.objects.get(function="dispatch.set_school_batch").note
    assert (
        client.post(reverse("dispatch:set_school_batch__restore", args=[batch.pk, 1]), CONFIRMED).status_code
        == 302
    )
    assert not PlanLine.objects.filter(batch=second).exists()


def test_plans_stay_once_seats_are_taken_or_a_batch_has_sent(cast, batch, second, client_of):
    client = client_of(cast.city)
    PlanLine.objects.update(seats_taken=1)
    assert "已有考生占用" in client.post(address(batch), ASKED | CONFIRMED).content.decode()
    PlanLine.objects.update(seats_taken=0)
    run = Run.objects.create(
        batch=second, round=1, created_by=cast.city, state="released", executed_at=timezone.now()
    )
    assert "第二批已经投过档" in client.post(address(batch), ASKED | CONFIRMED).content.decode()
    Run.objects.filter(pk=run.pk).update(cancelled_at=timezone.now(), state="cancelled")
    assert client.post(address(batch), ASKED | CONFIRMED).status_code == 302


def test_the_other_batch_must_be_free_too(cast, batch, second, client_of):
    Run.objects.create(
        batch=second, round=1, created_by=cast.city, confirmed_by=cast.second, state="confirmed"
    )
    assert "不能修改参数" in client_of(cast.city).post(address(batch), ASKED | CONFIRMED).content.decode()
    assert not PlanLine.objects.filter(batch=second).exists()


def test_bad_input_changes_nothing(cast, batch, second, schools, client_of):
    client = client_of(cast.city)
    factories.make_plan_line(schools[0], second)
    for wrong in ({}, {"batch": "99"}, {"school": "20001"}, {"kind": "22"}, {"remove": "on"}):
        assert client.post(address(batch), ASKED | wrong | CONFIRMED).status_code == 422, wrong
    assert PlanLine.objects.filter(batch=batch).count() == 1


def test_needs_the_permission_and_the_own_city(cast, batch, second, client_of):
    assert client_of(cast.school).post(address(batch), ASKED | CONFIRMED).status_code == 403
    assert client_of(cast.other_city).post(address(batch), ASKED | CONFIRMED).status_code == 404
