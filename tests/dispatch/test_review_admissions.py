"""审核录取: checks, approval in bulk and one by one, sending back."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.context import walled
from accounts.models import Deed, User
from accounts.refusals import Refusal
from admissions.lifecycle import State
from admissions.models import DossierEvent
from dispatch.models import RegionLine, ReviewTake, Sheet
from dispatch.queries.waiting import CHECKS, admissions_waiting, in_queue_order, next_waiting
from dispatch.services import reviewing, submitting
from quotas.models import PlanLine
from tests import factories
from tests.concurrency import in_threads
from tests.factories_dispatch import admitted_from_pool, placement_of, sheet_submitted, state_of, version_of

PAGE = "dispatch:review_admissions"


@pytest.fixture
def candidates(make_candidates):
    return make_candidates(3)


@pytest.fixture
def sheet(cast, batch, schools, plan_line, candidates):
    return sheet_submitted(cast.city, cast.school, batch, schools[0], candidates)


@pytest.fixture
def from_pool(cast, sheet, plan_line, make_candidates):
    one = make_candidates(1)[0]
    admitted_from_pool(cast.school, one, plan_line)
    return one


def keys(candidates) -> list[int]:
    return [placement_of(candidate).pk for candidate in candidates]


def taken(line) -> int:
    return PlanLine.objects.get(pk=line.pk).seats_taken


def checks(cast, candidate) -> dict[str, bool]:
    row = admissions_waiting(cast.reviewer).get(candidate=candidate)
    return {name: getattr(row, name) for name, _ in CHECKS}


def test_all_green_is_approved_in_bulk_after_a_count(cast, sheet, candidates, client_of):
    client = client_of(cast.reviewer)
    page = client.get(reverse(PAGE)).content.decode()
    assert "检查全部通过的 3 名" in page
    url = reverse(f"{PAGE}__approve")
    shown = client.post(url, {"all": "1", "query": ""}).content.decode()
    assert "<strong>3</strong>" in shown
    assert state_of(candidates[0]) == State.ADMIT_SUBMITTED
    assert client.post(url, {"all": "1", "query": "", "confirmed": "1"}).status_code == 302
    assert {state_of(c) for c in candidates} == {State.ADMITTED}


def test_the_query_limits_what_is_approved(cast, sheet, candidates, client_of):
    query = f"number={candidates[1].number}"
    client_of(cast.reviewer).post(reverse(f"{PAGE}__approve"), {"all": "1", "query": query, "confirmed": "1"})
    assert [state_of(c) for c in candidates].count(State.ADMITTED) == 1


def test_below_the_line_is_not_green(cast, sheet, candidates, batch, client_of):
    assert all(checks(cast, candidates[0]).values())
    RegionLine.objects.create(batch=batch, score=candidates[1].total)
    RegionLine.objects.create(batch=batch, county="440103", score=99_000)
    assert not checks(cast, candidates[0])["line_met"]
    client = client_of(cast.reviewer)
    client.post(reverse(f"{PAGE}__approve"), {"all": "1", "query": "", "confirmed": "1"})
    assert state_of(candidates[0]) == State.ADMIT_SUBMITTED
    client.post(
        reverse(f"{PAGE}__approve"), {"chosen": keys(candidates[:1]), "confirmed": "1"}
    )  # an officer may look and approve nevertheless
    assert state_of(candidates[0]) == State.ADMITTED


def test_whoever_sent_may_not_audit(cast, batch, schools, plan_line, candidates, client_of):
    office = factories.make_organisation("4401")
    both = factories.make_user("gz-both", office, "sending", extra=["dispatch.review_admissions"])
    sheet_submitted(both, cast.school, batch, schools[0], candidates)
    with pytest.raises(Refusal, match="由您本人投档"):
        reviewing.admissions_approve(actor=both, placements=keys(candidates))
    response = client_of(both).post(reverse(f"{PAGE}__approve"), {"all": "1", "query": "", "confirmed": "1"})
    assert response.status_code == 422
    assert state_of(candidates[0]) == State.ADMIT_SUBMITTED


def test_sent_back_the_school_reads_again_and_the_seat_is_free(cast, sheet, candidates, plan_line, client_of):
    client = client_of(cast.reviewer)
    url, chosen = reverse(f"{PAGE}__refuse"), keys(candidates[:1])
    assert "A02 不符合院校特殊条件" in client.post(url, {"chosen": chosen}).content.decode()
    client.post(url, {"chosen": chosen, "reason": "A02", "words": "身高不符", "confirmed": "1"})
    assert (state_of(candidates[0]), taken(plan_line)) == (State.READING, 2)
    placement = placement_of(candidates[0])
    assert (placement.plan_line_id, placement.closed_at) == (None, None)
    assert Sheet.objects.get(pk=sheet.pk).submitted_at is None
    page = client_of(cast.school).get(
        reverse("dispatch:decide_as_leader__dossier", args=[sheet.pk, candidates[0].pk])
    )
    assert "身高不符" in page.content.decode()


def test_sent_back_one_from_the_pool_lies_there_again(cast, from_pool, plan_line):
    reviewing.admissions_refuse(
        actor=cast.reviewer, placements=keys([from_pool]), reason="A05", words="未取得同意"
    )
    placement = placement_of(from_pool)
    assert (state_of(from_pool), taken(plan_line)) == (State.POOL, 3)
    assert placement.closed_at is not None
    assert placement.reason_words == "A05 缺考生及家长签字的书面材料：未取得同意"


def test_one_by_one(cast, sheet, candidates, client_of):
    client = client_of(cast.reviewer)
    pages = [reverse(f"{PAGE}__one", args=[key]) for key in keys(candidates)]
    assert "系统检查" in client.get(pages[0]).content.decode()
    assert client.post(pages[0], {"decision": "refuse", "reason": "A09", "words": ""}).status_code == 422
    client.post(pages[0], {"decision": "approve"})
    client.post(pages[1], {"decision": "refuse", "reason": "A03", "words": "请核对专业"})
    states = [state_of(c) for c in candidates]
    assert states == [State.ADMITTED, State.READING, State.ADMIT_SUBMITTED]
    assert client.get(pages[0]).status_code == 404


def test_permission(cast, sheet, client_of):
    for user in (cast.city, cast.idle, cast.school):
        assert client_of(user).get(reverse(PAGE)).status_code == 403


def test_another_city_and_the_supervisor_see_nothing(cast, batch, schools, candidates, plan_line, client_of):
    shenzhen = factories.make_user("sz-reviewer", factories.make_organisation("4403"), "reviewing")
    factories.make_plan_line(schools[1], batch)  # a school that 深圳 supervises, candidates of 广州
    sheet_submitted(cast.city, cast.other_school, batch, schools[1], candidates)
    client = client_of(shenzhen)
    assert client.get(reverse(f"{PAGE}__one", args=keys(candidates[:1]))).status_code == 404
    assert candidates[0].number not in client.get(reverse(PAGE)).content.decode()
    with pytest.raises(Refusal, match="已不在待审状态"):
        reviewing.admissions_approve(actor=shenzhen, placements=keys(candidates))


def test_a_county_audits_its_own(cast, batch, schools, plan_line, make_candidates):
    office = factories.make_organisation("440103")
    reviewer = factories.make_user("liwan-reviewer", office, "reviewing")
    here, there = make_candidates(1)[0], make_candidates(1, county="440104")[0]
    sheet_submitted(cast.city, cast.school, batch, schools[0], [here, there])
    assert [row.candidate_id for row in admissions_waiting(reviewer)] == [here.pk]


def test_what_was_withdrawn_cannot_be_approved(cast, sheet, candidates):
    assert submitting.sheet_withdraw(actor=cast.school, sheet=sheet) == 3
    with pytest.raises(Refusal, match="已不在待审状态"):
        reviewing.admissions_approve(actor=cast.reviewer, placements=keys(candidates))


def test_what_an_officer_has_taken_the_school_cannot_withdraw(cast, sheet, candidates, client_of):
    client = client_of(cast.reviewer)
    client.post(reverse(f"{PAGE}__take"))
    assert ReviewTake.objects.filter(officer=cast.reviewer).count() == 3
    with pytest.raises(Refusal, match="没有可以撤回"):
        submitting.sheet_withdraw(actor=cast.school, sheet=sheet)
    other = factories.make_user("gz-reviewer-2", cast.reviewer.organisation, "reviewing")
    with pytest.raises(Refusal, match="正由 gz-reviewer 审核"):
        reviewing.admissions_approve(actor=other, placements=keys(candidates))
    client.post(reverse(f"{PAGE}__lay_back"))
    assert submitting.sheet_withdraw(actor=cast.school, sheet=sheet) == 3


def test_a_double_click_takes_ten_and_not_twenty(cast, batch, schools, plan_line, make_candidates, client_of):
    PlanLine.objects.filter(pk=plan_line.pk).update(seats_planned=15)
    sheet_submitted(cast.city, cast.school, batch, schools[0], make_candidates(15))
    client, take = client_of(cast.reviewer), reverse(f"{PAGE}__take")

    def key() -> str:
        form = re.search(rf'action="{take}".*?</form>', client.get(reverse(PAGE)).content.decode(), re.S)[0]
        return re.search(r'name="form_key" value="([0-9a-f-]{36})"', form)[1]

    first = {"form_key": key()}
    client.post(take, first)
    told = client.post(take, first, follow=True).content.decode()
    assert "该操作已经提交过，没有重复执行" in told
    assert ReviewTake.objects.filter(officer=cast.reviewer).count() == 10
    client.post(take, {"form_key": key()})
    assert ReviewTake.objects.filter(officer=cast.reviewer).count() == 15, "meant again, done again"


@pytest.mark.django_db(transaction=True)
def test_two_officers_never_take_the_same_rows(cast, batch, schools, plan_line, make_candidates):
    PlanLine.objects.filter(pk=plan_line.pk).update(seats_planned=15)
    sheet_submitted(cast.city, cast.school, batch, schools[0], make_candidates(15))
    other = factories.make_user("gz-reviewer-2", cast.reviewer.organisation, "reviewing")
    officers = [cast.reviewer.pk, other.pk]
    connection.close()

    def deed(index):
        reviewing.rows_take(actor=User.objects.get(pk=officers[index]), state=State.ADMIT_SUBMITTED)

    assert in_threads(2, deed) == ["done", "done"]
    held = [ReviewTake.objects.filter(officer=officer).count() for officer in officers]
    assert max(held) == 10
    assert sum(held) == ReviewTake.objects.count() <= 15


def test_it_leaves_a_trace(cast, sheet, candidates):
    with walled(cast.reviewer.scope):
        reviewing.admissions_approve(actor=cast.reviewer, placements=keys(candidates))
    assert DossierEvent.objects.filter(step="review_admission", deed__actor=cast.reviewer).count() == 3
    assert Deed.objects.filter(subject="审核录取", count=3, actor=cast.reviewer).count() == 1


def test_after_one_comes_ones_own_taken_then_the_oldest_that_nobody_has(cast, sheet, candidates, client_of):
    first, second, third = in_queue_order(admissions_waiting(cast.reviewer)).values_list("pk", flat=True)
    coming = lambda after: next_waiting(cast.reviewer, State.ADMIT_SUBMITTED, after)  # noqa: E731
    assert [coming(first).pk, coming(second).pk] == [second, first]
    ReviewTake.objects.create(placement_id=third, officer=cast.reviewer)
    assert coming(first).pk == third
    ReviewTake.objects.filter(pk=third).update(officer=cast.city)  # a colleague's
    assert coming(first).pk == second
    ReviewTake.objects.create(placement_id=second, officer=cast.city)
    assert coming(first) is None
    ReviewTake.objects.all().update(taken_at=timezone.now() - timedelta(minutes=ReviewTake.MINUTES + 1))
    assert coming(first).pk == second  # laid down again by time
    assert next_waiting(cast.other_city, State.ADMIT_SUBMITTED, 0) is None
    answer = client_of(cast.reviewer).post(
        reverse(f"{PAGE}__one", args=[first]), {"decision": "approve", "words": ""}
    )
    assert answer.url == reverse(f"{PAGE}__one", args=[second])


def test_the_list_asks_a_bounded_number_of_questions(cast, sheet, client_of, django_assert_max_num_queries):
    client = client_of(cast.reviewer)
    client.get(reverse(PAGE))
    with django_assert_max_num_queries(13):
        client.get(reverse(PAGE))


@pytest.mark.django_db(transaction=True)
def test_of_two_officers_only_one_approves(cast, sheet, candidates):
    chosen = keys(candidates)
    version = version_of(candidates[0])
    connection.close()

    def deed(index):
        reviewing.admissions_approve(actor=User.objects.get(pk=cast.reviewer.pk), placements=chosen)

    assert sorted(in_threads(2, deed)) == ["Refusal", "done"]
    assert version_of(candidates[0]) == version + 1


def test_a_long_queue_looks_only_at_the_checks_of_its_oldest(cast, sheet, client_of, monkeypatch):
    monkeypatch.setattr("dispatch.views.reviewing.GREEN_WINDOW", 2)
    client = client_of(cast.reviewer)
    page = client.get(reverse(PAGE))
    assert page.context["counted"] == 3
    assert "前 2 名中 2 名" in page.content.decode()
    shown = client.post(reverse(f"{PAGE}__approve"), {"all": "1", "query": ""}).content.decode()
    assert "<strong>3</strong>" in shown  # of the whole queue


def test_pages_of_the_queue_hold_every_row_once_in_its_order(cast, sheet, candidates, client_of):
    client = client_of(cast.reviewer)
    order = list(in_queue_order(admissions_waiting(cast.reviewer)).values_list("pk", flat=True))
    pages = [client.get(reverse(PAGE), {"per_page": 2, "page": page}) for page in (1, 2)]
    assert [[row.record.pk for row in page.context["table"].page.object_list] for page in pages] == [
        order[:2],
        order[2:],
    ]
    scores = sorted(placement_of(candidate).dispatch_score for candidate in candidates)
    for sort, expected in (("score", scores), ("-score", scores[::-1])):
        page = client.get(reverse(PAGE), {"per_page": 2, "sort": sort})
        shown = [row.record.dispatch_score for row in page.context["table"].page.object_list]
        assert shown == expected[:2]
