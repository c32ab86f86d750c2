"""Many dossiers of a sheet proposed and submitted in one go (批量投入录取)."""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from admissions.lifecycle import UNDECIDED, State
from admissions.services.dossiers import Move, dossiers_move

from ..models import Sheet
from .answering import (
    Answer,
    Desk,
    Entry,
    admissions_propose,
    as_shown,
    dossiers_lock,
    placements_at,
    why_closed,
    why_not_decided,
)
from .confirming import confirmations_require
from .deciding import Stale
from .handing import placements_of
from .papers import papers_drop
from .school import control_of, sheet_locked
from .submitting import Submission, admissions_pass

SHOWN = 300  # dossiers on the page at a time; the next come when these are done


def sheet_check(*, actor: User, sheet: Sheet, candidates: Iterable[int] | None = None) -> list[Answer]:
    """Say of dossiers of a sheet whether they can be admitted and submitted at once; nothing is written.

    Undecided ones get the first of their majors with a seat; those proposed keep theirs.

    Args:
        actor: of the school.
        sheet: released to it.
        candidates: primary keys; None for the best ``SHOWN`` of those undecided or proposed for admission.
    """
    rows = (
        placements_at(actor)
        .filter(sheet=sheet)
        .order_by(F("dispatch_score").desc(nulls_last=True), "rank", "pk")
    )
    states = (*UNDECIDED, State.PROPOSE_ADMIT)
    rows = (
        rows.filter(candidate__dossier__state__in=states)
        if candidates is None
        else rows.filter(candidate__in=list(candidates))
    )
    rows = list(rows[:SHOWN] if candidates is None else rows)
    closed = why_closed({(sheet.batch_id, sheet.school_id)})
    desk = Desk(rows)
    answers = []
    for place, placement in enumerate(rows, 1):
        why = closed.get((sheet.batch_id, sheet.school_id), "")
        if placement.candidate.dossier.state not in states:
            why = f"当前为“{placement.candidate.dossier.word}”，不能录取。"
        why = why or why_not_decided(placement, True)
        keep = placement.candidate.dossier.state == State.PROPOSE_ADMIT
        line, why = (None, why) if why else desk.seat(placement, "", keep=keep)
        answers.append(Answer(Entry(place, placement.candidate.number), why, placement, line))
    return answers


@transaction.atomic
def sheet_admit_in_bulk(
    *, actor: User, sheet: Sheet, candidates: Sequence[int], seen: str
) -> tuple[list[Answer], Submission]:
    """Propose dossiers of a sheet for admission and submit them at once (批量投入录取).

    What the city has set to need no audit passes. The sheet counts as submitted once nothing of it is left to
    decide or to submit.

    Args:
        actor: of the school.
        sheet: released to it.
        candidates: primary keys of those chosen.
        seen: ``answers_digest`` of the answers that the actor was shown.

    Returns:
        what became of each, and of how many the admission passed.

    Raises:
        Stale: if anything differs from what was shown; nothing is written then.
        Refusal: if nobody can be admitted, or the school may not submit.
    """
    sheet = sheet_locked(actor=actor, sheet=sheet)
    dossiers_lock(candidates)
    answers = sheet_check(actor=actor, sheet=sheet, candidates=candidates)
    if len(answers) != len(set(candidates)):
        raise Stale("有档案已不在本投档单上，可能已被招办取消投档或收回，未作任何改动。", hint="请重新核对。")
    good = as_shown(answers, seen)
    admissions_propose(
        actor, [a for a in good if a.placement.candidate.dossier.state in UNDECIDED], "批量拟录取"
    )
    confirmations_require(sheet, [a.placement for a in good])
    moves = [Move(a.placement.candidate_id) for a in good]
    subject = f"批量投入录取投档单 {sheet.number}"
    dossiers_move(actor=actor, step="submit_admission", moves=moves, subject=subject)
    papers_drop(actor, [a.placement for a in good])
    passes = not control_of(batch=sheet.batch_id, school=sheet.school_id).reviews_admissions
    if passes:
        admissions_pass([a.placement for a in good], subject=subject)
    open_states = (*UNDECIDED, State.PROPOSE_ADMIT, State.PROPOSE_RETURN)
    left = placements_of(sheet).filter(
        candidate__dossier__state__in=open_states, candidate__dossier__held=False
    )
    if not left.exists():
        Sheet.objects.filter(pk=sheet.pk).update(submitted_at=timezone.now())
    return answers, Submission(len(good), 0, len(good) if passes else 0)
