"""The clock of requests: reminders before and after, the office above told, or the request given back."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.refusals import Refusal
from admissions import tasks
from admissions.models import Request, RequestEvent
from admissions.reference import load_pack, overdue_of
from admissions.requests import kinds
from admissions.services import requests as services
from admissions.services.requests import clock
from tests import factories
from tests.factories_requests import submitted
from tests.quotas.test_request_plan_change import KEY, asked

HOUR = timedelta(hours=1)
DAYS = timedelta(days=3)
WORKBENCH = "accounts:workbench"


@pytest.fixture
def row(cast, plan_line):
    return submitted(cast.school, KEY, asked(plan_line, 3))


def told(row) -> list[str]:
    return [event.deed for event in row.events.filter(actor=None).order_by("pk")]


def at(row, moment):
    """Wake the clock at a moment after the request was submitted, twice."""
    with time_machine.travel(row.submitted_at + moment, tick=False):
        tasks.requests_keep()
        tasks.requests_keep()
        return told(row)


def desk(user, client_of, row, moment) -> str:
    with time_machine.travel(row.submitted_at + moment, tick=False):
        return client_of(user).get(reverse(WORKBENCH)).content.decode()


def test_a_party_is_reminded_a_day_before_and_told_after_and_again_every_two_days(row):
    assert at(row, HOUR) == []
    assert at(row, DAYS - timedelta(days=1) - HOUR) == []
    assert at(row, DAYS - timedelta(days=1) + HOUR) == ["reminded"]
    assert at(row, DAYS - HOUR) == ["reminded"]
    assert at(row, DAYS + HOUR) == ["reminded", "overdue"]
    assert at(row, DAYS + timedelta(days=1)) == ["reminded", "overdue"]
    assert at(row, DAYS + timedelta(days=2, hours=2)) == ["reminded", "overdue", "reminded"]
    assert at(row, DAYS + timedelta(days=3)) == ["reminded", "overdue", "reminded"]
    assert at(row, DAYS + timedelta(days=4, hours=3))[3:] == ["reminded"]
    words = row.events.get(deed="overdue").words
    assert "生源地市广州市招办尚未审核" in words
    assert "已报广东省招办督办" in words
    row.refresh_from_db()
    assert row.state == "submitted"  # nobody agrees by the clock


def test_a_clock_that_stood_still_tells_the_late_thing_only(row):
    assert at(row, DAYS + HOUR) == ["overdue"]


def test_who_has_decided_is_not_reminded(cast, row):
    services.request_approve(actor=cast.reviewer, request=row)
    assert at(row, DAYS + HOUR) == []


def test_submitted_anew_its_days_begin_anew(cast, row):
    assert at(row, DAYS - HOUR) == ["reminded"]
    with time_machine.travel(row.submitted_at + DAYS - HOUR / 2, tick=False):
        services.request_return(actor=cast.reviewer, request=row, reason="U03")
        row.refresh_from_db()
        services.request_submit(actor=cast.school, request=row)
    row.refresh_from_db()
    assert at(row, HOUR) == ["reminded"]
    assert at(row, DAYS - HOUR) == ["reminded", "reminded"]


def test_the_party_the_office_above_and_the_school_see_it(cast, row, client_of):
    above = factories.make_user("gd-reviewer", cast.province.organisation, "reviewing")
    late = DAYS + HOUR
    assert "已超期" not in desk(cast.reviewer, client_of, row, DAYS - HOUR)
    assert "审核增减计划数（已超期）" in desk(cast.reviewer, client_of, row, late)
    assert "督办" not in desk(above, client_of, row, DAYS - HOUR)
    assert "督办：下级逾期未办的申请增减计划数" in desk(above, client_of, row, late)
    assert "督办" not in desk(cast.reviewer, client_of, row, late)
    assert "1 件已过办理期限" in desk(cast.school, client_of, row, late)
    with time_machine.travel(row.submitted_at + late, tick=False):
        listed = client_of(above).get(reverse("quotas:review_plan_changes") + "?shown=all&late=1")
    assert row.number in listed.content.decode()


def test_where_the_province_says_so_it_is_given_back(cast, row, monkeypatch, client_of):
    monkeypatch.setattr(clock, "overdue_of", lambda province, name: "back")
    assert at(row, DAYS + HOUR) == ["overdue"]
    row.refresh_from_db()
    assert (row.state, row.due_at) == ("draft", None)
    event = row.events.get(deed="overdue")
    assert (event.source, event.target, event.actor) == ("submitted", "draft", None)
    assert "退回申请单位" in event.words
    with pytest.raises(Refusal, match="已不能审核"):
        services.request_approve(actor=cast.reviewer, request=row)
    services.request_submit(actor=cast.school, request=row)
    assert row.parties.filter(decision="").count() == 1


def test_what_an_officer_has_in_hand_is_not_given_back(cast, row, monkeypatch):
    monkeypatch.setattr(clock, "overdue_of", lambda province, name: "back")
    with time_machine.travel(row.submitted_at + DAYS - HOUR / 4, tick=False):
        services.requests_take(actor=cast.reviewer, kinds=[services.kind_of(KEY)])
    assert at(row, DAYS + HOUR / 8) == []
    assert at(row, DAYS + HOUR) == ["overdue"]


def test_every_kind_has_its_rule_in_guangdong():
    pack = load_pack("guangdong")
    assert set(pack.overdue) == {kind.key.split(".")[1] for kind in kinds()}
    assert overdue_of("44", "dispatch_below_line") == "back"
    assert overdue_of("99", "anything") == "above"


def test_a_county_is_urged_by_its_city(cast):
    assert clock.office_above(cast.county.organisation) == cast.city.organisation.name
    assert clock.office_above(cast.province.organisation) == ""
    assert clock.office_above(cast.school.organisation) == ""


def test_it_is_woken_by_the_clock(db):
    from django_celery_beat.models import PeriodicTask

    assert PeriodicTask.objects.get(task=clock.TASK).interval.every == 5


def test_days_of_one_day_are_reminded_at_half(row):
    Request.objects.filter(pk=row.pk).update(due_at=row.submitted_at + timedelta(days=1))
    assert at(row, timedelta(hours=11)) == []
    assert at(row, timedelta(hours=13)) == ["reminded"]


def test_the_trail_is_readable_at_the_school(cast, row, client_of):
    at(row, DAYS + HOUR)
    page = (
        client_of(cast.school).get(reverse("quotas:request_plan_change__one", args=[row.pk])).content.decode()
    )
    assert "逾期" in page
    assert "已报广东省招办督办" in page
    assert RequestEvent.objects.filter(request=row, actor=None, organisation=None).count() == 1


def test_nothing_is_told_of_another_season(row):
    row.season.current = False
    row.season.save(update_fields=["current"])
    assert at(row, DAYS + HOUR) == []
    assert timezone.now() < row.due_at
