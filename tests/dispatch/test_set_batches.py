"""设置地市批次: each city makes its own, until it has sent dossiers by it."""

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.models import Deed
from accounts.refusals import Refusal
from admissions.jobs import Progress
from admissions.models import Batch
from dispatch.models import Run
from dispatch.services import executing, sending
from tests import factories

VALUES = {
    "city": "4401",
    "code": "41",
    "name": "三二分段批",
    "position": 1,
    "choices_allowed": 6,
    "plan_kinds": ["12"],
}


def test_a_city_makes_a_batch_and_changes_it(cast, season, client_of):
    client = client_of(cast.city)
    assert client.post(reverse("dispatch:set_batches__new"), VALUES).status_code == 302
    batch = Batch.objects.get(code="41")
    assert (batch.city, batch.choices_allowed, batch.plan_kinds) == ("4401", 6, ["12"])
    url = reverse("dispatch:set_batches__one", args=[batch.pk])
    assert client.post(url, {"name": "中高职贯通批", "plan_kinds": "12", "confirmed": "1"}).status_code == 302
    batch.refresh_from_db()
    assert batch.name == "中高职贯通批"
    assert Deed.objects.filter(function="dispatch.set_batches").count() == 2
    assert "中高职贯通批" in client.get(reverse("dispatch:set_batches")).content.decode()


def test_a_code_is_used_once(cast, batch, client_of):
    answer = client_of(cast.city).post(reverse("dispatch:set_batches__new"), VALUES | {"code": batch.code})
    assert answer.status_code == 422
    assert "已经使用" in answer.content.decode()


def test_a_batch_that_has_sent_stays_as_it_is(cast, batch, schools, plan_line, make_candidates, client_of):
    factories.make_choices(make_candidates(2), batch, schools)
    run = sending.run_open(actor=cast.city, batch=batch)
    nobody = Progress("00000000-0000-0000-0000-000000000000")
    sending.run_rehearse(actor=cast.city, run=run, progress=nobody)
    run.refresh_from_db()
    sending.run_confirm(actor=cast.reviewer, run=run, fingerprint=run.fingerprint)
    executing.run_execute(actor=cast.city, run=run, progress=nobody)
    url = reverse("dispatch:set_batches__one", args=[batch.pk])
    Run.objects.filter(pk=run.pk).update(state=Run.State.RELEASED)
    client = client_of(cast.city)
    refused = client.post(url, {"choices_allowed": "6", "confirmed": "1"})
    assert "已经投过档" in refused.content.decode()
    assert client.post(url, {"reviews_plans": "否", "confirmed": "1"}).status_code == 302
    batch.refresh_from_db()
    assert (batch.choices_allowed, batch.reviews_plans) == (4, False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "12345"},
        {"code": "一"},
        {"plan_kinds": "77"},
        {"position": "0"},
        {"choices_allowed": "21"},
        {"name": ""},
        {"opens_at": "明天"},
        {"opens_at": "2021-08-20 09:00", "closes_at": "2021-08-20 08:00"},
    ],
)
def test_bad_values_change_nothing(cast, batch, client_of, wrong):
    url = reverse("dispatch:set_batches__one", args=[batch.pk])
    assert client_of(cast.city).post(url, wrong | {"confirmed": "1"}).status_code == 422
    assert not Deed.objects.exists()


def test_not_for_another_city_nor_without_the_function(cast, batch, client_of):
    url = reverse("dispatch:set_batches__one", args=[batch.pk])
    assert client_of(cast.other_city).get(url).status_code == 404
    assert client_of(cast.other_city).post(reverse("dispatch:set_batches__new"), VALUES).status_code == 422
    assert client_of(cast.county).post(reverse("dispatch:set_batches__new"), VALUES).status_code == 422
    assert client_of(cast.school).get(reverse("dispatch:set_batches")).status_code == 403


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2021-08-20 00:59", "尚未开始，8月20日 09:00"),
        ("2021-08-21 10:00", "已于 8月21日 18:00 截止"),
        ("2021-08-20 01:00", ""),
    ],
)
def test_a_batch_has_a_span_of_its_own(cast, batch, plan_line, client_of, moment, words):
    """Times of the clock are UTC, those of the page local."""
    url = reverse("dispatch:set_batches__one", args=[batch.pk])
    span = {"opens_at": "2021-08-20T09:00", "closes_at": "2021-08-21 18:00", "confirmed": "1"}
    assert client_of(cast.city).post(url, span).status_code == 302
    assert "2021-08-20 09:00" in client_of(cast.city).get(url).content.decode()
    batch.refresh_from_db()
    with time_machine.travel(f"{moment}+00:00", tick=False):
        if words:
            with pytest.raises(Refusal, match=words):
                sending.run_open(actor=cast.city, batch=batch)
        else:
            assert sending.run_open(actor=cast.city, batch=batch)


def test_a_run_that_outlasts_the_span_is_not_executed(cast, batch, schools, plan_line, make_candidates):
    factories.make_choices(make_candidates(2), batch, schools)
    run = sending.run_open(actor=cast.city, batch=batch)
    nobody = Progress("00000000-0000-0000-0000-000000000000")
    sending.run_rehearse(actor=cast.city, run=run, progress=nobody)
    run.refresh_from_db()
    sending.run_confirm(actor=cast.reviewer, run=run, fingerprint=run.fingerprint)
    Batch.objects.update(closes_at=timezone.now())
    with pytest.raises(Refusal, match="截止"):
        executing.run_execute(actor=cast.city, run=run, progress=nobody)
