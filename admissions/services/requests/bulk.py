"""Approval of a whole queue: what was meant is written down, then a worker agrees portion by portion.

Each portion is a transaction with its rows' outcomes: whatever stops the worker, what is agreed to is agreed to and
written down, and a second delivery or a second start goes on with the rest.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress

from django.db import transaction

from accounts.context import walled
from accounts.models import User
from accounts.refusals import Refusal

from ...jobs import Cancelled, Progress, job_start
from ...models import Job, RequestBulk, RequestBulkRow
from ...requests import RequestKind, kinds_of
from .deciding import requests_approve_each

TASK = "admissions.tasks.requests_bulk"
#: As many as are approved while an officer waits, at some 60 ms each.
AT_ONCE = 10
PORTION = 20
Outcome = RequestBulkRow.Outcome


@transaction.atomic
def requests_bulk_start(*, actor: User, kinds: Sequence[RequestKind], requests: Iterable[int]) -> RequestBulk:
    """Have a worker agree to several requests, to those only that are green when their turn comes.

    Args:
        actor: of a party.
        kinds: of all of them; they share their review.
        requests: keys, in the order in which they are to be decided.

    Raises:
        Refusal: if he may not decide, or there are none.
    """
    function = kinds[0].decided_by(actor)
    if not function:
        raise Refusal("您没有审核这类申请的权限。")
    keys = list(dict.fromkeys(requests))
    if not keys:
        raise Refusal("没有可以批量同意的申请。")
    bulk = RequestBulk.objects.create(
        function=function,
        under=kinds[0].under if function == kinds[0].review else "",
        organisation=actor.organisation,
        officer=actor,
    )
    RequestBulkRow.objects.bulk_create(
        [RequestBulkRow(bulk=bulk, request_id=key) for key in keys], batch_size=2000
    )
    return requests_bulk_go_on(actor=actor, bulk=bulk)


@transaction.atomic
def requests_bulk_go_on(*, actor: User, bulk: RequestBulk) -> RequestBulk:
    """Start the worker on what of a bulk is left to do.

    Raises:
        Refusal: if it is another's, at work, or done.
    """
    row = RequestBulk.objects.select_for_update(of=("self",), no_key=True).get(pk=bulk.pk)
    if row.officer_id != actor.pk:
        raise Refusal("只有发起人可以继续办理。")
    left = RequestBulkRow.objects.filter(bulk=row, outcome=Outcome.OPEN).count()
    if not left:
        raise Refusal("这次批量同意已经办完。")
    row.job = job_start(
        actor=actor,
        function=row.function,
        title=f"批量同意 {left} 件申请",
        task=TASK,
        subject=row.pk,
        in_portions=True,
    )
    row.save(update_fields=["job"])
    return row


def requests_bulk_run(*, job: Job, progress: Progress) -> str:
    """Agree to what is left of the bulk that a job is about, for the job's owner and within his wall.

    Returns:
        what came of the whole bulk, in words.
    """
    bulk = RequestBulk.objects.get(pk=job.subject_id)
    rows = RequestBulkRow.objects.filter(bulk=bulk)
    total = rows.count()
    kinds = kinds_of(bulk.function)
    while open_rows := list(rows.filter(outcome=Outcome.OPEN).order_by("pk")[:PORTION]):
        progress(total - rows.filter(outcome=Outcome.OPEN).count(), total, "逐件检查并同意")
        _portion(job.owner, kinds, open_rows)
    with suppress(Cancelled):  # too late to stop: all is done
        progress(total, total)
    done = rows.filter(outcome=Outcome.DONE).count()
    return f"已同意 {done} 件" + (f"，{total - done} 件未办，原因见下。" if done < total else "。")


@transaction.atomic
def _portion(actor: User, kinds: Sequence[RequestKind], rows: list[RequestBulkRow]) -> None:
    keys = [row.request_id for row in rows]
    with walled(actor.scope):
        found = requests_approve_each(actor=actor, kinds=kinds, requests=keys)
    for row in rows:
        answer = found[row.request_id]
        row.outcome, row.words = (Outcome.DONE if answer.done else Outcome.LEFT), answer.words
    RequestBulkRow.objects.bulk_update(rows, ["outcome", "words"])
