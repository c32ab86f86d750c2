"""Sheets as queries show them (投档情况查询、历史投档单查询)."""

from django.db.models import Count, F, IntegerField, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from accounts.models import User
from admissions.lifecycle import AT_SCHOOL, FINAL, TAKES_SEAT, UNDECIDED
from admissions.models import Dossier
from quotas.models import PlanLine

from ..models import Placement, RunSchool, Sheet


def _count(rows, **filters) -> Coalesce:
    counted = rows.filter(**filters).order_by().values("sheet").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _sum(rows, *names: str) -> Coalesce:
    total = rows.order_by().values("batch").annotate(n=Sum(sum((F(name) for name in names[1:]), F(names[0]))))
    return Coalesce(Subquery(total.values("n"), output_field=IntegerField()), 0)


def sheets_in_figures(actor: User):
    """Sheets the actor may see, with plan, lowest score and how their dossiers stand now.

    ``lowest``, ``lowest_rank`` are those of the run; ``undecided``, ``admitted``, ``returned``, ``short``
    those of this moment. The counts are sub-queries, worked out for the rows of a page only.

    Args:
        actor: of an office.
    """
    here = Placement.objects.filter(sheet=OuterRef("pk"))
    open_rows = here.filter(closed_at__isnull=True)
    states = Dossier.objects.filter(pk=OuterRef("candidate")).values("state")
    stated = open_rows.annotate(state=Subquery(states))
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
            undecided=_count(stated, state__in=UNDECIDED),
            reading=_count(stated, state__in=AT_SCHOOL),
            proposed=_count(stated, state__in=TAKES_SEAT - FINAL),
            admitted=_count(stated, state__in=FINAL),
            returned=_count(here, closed_at__isnull=False, reason__isnull=False),
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
