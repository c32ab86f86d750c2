"""Controls whose rows are schools with a plan in the batch."""

from collections.abc import Iterable

from admissions.models import Batch, School
from admissions.services.control_columns import Column
from admissions.services.controls import Control, Fault, Key, Rows


def schools_of(batch: Batch) -> dict[str, School]:
    """Schools that have plans in a batch, by code."""
    found = School.objects.filter(planline__batch=batch).distinct().order_by("code")
    return {school.code: school for school in found}


def schools_named(batch: Batch, rows: Rows) -> dict[str, School]:
    """Schools that the first keys of rows name, by code, those too whose plans have left the batch."""
    codes = {key[0] for key in rows}
    return {s.code: s for s in School.objects.filter(province=batch.season.province, code__in=codes)}


class SchoolsControl(Control):
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
