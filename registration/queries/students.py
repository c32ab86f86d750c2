"""Students of a school: who is admitted there now, and who is registered."""

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from accounts.models import User
from admissions.deadlines import is_divided, under
from admissions.lifecycle import FINAL, State
from admissions.models import Dossier, Season, Window
from dispatch.models import Placement

from .stages import beginnings, of_stage


def students_of(actor: User, season: Season) -> QuerySet[Placement]:
    """The placements on which a dossier is admitted or registered now, with candidate and major.

    It starts from placements because they are indexed by school; a dossier moves too often for that.

    Args:
        actor: sees his own part.
        season: of the admissions.
    """
    return (
        Placement.objects.visible_to(actor)
        .released()
        .current()
        .filter(
            season=season,
            candidate__dossier__state__in=sorted(FINAL),
        )
    )


def own_students(actor: User, season: Season) -> QuerySet[Placement]:
    """Students of the actor's own schools, candidate and plan line joined, by number."""
    rows = students_of(actor, season).filter(school__in=actor.scope.schools)
    return rows.select_related("candidate__dossier", "plan_line", "school").order_by("candidate__number")


def admitted_under(window: Window) -> Q:
    """Condition on placements: a registration window holds for who is admitted there."""
    return under(window, batch="batch", plan_kind="plan_line__kind", city="city")


def unregistered(window: Window, region: str) -> QuerySet[Dossier]:
    """Dossiers that a registration window leaves unregistered, held ones among them.

    Only those for which it holds: who has a narrower one, of his batch or kind of plan, waits for that.

    Args:
        window: of registration.
        region: code of the province, city or county that the candidates come from.
    """
    column = {2: "province", 4: "city", 6: "county"}[len(region)]
    rows = Dossier.objects.filter(
        of_stage(beginnings(window.season), window.stage),
        **{"season": window.season, column: region, "state": State.ADMITTED},
    )
    if is_divided(window):
        own = Placement.objects.filter(admitted_under(window), pk=OuterRef("placement_id"))
        rows = rows.filter(Exists(own))
    return rows


def unregistered_counts(window: Window, region: str) -> list[dict]:
    """How many each school leaves unregistered, by source city, the most first."""
    return list(
        unregistered(window, region)
        .values("school_id", "school__code", "school__name", "city")
        .annotate(students=Count("pk", filter=Q(held=False)), held_students=Count("pk", filter=Q(held=True)))
        .order_by("-students", "school__code", "city")
    )
