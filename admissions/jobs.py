"""Start, run, cancel and tell the progress of a job.

The state of a job is a row. Progress goes to the cache, because a row written inside the job's own
transaction is seen by no one; losing the cache loses a progress bar and nothing else.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from celery import current_app
from django.core.cache import cache
from django.db import connection, transaction
from django.utils import timezone

from accounts.context import deed_context
from accounts.refusals import Refusal

from .models import Job

log = logging.getLogger(__name__)
KEEP = 24 * 3600
PATIENCE = timedelta(minutes=40)  # longer than the broker takes to deliver a dead worker's message again


class Cancelled(Exception):
    """The owner asked for the job to stop; what it had done is rolled back."""


def job_start(*, actor, function: str, title: str, task: str, subject: int) -> Job:
    """Write a job down and send it to a worker when the transaction commits.

    Args:
        actor: who asks.
        function: key of the function.
        title: in words, shown while it runs.
        task: name of the Celery task; it gets the job's key.
        subject: primary key of what it works on.

    Raises:
        Refusal: if a job for the same subject is under way.
    """
    under_way = Job.objects.filter(
        function=function, subject_id=subject, state__in=(Job.State.QUEUED, Job.State.RUNNING)
    )
    if any(not _given_up(job) for job in under_way):
        raise Refusal("同一作业正在执行，请等待其结束。")
    job = Job.objects.create(
        function=function,
        title=title,
        task=task,
        subject_id=subject,
        owner=actor,
        organisation=actor.organisation if actor else None,
    )
    transaction.on_commit(lambda: current_app.signature(task, args=[str(job.pk)]).apply_async())
    return job


def _given_up(job: Job) -> bool:
    """Whether nobody works on a job any more: its worker died, and its message with the broker.

    It is closed then; should the message come back after all, it finds the job closed.
    """
    since = job.started_at or job.created_at
    if timezone.now() - since < PATIENCE:
        return False
    with _alone(str(job.pk)) as alone:
        if not alone:
            return False
        Job.objects.filter(pk=job.pk).update(
            state=Job.State.FAILED,
            words="执行中断，没有写入任何数据，可以重新开始。",
            ended_at=timezone.now(),
        )
        return True


def job_cancel(*, actor, job: Job) -> None:
    """Ask a job to stop; it rolls back whole at its next breath.

    Raises:
        Refusal: if it has ended or belongs to someone else.
    """
    if job.ended:
        raise Refusal("作业已经结束，不能取消。")
    if job.owner_id != actor.pk:
        raise Refusal("只有发起人可以取消作业。")
    Job.objects.filter(pk=job.pk, state=Job.State.QUEUED).update(
        state=Job.State.CANCELLED, ended_at=timezone.now()
    )
    cache.set(f"job-cancel:{job.pk}", 1, KEEP)


class Progress:
    """What a running job tells: how much is done of how much, and what it is doing.

    Args:
        job: primary key.
    """

    def __init__(self, job: UUID):
        self.job = job
        self.said = 0.0

    def __call__(self, done: int, total: int, words: str = "") -> None:
        """Tell; at most five times a second reaches the cache.

        Raises:
            Cancelled: if the owner asked to stop.
        """
        now = time.monotonic()
        if now - self.said < 0.2 and done < total:
            return
        self.said = now
        if cache.get(f"job-cancel:{self.job}"):
            raise Cancelled
        started = cache.get(f"job:{self.job}", {}).get("started", time.time())
        cache.set(f"job:{self.job}", {"done": done, "total": total, "words": words, "started": started}, KEEP)


def progress_of(job: Job) -> dict:
    """Progress for the page: done, total, percent, words and seconds left (None if unknown)."""
    told = cache.get(f"job:{job.pk}") or {"done": 0, "total": 0, "words": "", "started": time.time()}
    done, total = told["done"], told["total"]
    spent = time.time() - told["started"]
    left = round(spent * (total - done) / done) if done and not job.ended else None
    percent = 100 if job.state == Job.State.DONE else round(100 * done / total) if total else 0
    return told | {"percent": percent, "left": left}


def job_run(key: str, work: Callable[[Job, Progress], str]) -> None:
    """Run a job's work in one transaction, once: a second delivery finds it closed.

    A refusal or fault rolls the work back whole and is written on the job's row in words.

    Args:
        key: the job's primary key as text.
        work: gets the job and its progress; returns the result in words.
    """
    with _alone(key) as alone:
        if not alone:
            return
        claimed = Job.objects.filter(pk=key, state__in=(Job.State.QUEUED, Job.State.RUNNING)).update(
            state=Job.State.RUNNING, started_at=timezone.now()
        )
        if not claimed:
            return
        job = Job.objects.select_related("owner", "organisation").get(pk=key)
        state, words = Job.State.DONE, ""
        try:
            with deed_context(function=job.function), transaction.atomic():
                words = work(job, Progress(job.pk))
                Job.objects.filter(pk=key).update(state=Job.State.DONE, words=words, ended_at=timezone.now())
            return
        except Cancelled:
            state, words = Job.State.CANCELLED, "已按要求取消，没有写入任何数据。"
        except Refusal as refusal:
            state, words = Job.State.FAILED, str(refusal)
        except Exception:
            log.exception("job %s failed", key)
            Job.objects.filter(pk=key).update(
                state=Job.State.FAILED,
                words="系统故障，没有写入任何数据，请联系管理员。",
                ended_at=timezone.now(),
            )
            raise
        Job.objects.filter(pk=key).update(state=state, words=words, ended_at=timezone.now())


@contextmanager
def _alone(key: str) -> Iterator[bool]:
    """Hold the job for this worker alone; the lock ends with the connection, so with the worker."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [f"job:{key}"])
        held = cursor.fetchone()[0]
        try:
            yield held
        finally:
            if held:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [f"job:{key}"])
