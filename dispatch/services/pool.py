"""A school admits a candidate who lies in the pool (录取在库考生).

A school that has not filled its plan may admit for itself once its city has finished sending
(粤招办〔2021〕28号 四（二）1). The pool cannot be browsed: who wants a candidate must know his number and
his ID number or name. Row-level security hides the pool from schools; the look-up steps outside the wall
for one key, and every look-up is written down.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts.context import deed_record, unwalled
from accounts.models import User
from accounts.refusals import Refusal
from admissions.lifecycle import State
from admissions.models import Candidate, Dossier, School, Season
from admissions.services.dossiers import Move, dossiers_move
from admissions.services.papers import Paper
from admissions.services.windows import season_of
from quotas.models import PlanLine
from quotas.services import seats_give_back, seats_take

from ..models import Placement, Run, SchoolControl, Sheet
from ..models.run import PAUSING_STATES
from .papers import papers_write
from .school import batch_must_not_be_paused, control_of, pause_words, runs_pausing
from .submitting import admissions_pass, taken_by_officers

#: What the paper is called that admits a candidate without a dispatch.
SIGNED = "考生本人及家长签字的申请"


@dataclass(frozen=True, slots=True)
class Found:
    """A candidate in the pool and the plan lines of the school that he may be admitted to."""

    candidate: Candidate
    lines: list[PlanLine]


def school_of(actor: User) -> School:
    """The school the actor works for.

    Raises:
        Refusal: if he works for none.
    """
    school = School.objects.filter(pk=actor.organisation_id).first()
    if school is None:
        raise Refusal("只有招生院校可以办理。")
    if not school.active:
        raise Refusal("贵校未被列入具备招生资格的院校，不能录取考生。")
    return school


def why_no_line(*, school: School, season: Season, city: str) -> str:
    """Why a school may not admit from the pool of a city now; empty if it may.

    Args:
        school: the school.
        season: the season.
        city: code of the source city.
    """
    unsent = Sheet.objects.filter(
        school=school,
        batch__season=season,
        batch__city=city,
        released_at__isnull=False,
        submitted_at__isnull=True,
        cancelled_at__isnull=True,
    ).first()
    if unsent:
        return f"贵校在该生源地市的投档单 {unsent.number} 尚未提交，须先完成已投档考生的录退。"
    return ""


def lines_open(*, school: School, season: Season, city: str) -> list[PlanLine]:
    """Plan lines with seats left that a school may fill from the pool of a city.

    Left out are batches whose schools are paused by a dispatch or in which the city has paused or ended the
    school's admissions.
    """
    lines = PlanLine.objects.filter(school=school, season=season, city=city)
    busy = Run.objects.filter(batch__season=season, batch__city=city, state__in=PAUSING_STATES).values(
        "batch"
    )
    closed = SchoolControl.objects.filter(school=school).exclude(status=SchoolControl.Status.OPEN)
    lines = lines.exclude(batch__in=busy).exclude(batch__in=closed.values("batch"))
    return list(lines.with_left().filter(left__gt=0).select_related("batch").order_by("major_code", "pk"))


def why_not_admitted(dossier: Dossier, school: School) -> str:
    """Why a candidate cannot be admitted from the pool; never says where he is, unless it is here."""
    if dossier.school_id == school.pk:
        return f"该考生已在贵校，当前为“{dossier.word}”。"
    if dossier.held:
        return "该考生档案已挂起，暂不能录取，请考生向报名所在地招办了解。"
    if dossier.state == State.EXCLUDED:
        return "该考生不参加本次录取。"
    if dossier.state != State.POOL:
        return "该考生档案已投出或已被录取，不在库。"
    return ""


def lookup_record(actor: User, number: str) -> None:
    """Write down that a school looked somebody up; call it within the wall, so that no refusal takes it back."""
    deed_record(actor=actor, subject=f"查找在库考生 {number}")


def candidate_proved(*, season: Season, number: str, proof: str) -> Candidate:
    """The candidate with a number, if his ID number or name is given too.

    The caller has written the look-up down (``lookup_record``) and stands outside of the wall.

    Args:
        season: the season.
        number: the candidate's number, whole.
        proof: his ID number or his name, whole.

    Raises:
        Refusal: if there is none with both.
    """
    found = Candidate.objects.select_related("dossier", "feeder_school").filter(
        season=season, number=number.strip()
    )
    candidate = found.first()
    if candidate is None or proof.strip().upper() not in (candidate.id_number, candidate.name.upper()):
        raise Refusal("没有找到考生号与证件号码（或姓名）一致的考生。", hint="请与考生核对后重新输入。")
    return candidate


def pool_find(*, actor: User, number: str, proof: str) -> Found:
    """Look one candidate up in the pool by his number and his ID number or name.

    Args:
        actor: of a school.
        number: the candidate's number, whole.
        proof: his ID number or his name, whole.

    Raises:
        Refusal: if there is none with both, he is not free, or the school has no seat for him.
    """
    school, season = school_of(actor), season_of(actor)
    lookup_record(actor, number)
    with unwalled():
        candidate = candidate_proved(season=season, number=number, proof=proof)
        why = why_not_admitted(candidate.dossier, school) or why_no_line(
            school=school, season=season, city=candidate.city
        )
    if why:
        raise Refusal(why)
    lines = lines_open(school=school, season=season, city=candidate.city)
    if not lines:
        plans = PlanLine.objects.filter(school=school, season=season, city=candidate.city).with_left()
        for run in runs_pausing(plans.filter(left__gt=0).values_list("batch", flat=True)).values():
            raise Refusal(pause_words(run), hint="投档单发布后自动恢复，请稍后再操作。")
        raise Refusal("贵校对该考生的生源地市没有可用的剩余计划。")
    return Found(candidate, lines)


def signed_required(paper: Paper | None, called: str = SIGNED) -> Paper:
    """The application that was signed, for a deed that needs it.

    Args:
        paper: stored; None if there is none.
        called: what it is called.

    Raises:
        Refusal: if there is none.
    """
    if paper is None:
        raise Refusal(f"请上传{called}（扫描件或照片）。")
    return paper


@transaction.atomic
def admit_from_pool(
    *, actor: User, number: str, proof: str, plan_line: int, paper: Paper | None
) -> Placement:
    """Admit one candidate from the pool; the source city audits it, unless it has set otherwise.

    Args:
        actor, number, proof: as for ``pool_find``.
        plan_line: primary key of a line of the school for the candidate's city.
        paper: the application signed by candidate and guardian, stored.

    Raises:
        SeatsExhausted: if the line is full.
        Refusal: as ``pool_find``; without the paper; or if the line is not for him.
    """
    signed = signed_required(paper)
    found = pool_find(actor=actor, number=number, proof=proof)
    line = next((line for line in found.lines if line.pk == plan_line), None)
    if line is None:
        raise Refusal("请选择一个对该考生生源地市有剩余计划的专业。")
    batch_must_not_be_paused(line.batch_id)
    with unwalled():
        school = school_of(actor)
        dossier = Dossier.objects.select_for_update(no_key=True).get(pk=found.candidate.pk)
        why = why_not_admitted(dossier, school)
        if why:
            raise Refusal(why)
        subject = f"录取在库考生 {found.candidate.number}"
        pairs = [(found.candidate, line)]
        return candidates_admit(actor=actor, school=school, pairs=pairs, subject=subject, paper=signed)[0]


def candidates_admit(
    *,
    actor: User,
    school: School,
    pairs: Sequence[tuple[Candidate, PlanLine]],
    subject: str,
    paper: Paper,
) -> list[Placement]:
    """Put candidates from the pool on placements of the school and take their seats, all or none.

    The caller has checked and locked their dossiers in key order, and stands outside the wall.

    Args:
        actor: of the school.
        school: the school.
        pairs: candidates with the line each is admitted to.
        subject: what the deed is called in the record.
        paper: the signed application, one for all of them.
    """
    now = timezone.now()
    placements = Placement.objects.bulk_create(
        Placement(
            candidate=candidate,
            season_id=candidate.season_id,
            batch_id=line.batch_id,
            province=candidate.province,
            city=candidate.city,
            county=candidate.county,
            school=school,
            supervisor=school.supervisor,
            method=Placement.Method.POOL,
            plan_line=line,
            decided_by=actor,
            decided_at=now,
        )
        for candidate, line in pairs
    )
    moves = [
        Move(p.candidate_id, placement=p.pk, school=school.pk, note=f"专业：{line.major_name}")
        for p, (_, line) in zip(placements, pairs, strict=True)
    ]
    dossiers_move(
        actor=actor, step="admit_from_pool", moves=moves, subject=subject, note=f"申请：{paper.said}"
    )
    papers_write(actor, placements, paper)
    seats_take(wanted=Counter(line.pk for _, line in pairs))
    _pass_unaudited(placements, school, subject)
    return placements


def _pass_unaudited(placements: Iterable[Placement], school: School, subject: str) -> None:
    batches: dict[int, list[Placement]] = {}
    for placement in placements:
        batches.setdefault(placement.batch_id, []).append(placement)
    for batch, some in batches.items():
        if not control_of(batch=batch, school=school.pk).reviews_admissions:
            admissions_pass(some, subject=subject)


@transaction.atomic
def pool_withdraw(*, actor: User, placement: Placement) -> None:
    """Take back an admission from the pool that no officer has taken for audit yet; the seat is freed.

    Args:
        actor: of the school.
        placement: one of his school's, from the pool.

    Raises:
        Refusal: if the office has taken or decided it.
    """
    batch_must_not_be_paused(placement.batch_id)
    # None if it has left the school's sight since the page was shown: refused or recalled meanwhile.
    dossier = Dossier.objects.select_for_update(no_key=True).filter(pk=placement.candidate_id).first()
    waiting = dossier and dossier.placement_id == placement.pk and dossier.state == State.ADMIT_SUBMITTED
    if (
        placement.method != Placement.Method.POOL
        or not waiting
        or placement.school_id != actor.organisation_id
    ):
        raise Refusal("该考生不是待审的在库录取考生，不能撤回。")
    if taken_by_officers([placement.pk]):
        raise Refusal("招办已在审核该考生，不能撤回。")
    with unwalled():  # the dossier leaves the school's sight
        dossiers_move(
            actor=actor,
            step="withdraw_from_pool",
            moves=[Move(placement.candidate_id)],
            subject="撤回在库录取",
        )
        Placement.objects.filter(pk=placement.pk).update(closed_at=timezone.now())
        seats_give_back(freed={placement.plan_line_id: 1})
