"""申请调整区域间计划: seats of one major from one source city to another, asked of both at once."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import Deed
from accounts.refusals import Refusal
from admissions.models import Batch, Request
from dispatch.models import SchoolControl
from quotas.requests import plan_transfer
from quotas.requests.plan_transfer import FOLLOW
from tests import factories
from tests.factories_registration import make_window
from tests.factories_requests import drafted, posted, submitted
from tests.quotas.conftest import TRANSFER

PAGE = "quotas:request_plan_transfer"


def asked(giver, taker, seats=4, **more):
    return {"giver": giver.pk, "taker": taker.pk, "seats": seats, "reason": "T01", "words": "", **more}


def test_both_cities_are_asked_at_once(cast, batch, plan_line, other_line, client_of):
    Batch.objects.filter(pk=batch.pk).update(reviews_plans=False)  # a transfer is audited all the same
    client = client_of(cast.school)
    answer = client.post(reverse(f"{PAGE}__new"), posted(**asked(plan_line, other_line)))
    row = Request.objects.get()
    assert "4 个计划由广州市调到深圳市" in client.get(answer.url).content.decode()
    client.post(reverse(f"{PAGE}__submit", args=[row.pk]), posted(version=0, confirmed="1"))
    row.refresh_from_db()
    assert row.state == "submitted"
    assert [(p.role, p.organisation.name) for p in row.parties.all()] == [
        ("调出市", "广州市招办"),
        ("调入市", "深圳市招办"),
    ]


def test_where_the_province_lets_the_setting_hold_only_the_other_city_is_asked(
    cast, batch, plan_line, other_line, monkeypatch
):
    monkeypatch.setattr(plan_transfer, "limit_of", lambda province, name, default: int(name == FOLLOW))
    Batch.objects.filter(pk=batch.pk).update(reviews_plans=False)
    row = submitted(cast.school, TRANSFER, asked(plan_line, other_line))
    assert [party.role for party in row.parties.all()] == ["调入市"]
    Batch.objects.filter(pk=other_line.batch_id).update(reviews_plans=False)
    assert submitted(cast.school, TRANSFER, asked(other_line, plan_line)).state == "effective"


def test_only_between_cities_and_of_one_major(cast, batch, schools, plan_line, other_line, client_of):
    client, url = client_of(cast.school), reverse(f"{PAGE}__new")
    same_city = factories.make_plan_line(schools[0], batch, major="740201")
    other_major = factories.make_plan_line(schools[0], other_line.batch, major="730301")
    other_kind = factories.make_plan_line(schools[0], other_line.batch, kind="12")
    foreign = factories.make_plan_line(schools[1], other_line.batch)
    for taker, words in (
        (same_city, "须为不同的市"),
        (other_major, "须为同一专业、同一计划类型"),
        (other_kind, "须为同一专业、同一计划类型"),
        (foreign, "调入计划"),
    ):
        answer = client.post(url, posted(**asked(plan_line, taker)))
        assert answer.status_code == 422
        assert words in answer.content.decode()
    assert not Request.objects.exists()


def test_no_more_than_is_left(cast, plan_line, other_line):
    type(plan_line).objects.filter(pk=plan_line.pk).update(seats_taken=8)
    with pytest.raises(Refusal, match="最多减少 2 个"):
        submitted(cast.school, TRANSFER, asked(plan_line, other_line, 3))
    assert submitted(cast.school, TRANSFER, asked(plan_line, other_line, 2)).state == "submitted"


def test_into_a_city_where_admission_is_closed_nothing_moves_but_out_of_it(
    cast, schools, other_batch, plan_line, other_line
):
    SchoolControl.objects.create(batch=other_batch, school=schools[0], status="finished")
    with pytest.raises(Refusal, match=r"调入未终结：.*录取结束，不能增加计划"):
        submitted(cast.school, TRANSFER, asked(plan_line, other_line))
    assert submitted(cast.school, TRANSFER, asked(other_line, plan_line, reason="T02")).state == "submitted"


def test_nothing_moves_in_after_the_last_window(cast, season, plan_line, other_line):
    make_window(season, "dispatch", opens=timedelta(days=-9), closes=timedelta(days=-1))
    with pytest.raises(Refusal, match="全部截止"):
        submitted(cast.school, TRANSFER, asked(plan_line, other_line))


def test_a_city_without_an_office_cannot_be_asked(cast, plan_line, other_line):
    organisation = cast.other_city.organisation
    organisation.active = False
    organisation.save()
    with pytest.raises(Refusal, match="区域 4403 在平台上没有招办"):
        submitted(cast.school, TRANSFER, asked(plan_line, other_line))
    assert Request.objects.get().state == "draft"


def test_needs_the_function(cast, plan_line, other_line, client_of):
    client = client_of(cast.member)
    assert client.get(reverse(PAGE)).status_code == 403
    assert client.post(reverse(f"{PAGE}__new"), posted(**asked(plan_line, other_line))).status_code == 403


def test_another_schools_request_is_not_there(cast, plan_line, other_line, client_of):
    row = drafted(cast.school, TRANSFER, asked(plan_line, other_line))
    client = client_of(cast.other_school)
    assert client.get(reverse(f"{PAGE}__one", args=[row.pk])).status_code == 404
    assert client.post(reverse(f"{PAGE}__withdraw", args=[row.pk]), posted()).status_code == 404


def test_it_leaves_a_trace(cast, plan_line, other_line):
    row = submitted(cast.school, TRANSFER, asked(plan_line, other_line))
    assert row.events.last().words == "送审：调出市广州市招办、调入市深圳市招办"
    assert Deed.objects.filter(actor=cast.school, subject__contains=f"提交 {row.number}").count() == 1
