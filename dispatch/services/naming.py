"""Decisions on candidates named by a list (指定录退档案, domain.md §4.5), on whatever sheet of the school they are."""

from collections import Counter
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from accounts.context import deed_record
from accounts.models import User
from accounts.refusals import Refusal
from admissions.models import ReturnReason
from admissions.services.dossiers import Move, dossiers_move
from admissions.services.papers import Paper

from ..models import Placement
from .answering import (
    Answer,
    Desk,
    Entry,
    admissions_propose,
    as_shown,
    dossiers_lock,
    majors_named,
    placements_at,
    seats_held,
    why_closed,
    why_not_decided,
)
from .deciding import NO_MAJOR_LEFT
from .handing import read_by
from .papers import papers_write
from .school import batches_must_hold_still, seats_exchange

MOST = 500


def decisions_check(
    *, actor: User, entries: Sequence[Entry], admit: bool, reason: str = "", words: str = ""
) -> list[Answer]:
    """Say of each line whether the decision can be taken, and if not why; nothing is written.

    Args:
        actor: of the school.
        entries: at most ``MOST``.
        admit: propose for admission, else for return.
        reason: code of a reason, for a return.
        words: needed where the code asks for them.

    Raises:
        Refusal: if there are none or too many, or the reason is wrong.
    """
    if not entries:
        raise Refusal("名单是空的。")
    if len(entries) > MOST:
        raise Refusal(f"一次最多 {MOST} 名考生，名单有 {len(entries)} 行，请分次办理。")
    if not admit:
        _reason(reason, words)
    rows = placements_at(actor).filter(candidate__number__in={entry.number for entry in entries})
    found = {row.candidate.number: row for row in rows}
    mine = set(
        read_by(actor, Placement.objects.filter(pk__in=[p.pk for p in rows])).values_list("pk", flat=True)
    )
    closed = why_closed({(p.batch_id, p.school_id) for p in rows})
    desk = Desk(list(found.values())) if admit else None
    seen: dict[str, int] = {}
    answers = []
    for entry in entries:
        placement = found.get(entry.number)
        if entry.number in seen:
            why = f"与第 {seen[entry.number]} 行重复。"
        elif placement is None:
            why = "贵校的投档单上没有该考生。"
        elif placement.pk not in mine:
            why = "该档案没有分给您，由组长或其他组员处理。"
        else:
            why = why_not_decided(placement, admit) or closed.get(
                (placement.batch_id, placement.school_id), ""
            )
        seen.setdefault(entry.number, entry.row)
        line = None
        if not why and admit:
            line, why = desk.seat(placement, entry.major)
        elif (
            not why
            and reason in NO_MAJOR_LEFT
            and not majors_named([placement]).get(placement.pk, ([], False))[0]
        ):
            why = "该考生没有填报专业志愿，不能以此为由退档，请与考生确认专业。"
        answers.append(Answer(entry, why, placement, line))
    return answers


@transaction.atomic
def dossiers_decide(
    *,
    actor: User,
    entries: Sequence[Entry],
    admit: bool,
    seen: str,
    reason: str = "",
    words: str = "",
    paper: Paper | None = None,
) -> list[Answer]:
    """Take the decision on whoever of a list it can be taken on; the others are left, with the reason.

    Args:
        actor, entries, admit, reason, words: as for ``decisions_check``.
        seen: ``answers_digest`` of the answers that the actor was shown.
        paper: one for all returns of the list. Where the reason needs one and there is none they are drafts all
            the same: a list is a way of deciding, and the paper is asked for when the sheet is submitted.

    Returns:
        what became of each line.

    Raises:
        Stale: if anything differs from what was shown; nothing is written then.
        Refusal: as ``decisions_check``; or if there is nobody to decide on.
    """
    numbers = {entry.number for entry in entries}
    rows = list(placements_at(actor).filter(candidate__number__in=numbers))
    batches_must_hold_still({row.batch_id for row in rows})
    dossiers_lock(row.candidate_id for row in rows)
    answers = decisions_check(actor=actor, entries=entries, admit=admit, reason=reason, words=words)
    good = as_shown(answers, seen)
    if admit:
        admissions_propose(actor, good, "按名单拟录取")
        return answers
    code, words = _reason(reason, words)
    moves = [Move(a.placement.candidate_id, reason=code, note=words) for a in good]
    dossiers_move(actor=actor, step="propose_return", moves=moves, subject=f"按名单拟退档 {len(good)} 名")
    Placement.objects.filter(pk__in=[a.placement.pk for a in good]).update(
        plan_line=None, reason=code, reason_words=words, decided_by=actor, decided_at=timezone.now()
    )
    seats_exchange(before=seats_held(good), after=Counter())
    if paper:
        papers_write(actor, [a.placement for a in good], paper)
        deed_record(actor=actor, subject="上传退档材料：按名单", count=len(good), note=paper.said)
    return answers


def _reason(code: str, words: str) -> tuple[str, str]:
    found, words = ReturnReason.objects.filter(pk=code).first(), words.strip()
    if found is None:
        raise Refusal("请选择退档原因。")
    if found.needs_words and not words:
        raise Refusal(f"退档原因“{found.name}”须另作文字说明。")
    return found.pk, words
