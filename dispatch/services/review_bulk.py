"""Approval of a whole queue of audit by a worker (``admissions.services.bulks``): 审核录取、审核退档.

Six thousand admissions take seconds, more under load: a few hundred are approved while the officer waits, more are
written down and approved portion by portion, those only that are green when their turn comes.
"""

from collections.abc import Iterable

from accounts.models import User
from accounts.refusals import Refusal
from admissions.lifecycle import State
from admissions.services.bulks import Answer, Deed, bulk_start

from ..models import ReviewBulk, ReviewBulkRow
from ..queries.waiting import in_queue_order, waiting
from .reviewing import rows_approve_each

FUNCTIONS = {
    State.ADMIT_SUBMITTED: "dispatch.review_admissions",
    State.RETURN_SUBMITTED: "dispatch.review_returns",
}
#: As many as are approved while an officer waits, at some 0.6 ms each.
AT_ONCE = 500


def review_bulk_start(*, actor: User, state: State, placements: Iterable[int]) -> ReviewBulk:
    """Have a worker approve several rows of a queue, those only that are green when their turn comes.

    Args:
        actor: an officer of the source region.
        state: of which queue.
        placements: primary keys; decided on in the order of the queue.

    Raises:
        Refusal: if he may not audit, none of them waits, or another bulk of his is at work on the queue.
    """
    function = FUNCTIONS[state]
    _require_may(actor, function)
    rows = in_queue_order(waiting(actor, state).filter(pk__in=set(placements)))
    rows = list(rows.values_list("pk", "candidate", "province", "city", "county"))
    if not rows:
        raise Refusal("没有可以审核的考生：可能已被处理、撤回，或由其他人员审核中。")
    bulk = ReviewBulk(function=function, organisation=actor.organisation, officer=actor)
    made = (
        ReviewBulkRow(
            bulk=bulk, placement_id=key, candidate_id=candidate, province=province, city=city, county=county
        )
        for key, candidate, province, city, county in rows
    )
    return bulk_start(deed=REVIEWS, bulk=bulk, rows=made)


def _require_may(actor: User, function: str) -> None:
    if not actor.may(function):
        raise Refusal("您没有审核的权限，其余没有办。")


def _each(bulk: ReviewBulk, actor: User, keys: list[int]) -> dict[int, Answer]:
    _require_may(actor, bulk.function)  # it may have been taken from him meanwhile
    state = next(state for state, function in FUNCTIONS.items() if function == bulk.function)
    return rows_approve_each(actor=actor, state=state, placements=keys)


REVIEWS = Deed(
    bulk=ReviewBulk,
    row=ReviewBulkRow,
    subject="placement_id",
    task="dispatch.tasks.review_bulk",
    portion=500,
    named="批量通过",
    done="已通过",
    unit="名考生",
    each=_each,
)
