"""An office audits what schools have submitted (审核录取、审核退档).

Dossiers are locked in key order before anything is looked at again, seats come last, all in one
transaction: a row that another officer or the school has changed meanwhile is refused, or left out where
a whole queue is approved. Nobody audits what he has sent himself.
"""

from collections import Counter
from collections.abc import Iterable

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from accounts.refusals import Refusal
from admissions.coded import reason_said
from admissions.lifecycle import State
from admissions.models import Dossier
from admissions.services.bulks import Answer
from admissions.services.dossiers import Move, dossiers_move
from quotas.services import seats_give_back

from ..models import Placement, ReviewTake, Sheet
from ..queries.waiting import CHECKS, RETURN_CHECKS, admissions_waiting, in_queue_order, returns_waiting
from .reconsidering import reconsiderations_write
from .submitting import taken_by_officers

GONE = "已不在待审状态：已被他人审核，或已被学校撤回。"
QUEUES = {State.ADMIT_SUBMITTED: admissions_waiting, State.RETURN_SUBMITTED: returns_waiting}


@transaction.atomic
def rows_take(*, actor: User, state: State, number: int = 10) -> int:
    """Take the oldest rows of a queue for oneself, so that no school withdraws and no colleague audits them.

    Args:
        actor: an officer.
        state: of which queue.
        number: how many.

    Returns:
        how many were taken; fewer where the queue is shorter or others are at work on it.
    """
    rows = QUEUES[state](actor).filter(taken_by__isnull=True, not_own=True, not_held=True)
    wanted = list(
        rows.filter(taken_here=False).order_by("since", "pk").values_list("candidate", "pk")[:number]
    )
    free = Dossier.objects.select_for_update(no_key=True, skip_locked=True).filter(
        pk__in=[candidate for candidate, _ in wanted], state=state
    )
    still = {dossier.pk: dossier.placement_id for dossier in free.order_by("pk")}
    keys = {pk for candidate, pk in wanted if still.get(candidate) == pk}
    keys -= taken_by_officers(keys)  # by a colleague, between the look and the lock
    ReviewTake.objects.filter(pk__in=keys).delete()  # outdated ones
    ReviewTake.objects.bulk_create(ReviewTake(placement_id=pk, officer=actor) for pk in sorted(keys))
    return len(keys)


def rows_lay_back(*, actor: User, state: State) -> int:
    """Lay back whatever one has taken from a queue and not decided; what one has of the other stays."""
    keys = list(QUEUES[state](actor).filter(taken_here=True).values_list("pk", flat=True))
    return ReviewTake.objects.filter(officer=actor, pk__in=keys).delete()[0]


@transaction.atomic
def admissions_approve(*, actor: User, placements: Iterable[int]) -> int:
    """Approve submitted admissions: the candidates are admitted.

    Args:
        actor: an officer of the source region.
        placements: primary keys.

    Returns:
        the number approved.

    Raises:
        Refusal: if a row is no longer waiting, was sent by the actor himself or is taken by another
            officer; all are refused then.
    """
    return _admit(actor, _locked(actor, State.ADMIT_SUBMITTED, placements))


@transaction.atomic
def rows_approve_each(*, actor: User, state: State, placements: Iterable[int]) -> dict[int, Answer]:
    """Approve those rows of a queue that pass every check now, and say why the others are left.

    Args:
        actor: an officer of the source region.
        state: of which queue.
        placements: primary keys.

    Returns:
        the answer for each key.
    """
    keys = set(placements)
    rows = {row.pk: row for row in _under_lock(actor, state, keys)}
    against = {key: _against(rows[key], state) if key in rows else GONE for key in sorted(keys)}
    if good := [rows[key] for key, words in against.items() if not words]:
        (_admit if state == State.ADMIT_SUBMITTED else _let_go)(actor, good)
    return {
        key: Answer(not words, rows[key].candidate.number if key in rows else "", words)
        for key, words in against.items()
    }


@transaction.atomic
def admissions_refuse(*, actor: User, placements: Iterable[int], reason: str, words: str = "") -> int:
    """Send submitted admissions back: those dispatched to the school for reconsideration, those it took
    from the pool back to the pool. Their seats are given back.

    Args:
        actor: an officer of the source region.
        placements: primary keys.
        reason: code, ``reconsider`` of 审核录取.
        words: more words for the school, needed where the code asks for them.

    Raises:
        Refusal: as ``admissions_approve``; or without a reason.
    """
    said = reason_said("dispatch.review_admissions", reason, words, "reconsider")
    rows = _locked(actor, State.ADMIT_SUBMITTED, placements)
    pool = [row for row in rows if row.method == Placement.Method.POOL]
    sent = [row for row in rows if row.method != Placement.Method.POOL]
    for step, some in (("refuse_admission", pool), ("reconsider_admission", sent)):
        moves = [Move(row.candidate_id, note=said) for row in some]
        dossiers_move(actor=actor, step=step, moves=moves, subject="审核录取", note=said)
        reconsiderations_write(actor=actor, step=step, rows=some, reason=reason, words=words)
    Placement.objects.filter(pk__in=[row.pk for row in pool]).update(
        closed_at=timezone.now(), reason_words=said
    )
    _back_to_reading(sent)
    _done(rows)
    seats_give_back(freed=Counter(row.plan_line_id for row in rows if row.plan_line_id))
    return len(rows)


@transaction.atomic
def returns_approve(*, actor: User, placements: Iterable[int]) -> int:
    """Approve submitted returns: the dossiers go back to the pool, the placements end with their reasons.

    Args:
        actor, placements: as for ``admissions_approve``.

    Raises:
        Refusal: as ``admissions_approve``.
    """
    return _let_go(actor, _locked(actor, State.RETURN_SUBMITTED, placements))


@transaction.atomic
def returns_refuse(*, actor: User, placements: Iterable[int], reason: str, words: str = "") -> int:
    """Send submitted returns back to the school, which must read them again (退档理由不充分).

    Args:
        actor, placements, words: as for ``admissions_refuse``.
        reason: code, ``reconsider`` of 审核退档.

    Raises:
        Refusal: as ``admissions_refuse``.
    """
    said = reason_said("dispatch.review_returns", reason, words, "reconsider")
    rows = _locked(actor, State.RETURN_SUBMITTED, placements)
    moves = [Move(row.candidate_id, note=said) for row in rows]
    step = "reconsider_return"
    moved = dossiers_move(actor=actor, step=step, moves=moves, subject="审核退档", note=said)
    reconsiderations_write(actor=actor, step=step, rows=rows, reason=reason, words=words)
    _back_to_reading(rows)
    _done(rows)
    return moved


def _admit(actor: User, rows: list[Placement]) -> int:
    moves = [Move(row.candidate_id) for row in rows]
    moved = dossiers_move(actor=actor, step="review_admission", moves=moves, subject="审核录取")
    _done(rows)
    return moved


def _let_go(actor: User, rows: list[Placement]) -> int:
    moves = [Move(row.candidate_id, reason=row.reason_id, note=row.reason_words) for row in rows]
    moved = dossiers_move(actor=actor, step="review_return", moves=moves, subject="审核退档")
    _close(rows)
    _done(rows)
    return moved


def _locked(actor: User, state: State, keys: Iterable[int]) -> list[Placement]:
    """All of some rows of a queue, locked, or a refusal; their sheets are locked before, as schools do."""
    keys = set(keys)
    queue = QUEUES[state](actor).filter(pk__in=keys)
    sheets = Sheet.objects.filter(pk__in=list(queue.values_list("sheet", flat=True)))
    list(sheets.order_by("pk").select_for_update(no_key=True).values_list("pk"))
    rows = _under_lock(actor, state, keys)
    good = [row for row in rows if row.not_own and row.not_held and not row.taken_by]
    if len(good) != len(keys):
        raise Refusal(_why_not(rows, len(keys)))
    if not good:
        raise Refusal("没有可以审核的考生：可能已被处理、撤回，或由其他人员审核中。")
    return good


def _under_lock(actor: User, state: State, keys: Iterable[int]) -> list[Placement]:
    """Those of some rows that are in a queue, with its checks, their dossiers locked in key order."""
    queue = QUEUES[state](actor).filter(pk__in=keys)
    list(
        Dossier.objects.select_for_update(no_key=True)
        .filter(pk__in=list(queue.values_list("candidate", flat=True)))
        .order_by("pk")
        .values_list("pk")
    )
    return list(in_queue_order(queue.select_related("candidate")))


def _against(row: Placement, state: State) -> str:
    """Why one row is left where a whole queue is approved; empty if nothing is against it."""
    if row.taken_by:
        return f"由 {row.taken_by} 领取审核中。"
    checks = CHECKS if state == State.ADMIT_SUBMITTED else RETURN_CHECKS
    failing = [title for name, title in checks if not getattr(row, name)]
    return f"系统检查未全部通过，须逐名审核：{'、'.join(failing)}。" if failing else ""


def _why_not(rows: list[Placement], wanted: int) -> str:
    if len(rows) != wanted:
        return f"有 {wanted - len(rows)} 名考生已不在待审状态（已被他人审核或已被学校撤回），未作任何改动。"
    own = sum(not row.not_own for row in rows)
    if own:
        return f"有 {own} 名考生由您本人投档，须由其他人员审核。"
    held = sum(not row.not_held for row in rows)
    if held:
        return f"有 {held} 名考生档案已挂起，释放后才能审核。"
    taken = next(row for row in rows if row.taken_by)
    return f"考生正由 {taken.taken_by} 审核，未作任何改动。"


def _close(rows: list[Placement]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE dispatch_placement SET closed_at = statement_timestamp() WHERE id = ANY(%s)",
            [[row.pk for row in rows]],
        )


def _back_to_reading(rows: list[Placement]) -> None:
    """Undecided again, and their sheets open again: the school must submit once more."""
    Placement.objects.filter(pk__in=[row.pk for row in rows]).update(
        plan_line=None, reason=None, reason_words="", decided_by=None, decided_at=None
    )
    sheets = {row.sheet_id for row in rows if row.sheet_id}
    for key in sorted(sheets):
        Sheet.objects.filter(pk=key).update(submitted_at=None)


def _done(rows: list[Placement]) -> None:
    ReviewTake.objects.filter(pk__in=[row.pk for row in rows]).delete()
