"""Which plan lines a school may fill outside of a dispatch, asked for many lines in one query."""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Subquery

from dispatch.models import Run, SchoolControl
from dispatch.models.run import PAUSING_STATES
from quotas.models import PlanLine

STATUS = SchoolControl.Status


def lines_asked(keys: Iterable[int]) -> dict[int, PlanLine]:
    """Plan lines as they are now, by key, with what ``why_shut`` asks of them."""
    controls = SchoolControl.objects.filter(batch=OuterRef("batch"), school=OuterRef("school"))
    runs = Run.objects.filter(batch=OuterRef("batch"), state__in=PAUSING_STATES)
    rows = PlanLine.objects.filter(pk__in=set(keys)).select_related("batch", "school")
    rows = rows.annotate(status=Subquery(controls.values("status")[:1]), pauses=Exists(runs))
    return {line.pk: line for line in rows}


def why_shut(line: PlanLine) -> str:
    """Why nobody can be admitted to a line now: a dispatch is under way, the city has closed it, it is full.

    Args:
        line: as ``lines_asked`` gives it.
    """
    if line.pauses:
        return f"{line.batch.name}正在投档，发布后再办理"
    if line.status not in (None, STATUS.OPEN):
        return f"该校在{line.batch.name}已设为“{STATUS(line.status).label}”"
    if line.seats_left < 1:
        return f"{line.major_name}计划 {line.seats} 个，已满"
    return ""
