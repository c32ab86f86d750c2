"""Deeds on a whole queue: what was meant is written down, then a worker carries it out portion by portion.

Each portion is a transaction with its rows' outcomes: whatever stops the worker, what is done is done and written
down, and a second delivery or a second start goes on with the rest.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from django.db import connection, models, transaction

from accounts.context import deed_record, walled
from accounts.models import User
from accounts.refusals import Refusal
from accounts.workbench import waiting_changed

from ..jobs import Cancelled, Progress, job_interrupted, job_start
from ..models import Bulk, Job, Outcome


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one row of several.

    Attributes:
        done: whether it was carried out.
        number: of the row, for the officer.
        words: what came of it, or why it was left out.
    """

    done: bool
    number: str
    words: str


@dataclass(frozen=True, slots=True)
class Deed:
    """What one kind of bulk does.

    Attributes:
        bulk, row: the models.
        subject: column of ``row`` with the key of what is decided on.
        task: name of the Celery task, which calls ``bulk_run``.
        portion: rows of a transaction.
        named: in words, without a number: 批量同意.
        done: in words, what a row is then: 已同意.
        unit: with which rows are counted: 件申请; its first character alone in what came of it.
        each: decides on the keys of a portion for an actor within his wall, and answers for every key.
    """

    bulk: type[Bulk]
    row: type[models.Model]
    subject: str
    task: str
    portion: int
    named: str
    done: str
    unit: str
    each: Callable[[Bulk, User, list[int]], Mapping[int, Answer]]


@transaction.atomic
def bulk_start(*, deed: Deed, bulk: Bulk, rows: Iterable[models.Model]) -> Bulk:
    """Have a worker carry out a deed on several rows, in their order.

    Args:
        deed: of what kind.
        bulk: not saved yet, of an officer who may do it.
        rows: of it, not saved yet.

    Raises:
        Refusal: if there are none, or another bulk of his is at work on the queue.
    """
    bulk.save(force_insert=True)
    deed.row.objects.bulk_create(rows, batch_size=2000)
    return bulk_go_on(deed=deed, actor=bulk.officer, bulk=bulk)


@transaction.atomic
def bulk_go_on(*, deed: Deed, actor: User, bulk: Bulk) -> Bulk:
    """Start the worker on what of a bulk is left to do.

    Raises:
        Refusal: if it is another's, at work, or done; or another bulk of his is at work on the queue.
    """
    with (
        connection.cursor() as cursor
    ):  # of one officer's two starts at once the second waits, and is refused
        key = f"bulk-start:{bulk._meta.label}:{bulk.officer_id}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
    row = deed.bulk.objects.select_for_update(of=("self",), no_key=True).get(pk=bulk.pk)
    if row.officer_id != actor.pk:
        raise Refusal("只有发起人可以继续办理。")
    left = deed.row.objects.filter(bulk=row, outcome=Outcome.OPEN).count()
    if not left:
        raise Refusal(f"这次{deed.named}已经办完。")
    others = deed.bulk.objects.filter(officer=actor, job__state__in=Job.UNDER_WAY, **row.queue)
    if not all(job_interrupted(other.job) for other in others.exclude(pk=row.pk).select_related("job")):
        raise Refusal(
            f"您在这个列表发起的{deed.named}正在办理，没有再次发起。", hint="请等它办完，或取消后再发起。"
        )
    title = f"{deed.named} {left} {deed.unit}"
    row.job = job_start(
        actor=actor, function=row.function, title=title, task=deed.task, subject=row.pk, in_portions=True
    )
    row.save(update_fields=["job"])
    deed_record(actor=actor, subject=title, count=left, note="在后台逐批办理", function=row.function)
    return row


def bulk_run(*, deed: Deed, job: Job, progress: Progress) -> str:
    """Do what is left of the bulk that a job is about, for the job's owner and within his wall.

    Returns:
        what came of the whole bulk, in words.
    """
    bulk = deed.bulk.objects.get(pk=job.subject_id)
    rows = deed.row.objects.filter(bulk=bulk)
    total, unit = rows.count(), deed.unit[0]
    while open_rows := list(rows.filter(outcome=Outcome.OPEN).order_by("pk")[: deed.portion]):
        progress(total - rows.filter(outcome=Outcome.OPEN).count(), total, "逐批检查并办理")
        _portion(deed, bulk, job.owner, open_rows)
        waiting_changed(job.owner)
    with suppress(Cancelled):  # too late to stop: all is done
        progress(total, total)
    done = rows.filter(outcome=Outcome.DONE).count()
    left = f"，{total - done} {unit}未办，原因见下。" if done < total else "。"
    return f"{deed.done} {done} {unit}{left}"


@transaction.atomic
def _portion(deed: Deed, bulk: Bulk, actor: User, rows: list[models.Model]) -> None:
    with walled(actor.scope):
        found = deed.each(bulk, actor, [getattr(row, deed.subject) for row in rows])
    for row in rows:
        answer = found[getattr(row, deed.subject)]
        row.outcome, row.words = (Outcome.DONE if answer.done else Outcome.LEFT), answer.words
    deed.row.objects.bulk_update(rows, ["outcome", "words"])
