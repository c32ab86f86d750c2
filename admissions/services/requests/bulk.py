"""Approval of a whole queue of requests by a worker (``services.bulks``)."""

from collections.abc import Iterable, Sequence

from accounts.models import User
from accounts.refusals import Refusal

from ...models import RequestBulk, RequestBulkRow
from ...requests import RequestKind, kinds_of
from ..bulks import Answer, Deed, bulk_start
from .deciding import requests_approve_each

#: As many as are approved while an officer waits, at some 60 ms each.
AT_ONCE = 10


def requests_bulk_start(*, actor: User, kinds: Sequence[RequestKind], requests: Iterable[int]) -> RequestBulk:
    """Have a worker agree to several requests, to those only that are green when their turn comes.

    Args:
        actor: of a party.
        kinds: of all of them; they share their review.
        requests: keys, in the order in which they are to be decided.

    Raises:
        Refusal: if he may not decide, there are none, or another bulk of his is at work on the queue.
    """
    function = kinds[0].decided_by(actor)
    if not function:
        raise Refusal("您没有审核这类申请的权限。")
    keys = list(dict.fromkeys(requests))
    if not keys:
        raise Refusal("没有可以批量同意的申请。")
    bulk = RequestBulk(
        function=function,
        under=kinds[0].under if function == kinds[0].review else "",
        organisation=actor.organisation,
        officer=actor,
    )
    return bulk_start(
        deed=REQUESTS, bulk=bulk, rows=(RequestBulkRow(bulk=bulk, request_id=key) for key in keys)
    )


def _each(bulk: RequestBulk, actor: User, keys: list[int]) -> dict[int, Answer]:
    return requests_approve_each(actor=actor, kinds=kinds_of(bulk.function), requests=keys)


REQUESTS = Deed(
    bulk=RequestBulk,
    row=RequestBulkRow,
    subject="request_id",
    task="admissions.tasks.requests_bulk",
    portion=20,
    named="批量同意",
    done="已同意",
    unit="件申请",
    each=_each,
)
