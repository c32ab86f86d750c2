"""What the controls of this app share: schools of a batch, and the guard of a run under way."""

from collections.abc import Iterable

from django.db import transaction
from django.db.utils import OperationalError

from accounts.refusals import Refusal
from admissions.models import Batch, Region, School
from admissions.reference import plan_kinds
from admissions.services.controls import Column, Control, Fault, Key, Rows, guards

from ...models import ControlVersion, Run
from ...models.run import PAUSING_STATES

CITY = "全市"
ALL_KINDS = "全部"


def batch_free(batch: Batch) -> None:
    """Nothing of a batch is set while a run of it is confirmed or not released; a rehearsal becomes void.

    Raises:
        Refusal: naming what is under way.
    """
    if batch.runs.filter(state__in=PAUSING_STATES).exists():
        raise Refusal(
            f"{batch.name}有一次投档已复核或正在进行，不能修改参数。", hint="请先执行并发布，或撤销该次投档。"
        )
    rehearsed = batch.runs.filter(state=Run.State.REHEARSED)
    try:
        with transaction.atomic():
            keys = list(rehearsed.select_for_update(of=("self",), nowait=True).values_list("pk", flat=True))
    except OperationalError as error:
        raise Refusal(f"{batch.name}正在预演，请在预演结束后再修改。") from error
    Run.objects.filter(pk__in=keys).update(state=Run.State.DRAFT, fingerprint="", outcome_digest="")


guards.append(batch_free)


def schools_of(batch: Batch) -> dict[str, School]:
    """Schools that have plans in a batch, by code."""
    found = School.objects.filter(planline__batch=batch).distinct().order_by("code")
    return {school.code: school for school in found}


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


class SchoolsControl(BatchControl):
    """A control whose first key is a school with a plan in the batch."""

    def keys(self, batch):
        return (Column("school", "学校代码", note="一行一个，或用空格分开"),)

    def told(self):
        return ("学校名称",)

    def names(self, batch: Batch, keys: Iterable[Key]):
        codes = {key[0] for key in keys}
        rows = School.objects.filter(province=batch.season.province, code__in=codes)
        names = dict(rows.values_list("code", "name"))
        return {key: (names.get(key[0], ""),) for key in keys}

    def faults(self, batch: Batch, before: Rows, after: Rows):
        known = schools_of(batch)
        return [
            Fault(key, "该校在本批次没有招生计划。")
            for key in after
            if key not in before and key[0] not in known
        ]
