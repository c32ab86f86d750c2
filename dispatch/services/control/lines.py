"""设置区域分数线, 设置院校区域分数线; for the lowest line of the province see ``province``."""

from django.db.models import Count, Exists, OuterRef, Q

from admissions.lifecycle import State
from admissions.models import Batch, Candidate, Choice
from admissions.services.control_columns import Column
from admissions.services.controls import Fault, Rows, Touched, differences
from quotas.models import PlanLine

from ...lines import province_lines
from ...models import RegionLine, SchoolLine
from .base import BatchControl, SchoolsControl, counties_of, kinds_of, schools_named, schools_of

SCORE = Column("score", "分数线", "marks", note="最多两位小数")
SAID = 5


class SetRegionLine(BatchControl):
    """Lines of the city and its counties, for all plans or one kind of them."""

    function = "dispatch.set_region_line"
    bulk = False
    unset_words = "勾选后取消这条线；没有任何线时按 0 分处理"

    def keys(self, batch):
        return (
            Column("county", "范围", "choice", counties_of(batch)),
            Column("kind", "计划类型", "choice", kinds_of()),
        )

    def values(self, batch):
        return (SCORE,)

    def now(self, batch):
        rows = RegionLine.objects.filter(batch=batch).order_by("county", "kind")
        return {(line.county, line.kind): {"score": line.score} for line in rows}

    def faults(self, batch, before, after):
        counties, kinds = counties_of(batch), kinds_of()
        floors = province_lines(batch)
        found = []
        for key, row in after.items():
            if before.get(key) == row:
                continue
            if key[0] not in counties:
                found.append(Fault(key, "该县区不属于本批次所在的市。"))
            if key[1] not in kinds:
                found.append(Fault(key, "没有这种计划类型。"))
            floor = floors.get(key[1], floors.get("", 0))
            if row["score"] < floor:
                found.append(Fault(key, f"低于全省最低分数线 {floor / 100:g} 分。"))
        return found

    def write(self, batch, before, after):
        RegionLine.objects.filter(batch=batch).delete()
        RegionLine.objects.bulk_create(
            RegionLine(batch=batch, county=county, kind=kind, score=row["score"])
            for (county, kind), row in after.items()
        )

    def touched(self, batch, before, after):
        changed = differences(before, after)
        places: dict[str, set[str]] = {}
        for (county, kind), _, _ in changed:
            places.setdefault(kind, set()).add(county)
        plans = PlanLine.objects.filter(batch=batch)
        pool = _choosing(batch)
        if "" not in places.get("", ()):  # else all of them
            concerned = Q(pk__in=[])
            for kind, counties in places.items():
                chosen = Q(Exists(_chosen(batch, plans=_of_kind(plans, kind))))
                concerned |= chosen if "" in counties else chosen & Q(county__in=counties)
            pool = pool.filter(concerned)
        if "" not in places:
            plans = plans.filter(kind__in=places)
        words = [
            _below(
                _choosing(batch, county=key[0], plans=_of_kind(plans, key[1])),
                self.label(batch, key),
                was,
                to_be,
            )
            for key, was, to_be in changed[:SAID]
        ]
        return Touched(plans.values("school").distinct().count(), pool.count(), tuple(words))


class SetSchoolLine(SchoolsControl):
    """Lines that schools set for themselves, not below that of the region (domain.md §4.3)."""

    function = "dispatch.set_school_line"

    def keys(self, batch):
        return (*super().keys(batch), Column("county", "生源范围", "choice", counties_of(batch)))

    def values(self, batch):
        return (SCORE,)

    def now(self, batch):
        rows = SchoolLine.objects.filter(batch=batch).order_by("school__code", "county")
        return {
            (code, county): {"score": score}
            for code, county, score in rows.values_list("school__code", "county", "score")
        }

    def listed(self, batch):
        now = self.now(batch)
        return dict(
            sorted((now | {(code, ""): {} for code in schools_of(batch) if (code, "") not in now}).items())
        )

    def faults(self, batch, before, after):
        counties = counties_of(batch)
        region = dict(batch.lines.filter(kind="").values_list("county", "score"))
        found = super().faults(batch, before, after)
        for key, row in after.items():
            if before.get(key) == row:
                continue
            if key[1] not in counties:
                found.append(Fault(key, "该县区不属于本批次所在的市。"))
            line = region.get(key[1], region.get("", 0))
            if row["score"] < line:
                found.append(Fault(key, f"低于区域分数线 {line / 100:g} 分，不起作用。"))
        return found

    def write(self, batch, before, after):
        schools = schools_named(batch, after)
        SchoolLine.objects.filter(batch=batch).delete()
        SchoolLine.objects.bulk_create(
            SchoolLine(batch=batch, school=schools[code], county=county, score=row["score"])
            for (code, county), row in after.items()
        )

    def touched(self, batch: Batch, before: Rows, after: Rows):
        whole = super().touched(batch, before, after)
        words = [
            _below(_choosing(batch, key[0], key[1]), self.label(batch, key), was, to_be)
            for key, was, to_be in differences(before, after)[:SAID]
        ]
        return Touched(whole.schools, whole.candidates, tuple(words))


def _of_kind(plans, kind: str):
    """Plan lines of one kind; None for all, which need not be looked at."""
    return plans.filter(kind=kind) if kind else None


def _chosen(batch: Batch, school: str = "", plans=None):
    """Choices of a candidate in the batch: of any school, of one, or of those with such plans."""
    chosen = Choice.objects.filter(candidate=OuterRef("pk"), batch=batch)
    if school:
        return chosen.filter(school__code=school)
    return chosen if plans is None else chosen.filter(school__in=plans.values("school"))


def _choosing(batch: Batch, school: str = "", county: str = "", plans=None):
    """Candidates in the pool with such a choice (``_chosen``), of the city or one county."""
    pool = Candidate.objects.filter(season=batch.season_id, city=batch.city, dossier__state=State.POOL)
    if county:
        pool = pool.filter(county=county)
    return pool.filter(Exists(_chosen(batch, school, plans)))


def _below(pool, label: str, was: dict | None, to_be: dict | None) -> str:
    """How many totals lie below a line before and after."""
    old, new = (row["score"] if row else 0 for row in (was, to_be))
    counted = pool.aggregate(
        all=Count("pk"), old=Count("pk", filter=Q(total__lt=old)), new=Count("pk", filter=Q(total__lt=new))
    )
    return (
        f"{label}：在库且填报的考生 {counted['all']} 名，总分低于该线的由 {counted['old']} 名变为 {counted['new']} 名"
        "（不含照顾加分）。"
    )
