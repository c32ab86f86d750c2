"""转校: a student moves from one school to another in one transaction, and is never without a place.

粤招办〔2021〕28号 四（二）3: on the application signed by the candidate and a parent the old school cooperates, the
new school asks, the office of the source city audits.
"""

from collections.abc import Iterable, Mapping

from django.db import transaction
from django.utils import timezone

from accounts.context import deed_record, unwalled
from accounts.models import User
from accounts.refusals import Refusal
from admissions.deadlines import Calendar, Place, calendar_of
from admissions.lifecycle import FINAL, State
from admissions.models import Candidate, Dossier, DossierEvent, Window
from admissions.reference import limit_of
from admissions.services.dossiers import Move, dossiers_move
from admissions.services.windows import said, season_of, window_words
from dispatch.models import Placement
from dispatch.services.pool import school_of
from dispatch.services.school import batch_must_not_be_paused, batches_must_hold_still
from quotas.models import PlanLine
from quotas.services import seats_give_back, seats_take

from ..guards import not_withdrawn
from ..models import Enrolment
from ..queries.transfers import STEP, stage_now
from .withdrawals import dossiers_locked

LIMIT = "transfers_per_candidate"


def limit_in(province: str) -> int:
    """How often a candidate may be transferred, by the province's rule."""
    return limit_of(province, LIMIT, 1)


def registration_over(calendar: Calendar, stage: int, line: PlanLine | None) -> str:
    """Why nobody who is admitted now could be registered any more; empty if he could.

    Who is admitted after the end of registration would be reset by the clock, and be without a place.

    Args:
        calendar: of registration.
        stage: to which an admission made now belongs.
        line: to which he is admitted, None if it is gone.
    """
    place = Place(stage, line.city, line.batch_id, line.kind) if line else Place(stage)
    window = calendar.over(place)
    if window is None or not window.has_closed:
        return ""
    return f"{window_words(window)}已于 {said(window.closes_at)} 截止，转入后无法注册"


def student_find(*, actor: User, number: str, proof: str) -> Placement:
    """Look up a student of another school by his number and his ID number or name; the look-up is recorded.

    Args:
        actor: of the school that wants to take him.
        number: his number, whole.
        proof: his ID number or his name, whole.

    Returns:
        the placement on which he is admitted or registered, with candidate, school and plan line.

    Raises:
        Refusal: if there is none with both, he is in the pool, held, or at this very school.
    """
    school, season = school_of(actor), season_of(actor)
    deed_record(actor=actor, subject=f"查找转学考生 {number}")
    with unwalled():
        rows = Candidate.objects.select_related("dossier").filter(season=season, number=number.strip())
        candidate = rows.first()
        if candidate is None or proof.strip().upper() not in (candidate.id_number, candidate.name.upper()):
            raise Refusal("没有找到考生号与证件号码（或姓名）一致的考生。", hint="请与考生核对后重新输入。")
        dossier = candidate.dossier
        if dossier.school_id == school.pk:
            raise Refusal(f"该考生已在贵校，当前为“{dossier.word}”。")
        if dossier.state == State.POOL:
            raise Refusal("该考生未被录取，不需要转学。", hint="请用“录取在库考生”办理。")
        released = Placement.objects.released().select_related("school", "plan_line", "candidate", "batch")
        placement = released.filter(pk=dossier.placement_id).first()
        if dossier.state not in FINAL or placement is None:
            raise Refusal("该考生不在“录取”或“已注册”状态，不能申请转学。")
        if dossier.held:
            raise Refusal("该考生档案已挂起，释放后才能申请转学。")
    return placement


@transaction.atomic
def candidate_transfer(
    *, actor: User, candidate: int, placement: int, plan_line: int, words: str
) -> tuple[Placement, Placement]:
    """Move a student to another school: old seat back, new seat taken, old placement and enrolment closed.

    Either all of it happens, or he stays where he is. At the new school he is admitted and registers anew. Whether
    he has registered at the old school meanwhile makes no difference: he consented to leave it.

    Args:
        actor: of the office of the source region, who approves; sees the candidate.
        candidate: primary key.
        placement: the admission that he leaves.
        plan_line: primary key of the line he moves to.
        words: why, for the track of the candidate.

    Returns:
        the old placement and the new one.

    Raises:
        SeatsExhausted: if the new line is full.
        Refusal: if he is not admitted or registered on that placement any more, is held, stands in a
            printed or filed roster, was transferred as often as the rule allows, could not be registered
            any more, or the line is not for his city.
    """
    if not Dossier.objects.visible_to(actor).filter(pk=candidate).exists():
        raise Refusal("该考生不在您的管辖范围内。")
    with unwalled():
        line = PlanLine.objects.select_related("school").get(pk=plan_line)
        batch_must_not_be_paused(line.batch_id)
        dossiers_locked([candidate])
        dossier = Dossier.objects.select_related("candidate", "season").get(pk=candidate)
        _require_can_move(dossier, placement, line)
        old = Placement.objects.select_related("school", "plan_line").get(pk=placement)
        lines_locked([old.plan_line_id, line.pk])
        now = timezone.now()
        Enrolment.objects.filter(pk=candidate).delete()
        Placement.objects.filter(pk=old.pk).update(closed_at=now, reason_words=f"转校：{words}")
        new = Placement.objects.create(
            candidate=dossier.candidate,
            season=dossier.season,
            batch_id=line.batch_id,
            province=dossier.province,
            city=dossier.city,
            county=dossier.county,
            school=line.school,
            supervisor=line.school.supervisor,
            method=Placement.Method.TRANSFER,
            plan_line=line,
            decided_by=actor,
            decided_at=now,
        )
        dossiers_move(
            actor=actor,
            step=STEP,
            moves=[Move(candidate, placement=new.pk, school=line.school_id)],
            subject=f"{dossier.candidate} 转校",
            note=f"{old.school.name} → {line.school.name}（{line.major_name}）：{words}",
        )
        if old.plan_line_id:
            seats_give_back(freed={old.plan_line_id: 1})
        seats_take(wanted={line.pk: 1})
    return old, new


def lines_locked(keys: Iterable[int | None]) -> None:
    """Lock plan lines in the order of their keys; None is none."""
    wanted = sorted({key for key in keys if key})
    rows = PlanLine.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=wanted)
    list(rows.order_by("pk").values_list("pk"))


def _require_can_move(dossier: Dossier, placement: int, line: PlanLine) -> None:
    candidate = dossier.candidate
    if dossier.state not in FINAL or dossier.placement_id != placement:
        raise Refusal(f"该考生当前为“{dossier.word}”，已不在申请所指的录取上，不能转校。")
    if fixed := not_withdrawn([candidate.pk]).get(candidate.pk):
        raise Refusal(f"{fixed}，不能转校。", hint="学生信息有误的，请按更正办理。")
    before = DossierEvent.objects.filter(candidate=candidate, step=STEP).count()
    limit = limit_in(dossier.province)
    if before >= limit:
        raise Refusal(f"该考生已转校 {before} 次，本省每名考生限 {limit} 次。")
    if (line.season_id, line.city) != (
        dossier.season_id,
        dossier.city,
    ) or line.school_id == dossier.school_id:
        raise Refusal("转入计划须为转入学校面向该考生生源地市的计划。")
    calendar = calendar_of(dossier.season_id, Window.Kind.REGISTRATION)
    if why := registration_over(calendar, stage_now(dossier.season), line):
        raise Refusal(f"{why}，不能转校。")


def transfers_lock(moves: Mapping[int, int]) -> None:
    """Lock what several transfers will change: dossiers, then plan lines, each in the order of their keys.

    Batches of the new lines hold still first, as for every deed that takes seats.

    Args:
        moves: the line each candidate moves to, by keys.
    """
    with unwalled():
        batches_must_hold_still(
            PlanLine.objects.filter(pk__in=moves.values()).values_list("batch", flat=True)
        )
        dossiers_locked(moves)
        dossiers = Dossier.objects.filter(pk__in=moves).values_list("placement_id", flat=True)
        old = Placement.objects.filter(pk__in=[key for key in dossiers if key])
        lines_locked([*old.values_list("plan_line", flat=True), *moves.values()])
