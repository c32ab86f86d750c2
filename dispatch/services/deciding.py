"""A school reads a sheet and decides on each dossier (组长录退、指定录退档案).

Decisions are drafts, saved at once, until the leader submits the sheet (``submitting``). A dossier's
row is the lock of its open placement: whoever holds it may write both, the version in it tells two
people at one dossier apart.
"""

from collections import Counter

from django.db import transaction
from django.utils import timezone

from accounts.context import deed_record
from accounts.models import User
from accounts.refusals import Refusal
from admissions.lifecycle import BY_STEP, OVERLAYS, TAKES_SEAT, State
from admissions.models import Choice, Dossier, DossierEvent, ReturnReason
from admissions.services.dossiers import Move, dossiers_move
from quotas.models import PlanLine

from ..models import Placement, Sheet
from .handing import placements_of, why_not_read
from .school import (
    batch_must_not_be_paused,
    control_of,
    school_must_be_open,
    seats_exchange,
    sheet_locked,
    sheet_must_be_read_by,
)

NO_MAJOR_LEFT = frozenset({"02"})  # 所报专业已满不服从调剂


class Stale(Refusal):
    """Somebody else has changed the dossier since it was shown."""


@transaction.atomic
def sheet_open(*, actor: User, sheet: Sheet) -> int:
    """Open a sheet for reading: note when, and move its dossiers from 已投档 to 院校在阅.

    Opened again it does nothing but fetch what was held the first time.

    Args:
        actor: of the school.
        sheet: a released sheet of his school.

    Returns:
        the number of dossiers moved.

    Raises:
        Refusal: if the sheet is not his school's or has been cancelled.
    """
    sheet = sheet_locked(actor=actor, sheet=sheet)
    Sheet.objects.filter(pk=sheet.pk, opened_at__isnull=True).update(opened_at=timezone.now())
    sent = placements_of(sheet).filter(candidate__dossier__state=State.SENT, candidate__dossier__held=False)
    moves = [Move(candidate) for candidate in sent.values_list("candidate", flat=True)]
    moved = dossiers_move(actor=actor, step="read", moves=moves, subject=f"打开投档单 {sheet.number}")
    if not moved and not sheet.opened_at:
        deed_record(actor=actor, subject=f"打开投档单 {sheet.number}", count=0)
    return moved


@transaction.atomic
def dossier_propose_admit(
    *, actor: User, sheet: Sheet, candidate: int, version: int, plan_line: int | None = None
) -> PlanLine:
    """Propose a dossier for admission to a major, and take the seat.

    Args:
        actor: of the school.
        sheet: the sheet it is on.
        candidate: primary key.
        version: of the dossier as it was shown.
        plan_line: primary key; None for the first of the candidate's major choices with a seat left.

    Returns:
        the plan line.

    Raises:
        Stale: if the dossier was changed meanwhile.
        SeatsExhausted: if the major is full.
        Refusal: if the dossier or the school is not in a state to decide, or the major is not in the
            plan of this batch.
    """
    dossier, placement = _dossier_locked(actor, sheet, candidate, version, "propose_admit")
    line = _line_of(placement, plan_line)
    dossiers_move(
        actor=actor,
        step="propose_admit",
        moves=[Move(candidate, note=f"专业：{line.major_name}")],
        subject=f"投档单 {sheet.number}",
    )
    _placement_write(placement, actor, plan_line=line.pk, reason=None, reason_words="")
    seats_exchange(before=_seat_held(dossier, placement), after=Counter([line.pk]))
    return line


@transaction.atomic
def dossier_propose_return(
    *, actor: User, sheet: Sheet, candidate: int, version: int, reason: str, words: str = ""
) -> None:
    """Propose a dossier for return, with a code that says why; its seat, if it had one, is given back.

    A candidate who named no majors cannot be returned for that (粤招办〔2021〕28号 四（二）1).

    Args:
        actor, sheet, candidate, version: as for ``dossier_propose_admit``.
        reason: code of a reason.
        words: needed where the code asks for them.

    Raises:
        Stale: if the dossier was changed meanwhile.
        Refusal: if the reason is unknown, lacks its words or is not allowed here.
    """
    dossier, placement = _dossier_locked(actor, sheet, candidate, version, "propose_return")
    found = ReturnReason.objects.filter(pk=reason).first()
    words = words.strip()
    if found is None:
        raise Refusal("请选择退档原因。")
    if found.needs_words and not words:
        raise Refusal(f"退档原因“{found.name}”须另作文字说明。")
    if found.pk in NO_MAJOR_LEFT and not majors_chosen(placement):
        raise Refusal(
            "该考生没有填报专业志愿，不能以此为由退档。",
            hint="请与考生逐一确认专业后录取（粤招办〔2021〕28号 四（二）1）。",
        )
    dossiers_move(
        actor=actor,
        step="propose_return",
        moves=[Move(candidate, reason=found.pk, note=words)],
        subject=f"投档单 {sheet.number}",
    )
    _placement_write(placement, actor, plan_line=None, reason=found.pk, reason_words=words)
    seats_exchange(before=_seat_held(dossier, placement), after=Counter())


@transaction.atomic
def dossier_undecide(*, actor: User, sheet: Sheet, candidate: int, version: int) -> None:
    """Lay a decided dossier back among the undecided; its seat, if it had one, is given back.

    Args:
        actor, sheet, candidate, version: as for ``dossier_propose_admit``.

    Raises:
        Stale: if the dossier was changed meanwhile.
        Refusal: if it was not decided or has been submitted.
    """
    dossier, placement = _dossier_locked(actor, sheet, candidate, version, "undecide")
    moves = [Move(candidate)]
    dossiers_move(actor=actor, step="undecide", moves=moves, subject=f"投档单 {sheet.number}")
    _placement_write(placement, actor, plan_line=None, reason=None, reason_words="")
    seats_exchange(before=_seat_held(dossier, placement), after=Counter())


def majors_chosen(placement: Placement) -> tuple[list[str], bool]:
    """Majors the candidate named for this school and whether he takes another; empty if he named none.

    Returns:
        codes of majors in his order and 服从调剂; ``()`` without major choices.
    """
    choices = Choice.objects.filter(
        candidate=placement.candidate_id, batch=placement.batch_id, school=placement.school_id
    )
    if placement.choice_position:
        choices = choices.filter(position=placement.choice_position)
    found = choices.order_by("position").values_list("majors", "accepts_adjustment").first()
    return found if found and found[0] else ()


def _line_of(placement: Placement, key: int | None) -> PlanLine:
    lines = PlanLine.objects.filter(
        school=placement.school_id, batch=placement.batch_id, city=placement.city
    ).order_by("pk")
    if key is not None:
        line = lines.filter(pk=key).first()
        if line is None:
            raise Refusal("该专业不在贵校本批次对该生源地市的招生计划内。")
        return line
    chosen = majors_chosen(placement)
    if not chosen:
        raise Refusal("该考生没有填报专业志愿，请先与考生确认并选择录取专业。")
    by_major: dict[str, list[PlanLine]] = {}
    for line in lines:
        by_major.setdefault(line.major_code, []).append(line)
    for code in chosen[0]:
        for line in by_major.get(code, ()):
            if line.seats_left > 0 or line.pk == placement.plan_line_id:
                return line
    raise Refusal("该考生所报专业均已录满，请选择其他专业（服从调剂）或拟退档。")


def _dossier_locked(
    actor: User, sheet: Sheet, candidate: int, version: int, step: str
) -> tuple[Dossier, Placement]:
    """The dossier, locked and checked to be what was shown, and the placement of this sheet it is on."""
    sheet_must_be_read_by(actor, sheet)
    batch_must_not_be_paused(sheet.batch_id)
    school_must_be_open(control_of(batch=sheet.batch_id, school=sheet.school_id))
    dossier = (
        Dossier.objects.select_for_update(no_key=True)
        .filter(pk=candidate, school__in=actor.scope.schools)
        .first()
    )
    placement = dossier and placements_of(sheet).filter(pk=dossier.placement_id).first()
    if not placement:
        raise Stale("该档案已不在本投档单上，可能已被招办取消投档或收回。", hint="请刷新页面。")
    if why := why_not_read(actor, placement):
        raise Stale(why, hint="请刷新页面。")
    if dossier.version != version:
        raise Stale(stale_words(dossier, version))
    if dossier.state not in BY_STEP[step].sources:
        raise Refusal(f"档案当前为“{dossier.word}”，不能“{BY_STEP[step].word}”。")
    return dossier, placement


def stale_words(dossier: Dossier, version: int) -> str:
    """Both versions in words: what the actor looked at, and who made it what it is now."""
    events = list(
        DossierEvent.objects.filter(candidate=dossier.pk).select_related("deed__actor").order_by("-pk")[:40]
    )
    seen_index = max(dossier.version - version, 0)
    seen = State(events[seen_index].target).word if seen_index < len(events) else "较早的状态"
    last = events[0] if events else None
    who = last.deed.actor.name if last and last.deed.actor else "系统"
    when = f"{timezone.localtime(last.at):%H:%M:%S} " if last else ""
    note = (
        last.note if last and last.step not in OVERLAYS else ""
    )  # why he is held is not the school's to know
    what = f"“{last.word}”{'（' + note + '）' if note else ''}" if last else "改动"
    return (
        f"您打开时该档案为“{seen}”（第 {version} 版），{who}已于 {when}作了{what}，"
        f"现为“{dossier.word}”（第 {dossier.version} 版）。您的这次操作没有保存，请核对后再决定。"
    )


def _seat_held(dossier: Dossier, placement: Placement) -> Counter:
    return Counter([placement.plan_line_id] if dossier.state in TAKES_SEAT else [])


def _placement_write(
    placement: Placement, actor: User, *, plan_line: int | None, reason: str | None, reason_words: str
) -> None:
    Placement.objects.filter(pk=placement.pk).update(
        plan_line=plan_line,
        reason=reason,
        reason_words=reason_words,
        decided_by=actor,
        decided_at=timezone.now(),
    )
