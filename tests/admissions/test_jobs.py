"""Jobs: once, whole or not at all, and never stuck for good."""

from datetime import timedelta
from threading import Event, Thread
from uuid import uuid4

import psycopg
import pytest
from celery import shared_task
from celery.exceptions import Reject
from django.core.cache import cache
from django.db import OperationalError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Deed
from accounts.refusals import Refusal
from admissions import jobs
from admissions.jobs import PATIENCE, Cancelled, job_cancel, job_interrupted, job_run, job_start
from admissions.models import Job
from tests.concurrency import in_threads


@shared_task(name="none")
def none(key: str) -> None:
    """A message that nobody takes."""


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
    job = make(cast)

    def work(job, progress):
        Deed.objects.create(function="x", note="不该留下")
        job_cancel(actor=cast.city, job=job)
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
    waiting = make(cast)
    with pytest.raises(Refusal, match="正在排队"):
        start(cast)
    job_cancel(actor=cast.city, job=waiting)
    assert start(cast).state == Job.State.QUEUED


def test_a_job_that_nobody_ever_took_does_not_block_for_ever(cast):
    lost = make(cast)
    Job.objects.filter(pk=lost.pk).update(created_at=timezone.now() - PATIENCE - timedelta(minutes=1))
    start(cast)
    lost.refresh_from_db()
    assert lost.state == Job.State.FAILED
    job_run(str(lost.pk), note("不该留下"))
    assert not Deed.objects.filter(note="不该留下").exists()


def test_a_job_whose_worker_died_can_be_started_again_at_once(cast):
    dead = make(cast, state=Job.State.RUNNING, started_at=timezone.now())
    assert job_interrupted(dead)
    assert start(cast).state == Job.State.QUEUED
    dead.refresh_from_db()
    assert (dead.state, dead.words) == (Job.State.FAILED, jobs.INTERRUPTED)
    job_run(str(dead.pk), note("不该留下"))
    assert not Deed.objects.filter(note="不该留下").exists()


def test_a_message_that_comes_back_first_does_the_work(cast):
    dead = make(cast, state=Job.State.RUNNING, started_at=timezone.now())
    job_run(str(dead.pk), note("重做"))
    dead.refresh_from_db()
    assert (dead.state, dead.words) == (Job.State.DONE, "重做")
    assert not job_interrupted(dead)


def test_whoever_stops_a_job_whose_worker_died_need_not_wait(cast):
    dead = make(cast, state=Job.State.RUNNING, started_at=timezone.now())
    job_cancel(actor=cast.city, job=dead)
    dead.refresh_from_db()
    assert dead.state == Job.State.FAILED


def test_a_job_does_not_take_itself_for_dead(cast):
    job = make(cast)

    def work(job, progress):
        with pytest.raises(Refusal, match="正在执行"):
            start(cast)
        return "好"

    job_run(str(job.pk), work)
    job.refresh_from_db()
    assert job.state == Job.State.DONE


def test_the_page_says_that_a_job_was_interrupted(cast, client_of):
    dead = make(cast, state=Job.State.RUNNING, started_at=timezone.now())
    page = client_of(cast.city).get(reverse("admissions:job", args=[dead.pk])).content.decode()
    assert "已中断" in page
    assert "没有写入任何数据" in page
    assert "执行中<" not in page


@pytest.mark.django_db(transaction=True)
def test_what_was_committed_is_done_even_if_the_worker_does_not_learn_of_it(cast):
    """As when the server falls between the commit and its answer."""
    job = make(cast)

    def lost():
        raise OperationalError("server closed the connection unexpectedly")

    def work(job, progress):
        Deed.objects.create(function="x", note="已经写入")
        transaction.on_commit(lost)
        return "办完"

    with pytest.raises(OperationalError):
        job_run(str(job.pk), work)
    job.refresh_from_db()
    assert (job.state, job.words) == (Job.State.DONE, "办完")
    assert Deed.objects.filter(note="已经写入").count() == 1


def test_a_message_goes_back_while_the_database_is_away(cast, monkeypatch):
    job = make(cast)

    def away(key):
        raise OperationalError("the database system is starting up")

    with monkeypatch.context() as patched:
        patched.setattr(jobs, "AWAY", 0)
        patched.setattr(jobs, "_claimed", away)
        with pytest.raises(Reject) as found:
            job_run(str(job.pk), note("一次"))
    assert found.value.requeue
    job_run(str(job.pk), note("一次"))
    assert Deed.objects.filter(note="一次").count() == 1


class Worker:
    """A worker of its own connection, in the middle of a job's work until it is let go."""

    def __init__(self, job: Job):
        self.begun, self.go, self.error, self.backend = Event(), Event(), None, None
        self.thread = Thread(target=self.run, args=(str(job.pk),))
        self.thread.start()
        assert self.begun.wait(10)

    def run(self, key: str):
        try:
            job_run(key, self.work)
        except Exception as error:
            self.error = error
        finally:
            connection.close()

    def work(self, job, progress):
        self.backend = connection.connection.info.backend_pid
        Deed.objects.create(function="x", note="一次")
        self.begun.set()
        assert self.go.wait(10)
        Deed.objects.count()  # the connection is used again
        return "办完"

    def end(self):
        self.go.set()
        self.thread.join(10)
        assert not self.thread.is_alive()


@pytest.mark.django_db(transaction=True)
def test_a_job_is_not_given_up_while_its_worker_lives(cast):
    job = make(cast)
    worker = Worker(job)
    try:
        with pytest.raises(Refusal, match="正在执行"):
            start(cast)
        job.refresh_from_db()
        assert job.state == Job.State.RUNNING
        assert not job_interrupted(job)
        job_run(str(job.pk), note("不该留下"))
    finally:
        worker.end()
    job.refresh_from_db()
    assert job.state == Job.State.DONE
    assert list(Deed.objects.values_list("note", flat=True)) == ["一次"]


@pytest.mark.django_db(transaction=True)
def test_a_job_whose_connection_is_cut_is_rolled_back_and_closed(cast):
    job = make(cast)
    worker = Worker(job)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [worker.backend])
        job.refresh_from_db()
        assert job_interrupted(job)
    worker.end()
    assert isinstance(worker.error, OperationalError)
    job.refresh_from_db()
    assert (job.state, job.words) == (Job.State.FAILED, "系统故障，没有写入任何数据，请联系管理员。")
    assert not Deed.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_job_that_was_taken_over_is_not_closed_by_whom_it_was_taken_from(cast):
    """His connection was cut; the message came back to another before he noticed."""
    job = make(cast)
    worker = Worker(job)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [worker.backend])
    other = Worker(job)
    worker.end()
    job.refresh_from_db()
    assert job.state == Job.State.RUNNING
    other.end()
    job.refresh_from_db()
    assert job.state == Job.State.DONE
    assert Deed.objects.filter(note="一次").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_message_that_comes_back_while_the_officer_starts_again(cast):
    """It waits at the row that his transaction has closed, and finds it closed."""
    dead = make(cast, state=Job.State.RUNNING, started_at=timezone.now())
    worker = Thread(target=lambda: (job_run(str(dead.pk), note("不该留下")), connection.close()))
    with transaction.atomic():
        start(cast)
        worker.start()
        _wait_for_a_lock()
    worker.join(10)
    dead.refresh_from_db()
    assert dead.state == Job.State.FAILED
    assert not Deed.objects.filter(note="不该留下").exists()


def _wait_for_a_lock() -> None:
    parameters = connection.get_connection_params()
    with psycopg.connect(
        **{
            name: parameters[name]
            for name in ("host", "user", "dbname", "port", "password")
            if name in parameters
        },
        autocommit=True,
    ) as watcher:
        for _ in range(1000):
            if watcher.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ).fetchone()[0]:
                return
            watcher.execute("SELECT pg_sleep(0.01)")
    raise AssertionError("nobody waits")


@pytest.mark.django_db(transaction=True)
def test_two_who_start_at_once(cast):
    assert sorted(in_threads(4, lambda index: start(cast))) == ["Refusal"] * 3 + ["done"]
    assert Job.objects.count() == 1


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
