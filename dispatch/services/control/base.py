"""What the controls of this app share: schools of a batch, and the guard of a run under way."""

from collections.abc import Iterable

from django.db import transaction
from django.db.utils import OperationalError

from accounts.refusals import Refusal
from admissions.models import Batch, Region
from admissions.reference import plan_kinds
from admissions.services.controls import Control, guards, warners
from quotas.services.school_controls import SchoolsControl as OfSchools
from quotas.services.school_controls import schools_named, schools_of

from ...models import ControlVersion, Run
from ...models.run import OPEN_STATES, PAUSING_STATES

__all__ = [
    "BatchControl",
    "SchoolsControl",
    "batch_free",
    "batches_warned",
    "counties_of",
    "kinds_of",
    "schools_named",
    "schools_of",
]
CITY = "全市"
ALL_KINDS = "全部"


def batch_free(batch: Batch) -> None:
    """Nothing of a batch is set while a run of it is confirmed or not released; a rehearsal becomes void.

    Its runs are locked, so that nobody confirms what is about to change.

    Raises:
        Refusal: naming what is under way.
    """
    unfinished = batch.runs.filter(state__in={*OPEN_STATES, *PAUSING_STATES}).select_for_update(
        of=("self",), nowait=True, no_key=True
    )
    try:
        with transaction.atomic():
            runs = dict(unfinished.values_list("pk", "state"))
    except OperationalError as error:
        raise Refusal(f"{batch.name}正在预演、复核或执行投档，请在结束后再修改。") from error
    if set(runs.values()) & set(PAUSING_STATES):
        raise Refusal(
            f"{batch.name}有一次投档已复核或正在进行，不能修改参数。", hint="请先执行并发布，或撤销该次投档。"
        )
    rehearsed = [key for key, state in runs.items() if state == Run.State.REHEARSED]
    Run.objects.filter(pk__in=rehearsed).update(state=Run.State.DRAFT, fingerprint="", outcome_digest="")


def batches_warned(batches: Iterable[Batch]) -> list[str]:
    """What a change to these batches would meet with: runs that forbid it, rehearsals that it makes void."""
    words = []
    if barring := runs_named(batches, PAUSING_STATES):
        words.append(f"{barring}有一次投档已复核或正在进行，在它发布或撤销之前不能生效。")
    if void := runs_named(batches, [Run.State.REHEARSED]):
        words.append(f"{void}已有预演的投档，生效后预演作废，须重新预演。")
    return words


def runs_named(batches: Iterable[Batch], states: Iterable[str] = PAUSING_STATES) -> str:
    """Names of those batches of which a run is in one of the states; empty for none."""
    found = Run.objects.filter(batch__in=batches, state__in=states)
    return "、".join(found.order_by("batch").values_list("batch__name", flat=True).distinct())


guards.append(batch_free)
warners.append(batches_warned)


def counties_of(batch: Batch) -> dict[str, str]:
    """Counties of a batch's city with their names, the whole city first."""
    rows = Region.objects.filter(code__startswith=batch.city).exclude(code=batch.city)
    return {"": CITY} | dict(rows.order_by("code").values_list("code", "name"))


def kinds_of() -> dict[str, str]:
    """Kinds of plan, all first."""
    return {"": ALL_KINDS} | {kind.code: f"{kind.code} {kind.name}" for kind in plan_kinds()}


class BatchControl(Control):
    """A control whose versions this app keeps."""

    versions = ControlVersion


class SchoolsControl(BatchControl, OfSchools):
    """The same, with a school with a plan in the batch as its first key."""
