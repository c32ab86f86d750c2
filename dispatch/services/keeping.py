"""档案管理: an office takes dossiers back from schools, holds them and lets them go.

Source: 粤招办〔2021〕28号 附件1 档案管理; domain.md §4.7. A school that decides or submits afterwards finds the
dossier gone and is told so (`deciding.Stale`); nothing of its late deed is written.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.context import deed_record
from accounts.models import User
from accounts.refusals import Refusal
from admissions.lifecycle import AT_SCHOOL, BY_STEP, OVERLAYS, TAKES_SEAT, State
from admissions.models import Candidate, Dossier
from admissions.services.dossiers import Move, dossiers_hold, dossiers_move, not_held_so
from quotas.models import PlanLine
from quotas.services import seats_give_back

from ..models import Placement, ReviewTake, RunSchool, Sheet

#: How many candidates one deed takes: a city's overdue dossiers at once, in some seconds.
FEW = 2_000
NAMED = 5
SUBJECTS = {"cancel_dispatch": "取消投档", "recall_dossier": "强制回收档案"}


@transaction.atomic
def cancel_sheet(*, actor: User, sheet: Sheet, reason: str) -> int:
    """Cancel a whole sheet: all its dossiers go back to the pool (指定投档单取消投档).

    Args:
        actor: an officer of the source city.
        sheet: visible to him; executed or released.
        reason: in words.

    Returns:
        number of dossiers back in the pool.

    Raises:
        Refusal: if it was cancelled before, the school has submitted it or an office decided on one of its
            dossiers, or one is held.
    """
    _allowed(actor, "dispatch.cancel_sheet", sheet.batch.city)
    reason = _words(reason)
    sheet = (
        Sheet.objects.select_for_update(of=("self",), no_key=True)
        .select_related("batch", "school")
        .get(pk=sheet.pk)
    )
    rows = _locked(_on(sheet))
    _require_may_end(sheet, rows)
    moved = _back(actor, "cancel_sheet", rows, reason, f"取消投档单 {sheet.number}")
    _excess_back(sheet)
    Sheet.objects.filter(pk=sheet.pk).update(cancelled_at=timezone.now())
    if not rows:
        deed_record(actor=actor, subject=f"取消投档单 {sheet.number}", count=0, note=reason)
    return moved


def sheet_check(*, actor: User, sheet: Sheet) -> None:
    """Refuse beforehand what ``cancel_sheet`` would refuse now; nothing is locked or written."""
    _allowed(actor, "dispatch.cancel_sheet", sheet.batch.city)
    _require_may_end(sheet, _standing(_on(sheet)))


def _on(sheet: Sheet):
    return Placement.objects.open().filter(sheet=sheet)


def _require_may_end(sheet: Sheet, rows: list[Placement]) -> None:
    if sheet.cancelled_at:
        raise Refusal(f"投档单 {sheet.number} 已经撤销。")
    if sheet.submitted_at:
        raise Refusal(
            f"投档单 {sheet.number} 院校已经提交，不能整单取消。", hint="可按考生使用“指定考生强制回收档案”。"
        )
    beyond = [row for row in rows if row.state not in AT_SCHOOL]
    if beyond:
        raise Refusal(f"投档单 {sheet.number} 有 {len(beyond)} 名考生已经送审或录取，不能整单取消。")
    _none_held(rows)


@transaction.atomic
def cancel_dispatch(*, actor: User, candidates: Sequence[int], reason: str) -> int:
    """Cancel the dispatch of some candidates that their schools have not submitted (指定考生取消投档).

    Args:
        actor: an officer of the source city.
        candidates: primary keys; at most ``FEW``.
        reason: in words.

    Returns:
        number of dossiers back in the pool.

    Raises:
        Refusal: if one is not his to see, not at a school, submitted already, or held; nothing is done then.
    """
    return _take_back(actor, "cancel_dispatch", candidates, reason)


@transaction.atomic
def recall_dossier(*, actor: User, candidates: Sequence[int], reason: str) -> int:
    """Take dossiers back from schools whatever these have decided (指定考生强制回收档案).

    An audit that another officer has taken up is taken from him too. The school is told on its workbench and
    on the sheet; what it submits late is refused.

    Args:
        actor: an officer of the source city.
        candidates: primary keys; at most ``FEW``.
        reason: in words; the school reads it.

    Returns:
        number of dossiers back in the pool.

    Raises:
        Refusal: if one is not his to see, not at a school, admitted already, or held; nothing is done then.
    """
    return _take_back(actor, "recall_dossier", candidates, reason)


@transaction.atomic
def hold_dossier(*, actor: User, candidates: Sequence[int], reason: str) -> int:
    """Hold dossiers: no step is taken on them until they are released (挂起考生档案).

    Args:
        actor: an officer of the source city.
        candidates: primary keys; at most ``FEW``.
        reason: in words; shown to whoever may hold or release.

    Returns:
        number of dossiers held.

    Raises:
        Refusal: if one is not his to see, or held already; nothing is done then.
    """
    found = _few(actor, "dispatch.hold_dossier", candidates)
    return dossiers_hold(actor=actor, candidates=found, held=True, reason=_words(reason))


@transaction.atomic
def release_dossier(*, actor: User, candidates: Sequence[int], reason: str) -> int:
    """Let held dossiers go on (释放考生档案).

    Arguments and errors: as ``hold_dossier``.
    """
    found = _few(actor, "dispatch.release_dossier", candidates)
    return dossiers_hold(actor=actor, candidates=found, held=False, reason=_words(reason))


def candidates_check(*, actor: User, step: str, candidates: Sequence[int]) -> None:
    """Refuse beforehand what a deed on candidates would refuse now; nothing is locked or written.

    Args:
        actor: an officer of the source city.
        step: name of the deed, as of the services above.
        candidates: primary keys.

    Raises:
        Refusal: as the deed.
    """
    found = _few(actor, f"dispatch.{step}", candidates)
    if step in OVERLAYS:
        dossiers = Dossier.objects.filter(pk__in=found).select_related("candidate").order_by("pk")
        return not_held_so(dossiers, held=step == "hold_dossier")
    rows = Placement.objects.open().filter(candidate__in=found)
    return _require_may_go_back(step, found, _standing(rows))


def candidates_numbered(*, actor: User, numbers: Iterable[str]) -> list[Candidate]:
    """Candidates of the current season with these numbers, in the order given.

    Args:
        actor: who asks.
        numbers: whole candidate numbers, spaces around them ignored, repeated ones once.

    Raises:
        Refusal: naming all the numbers that are none, or not his to see; or if there are more than ``FEW``.
    """
    wanted = list(dict.fromkeys(number.strip() for number in numbers if number.strip()))
    if not wanted:
        raise Refusal("请输入考生号。")
    if len(wanted) > FEW:
        raise Refusal(f"一次最多 {FEW} 名考生，本次 {len(wanted)} 名。")
    seen = Candidate.objects.visible_to(actor).filter(season__current=True, number__in=wanted)
    found = {c.number: c for c in seen.select_related("dossier__school")}
    missing = [number for number in wanted if number not in found]
    if missing:
        raise Refusal(
            f"没有找到考生：{'、'.join(missing[:10])}{'等' if len(missing) > 10 else ''}，未作任何改动。"
        )
    return [found[number] for number in wanted]


def _take_back(actor: User, step: str, candidates: Sequence[int], reason: str) -> int:
    found = _few(actor, f"dispatch.{step}", candidates)
    reason = _words(reason)
    held_by = Dossier.objects.filter(pk__in=found).values("placement_id")
    sheets = Placement.objects.filter(pk__in=held_by, sheet__isnull=False).values_list("sheet", flat=True)
    list(
        Sheet.objects.filter(pk__in=list(sheets)).order_by("pk").select_for_update(of=("self",), no_key=True)
    )
    rows = _locked(Placement.objects.open().filter(candidate__in=found))
    _require_may_go_back(step, found, rows)
    return _back(actor, step, rows, reason, SUBJECTS[step])


def _require_may_go_back(step: str, found: list[int], rows: list[Placement]) -> None:
    """All of those who cannot be taken back are counted, the first of them named with where they are."""
    there = {row.candidate_id for row in rows if row.state in BY_STEP[step].sources}
    wrong = [key for key in found if key not in there]
    if wrong:
        dossiers = Dossier.objects.select_related("candidate").filter(pk__in=wrong[:NAMED])
        ones = sorted(dossiers, key=lambda one: wrong.index(one.pk))
        named = "、".join(
            f"{one.candidate.number} {one.candidate.name}（{State(one.state).word}）" for one in ones
        )
        many = f"等 {len(wrong)} 名" if len(wrong) > len(ones) else ""
        ways = dict.fromkeys(_way_out(State(one.state), step) for one in ones)
        raise Refusal(f"考生 {named}{many}不能{SUBJECTS[step]}，未作任何改动。", hint="".join(ways))
    _none_held(rows)


def _way_out(state: State, step: str) -> str:
    if state in (State.ADMITTED, State.REGISTERED):
        return "已录取的考生须由院校申请录后退。"
    if step == "cancel_dispatch" and state in BY_STEP["recall_dossier"].sources:
        return "院校已提交送审，可使用“指定考生强制回收档案”。"
    return ""


def _back(actor: User, step: str, rows: list[Placement], reason: str, subject: str) -> int:
    """Move dossiers on some open placements back to the pool, end the placements and free their seats.

    A return that the school had proposed is void with the rest: left in the placement, its reason would bar the
    candidate from the school for the batch, and the school would not be told that he was taken back.
    """
    moves = [Move(row.candidate_id, note=reason) for row in rows]
    moved = dossiers_move(actor=actor, step=step, moves=moves, subject=subject, note=reason)
    keys = [row.pk for row in rows]
    Placement.objects.filter(pk__in=keys).update(closed_at=timezone.now(), reason=None, reason_words=reason)
    ReviewTake.objects.filter(pk__in=keys).delete()
    taken = Counter(row.plan_line_id for row in rows if row.plan_line_id and row.state in TAKES_SEAT)
    seats_give_back(freed=taken)
    return moved


def _excess_back(sheet: Sheet) -> None:
    """Take back what the run of a cancelled sheet put above the plan for equals at the last seat."""
    run = sheet.run
    row = RunSchool.objects.filter(run=run, school=sheet.school_id, sent__gt=F("plan")).first()
    if row is None or run.parameters["ratio_percent"] > 100:
        return
    left = row.sent - row.plan
    lines = PlanLine.objects.select_for_update(no_key=True).filter(
        batch=sheet.batch_id, school=sheet.school_id
    )
    for line in lines.filter(seats_over__gt=0).order_by("pk"):
        fewer = min(left, line.seats_over, line.seats_left)
        PlanLine.objects.filter(pk=line.pk).update(seats_over=F("seats_over") - fewer)
        left -= fewer


def _locked(placements) -> list[Placement]:
    """As ``_standing``, the dossiers locked in key order."""
    return _standing(placements, Dossier.objects.select_for_update(no_key=True))


def _standing(placements, dossiers=None) -> list[Placement]:
    """Open placements that dossiers are on; each with ``state``, ``held``.

    A school writes major and seat under the lock of the dossier: placements are read after it is held.
    """
    keys = list(placements.values_list("candidate", flat=True))
    dossiers = Dossier.objects.all() if dossiers is None else dossiers
    locked = {dossier.pk: dossier for dossier in dossiers.filter(pk__in=keys).order_by("pk")}
    found = []
    for row in placements.filter(candidate__in=list(locked)).order_by("candidate"):
        dossier = locked[row.candidate_id]
        if dossier.placement_id == row.pk:
            row.state, row.held = State(dossier.state), dossier.held
            found.append(row)
    return found


def _none_held(rows: list[Placement]) -> None:
    held = [row for row in rows if row.held]
    if held:
        rows = Candidate.objects.filter(pk__in=[row.candidate_id for row in held]).order_by("pk")
        named = "、".join(rows.values_list("number", flat=True)[:NAMED])
        raise Refusal(
            f"有 {len(held)} 份档案已挂起（{named}{'等' if len(held) > NAMED else ''}），未作任何改动。",
            hint="须先用“释放考生档案”释放。",
        )


def _few(actor: User, function: str, candidates: Sequence[int]) -> list[int]:
    """Keys of candidates whose city or county the actor's office holds, each once."""
    keys = list(dict.fromkeys(candidates))
    if not keys:
        raise Refusal("没有选择考生。")
    if len(keys) > FEW:
        raise Refusal(f"一次最多 {FEW} 名考生，本次 {len(keys)} 名。")
    if not actor.may(function):
        raise Refusal("您没有该项档案管理功能的权限。")
    counties = Candidate.objects.visible_to(actor).filter(pk__in=keys).values_list("county", flat=True)
    if len(counties) != len(keys) or not all(actor.scope.holds_region(county) for county in counties):
        raise Refusal("有考生不在您的管辖范围内，未作任何改动。")
    return keys


def _allowed(actor: User, function: str, region: str) -> None:
    if not actor.may(function):
        raise Refusal("您没有该项档案管理功能的权限。")
    if not actor.scope.holds_region(region):
        raise Refusal("该投档单不属于您的管辖范围。")


def _words(reason: str) -> str:
    if not reason.strip():
        raise Refusal("请写明原因。")
    return reason.strip()
