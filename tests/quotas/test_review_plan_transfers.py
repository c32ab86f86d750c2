"""审核调整区域间计划: both cities decide, in any order; the seats move with the second."""

import pytest
from django.db import connection
from django.urls import reverse

from accounts.context import walled
from accounts.models import Deed, User
from accounts.refusals import Refusal
from admissions.models import Request
from admissions.services import requests as services
from quotas.models import PlanChange, PlanLine
from quotas.services import seats_take
from tests import factories
from tests.concurrency import in_threads
from tests.factories_requests import posted, submitted
from tests.quotas.conftest import TRANSFER

PAGE = "quotas:review_plan_transfers"


def asked(giver, taker, seats=4):
    return {"giver": giver.pk, "taker": taker.pk, "seats": seats, "reason": "T01", "words": ""}


@pytest.fixture
def row(cast, plan_line, other_line, other_reviewer):
    return submitted(cast.school, TRANSFER, asked(plan_line, other_line))


def seats(*lines) -> list[int]:
    return [PlanLine.objects.get(pk=line.pk).seats for line in lines]


def one(row) -> str:
    return reverse(f"{PAGE}__one", args=[row.pk])


def test_a_journey_between_two_cities(cast, plan_line, other_line, other_reviewer, client_of):
    """The school asks; 深圳 returns it, then agrees; 广州 agrees; the school sees it all."""
    school, giver, taker = (client_of(user) for user in (cast.school, cast.reviewer, other_reviewer))
    ask = "quotas:request_plan_transfer"
    where = school.post(reverse(f"{ask}__new"), posted(**asked(plan_line, other_line, 6))).url
    row = Request.objects.get()
    school.post(reverse(f"{ask}__submit", args=[row.pk]), posted(version=0, confirmed="1"))
    for office in (giver, taker):
        assert one(row) in office.get(reverse(PAGE)).content.decode()
        assert "审核调整区域间计划" in office.get(reverse("accounts:workbench")).content.decode()
    taker.post(one(row), posted(decision="return", reason="U02", words="我市只需 4 个"))
    assert "我市只需 4 个" in school.get(where).content.decode()
    school.post(reverse(f"{ask}__edit", args=[row.pk]), posted(**asked(plan_line, other_line, 4)))
    row.refresh_from_db()
    school.post(reverse(f"{ask}__submit", args=[row.pk]), posted(version=row.version, confirmed="1"))
    taker.post(one(row), posted(decision="approve"))
    assert seats(plan_line, other_line) == [10, 6]
    assert one(row) not in taker.get(reverse(PAGE)).content.decode()
    giver.post(one(row), posted(decision="approve"))
    assert seats(plan_line, other_line) == [6, 10]
    page = school.get(where).content.decode()
    for words in ("已生效", "调出：10 → 6", "调入：6 → 10"):
        assert words in page
    assert "已生效" in school.get(reverse("accounts:workbench")).content.decode()


@pytest.mark.parametrize("giver_first", [True, False])
def test_the_seats_move_with_the_second_in_any_order(
    cast, row, plan_line, other_line, other_reviewer, giver_first
):
    first, second = (cast.reviewer, other_reviewer) if giver_first else (other_reviewer, cast.reviewer)
    with walled(first.scope):
        assert "等待" in services.request_approve(actor=first, request=row)
    assert seats(plan_line, other_line) == [10, 6]
    with pytest.raises(Refusal, match="您单位已审核"):
        services.request_approve(actor=first, request=row)
    with walled(second.scope):
        services.request_approve(actor=second, request=row)
    assert seats(plan_line, other_line) == [6, 10]
    changes = PlanChange.objects.order_by("seats").values_list("line", "other", "way", "before", "after")
    assert list(changes) == [
        (plan_line.pk, other_line.pk, "out", 10, 6),
        (other_line.pk, plan_line.pk, "in", 6, 10),
    ]


def test_one_city_refuses_for_both(cast, row, plan_line, other_line, other_reviewer, client_of):
    services.request_approve(actor=cast.reviewer, request=row)
    client_of(other_reviewer).post(one(row), posted(decision="refuse", reason="R04"))
    row.refresh_from_db()
    assert (row.state, seats(plan_line, other_line)) == ("refused", [10, 6])


def test_the_last_approval_is_undone_if_the_seats_are_gone(
    cast, row, plan_line, other_line, other_reviewer, client_of
):
    services.request_approve(actor=other_reviewer, request=row)
    seats_take(wanted={plan_line.pk: 8})
    client = client_of(cast.reviewer)
    assert "调出余额：未通过" in client.get(one(row)).content.decode()
    assert "已占用 8 个，不能减少 4 个" in client.post(one(row), posted(decision="approve")).content.decode()
    assert seats(plan_line, other_line) == [10, 6]
    assert sorted(row.parties.values_list("decision", flat=True)) == ["", "approved"]


def test_needs_the_function(cast, row, client_of):
    for user in (cast.city, cast.other_city, cast.idle):
        client = client_of(user)
        assert client.get(reverse(PAGE)).status_code == 403
        assert client.post(one(row), posted(decision="approve")).status_code == 403


def test_a_third_city_does_not_see_it(cast, row, client_of):
    factories.Region.objects.create(code="4404", name="珠海市", parent_id="44")
    stranger = factories.make_user("zh-reviewer", factories.make_organisation("4404"), "reviewing")
    client = client_of(stranger)
    assert client.get(one(row)).status_code == 404
    assert client.post(one(row), posted(decision="approve")).status_code == 404
    assert row.number not in client.get(reverse(PAGE) + "?shown=all").content.decode()


def test_a_county_of_a_party_decides_nothing(cast, row, client_of):
    county = factories.make_user("liwan-reviewer", cast.county.organisation, "reviewing")
    assert client_of(county).get(one(row)).status_code == 404


def test_it_leaves_a_trace(cast, row, other_reviewer):
    services.request_approve(actor=cast.reviewer, request=row)
    services.request_approve(actor=other_reviewer, request=row)
    offices = [event.organisation.region for event in row.events.filter(deed="approved")]
    assert offices == ["4401", "4403"]
    assert Deed.objects.filter(subject__contains=f"同意 {row.number}").count() == 2


def test_the_queue_asks_a_bounded_number_of_questions(
    cast, row, schools, batch, other_batch, client_of, django_assert_max_num_queries
):
    for number in range(8):
        pair = [
            factories.make_plan_line(schools[0], b, major=f"7302{number:02d}") for b in (batch, other_batch)
        ]
        submitted(cast.school, TRANSFER, asked(*pair))
    client = client_of(cast.reviewer)
    client.get(reverse(PAGE))
    with django_assert_max_num_queries(25):
        client.get(reverse(PAGE))


@pytest.mark.django_db(transaction=True)
def test_both_cities_at_once_move_the_seats_once(cast, plan_line, other_line, other_reviewer):
    row = submitted(cast.school, TRANSFER, asked(plan_line, other_line))
    officers = [cast.reviewer.pk, other_reviewer.pk]
    connection.close()

    def deed(index):
        services.request_approve(actor=User.objects.get(pk=officers[index]), request=row.pk)

    assert in_threads(2, deed) == ["done", "done"]
    assert (Request.objects.get().state, seats(plan_line, other_line)) == ("effective", [6, 10])
    assert PlanChange.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_transfers_there_and_back_and_admissions_never_wait_for_each_other(
    cast, plan_line, other_line, other_reviewer
):
    """Two transfers the other way round and admissions on both lines: no deadlock, no seat lost or made."""
    rows = [
        submitted(cast.school, TRANSFER, asked(*pair, 2))
        for pair in ((plan_line, other_line), (other_line, plan_line))
    ]
    for row in rows:
        services.request_approve(actor=other_reviewer, request=row)
    connection.close()

    def deed(index):
        if index < 2:
            services.request_approve(actor=User.objects.get(pk=cast.reviewer.pk), request=rows[index].pk)
        else:
            seats_take(wanted={other_line.pk: 1, plan_line.pk: 1})

    assert in_threads(6, deed) == ["done"] * 6
    assert seats(plan_line, other_line) == [10, 6]
    assert [PlanLine.objects.get(pk=line.pk).seats_taken for line in (plan_line, other_line)] == [4, 4]
