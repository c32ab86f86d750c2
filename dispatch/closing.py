"""What dispatch knows of plans: where a school has finished, and which batch must stand still.

It fills the registry of the app below (quotas.guards).
"""

from collections.abc import Sequence

from quotas.guards import closing_guard, still_guard
from quotas.models import PlanLine

from .models import Run, SchoolControl


@closing_guard
def schools_finished(lines: Sequence[PlanLine]) -> dict[int, str]:
    """Lines of schools that have finished admission in the batch (院校状态)."""
    finished = set(
        SchoolControl.objects.filter(
            batch__in={line.batch_id for line in lines}, status=SchoolControl.Status.FINISHED
        ).values_list("batch_id", "school_id")
    )
    return {
        line.pk: "该校在该批次已设为录取结束" for line in lines if (line.batch_id, line.school_id) in finished
    }


@still_guard
def batches_confirmed(lines: Sequence[PlanLine]) -> dict[int, str]:
    """Lines of batches with a dispatch that a second person has confirmed: its input must not change."""
    batches = set(
        Run.objects.filter(
            batch__in={line.batch_id for line in lines}, state=Run.State.CONFIRMED
        ).values_list("batch_id", flat=True)
    )
    return {line.pk: "该批次有一次投档已复核，正待执行" for line in lines if line.batch_id in batches}
