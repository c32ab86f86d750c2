"""Start, run, cancel and tell the progress of a job.

The state of a job is a row. Progress goes to the cache, because a row written inside the job's own
transaction is seen by no one; losing the cache loses a progress bar and nothing else.

Whoever works on a job holds a lock of the database for as long: first the lock, then the row says running,
then the work and the row saying done in one transaction, and the lock is laid down last. The lock belongs to
the connection: it ends with the worker, however that ends, and not before the server has rolled the work
back. Hence:

* running and the lock is held: somebody is at work, or the server is still ending what he began;
* running and the lock is free: he is dead, at once and for certain, and nothing was written. The officer may
  start again without waiting; or the message, which was not acknowledged, is delivered again (within seconds
  if one process of the pool died, after the broker's ``visibility_timeout`` if the whole worker did) and the
  work is done anew. Whichever comes first closes or takes the row under the lock, and the other finds it so;
* queued: no worker had it, and a message that waits cannot be told from one that was lost. It can be taken
  back by its owner at once, and anybody may start again after ``PATIENCE``.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from datetime import timedelta
from uuid import UUID

from celery import current_app
from celery.exceptions import Reject
from django.core.cache import cache
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from accounts.context import deed_context
from accounts.models import Organisation
from accounts.refusals import Refusal

from .models import Job

log = logging.getLogger(__name__)
KEEP = 24 * 3600
PATIENCE = timedelta(minutes=40)  # longer than the broker takes to deliver a dead worker's message again
AWAY = 1.0  # seconds until a message is laid back that came while the database was away
INTERRUPTED = "执行中断，没有写入任何数据，可以重新开始。"
HALFWAY = "已经办完的有效，其余没有办"
LOST = (OperationalError, InterfaceError)  # the connection to the database, or the server


class Cancelled(Exception):
    """The owner asked for the job to stop; what it had done is rolled back."""


@transaction.atomic
def job_start(
    *,
    actor,
    function: str,
    title: str,
    task: str,
    subject: int,
    in_portions: bool = False,
    organisation: Organisation | None = None,
) -> Job:
    """Write a job down and send it to a worker when the transaction commits.

    Two who start at once wait for each other; the second is refused.

    Args:
        actor: who asks; None for the platform's clockwork.
        function: key of the function.
        title: in words, shown while it runs.
        task: name of the Celery task; it gets the job's key.
        subject: primary key of what it works on.
        in_portions: whether its work commits portion by portion and, begun anew, goes on where it stopped;
            else it is one transaction.
        organisation: that sees it; the actor's if there is an actor.

    Raises:
        Refusal: if a job for the same subject is under way.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"job-start:{function}:{subject}"]
        )
    for job in Job.objects.filter(function=function, subject_id=subject, state__in=Job.UNDER_WAY):
        if _given_up(job):
            continue
        if job.state == Job.State.QUEUED:
            raise Refusal("同一作业正在排队，请等待执行。", hint="发起人可以取消后重新开始。")
        raise Refusal("同一作业正在执行，请等待其结束。")
    job = Job.objects.create(
        function=function,
        title=title,
        task=task,
        subject_id=subject,
        in_portions=in_portions,
        owner=actor,
        organisation=actor.organisation if actor else organisation,
    )
    transaction.on_commit(lambda: current_app.signature(task, args=[str(job.pk)]).apply_async())
    return job


def _given_up(job: Job) -> bool:
    """Whether nobody works on a job any more; it is closed then.

    That a running job's lock is free is proof enough. It is closed while the lock is held, so that no worker
    can take the job meanwhile. The lock goes back before this transaction commits: a worker to whom the message
    is delivered just then waits at the row, and finds it closed; or finds it running, if this is rolled back.
    """
    if job.state == Job.State.QUEUED and timezone.now() - job.created_at < PATIENCE:
        return False
    if job_worked_on(job):  # also by this very connection, which would be given the lock a second time
        return False
    with _alone(str(job.pk)) as alone:
        if alone:
            with transaction.atomic():  # a fault here must not keep the lock from being laid down
                words = f"执行中断，{HALFWAY}，可以重新开始。" if job.in_portions else INTERRUPTED
                Job.objects.filter(pk=job.pk, state__in=Job.UNDER_WAY).update(
                    state=Job.State.FAILED, words=words, ended_at=timezone.now()
                )
        return alone


def job_cancel(*, actor, job: Job) -> None:
    """Ask a job to stop; it rolls back whole at its next breath. One whose worker died is closed at once.

    Raises:
        Refusal: if it has ended or belongs to someone else.
    """
    if job.ended:
        raise Refusal("作业已经结束，不能取消。")
    if job.owner_id != actor.pk:
        raise Refusal("只有发起人可以取消作业。")
    if _given_up(job):
        return
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
    """Progress for the page: done, total, percent, words, seconds left (None if unknown), interrupted."""
    told = cache.get(f"job:{job.pk}") or {"done": 0, "total": 0, "words": "", "started": time.time()}
    done, total = told["done"], told["total"]
    spent = time.time() - told["started"]
    left = round(spent * (total - done) / done) if done and not job.ended else None
    percent = 100 if job.state == Job.State.DONE else round(100 * done / total) if total else 0
    return told | {"percent": percent, "left": left, "interrupted": job_interrupted(job)}


def job_interrupted(job: Job) -> bool:
    """Whether a running job's worker has died: it wrote nothing, and can be started again."""
    if job.state != Job.State.RUNNING or job_worked_on(job):
        return False
    return Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).exists()  # or it has just ended


def job_run(key: str, work: Callable[[Job, Progress], str]) -> None:
    """Run a job's work in one transaction, once: a second delivery finds it closed. A job in portions sees to
    its transactions itself, and must find by itself what it has done already.

    A refusal or fault rolls the work back whole and is written on the job's row in words. If the server was
    lost, the row is closed as soon as it can be reached, here or by whoever starts again; unless the work had
    been committed and only the answer was lost: the row says done then, and is let be.

    Args:
        key: the job's primary key as text.
        work: gets the job and its progress; returns the result in words.

    Raises:
        Reject: if the database cannot be reached before the work has begun; the message goes back.
    """
    with ExitStack() as stack:
        try:
            job = _claimed(key) if stack.enter_context(_alone(key)) else None
        except LOST:
            time.sleep(AWAY)
            raise Reject("the database is away", requeue=True)
        if job is None:
            return
        try:
            whole = nullcontext() if job.in_portions else transaction.atomic()
            with deed_context(function=job.function), whole:
                words = work(job, Progress(job.pk))
                Job.objects.filter(pk=key).update(state=Job.State.DONE, words=words, ended_at=timezone.now())
        except Cancelled:
            _end(key, Job.State.CANCELLED, f"已按要求取消，{_left_behind(job)}。")
        except Refusal as refusal:
            _end(key, Job.State.FAILED, str(refusal))
        except Exception:
            log.exception("job %s failed", key)
            with suppress(*LOST), _alone(key) as still:  # with the connection, the lock was lost
                if still:
                    _end(key, Job.State.FAILED, f"系统故障，{_left_behind(job)}，请联系管理员。")
            raise


def _left_behind(job: Job) -> str:
    """What a job that was stopped has left in the database, in words."""
    return HALFWAY if job.in_portions else "没有写入任何数据"


def _claimed(key: str) -> Job | None:
    """The job, now running; none if it has ended. Call it with the job held alone."""
    claimed = Job.objects.filter(pk=key, state__in=Job.UNDER_WAY).update(
        state=Job.State.RUNNING, started_at=timezone.now()
    )
    return Job.objects.select_related("owner", "organisation").get(pk=key) if claimed else None


def _end(key: str, state: str, words: str) -> None:
    """Close a running job; one that is done stays so."""
    Job.objects.filter(pk=key, state=Job.State.RUNNING).update(
        state=state, words=words, ended_at=timezone.now()
    )


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
                with suppress(*LOST):
                    cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [f"job:{key}"])


def job_worked_on(job: Job) -> bool:
    """Whether any connection holds the job; looks, and takes nothing that a worker might want just then."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND (classid::bigint << 32) | objid::bigint = hashtextextended(%s, 0))",
            [f"job:{job.pk}"],
        )
        return cursor.fetchone()[0]
