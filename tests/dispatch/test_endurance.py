"""A run that is killed is whole or absent, and can be started again with the same outcome.

The worker is a process of its own here and kills itself at each step of the execution in turn; at 20 000
candidates, at random moments, and with the server killed too: `script/endure`.
"""

import os
import signal
import time
import warnings

import psycopg
import pytest
from django.db import OperationalError, connection, transaction

from accounts.refusals import Refusal
from admissions.jobs import Progress, job_run, job_worked_on
from admissions.models import Job
from bench.wholeness import ABSENT, BETWEEN, WHOLE, Promise
from dispatch.models import Placement, RegionLine, Run
from dispatch.services import executing, sending
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


class Steps:
    """Counts what an execution tells, and does something at one of them."""

    def __init__(self, at: int = -1, deed=None):
        self.told, self.at, self.deed = [], at, deed

    def __call__(self, done: int, total: int, words: str = "") -> None:
        self.told.append(words)
        if len(self.told) - 1 == self.at:
            self.deed()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def run(cast, batch, schools, make_candidates) -> Run:
    """A confirmed run: thirty candidates, two schools; all equals at the end of the first are taken."""
    batch.tie_policy, batch.tie_keys = "accept_all", []
    batch.save()
    for school in schools:
        factories.make_plan_line(school, batch, seats=5)
    candidates = make_candidates(30)
    for candidate in candidates[:8]:
        candidate.total = 60000
        candidate.save()
    factories.make_choices(candidates, batch, schools)
    RegionLine.objects.create(batch=batch, score=100)
    run = sending.run_open(actor=cast.city, batch=batch)
    sending.run_rehearse(actor=cast.city, run=run, progress=Steps())
    run.refresh_from_db()
    sending.run_confirm(actor=cast.reviewer, run=run, fingerprint=run.fingerprint)
    run.refresh_from_db()
    return run


@pytest.fixture
def start(cast, run, monkeypatch):
    """Start the execution as the page does; the message waits for a worker of the test."""
    monkeypatch.setattr("celery.canvas.Signature.apply_async", lambda self, *args, **kwargs: None)
    return lambda: executing.run_execute_start(actor=cast.city, run=run)


def execution(cast, run, *, steps: Steps | None = None, last=lambda: None):
    """The work of the job as ``dispatch.tasks.execute`` has it; ``last`` comes before the commit."""

    def work(job: Job, progress: Progress) -> str:
        words = executing.run_execute(actor=cast.city, run=run, progress=steps or progress)
        last()
        return words

    return work


def in_a_worker(job: Job, work) -> int:
    """Run a job in a process of its own; give the signal that ended it, or 0, once the server knows of it."""
    connection.close()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a fork beside threads; the child uses none
        child = os.fork()
    if not child:
        try:
            job_run(str(job.pk), work)
        finally:
            os._exit(0)
    status = os.waitpid(child, 0)[1]
    for _ in range(1000):
        if not job_worked_on(job):
            return -os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    raise AssertionError("the server still holds the job of a dead worker")


def steps_of(cast, run) -> list[str]:
    """What an execution tells, found out by one that is rolled back."""
    steps = Steps()
    with transaction.atomic():
        executing.run_execute(actor=cast.city, run=run, progress=steps)
        transaction.set_rollback(True)
    return steps.told


def executed(cast, run, start, promise) -> None:
    """Start it again as the officer would, at once, and find it whole."""
    job = start()
    assert in_a_worker(job, execution(cast, run)) == 0
    job.refresh_from_db()
    assert job.state == Job.State.DONE
    assert promise.verdict() == (WHOLE, [])
    run.refresh_from_db()
    with pytest.raises(Refusal):
        start()


def test_a_worker_killed_at_any_step_leaves_nothing(cast, run, start):
    promise = Promise(run)
    assert max(promise.whole["seats over the plan"].values()) == 3
    told = steps_of(cast, run)
    assert len(told) >= 5
    assert promise.verdict() == (ABSENT, [])
    dead = []
    for number, words in enumerate(told):
        dead.append(start())
        killed = in_a_worker(dead[-1], execution(cast, run, steps=Steps(number, die)))
        assert killed == signal.SIGKILL, words
        assert promise.verdict() == (ABSENT, []), words
    dead.append(start())
    assert in_a_worker(dead[-1], execution(cast, run, last=die)) == signal.SIGKILL
    assert promise.verdict() == (ABSENT, []), "before the commit"
    executed(cast, run, start, promise)
    for job in dead:  # their messages come back, late
        job_run(str(job.pk), execution(cast, run))
        job.refresh_from_db()
        assert job.state == Job.State.FAILED
    assert promise.verdict() == (WHOLE, [])


def test_a_message_that_comes_back_does_the_work_of_the_dead(cast, run, start):
    promise = Promise(run)
    job = start()
    assert in_a_worker(job, execution(cast, run, last=die)) == signal.SIGKILL
    assert in_a_worker(job, execution(cast, run)) == 0
    assert promise.verdict() == (WHOLE, [])
    job.refresh_from_db()
    assert job.state == Job.State.DONE


def test_a_worker_killed_after_the_commit_leaves_the_whole(cast, run, start):
    promise = Promise(run)
    job = start()
    work = execution(cast, run, last=lambda: transaction.on_commit(die))
    assert in_a_worker(job, work) == signal.SIGKILL
    assert promise.verdict() == (WHOLE, [])
    job.refresh_from_db()
    assert job.state == Job.State.DONE
    assert in_a_worker(job, execution(cast, run)) == 0, "the message comes back"
    assert promise.verdict() == (WHOLE, [])


def test_a_connection_cut_at_any_step_leaves_nothing(cast, run, start):
    """As when the server dies, or a firewall between: the worker itself lives on."""
    promise = Promise(run)

    def cut():
        given = connection.get_connection_params()
        given = {
            name: given[name] for name in ("host", "port", "user", "password", "dbname") if given.get(name)
        }
        with psycopg.connect(**given, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])

    for number, words in enumerate(steps_of(cast, run)):
        job = start()
        with pytest.raises(OperationalError):
            job_run(str(job.pk), execution(cast, run, steps=Steps(number, cut)))
        job.refresh_from_db()
        assert job.state == Job.State.FAILED, words
        assert promise.verdict() == (ABSENT, []), words
    executed(cast, run, start, promise)


def test_what_lies_between_is_seen(cast, run):
    """The look itself: one row too few, one event too many, one dossier that did not move."""
    promise = Promise(run)
    executing.run_execute(actor=cast.city, run=run, progress=Steps())
    assert promise.verdict() == (WHOLE, [])
    one = Placement.objects.filter(run=run).first()
    for statement in (
        f"DELETE FROM dispatch_placement WHERE id = {one.pk}",
        f"UPDATE dispatch_placement SET rank = rank + 1 WHERE id = {one.pk}",
        f"UPDATE dispatch_placement SET choice_position = choice_position % 2 + 1 WHERE id = {one.pk}",
        f"UPDATE dispatch_sheet SET size = size + 1 WHERE id = {one.sheet_id}",
        "UPDATE quotas_planline SET seats_over = seats_over + 1 WHERE seats_over > 0",
        f"UPDATE dispatch_run SET state = 'confirmed' WHERE id = {run.pk}",
        "INSERT INTO admissions_dossierevent (candidate_id, at, step, source, target, note, deed_id) SELECT candidate_id,"
        " at, step, source, target, note, deed_id FROM admissions_dossierevent WHERE step = 'dispatch' LIMIT 1",
        "CREATE TABLE dispatch_placement_r999 (LIKE dispatch_placement)",
    ):
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(statement)
            word, differences = promise.verdict()
            transaction.set_rollback(True)
        assert (word, bool(differences)) == (BETWEEN, True), statement
    assert promise.verdict() == (WHOLE, [])
