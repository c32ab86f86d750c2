"""Registering students and cancelling admissions (注册与注销, 粤招办〔2021〕28号 二（三）（四）)."""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.context import unwalled
from accounts.models import User
from accounts.refusals import Refusal
from admissions.deadlines import Place
from admissions.lifecycle import State
from admissions.models import Dossier, Season, Window
from admissions.services.dossiers import dossiers_move_all
from admissions.services.papers import Paper
from admissions.services.windows import season_of, windows_require
from dispatch.models import Placement

from ..models import Enrolment
from ..queries.stages import beginnings, stage_at
from .leaving import dossiers_leave
from .reasons import leaving_reason

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
    places = places_of(season, dossiers)
    windows_require(season=season, kind=Window.Kind.REGISTRATION, places=places.values())
    stages = {d.placement_id: places[d.pk].stage for d in dossiers}
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
def admissions_cancel(
    *, actor: User, candidates: Sequence[int], reason: str, words: str = "", paper: Paper | None = None
) -> int:
    """Cancel admissions of students who did not come: back to the pool, so that another school can take
    them (粤招办〔2021〕28号 二（四）1).

    Args:
        actor: of the school.
        candidates: primary keys.
        reason: code of a ``ReturnReason``, or words.
        words: more words; needed where the code asks for them.
        paper: one for all of them, stored; needed where the code asks for it.

    Returns:
        the number of admissions cancelled.

    Raises:
        Refusal: outside of the registration window of their stage, if one is not admitted at the school
            or is held, or the reason, its words or its paper is missing.
    """
    code, words = leaving_reason(reason, words, paper)
    season = season_of(actor)
    dossiers = _locked(actor, season, candidates)
    places = places_of(season, dossiers)
    windows_require(season=season, kind=Window.Kind.REGISTRATION, places=places.values())
    _require_admitted(dossiers, "注销")
    return dossiers_leave(
        actor=actor,
        step="cancel_admission",
        dossiers=dossiers,
        reason=code,
        words=words,
        subject=f"注销录取 {len(dossiers)} 名",
        paper=paper,
    )


def _locked(actor: User, season: Season, candidates: Iterable[int]) -> list[Dossier]:
    """Dossiers at the actor's own schools, locked in key order."""
    wanted = set(candidates)
    if not wanted:
        raise Refusal("没有选择考生。")
    rows = Dossier.objects.visible_to(actor).filter(
        pk__in=wanted, season=season, school__in=actor.scope.schools
    )
    found = list(rows.select_for_update(of=("self",), no_key=True).order_by("pk"))
    if len(found) != len(wanted):
        raise Refusal(f"有 {len(wanted) - len(found)} 名考生不在本校录取名单中，未作任何改动。")
    keys = [dossier.placement_id for dossier in found]
    waiting = len(keys) - Placement.objects.released().filter(pk__in=keys).count()
    if waiting:
        raise Refusal(f"有 {waiting} 名考生的录取名单招办尚未发布，未作任何改动。")
    return found


def places_of(season: Season, dossiers: Sequence[Dossier]) -> dict[int, Place]:
    """Stage, source city, batch and kind of plan of admissions, by which their windows are found; by candidate.

    Args:
        season: of them all.
        dossiers: admitted.
    """
    begun = beginnings(season)
    rows = Placement.objects.filter(pk__in=[d.placement_id for d in dossiers])
    plans = {key: plan for key, *plan in rows.values_list("pk", "batch", "plan_line__kind")}
    return {
        d.pk: Place(stage_at(begun, d.changed_at), d.city, *plans.get(d.placement_id, ())) for d in dossiers
    }


def _require_admitted(dossiers: list[Dossier], verb: str) -> None:
    wrong = [d.pk for d in dossiers if d.state != State.ADMITTED or d.held]
    if wrong:
        raise Refusal(f"{_names(wrong)}不在“录取”状态或已挂起，不能{verb}，未作任何改动。")


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
