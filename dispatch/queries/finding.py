"""Sheets as queries show them (投档情况查询、历史投档单查询)."""

from django.db.models import F, IntegerField, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from accounts.models import User
from quotas.models import PlanLine

from ..models import Placement, RunSchool, Sheet


def _sum(rows, *names: str) -> Coalesce:
    total = rows.order_by().values("batch").annotate(n=Sum(sum((F(name) for name in names[1:]), F(names[0]))))
    return Coalesce(Subquery(total.values("n"), output_field=IntegerField()), 0)


def sheets_in_figures(actor: User):
    """Sheets the actor may see, with plan and lowest score; how their dossiers stand is told by ``figures_of``.

    ``lowest``, ``lowest_rank`` are those of the run; ``plan``, ``taken`` and ``short`` of the school's seats in the
    batch at this moment.

    Args:
        actor: of an office.
    """
    result = RunSchool.objects.filter(run=OuterRef("run"), school=OuterRef("school"))
    plan = PlanLine.objects.filter(batch=OuterRef("batch"), school=OuterRef("school"))
    return (
        Sheet.objects.visible_to(actor)
        .select_related("batch__season", "school", "run")
        .annotate(
            plan=_sum(plan, "seats_planned", "seats_changed", "seats_over"),
            taken=_sum(plan, "seats_taken"),
            lowest=Subquery(result.values("lowest")[:1]),
            lowest_rank=Subquery(result.values("lowest_rank")[:1]),
        )
        .annotate(short=F("plan") - F("taken"))
    )


def placements_on(sheet: Sheet):
    """All placements that ever were on a sheet, best first, also those that ended.

    Args:
        sheet: one the caller may see.
    """
    rows = Placement.objects.filter(sheet=sheet).select_related("candidate__dossier", "plan_line", "reason")
    return rows.order_by(F("dispatch_score").desc(nulls_last=True), "rank", "pk")


def still_open() -> Q:
    """Sheets that are under way: released, neither submitted nor cancelled."""
    return Q(released_at__isnull=False, submitted_at__isnull=True, cancelled_at__isnull=True)
