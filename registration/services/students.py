"""Registering students and cancelling admissions (注册与注销, 粤招办〔2021〕28号 二（三）（四）)."""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.context import unwalled
from accounts.models import User
from accounts.refusals import Refusal
from admissions.lifecycle import State
from admissions.models import Dossier, ReturnReason, Season, Window
from admissions.services.dossiers import Move, dossiers_move, dossiers_move_all
from admissions.services.windows import season_of, windows_require
from dispatch.models import Placement
from quotas.models import PlanLine
from quotas.services import seats_give_back, seats_take

from ..guards import refuse_fixed
from ..models import Enrolment
from ..queries.stages import beginnings, stage_at
from .leaving import dossiers_leave

NAMED = 5


@transaction.atomic
def students_register(*, actor: User, candidates: Sequence[int]) -> int:
    """Register admitted students who have come to the actor's school, all or none.

    Args:
        actor: of the school.
        candidates: primary keys.

    Returns:
        the number of students registered.

    Raises:
        Refusal: outside of the registration window of their stage (the clock is read now), if one is
            not admitted at the school, is held, or has no major yet.
    """
    season = season_of(actor)
    dossiers = _locked(actor, season, candidates)
    begun = beginnings(season)
    stages = {d.placement_id: stage_at(begun, d.changed_at) for d in dossiers}
    windows_require(season=season, kind=Window.Kind.REGISTRATION, stages=stages.values())
    _require_admitted(dossiers, "注册")
    placements = list(
        Placement.objects.filter(pk__in=stages, closed_at__isnull=True).values_list(
            "pk", "candidate_id", "school_id", "plan_line_id"
        )
    )
    without = [candidate for _, candidate, _, line in placements if line is None]
    if without or len(placements) != len(dossiers):
        raise Refusal(f"{_names(without)}没有录取专业，不能注册。", hint="请先确定录取专业。")
    dossiers_move_all(
        actor=actor,
        step="register",
        relation="SELECT c, NULL::bigint, NULL::bigint, NULL::varchar, '' FROM unnest(%s::bigint[]) c",
        params=[[d.pk for d in dossiers]],
        subject=f"注册新生 {len(dossiers)} 名",
    )
    now = timezone.now()
    Enrolment.objects.bulk_create(
        [
            Enrolment(
                candidate_id=candidate,
                season=season,
                school_id=school,
                plan_line_id=line,
                placement_id=placement,
                stage=stages[placement],
                registered_at=now,
                registered_by=actor,
            )
            for placement, candidate, school, line in placements
        ],
        batch_size=5000,
    )
    return len(dossiers)


@transaction.atomic
def admissions_cancel(*, actor: User, candidates: Sequence[int], reason: str, words: str = "") -> int:
    """Cancel admissions of students who did not come: back to the pool, so that another school can take
    them (粤招办〔2021〕28号 二（四）1).

    Args:
        actor: of the school.
        candidates: primary keys.
        reason: code of a ``ReturnReason``, or words.
        words: more words; needed where the code asks for them.

    Returns:
        the number of admissions cancelled.

    Raises:
        Refusal: outside of the registration window of their stage, if one is not admitted at the school
            or is held, or the reason is missing.
    """
    code, words = _reason(reason, words)
    season = season_of(actor)
    dossiers = _locked(actor, season, candidates)
    begun = beginnings(season)
    stages = {stage_at(begun, d.changed_at) for d in dossiers}
    windows_require(season=season, kind=Window.Kind.REGISTRATION, stages=stages)
    _require_admitted(dossiers, "注销")
    return dossiers_leave(
        actor=actor,
        step="cancel_admission",
        dossiers=dossiers,
        reason=code,
        words=words,
        subject=f"注销录取 {len(dossiers)} 名",
    )


@transaction.atomic
def major_change(*, actor: User, candidate: int, plan_line: int, reason: str) -> Enrolment:
    """Change the major of a registered student within the school's plan (修改注册考生专业).

    Args:
        actor: of the school.
        candidate: primary key.
        plan_line: primary key; of the same school, batch and source city, with a seat left.
        reason: in words.

    Raises:
        Refusal: outside of the registration window, once the roster is filed, if the line is not of the
            school's plan for the candidate's city, or has no seat left.
    """
    reason = _words(reason)
    enrolment = _enrolment(actor, candidate)
    old = enrolment.plan_line
    new = PlanLine.objects.visible_to(actor).filter(
        pk=plan_line, school=enrolment.school_id, season=enrolment.season_id, city=old.city
    )
    new = new.filter(batch=old.batch_id).first()
    if new is None:
        raise Refusal("只能改为本校在该考生生源地市同一批次招生计划中的专业。")
    if new == old:
        raise Refusal(f"该考生的录取专业已经是“{old.major_name}”。")
    with unwalled():
        note = f"{_major(old)} → {_major(new)}：{reason}"
        dossiers_move(
            actor=actor,
            step="change_major",
            moves=[Move(candidate, note=note)],
            subject=f"{enrolment.candidate} 修改录取专业",
            note=note,
        )
        # Both lines at once and in order, so that two changes the other way round cannot wait for each other.
        list(PlanLine.objects.select_for_update().filter(pk__in=[old.pk, new.pk]).order_by("pk"))
        seats_take(wanted={new.pk: 1})
        seats_give_back(freed={old.pk: 1})
        Placement.objects.filter(pk=enrolment.placement_id).update(plan_line=new)
        Enrolment.objects.filter(pk=candidate).update(plan_line=new)
    enrolment.plan_line = new
    return enrolment


@transaction.atomic
def registration_cancel(*, actor: User, candidate: int, reason: str, words: str = "") -> None:
    """Cancel the registration of a student who has left: back to the pool (注销已注册考生).

    Args:
        actor: of the school.
        candidate: primary key.
        reason: code of a ``ReturnReason``, or words.
        words: more words.

    Raises:
        Refusal: outside of the registration window, once the roster is filed, or if he is held.
    """
    code, words = _reason(reason, words)
    enrolment = _enrolment(actor, candidate)
    dossiers = list(Dossier.objects.select_for_update(of=("self",)).filter(pk=candidate))
    Enrolment.objects.filter(pk=candidate).delete()
    dossiers_leave(
        actor=actor,
        step="cancel_registration",
        dossiers=dossiers,
        reason=code,
        words=words,
        subject=f"{enrolment.candidate} 注销已注册",
    )


def _locked(actor: User, season: Season, candidates: Iterable[int]) -> list[Dossier]:
    """Dossiers at the actor's own schools, locked in key order."""
    wanted = set(candidates)
    if not wanted:
        raise Refusal("没有选择考生。")
    rows = Dossier.objects.visible_to(actor).filter(
        pk__in=wanted, season=season, school__in=actor.scope.schools
    )
    found = list(rows.select_for_update(of=("self",)).order_by("pk"))
    if len(found) != len(wanted):
        raise Refusal(f"有 {len(wanted) - len(found)} 名考生不在本校录取名单中，未作任何改动。")
    keys = [dossier.placement_id for dossier in found]
    waiting = len(keys) - Placement.objects.released().filter(pk__in=keys).count()
    if waiting:
        raise Refusal(f"有 {waiting} 名考生的录取名单招办尚未发布，未作任何改动。")
    return found


def _require_admitted(dossiers: list[Dossier], verb: str) -> None:
    wrong = [d.pk for d in dossiers if d.state != State.ADMITTED or d.held]
    if wrong:
        raise Refusal(f"{_names(wrong)}不在“录取”状态或已挂起，不能{verb}，未作任何改动。")


def _enrolment(actor: User, candidate: int) -> Enrolment:
    """An enrolment of the actor's own school that may still be changed, locked."""
    rows = Enrolment.objects.visible_to(actor).filter(school__in=actor.scope.schools)
    enrolment = (
        rows.select_for_update(of=("self",))
        .select_related("candidate", "plan_line", "season")
        .filter(pk=candidate)
        .first()
    )
    if enrolment is None:
        raise Refusal("该考生不是本校已注册的新生。")
    windows_require(season=enrolment.season, kind=Window.Kind.REGISTRATION, stages=[enrolment.stage])
    refuse_fixed([candidate])
    return enrolment


def _reason(reason: str, words: str) -> tuple[str | None, str]:
    """Code and words of a reason, the words never empty."""
    words = (words or "").strip()
    row = ReturnReason.objects.filter(pk=reason).first() if len(reason) <= 4 else None
    if row is None:
        return None, _words("：".join(filter(None, [reason.strip(), words])))
    if row.needs_words and not words:
        raise Refusal(f"原因“{row.name}”须注明具体情况。")
    return row.pk, f"{row.name}：{words}" if words else row.name


def _words(reason: str) -> str:
    if not reason.strip():
        raise Refusal("请注明原因。")
    return reason.strip()


def _names(candidates: Sequence[int]) -> str:
    """The first few candidates by number and name."""
    with unwalled():
        rows = Dossier.objects.filter(pk__in=candidates).order_by("pk")[:NAMED]
        named = "、".join(
            f"{number} {name}"
            for number, name in rows.annotate(
                number=F("candidate__number"), name=F("candidate__name")
            ).values_list("number", "name")
        )
    return f"考生 {named}" + (f" 等 {len(candidates)} 名" if len(candidates) > NAMED else "")


def _major(line: PlanLine) -> str:
    return f"{line.major_name}（{line.track}）" if line.track else line.major_name
