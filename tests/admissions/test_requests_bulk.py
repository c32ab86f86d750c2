"""Approval of a whole queue by a worker: portion by portion, only what is green, told row by row."""

import pytest
from django.urls import reverse

from accounts.refusals import Refusal
from admissions import tasks
from admissions.jobs import HALFWAY, Cancelled
from admissions.models import Job, Request, RequestBulk, RequestBulkRow
from admissions.services import bulks
from admissions.services import requests as services
from admissions.services.bulks import bulk_go_on
from dispatch.models import SchoolControl
from quotas.models import PlanLine
from tests import factories
from tests.factories_requests import posted, submitted
from tests.quotas.test_request_plan_change import KEY, asked

PAGE = "quotas:review_plan_changes"
NUMBER = 25
EFFECTIVE, SUBMITTED = Request.State.EFFECTIVE, Request.State.SUBMITTED


@pytest.fixture
def rows(cast, batch, schools, plan_line):
    lines = [factories.make_plan_line(schools[0], batch, major=f"7{n:05d}") for n in range(NUMBER)]
    return [submitted(cast.school, KEY, asked(line, 3)) for line in lines]


@pytest.fixture
def kinds():
    return [services.kind_of(KEY)]


def approve_all(client, **more):
    return client.post(reverse(f"{PAGE}__approve"), posted(all="1", query="", confirmed="1", **more))


def states(rows) -> list[str]:
    return list(
        Request.objects.filter(pk__in=[r.pk for r in rows]).order_by("pk").values_list("state", flat=True)
    )


def outcomes(bulk) -> list[str]:
    return list(RequestBulkRow.objects.filter(bulk=bulk).order_by("pk").values_list("outcome", flat=True))


def work(bulk) -> Job:
    tasks.requests_bulk(str(bulk.job_id))
    return Job.objects.get(pk=bulk.job_id)


def test_a_whole_queue_is_a_job_with_an_answer_for_each(cast, rows, client_of):
    client = client_of(cast.reviewer)
    asked_first = client.post(reverse(f"{PAGE}__approve"), posted(all="1", query="")).content.decode()
    assert f"<strong>{NUMBER}</strong>" in asked_first
    assert "在后台" in asked_first
    response = approve_all(client)
    bulk = RequestBulk.objects.get()
    assert response.url == reverse(f"{PAGE}__bulk", args=[bulk.pk])
    assert set(states(rows)) == {SUBMITTED}  # nothing yet
    services.request_withdraw(actor=cast.school, request=rows[3])  # meanwhile
    job = work(bulk)
    assert job.state == Job.State.DONE
    assert job.words == f"已同意 {NUMBER - 1} 件，1 件未办，原因见下。"
    assert states(rows).count(EFFECTIVE) == NUMBER - 1
    left = RequestBulkRow.objects.get(bulk=bulk, outcome="left")
    assert left.request == rows[3]
    assert "已撤回" in left.words
    page = client.get(response.url).content.decode()
    assert "计划数 10 → 13" in page
    listed = client.get(response.url + "?outcome=left").content.decode()
    assert rows[3].number in listed
    assert rows[4].number not in listed
    assert "已完成" in client.get(reverse(f"{PAGE}__bulks")).content.decode()


def test_what_is_not_green_when_its_turn_comes_is_left_with_the_reason(cast, rows, kinds):
    bulk = services.requests_bulk_start(actor=cast.reviewer, kinds=kinds, requests=[r.pk for r in rows])
    line = PlanLine.objects.get(pk=rows[0].payload["line"])
    SchoolControl.objects.create(batch=line.batch, school=line.school, status=SchoolControl.Status.FINISHED)
    work(bulk)
    assert set(outcomes(bulk)) == {"left"}
    words = RequestBulkRow.objects.filter(bulk=bulk).first().words
    assert "系统检查未全部通过" in words
    assert "录取结束" in words
    assert set(states(rows)) == {SUBMITTED}


def test_delivered_twice_it_is_done_once(cast, rows, kinds):
    bulk = services.requests_bulk_start(actor=cast.reviewer, kinds=kinds, requests=[r.pk for r in rows])
    work(bulk)
    Job.objects.filter(pk=bulk.job_id).update(state=Job.State.RUNNING)
    job = work(bulk)
    assert (job.state, outcomes(bulk).count("done")) == (Job.State.DONE, NUMBER)
    assert rows[0].events.filter(deed="approved").count() == 1


def test_stopped_half_way_what_is_done_stays_and_the_rest_goes_on(cast, rows, kinds, monkeypatch, client_of):
    bulk = services.requests_bulk_start(actor=cast.reviewer, kinds=kinds, requests=[r.pk for r in rows])
    portions = []

    class Stopping(bulks.Progress):
        def __call__(self, done, total, words=""):
            portions.append((done, total))
            if done:
                raise Cancelled

    with monkeypatch.context() as patch:
        patch.setattr("admissions.jobs.Progress", Stopping)
        job = work(bulk)
    assert portions == [(0, NUMBER), (services.REQUESTS.portion, NUMBER)]
    assert (job.state, job.words) == (Job.State.CANCELLED, f"已按要求取消，{HALFWAY}。")
    assert states(rows).count(EFFECTIVE) == services.REQUESTS.portion
    page = reverse(f"{PAGE}__bulk", args=[bulk.pk])
    client = client_of(cast.reviewer)
    assert "继续办理其余的" in client.get(page).content.decode()
    client.post(reverse(f"{PAGE}__bulk__go_on", args=[bulk.pk]))
    bulk.refresh_from_db()
    assert work(bulk).state == Job.State.DONE
    assert set(states(rows)) == {EFFECTIVE}
    with pytest.raises(Refusal, match="已经办完"):
        bulk_go_on(deed=services.REQUESTS, actor=cast.reviewer, bulk=bulk)


def test_a_portion_that_breaks_leaves_nothing_of_itself(cast, rows, kinds, monkeypatch):
    bulk = services.requests_bulk_start(actor=cast.reviewer, kinds=kinds, requests=[r.pk for r in rows])

    def broken(*args, **kwargs):
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(type(RequestBulkRow.objects.all()), "bulk_update", broken)
        with pytest.raises(RuntimeError):
            tasks.requests_bulk(str(bulk.job_id))
    assert set(states(rows)) == {SUBMITTED}
    assert Job.objects.get(pk=bulk.job_id).words == f"系统故障，{HALFWAY}，请联系管理员。"


def test_only_the_office_itself_sees_it_and_only_who_asked_goes_on(cast, rows, kinds, client_of):
    bulk = services.requests_bulk_start(actor=cast.reviewer, kinds=kinds, requests=[r.pk for r in rows])
    page = reverse(f"{PAGE}__bulk", args=[bulk.pk])
    assert client_of(cast.reviewer).get(page).status_code == 200
    shenzhen = factories.make_user("sz-reviewer", factories.make_organisation("4403"), "reviewing")
    assert client_of(shenzhen).get(page).status_code == 404
    assert client_of(cast.city).get(page).status_code == 403
    with pytest.raises(Refusal, match="只有发起人"):
        bulk_go_on(deed=services.REQUESTS, actor=cast.second, bulk=bulk)
    with pytest.raises(Refusal, match="没有审核"):
        services.requests_bulk_start(actor=cast.school, kinds=kinds, requests=[rows[0].pk])


def test_a_few_are_approved_at_once(cast, rows, client_of):
    client = client_of(cast.reviewer)
    chosen = [row.pk for row in rows[:4]]
    client.post(reverse(f"{PAGE}__approve"), posted(chosen=chosen, confirmed="1"))
    assert states(rows).count(EFFECTIVE) == 4
    assert not RequestBulk.objects.exists()


def test_sent_twice_it_starts_one_job(cast, rows, client_of):
    client = client_of(cast.reviewer)
    form = posted(all="1", query="", confirmed="1")
    client.post(reverse(f"{PAGE}__approve"), form)
    client.post(reverse(f"{PAGE}__approve"), form)
    assert RequestBulk.objects.count() == 1
