"""Approval of a whole queue of audit by a worker: portion by portion, only what is green, told row by row."""

import dataclasses

import pytest
from django.db import connection
from django.urls import reverse

from accounts.models import Deed, User
from accounts.refusals import Refusal
from admissions.jobs import HALFWAY, Cancelled, Progress
from admissions.lifecycle import State
from admissions.models import Dossier, DossierEvent, Job
from admissions.services.bulks import bulk_go_on, bulk_run
from dispatch import tasks
from dispatch.models import Placement, RegionLine, ReviewBulk, ReviewBulkRow, ReviewTake
from dispatch.services import review_bulk, submitting
from dispatch.services.review_bulk import REVIEWS, review_bulk_start
from tests import factories
from tests.concurrency import in_threads
from tests.factories_dispatch import placement_of, sheet_submitted, state_of

PAGES = {
    State.ADMIT_SUBMITTED: "dispatch:review_admissions",
    State.RETURN_SUBMITTED: "dispatch:review_returns",
}
PAGE = PAGES[State.ADMIT_SUBMITTED]
WHOLE = {"all": "1", "query": "", "confirmed": "1"}
PORTION = 2


@pytest.fixture
def few(monkeypatch):
    """More than two are a job, of portions of two."""
    monkeypatch.setattr(review_bulk, "AT_ONCE", 2)
    monkeypatch.setattr(tasks, "REVIEWS", dataclasses.replace(REVIEWS, portion=PORTION))


@pytest.fixture
def candidates(make_candidates):
    return make_candidates(8)


@pytest.fixture
def sheet(cast, batch, schools, plan_line, candidates, few):
    """Five submitted for admission, three for return."""
    return sheet_submitted(cast.city, cast.school, batch, schools[0], candidates[:5], candidates[5:])


@pytest.fixture
def five(sheet, candidates):
    return candidates[:5]


def start(cast, candidates, state=State.ADMIT_SUBMITTED):
    keys = [placement_of(candidate).pk for candidate in candidates]
    return review_bulk_start(actor=cast.reviewer, state=state, placements=keys)


def work(bulk) -> Job:
    tasks.review_bulk(str(bulk.job_id))
    return Job.objects.get(pk=bulk.job_id)


def admitted(candidates) -> int:
    return [state_of(candidate) for candidate in candidates].count(State.ADMITTED)


def left_words(bulk, candidate) -> str:
    row = ReviewBulkRow.objects.get(bulk=bulk, candidate=candidate)
    assert row.outcome == "left"
    return row.words


@pytest.mark.parametrize(
    ("state", "becomes"), [(State.ADMIT_SUBMITTED, State.ADMITTED), (State.RETURN_SUBMITTED, State.POOL)]
)
def test_a_whole_queue_is_a_job(cast, sheet, candidates, client_of, state, becomes):
    page, client = PAGES[state], client_of(cast.reviewer)
    rows = candidates[:5] if state == State.ADMIT_SUBMITTED else candidates[5:]
    asked = client.post(reverse(f"{page}__approve"), {"all": "1", "query": ""}).content.decode()
    assert "在后台" in asked
    response = client.post(reverse(f"{page}__approve"), WHOLE)
    bulk = ReviewBulk.objects.get()
    assert response.url == reverse(f"{page}__bulk", args=[bulk.pk])
    assert {state_of(c) for c in rows} == {state}  # nothing yet
    assert "正在办理" in client.get(reverse(page)).content.decode()
    job = work(bulk)
    assert (job.state, job.words) == (Job.State.DONE, f"已通过 {len(rows)} 名。")
    assert {state_of(c) for c in rows} == {becomes}
    shown = client.get(response.url).content.decode()
    assert rows[0].number in shown
    assert reverse(f"{page}__one", args=[placement_of(rows[0]).pk]) not in shown
    assert client.get(response.url + "?outcome=left").context["counted"] == 0
    assert client.get(response.url + "?outcome=done").context["counted"] == len(rows)
    assert "已完成" in client.get(reverse(f"{page}__bulks")).content.decode()
    assert Deed.objects.filter(subject=f"批量通过 {len(rows)} 名考生", actor=cast.reviewer).count() == 1


def test_what_is_not_green_when_its_turn_comes_is_left_with_the_reason(cast, five, sheet, batch, client_of):
    bulk = start(cast, five)
    submitting.sheet_withdraw(actor=cast.school, sheet=sheet)
    submitting.sheet_submit(actor=cast.school, sheet=sheet)
    Dossier.objects.filter(pk=five[1].pk).update(held=True)
    ReviewTake.objects.create(placement_id=placement_of(five[2]).pk, officer=cast.second)
    Placement.objects.filter(pk=placement_of(five[3]).pk).update(dispatch_score=1)
    RegionLine.objects.create(batch=batch, score=2)
    reviewing_key = placement_of(five[4]).pk
    review_bulk.rows_approve_each(
        actor=cast.reviewer, state=State.ADMIT_SUBMITTED, placements=[reviewing_key]
    )
    job = work(bulk)
    assert job.words == "已通过 1 名，4 名未办，原因见下。"
    assert admitted(five) == 2  # one of them before
    assert "系统检查未全部通过，须逐名审核：未挂起" in left_words(bulk, five[1])
    assert f"由 {cast.second.name} 领取审核中" in left_words(bulk, five[2])
    assert "达线" in left_words(bulk, five[3])
    assert "已不在待审状态" in left_words(bulk, five[4])
    shown = client_of(cast.reviewer).get(reverse(f"{PAGE}__bulk", args=[bulk.pk])).content.decode()
    assert reverse(f"{PAGE}__one", args=[placement_of(five[3]).pk]) in shown
    assert reverse(f"{PAGE}__one", args=[reviewing_key]) not in shown


def test_delivered_twice_it_is_done_once(cast, five):
    bulk = start(cast, five)
    work(bulk)
    Job.objects.filter(pk=bulk.job_id).update(state=Job.State.RUNNING)
    assert work(bulk).words == "已通过 5 名。"
    assert DossierEvent.objects.filter(step="review_admission").count() == 5


def test_stopped_half_way_what_is_done_stays_and_the_rest_goes_on(cast, five, monkeypatch, client_of):
    bulk, portions = start(cast, five), []

    class Stopping(Progress):
        def __call__(self, done, total, words=""):
            portions.append((done, total))
            if done:
                raise Cancelled

    with monkeypatch.context() as patch:
        patch.setattr("admissions.jobs.Progress", Stopping)
        job = work(bulk)
    assert portions == [(0, 5), (PORTION, 5)]
    assert (job.state, job.words) == (Job.State.CANCELLED, f"已按要求取消，{HALFWAY}。")
    assert admitted(five) == PORTION
    client, page = client_of(cast.reviewer), reverse(f"{PAGE}__bulk", args=[bulk.pk])
    assert "继续办理其余的" in client.get(page).content.decode()
    client.post(reverse(f"{PAGE}__bulk__go_on", args=[bulk.pk]))
    bulk.refresh_from_db()
    assert work(bulk).state == Job.State.DONE
    assert admitted(five) == 5
    with pytest.raises(Refusal, match="已经办完"):
        bulk_go_on(deed=REVIEWS, actor=cast.reviewer, bulk=bulk)


def test_a_portion_that_breaks_leaves_nothing_of_itself(cast, five, monkeypatch):
    bulk = start(cast, five)

    def broken(*args, **kwargs):
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(type(ReviewBulkRow.objects.all()), "bulk_update", broken)
        with pytest.raises(RuntimeError):
            tasks.review_bulk(str(bulk.job_id))
    assert admitted(five) == 0
    assert Job.objects.get(pk=bulk.job_id).words == f"系统故障，{HALFWAY}，请联系管理员。"


def test_an_officer_has_one_at_work_in_a_queue(cast, five, candidates, client_of):
    first = start(cast, five[:3])
    with pytest.raises(Refusal, match="正在办理"):
        start(cast, five[3:])
    assert start(cast, candidates[5:], State.RETURN_SUBMITTED).pk  # the other queue
    answer = client_of(cast.reviewer).post(reverse(f"{PAGE}__approve"), WHOLE)
    assert answer.status_code == 422
    assert "请等它办完，或取消后再发起" in answer.content.decode()
    other = factories.make_user("gz-reviewer-2", cast.reviewer.organisation, "reviewing")
    keys = [placement_of(candidate).pk for candidate in five]
    assert review_bulk_start(actor=other, state=State.ADMIT_SUBMITTED, placements=keys).pk != first.pk
    Job.objects.filter(pk=first.job_id).update(state=Job.State.CANCELLED)
    second = start(cast, five[3:])
    with pytest.raises(Refusal, match="正在办理"):
        bulk_go_on(deed=REVIEWS, actor=cast.reviewer, bulk=first)
    work(second)
    assert bulk_go_on(deed=REVIEWS, actor=cast.reviewer, bulk=first).job_id


@pytest.mark.django_db(transaction=True)
def test_of_two_starts_at_once_one_is_refused(cast, five):
    keys, officer = [placement_of(candidate).pk for candidate in five], cast.reviewer.pk
    connection.close()

    def deed(index):
        actor = User.objects.get(pk=officer)
        review_bulk_start(actor=actor, state=State.ADMIT_SUBMITTED, placements=keys)

    assert sorted(in_threads(2, deed)) == ["Refusal", "done"]
    assert ReviewBulk.objects.count() == 1


def test_only_the_office_itself_sees_it_and_only_who_asked_goes_on(cast, five, client_of):
    bulk = start(cast, five)
    page = reverse(f"{PAGE}__bulk", args=[bulk.pk])
    assert client_of(cast.reviewer).get(page).status_code == 200
    shenzhen = factories.make_user("sz-reviewer", factories.make_organisation("4403"), "reviewing")
    assert client_of(shenzhen).get(page).status_code == 404
    assert client_of(shenzhen).post(reverse(f"{PAGE}__bulk__go_on", args=[bulk.pk])).status_code == 404
    assert client_of(cast.city).get(page).status_code == 403
    assert (
        client_of(cast.reviewer)
        .get(reverse(f"{PAGES[State.RETURN_SUBMITTED]}__bulk", args=[bulk.pk]))
        .status_code
        == 404
    )
    other = factories.make_user("gz-reviewer-2", cast.reviewer.organisation, "reviewing")
    with pytest.raises(Refusal, match="只有发起人"):
        bulk_go_on(deed=REVIEWS, actor=other, bulk=bulk)
    keys = [placement_of(candidate).pk for candidate in five]
    with pytest.raises(Refusal, match="没有审核的权限"):
        review_bulk_start(actor=cast.city, state=State.ADMIT_SUBMITTED, placements=keys)
    with pytest.raises(Refusal, match="没有可以审核"):
        review_bulk_start(actor=shenzhen, state=State.ADMIT_SUBMITTED, placements=keys)


def test_whoever_loses_the_permission_meanwhile_approves_nothing(cast, five):
    bulk = start(cast, five)
    cast.reviewer.memberships.update(roles=[])
    job = work(bulk)
    assert (job.state, admitted(five)) == (Job.State.FAILED, 0)
    assert "没有审核的权限" in job.words


def test_a_few_are_approved_at_once(cast, five, client_of):
    query = f"number={five[0].number}"
    answer = client_of(cast.reviewer).post(reverse(f"{PAGE}__approve"), WHOLE | {"query": query}, follow=True)
    assert "已审核通过 1 名考生的录取" in answer.content.decode()
    assert admitted(five) == 1
    assert not ReviewBulk.objects.exists()


def test_the_page_of_a_bulk_asks_a_bounded_number_of_questions(
    cast, five, client_of, django_assert_max_num_queries
):
    bulk, client = start(cast, five), client_of(cast.reviewer)
    work(bulk)
    for tail, args in (("bulk", [bulk.pk]), ("bulks", [])):
        client.get(reverse(f"{PAGE}__{tail}", args=args))
        with django_assert_max_num_queries(15):
            client.get(reverse(f"{PAGE}__{tail}", args=args))


def test_progress_is_told_for_each_portion(cast, five):
    bulk, told = start(cast, five), []
    bulk_run(
        deed=tasks.REVIEWS,
        job=Job.objects.get(pk=bulk.job_id),
        progress=lambda done, total, words="": told.append((done, total)),
    )
    assert told == [(0, 5), (2, 5), (4, 5), (5, 5)]
