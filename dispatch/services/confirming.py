"""Pre-admitted candidates confirm at the school before they are submitted, where their city asks for it.

衡教通〔2021〕127号 九: the school calls the candidate, who confirms with his identity card; majors are agreed then; who
is not admitted by his first choice goes to the second. domain.md §5.3. Which cities ask for it, and by which ways, is
said by the pack of the province (``confirms``).
"""

import logging
from collections import Counter
from collections.abc import Sequence

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.context import deed_context, unwalled
from accounts.models import User
from accounts.refusals import Refusal
from admissions.deadlines import batches_under
from admissions.lifecycle import State
from admissions.models import Dossier, ReturnReason, Window
from admissions.reference import confirms_of
from admissions.services.dossiers import Move, dossiers_mark, dossiers_move
from admissions.services.papers import Paper
from admissions.services.windows import said
from quotas.services import seats_give_back

from ..models import Confirmation, Placement, Sheet
from ..queries.confirming import Method, is_confirmed, unconfirmed_of, ways_of
from .handing import LEADER, placements_locked, why_not_read
from .school import batches_must_hold_still, control_of, school_must_be_open, sheet_locked

log = logging.getLogger(__name__)
NOT_CONFIRMED = "Z02"  # 未按时确认
FUNCTION = "admissions.set_windows"


@transaction.atomic
def confirmation_record(
    *,
    actor: User,
    sheet: Sheet,
    candidate: int,
    method: str,
    id_number: str = "",
    paper: Paper | None = None,
) -> Confirmation:
    """Record that a candidate proposed for admission has confirmed at the school.

    Args:
        actor: of the school; reads the dossier.
        sheet: released to his school.
        candidate: primary key.
        method: a value of ``Confirmation.Method`` that the city allows.
        id_number: as the card reader gave it; for a card.
        paper: image of the signature, or of the candidate at the desk; for these.

    Raises:
        Refusal: if the city does not ask for it or not in this way, he is not proposed for admission with a major, the
            number is not his, the image is missing, or the school may not decide now.
    """
    sheet = sheet_locked(actor=actor, sheet=sheet)
    school_must_be_open(control_of(batch=sheet.batch_id, school=sheet.school_id))
    ways = dict(ways_of(sheet.batch.city))
    if not ways:
        raise Refusal("该生源地市不要求考生到校确认。")
    if method not in ways:
        raise Refusal(f"确认方式须为{'、'.join(ways.values())}。")
    rows = placements_locked(sheet, {State.PROPOSE_ADMIT}, candidates=[candidate])
    if not rows or rows[0].plan_line_id is None:
        raise Refusal("只有已拟录取、已定专业的考生可以确认。", hint="请先选择专业并拟录取。")
    placement = rows[0]
    if why := why_not_read(actor, placement):
        raise Refusal(why)
    if method == Method.CARD:
        if not id_number.strip():
            raise Refusal("请将考生身份证放在读卡器上，或输入完整的证件号码。")
        if id_number.strip().upper() != placement.candidate.id_number:
            raise Refusal("证件号码与该考生的档案不符，没有确认。", hint="请核对是否为考生本人。")
    elif paper is None or paper.kind == "pdf":
        raise Refusal(f"请上传{ways[method]}的图片（JPG 或 PNG）。")
    kept = {} if method == Method.CARD else paper.columns(actor)
    kept.pop("uploaded_by", None)
    line = placement.plan_line
    found, _ = Confirmation.objects.update_or_create(
        pk=placement.pk,
        defaults={
            "candidate_id": candidate,
            "school_id": placement.school_id,
            "plan_line": line,
            "province": placement.province,
            "city": placement.city,
            "county": placement.county,
            "method": method,
            "confirmed_at": timezone.now(),
            "recorded_by": actor,
        }
        | (kept or {"name": "", "path": "", "kind": "", "size": 0, "digest": ""}),
    )
    dossiers_mark(
        actor=actor,
        step="confirm_admission",
        dossiers=Dossier.objects.filter(pk=candidate),
        subject=f"{placement.candidate} 到校确认",
        note=f"{ways[method]}，专业：{line.major_name}" + (f"，{paper.said}" if kept else ""),
    )
    return found


def confirmations_require(sheet: Sheet, admitted: Sequence[Placement]) -> None:
    """Refuse to submit admissions that the candidates have not confirmed.

    Args:
        sheet: with its batch.
        admitted: placements under lock.

    Raises:
        Refusal: if one is not confirmed.
    """
    missing = unconfirmed_of(sheet).filter(pk__in=[row.pk for row in admitted])
    if count := missing.count():
        first = missing.select_related("candidate").order_by("rank", "pk")[:5]
        named = "、".join(f"{row.candidate.number} {row.candidate.name}" for row in first)
        raise Refusal(
            f"还有 {count} 名拟录取考生没有到校确认：{named}{'等' if count > 5 else ''}。",
            hint="未能确认的，请以“未按时确认”拟退档，考生转入下一志愿。",
        )


@transaction.atomic
def unconfirmed_return(*, actor: User, sheet: Sheet) -> int:
    """Propose the return of everybody who was proposed for admission and has not confirmed; their seats are free.

    Args:
        actor: the school's leader.
        sheet: released to his school.

    Returns:
        how many.

    Raises:
        Refusal: if the actor does not lead, the school may not decide now, or there is nobody.
    """
    if not actor.may(LEADER):
        raise Refusal("未确认考生的批量拟退档由组长办理。")
    sheet = sheet_locked(actor=actor, sheet=sheet)
    school_must_be_open(control_of(batch=sheet.batch_id, school=sheet.school_id))
    held = {row.pk: row for row in placements_locked(sheet, {State.PROPOSE_ADMIT})}
    rows = [held[key] for key in unconfirmed_of(sheet).values_list("pk", flat=True) if key in held]
    if not rows:
        raise Refusal("没有未确认的拟录取考生。")
    reason = ReturnReason.objects.get(pk=NOT_CONFIRMED)
    dossiers_move(
        actor=actor,
        step="propose_return",
        moves=[Move(row.candidate_id, reason=reason.pk) for row in rows],
        subject=f"投档单 {sheet.number} 未确认的 {len(rows)} 名拟退档",
    )
    Placement.objects.filter(pk__in=[row.pk for row in rows]).update(
        plan_line=None, reason=reason, reason_words="", decided_by=actor, decided_at=timezone.now()
    )
    seats_give_back(freed=Counter(row.plan_line_id for row in rows if row.plan_line_id))
    return len(rows)


def unconfirmed_keep() -> int:
    """Let whoever has not confirmed by the deadline go to his next choice; the clock decides, the caller only wakes.

    Of each city that asks for confirmations: who is proposed for admission, unconfirmed and not held when the window of
    the batch (``预录提交``) has closed. Batches under a dispatch wait. Asked twice it finds nobody.

    Returns:
        the number of dossiers back in the pool.
    """
    closed = Window.objects.filter(
        kind=Window.Kind.CONFIRMING, season__current=True, closes_at__lte=timezone.now()
    )
    back = 0
    for window in closed.order_by("pk"):
        for batch in batches_under(window).order_by("pk"):
            if confirms_of(batch.city):
                with deed_context(function=FUNCTION):
                    back += _batch_back(window.pk, batch.pk)
    return back


@transaction.atomic
def _batch_back(window: int, batch: int) -> int:
    if batches_must_hold_still([batch]):
        return 0
    window = Window.objects.select_for_update(of=("self",), no_key=True).get(pk=window)
    if not window.has_closed:  # put off since
        return 0
    waiting = Placement.objects.open().filter(
        batch=batch,
        sheet__released_at__gte=window.opens_at,
        sheet__released_at__lt=window.closes_at,
        candidate__dossier__placement_id=F("pk"),
        candidate__dossier__state=State.PROPOSE_ADMIT,
        candidate__dossier__held=False,
    )
    with unwalled():
        keys = list(waiting.exclude(is_confirmed()).values_list("candidate", flat=True))
        locked = Dossier.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
        list(locked.values_list("pk"))
        rows = list(waiting.exclude(is_confirmed()).filter(candidate__in=keys).order_by("candidate"))
        if not rows:
            return 0
        words = f"{said(window.closes_at)} 截止，未到校确认"
        dossiers_move(
            actor=None,
            step="unconfirmed",
            moves=[Move(row.candidate_id, reason=NOT_CONFIRMED, note=words) for row in rows],
            subject=f"逾期未到校确认 {len(rows)} 名，转入下一志愿",
            note=words,
        )
        Placement.objects.filter(pk__in=[row.pk for row in rows]).update(
            closed_at=timezone.now(), reason_id=NOT_CONFIRMED, reason_words=words
        )
        seats_give_back(freed=Counter(row.plan_line_id for row in rows if row.plan_line_id))
    log.info("%s dossiers are unconfirmed in batch %s", len(rows), batch)
    return len(rows)
