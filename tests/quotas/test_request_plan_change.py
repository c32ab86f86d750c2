"""申请增减计划数: a school asks for seats; where the city audits no plans they change at once."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Deed
from accounts.refusals import Refusal
from admissions.models import Batch, Request, RequestEvent
from admissions.services.requests import request_submit
from dispatch.models import SchoolControl
from quotas.models import PlanChange, PlanLine
from tests import factories
from tests.factories_registration import make_window
from tests.factories_requests import drafted, posted, submitted

KEY, PAGE = "quotas.request_plan_change", "quotas:request_plan_change"


@pytest.fixture
def line(cast, plan_line):
    PlanLine.objects.filter(pk=plan_line.pk).update(seats_taken=7)
    return plan_line


def asked(line, seats=5, **more):
    return {"line": line.pk, "seats": seats, "reason": "P01", "words": "", **more}


def test_a_school_asks_sees_the_preview_and_submits(cast, line, client_of):
    client = client_of(cast.school)
    form = client.get(reverse(f"{PAGE}__new")).content.decode()
    assert "广州市 · 中职批 · 710201 计算机应用 · 计划 10，余 3" in form
    answer = client.post(reverse(f"{PAGE}__new"), posted(**asked(line)))
    row = Request.objects.get()
    assert answer.url == reverse(f"{PAGE}__one", args=[row.pk])
    assert (row.state, row.number[:6]) == ("draft", "ZJ2021")
    page = client.get(answer.url).content.decode()
    assert "10，已占用 7，调整后 15" in page
    shown = client.post(reverse(f"{PAGE}__submit", args=[row.pk]), {"version": row.version}).content.decode()
    assert "由生源地市广州市招办审核，期限 3 天" in shown
    assert Request.objects.get().state == "draft"
    back = client.post(reverse(f"{PAGE}__submit", args=[row.pk]), posted(version=row.version, edit="1"))
    assert back.url == answer.url
    client.post(reverse(f"{PAGE}__submit", args=[row.pk]), posted(version=row.version, confirmed="1"))
    row.refresh_from_db()
    assert row.state == "submitted"
    assert [party.organisation.name for party in row.parties.all()] == ["广州市招办"]
    assert row.due_at - row.submitted_at == timedelta(days=3)
    assert "审核中" in client.get(reverse(PAGE)).content.decode()
    assert PlanLine.objects.get(pk=line.pk).seats == 10


def test_where_plans_need_no_audit_it_takes_effect_at_once(cast, line, batch):
    Batch.objects.filter(pk=batch.pk).update(reviews_plans=False)
    row = submitted(cast.school, KEY, asked(line))
    assert row.state == "effective"
    assert PlanLine.objects.get(pk=line.pk).seats == 15
    change = PlanChange.objects.get()
    assert (change.before, change.after, change.request_id, change.made_by) == (10, 15, row.pk, cast.school)


def test_needs_the_function(cast, line, client_of):
    client = client_of(cast.member)
    row = drafted(cast.school, KEY, asked(line))
    for tail, args in (("", []), ("__new", []), ("__one", [row.pk]), ("__submit", [row.pk])):
        assert client.get(reverse(PAGE + tail, args=args)).status_code == 403


def test_another_schools_request_is_not_there(cast, line, client_of):
    row = drafted(cast.school, KEY, asked(line))
    client = client_of(cast.other_school)
    for tail in ("one", "edit", "submit", "withdraw", "attach"):
        assert client.post(reverse(f"{PAGE}__{tail}", args=[row.pk]), posted()).status_code in (404, 405)
    assert client.get(reverse(f"{PAGE}__one", args=[row.pk])).status_code == 404
    assert row.number not in client.get(reverse(PAGE)).content.decode()


def test_another_schools_line_cannot_be_asked_for(cast, schools, batch, line, client_of):
    foreign = factories.make_plan_line(schools[1], batch)
    answer = client_of(cast.school).post(reverse(f"{PAGE}__new"), posted(**asked(foreign)))
    assert answer.status_code == 422
    assert not Request.objects.exists()


def test_more_than_is_left_cannot_be_given_up(cast, line):
    with pytest.raises(Refusal, match="最多减少 3 个"):
        submitted(cast.school, KEY, asked(line, -4, reason="P02"))
    assert Request.objects.get().state == "draft"
    assert submitted(cast.school, KEY, asked(line, -3, reason="P02")).state == "submitted"


def test_one_line_has_one_open_request(cast, line):
    first = submitted(cast.school, KEY, asked(line))
    second = drafted(cast.school, KEY, asked(line, 6))
    with pytest.raises(Refusal, match=f"同一事项已有一件申请.*{first.number}"):
        request_submit(actor=cast.school, request=second)


def test_no_increase_where_admission_is_closed(cast, season, batch, line):
    make_window(season, "dispatch", opens=timedelta(days=-9), closes=timedelta(days=-1))
    with pytest.raises(Refusal, match=r"已于.*全部截止，不能增加计划"):
        submitted(cast.school, KEY, asked(line))
    assert submitted(cast.school, KEY, asked(line, -1, reason="P02")).state == "submitted"
    make_window(season, "dispatch", 2, opens=timedelta(days=5), closes=timedelta(days=50))
    assert submitted(cast.school, KEY, asked(factories.make_plan_line(line.school, batch, major="740201")))


def test_no_increase_where_the_school_has_finished(cast, batch, schools, line):
    SchoolControl.objects.create(batch=batch, school=schools[0], status="finished")
    with pytest.raises(Refusal, match=r"录取结束.*不能增加计划"):
        submitted(cast.school, KEY, asked(line))


def test_a_ground_may_need_words(cast, line, client_of):
    answer = client_of(cast.school).post(reverse(f"{PAGE}__new"), posted(**asked(line, reason="P09")))
    assert answer.status_code == 422
    assert "须写明具体情况" in answer.content.decode()
    assert not Request.objects.exists()


def test_it_leaves_a_trace(cast, line):
    row = submitted(cast.school, KEY, asked(line))
    assert [event.deed for event in row.events.all()] == ["drafted", "submitted"]
    assert row.events.last().content["facts"][-1][1] == "10，已占用 7，调整后 15"
    assert RequestEvent.objects.filter(actor=cast.school, organisation=cast.school.organisation).count() == 2
    assert Deed.objects.filter(subject__contains=f"提交 {row.number}", actor=cast.school).exists()
    assert row.closed_at is None
    assert row.submitted_at <= timezone.now()
