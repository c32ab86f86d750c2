"""Jobs: once, whole or not at all, and never stuck for good."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from accounts.models import Deed
from accounts.refusals import Refusal
from admissions.jobs import PATIENCE, Cancelled, job_cancel, job_run, job_start
from admissions.models import Job
from tests.concurrency import in_threads


def make(cast, **values) -> Job:
    return Job.objects.create(
        function="dispatch.dispatch_batch", title="试", task="none", subject_id=1, owner=cast.city,
        organisation=cast.city.organisation, **values,
    )  # fmt: skip


def note(words):
    def work(job, progress):
        Deed.objects.create(function="x", note=words)
        return words

    return work


def test_a_job_runs_once_even_if_delivered_twice(cast):
    job = make(cast)
    for _ in range(2):
        job_run(str(job.pk), note("办完"))
    job.refresh_from_db()
    assert (job.state, job.words) == (Job.State.DONE, "办完")
    assert Deed.objects.filter(note="办完").count() == 1


def test_a_refusal_writes_nothing_and_is_told(cast):
    job = make(cast)

    def work(job, progress):
        Deed.objects.create(function="x", note="不该留下")
        raise Refusal("计划不足。")

    job_run(str(job.pk), work)
    job.refresh_from_db()
    assert (job.state, job.words) == (Job.State.FAILED, "计划不足。")
    assert not Deed.objects.filter(note="不该留下").exists()


def test_a_fault_writes_nothing_and_rises(cast):
    job = make(cast)

    def work(job, progress):
        Deed.objects.create(function="x", note="不该留下")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        job_run(str(job.pk), work)
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert not Deed.objects.filter(note="不该留下").exists()


def test_a_job_stops_when_its_owner_asks(cast):
    job = make(cast, state=Job.State.RUNNING)
    job_cancel(actor=cast.city, job=job)

    def work(job, progress):
        Deed.objects.create(function="x", note="不该留下")
        progress(1, 1)
        raise AssertionError("not reached")

    job_run(str(job.pk), work)
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED
    assert not Deed.objects.filter(note="不该留下").exists()
    with pytest.raises(Refusal, match="已经结束"):
        job_cancel(actor=cast.city, job=job)


def test_only_the_owner_cancels(cast):
    with pytest.raises(Refusal, match="发起人"):
        job_cancel(actor=cast.second, job=make(cast))


def test_progress_survives_an_empty_cache(cast):
    job = make(cast)

    def work(job, progress):
        cache.clear()
        progress(1, 2)
        return "好"

    job_run(str(job.pk), work)
    job.refresh_from_db()
    assert job.state == Job.State.DONE
    assert issubclass(Cancelled, Exception)


def start(cast):
    return job_start(
        actor=cast.city, function="dispatch.dispatch_batch", title="再试", task="none", subject=1
    )


def test_one_job_at_a_time_for_one_subject(cast):
    make(cast)
    with pytest.raises(Refusal, match="正在执行"):
        start(cast)


def test_a_job_whose_worker_died_does_not_block_for_ever(cast):
    dead = make(cast, state=Job.State.RUNNING, started_at=timezone.now() - PATIENCE - timedelta(minutes=1))
    assert start(cast).state == Job.State.QUEUED
    dead.refresh_from_db()
    assert dead.state == Job.State.FAILED
    job_run(str(dead.pk), note("不该留下"))
    assert not Deed.objects.filter(note="不该留下").exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_share_one_message(cast):
    """The second finds the job taken; only one does the work."""
    job = make(cast)
    assert in_threads(4, lambda index: job_run(str(job.pk), note("一次"))) == ["done"] * 4
    assert Deed.objects.filter(note="一次").count() == 1


def test_an_unknown_job_is_nobodys(db):
    job_run(str(uuid4()), note("不该留下"))
    assert not Deed.objects.exists()
    assert not connection.needs_rollback
