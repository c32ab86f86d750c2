"""Runs as their pages show them."""

from django.db.models import F, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from admissions.models import Batch, FeederSchool
from quotas.models import PlanLine

from ..models import Run, RunSchool
from ..models.run import OPEN_STATES
from ..runs import run_feeders


def batches_with_runs(actor) -> list[dict]:
    """The batches an actor sees, each with its plan, its open run and its past runs.

    Args:
        actor: an officer.
    """
    seats = (
        PlanLine.objects.filter(batch=OuterRef("pk"))
        .order_by()
        .values("batch")
        .annotate(seats=Sum(F("seats_planned") + F("seats_changed")), taken=Sum("seats_taken"))
    )
    batches = (
        Batch.objects.visible_to(actor)
        .filter(season__current=True)
        .annotate(
            seats=Coalesce(Subquery(seats.values("seats")), 0),
            taken=Coalesce(Subquery(seats.values("taken")), 0),
        )
    )
    runs: dict[int, list[Run]] = {}
    for run in Run.objects.filter(batch__in=batches.values("pk")).select_related("batch", "created_by"):
        runs.setdefault(run.batch_id, []).append(run)
    return [
        {
            "batch": batch,
            "open": next((run for run in runs.get(batch.pk, []) if run.state in OPEN_STATES), None),
            "runs": runs.get(batch.pk, []),
            "left": batch.seats - batch.taken,
        }
        for batch in batches
    ]


def run_schools(run: Run):
    """The table of a run: one row for each school with a plan, the fullest wish first."""
    return RunSchool.objects.filter(run=run).select_related("school").order_by("-wanted", "school__code")


def run_feeders_told(run: Run) -> list[dict]:
    """How each junior school used the seats kept for it in a run, by code; empty where nothing is allotted.

    Returns:
        ``feeder``, ``seats``, ``used``, ``left`` (converted to the unified plan) and ``lowest`` (hundredths of a
        mark, or None).
    """
    table = run_feeders(run)
    if table is None:
        return []
    named = FeederSchool.objects.in_bulk(table[:, 0].tolist())
    rows = [
        {
            "feeder": named[key],
            "seats": seats,
            "used": used,
            "left": max(seats - used, 0),
            "lowest": None if lowest < 0 else lowest,
        }
        for key, seats, used, lowest in table.tolist()
        if seats
    ]
    return sorted(rows, key=lambda row: row["feeder"].code)


def opened(run: Run) -> bool:
    """Whether a school has begun to read what a run sent it, so that the run is not undone as a whole."""
    return not run.admits and run.sheets.filter(opened_at__isnull=False).exists()
