"""指标分配: how many seats each school keeps for each junior school in a batch (domain.md §6.6)."""

from collections import Counter

from django.db.models import F, Sum

from admissions.models import Batch, FeederSchool
from admissions.services.controls import Column, Fault, Touched, applicants, differences

from ..models import Allotment, PlanLine, ReserveVersion
from .school_controls import SchoolsControl, schools_named

FUNCTION = "quotas.manage_plans"


class SetAllotments(SchoolsControl):
    """Seats by school and junior school; no more in all than the school's plan in the batch.

    It stands under 院校计划管理: the seats are part of the plan, and no function of the official table is
    about them alone. When they are given, and from which marks on, the mode of the batch says.
    """

    function = FUNCTION
    title = "指标分配"
    versions = ReserveVersion
    unset_words = "勾选后取消所列院校给这所毕业学校的指标，名额回到统招"

    def keys(self, batch):
        return (*super().keys(batch), Column("feeder", "毕业学校代码"))

    def told(self):
        return ("学校名称", "毕业学校", "计划数")

    counted = ("计划数",)

    def values(self, batch):
        return (Column("seats", "指标数", "number", low=1, high=9999),)

    def names(self, batch, keys):
        keys = list(keys)
        names, feeders, planned = super().names(batch, keys), feeders_named(batch, keys), planned_of(batch)
        return {
            key: (*names[key], feeders[key[1]].name if key[1] in feeders else "", str(planned.get(key[0], 0)))
            for key in keys
        }

    def labels(self, batch, keys):
        return {
            key: " ".join(filter(None, (key[0], school, "→", key[1], feeder)))
            for key, (school, feeder, _) in self.names(batch, keys).items()
        }

    def now(self, batch):
        rows = Allotment.objects.filter(batch=batch).order_by("school__code", "feeder__code")
        rows = rows.values_list("school__code", "feeder__code", "seats")
        return {(school, feeder): {"seats": seats} for school, feeder, seats in rows}

    def faults(self, batch, before, after):
        found = super().faults(batch, before, after)
        feeders, planned = feeders_named(batch, after), planned_of(batch)
        asked: Counter[str] = Counter()
        for key, row in after.items():
            asked[key[0]] += row["seats"]
            if key not in before and key[1] not in feeders:
                found.append(Fault(key, "不是本市的毕业学校。"))
        changed = {key[0] for key, _, to_be in differences(before, after) if to_be is not None}
        for key in after:
            school = key[0]
            if school in changed and asked[school] > planned.get(school, 0) and before.get(key) != after[key]:
                words = f"该校指标合计 {asked[school]} 个，超过本批次计划 {planned.get(school, 0)} 个。"
                found.append(Fault(key, words))
        return found

    def write(self, batch, before, after):
        gone = [key for key in before if key not in after]
        schools, feeders = schools_named(batch, before | after), feeders_named(batch, before | after)
        for school, feeder in gone:
            Allotment.objects.filter(batch=batch, school__code=school, feeder=feeders[feeder]).delete()
        Allotment.objects.bulk_create(
            [
                Allotment(batch=batch, school=schools[school], feeder=feeders[feeder], seats=row["seats"])
                for (school, feeder), row in after.items()
                if before.get((school, feeder)) != row
            ],
            update_conflicts=True,
            unique_fields=["batch", "school", "feeder"],
            update_fields=["seats"],
        )

    def touched(self, batch, before, after):
        schools = {key[0] for key, _, _ in differences(before, after)}
        planned = sum(planned_of(batch).get(school, 0) for school in schools)
        kept = sum(row["seats"] for key, row in after.items() if key[0] in schools)
        said = f"修改后这些院校的指标合计 {kept} 个，占其计划 {planned} 个。"
        words = () if batch.allotment else ("本批次的投档模式没有启用指标到校，分配的名额暂不保留。",)
        return Touched(len(schools), applicants(batch, schools), words, said)


CONTROL = SetAllotments()


def feeders_named(batch: Batch, keys) -> dict[str, FeederSchool]:
    """Junior schools of the batch's city that the second keys name, by code."""
    codes = {key[1] for key in keys}
    found = FeederSchool.objects.filter(province=batch.season.province, city=batch.city, code__in=codes)
    return {feeder.code: feeder for feeder in found}


def planned_of(batch: Batch) -> dict[str, int]:
    """Seats in force of each school in a batch, by code."""
    rows = PlanLine.objects.filter(batch=batch).order_by().values("school__code")
    rows = rows.annotate(seats=Sum(F("seats_planned") + F("seats_changed")))
    return dict(rows.values_list("school__code", "seats"))
