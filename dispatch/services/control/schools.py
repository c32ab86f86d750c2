"""设置院校状态, 设置院校是否审核, 设置院校所属批次: what schools may do in a batch, and which is theirs."""

from admissions.models import Batch, Choice
from admissions.services.control_columns import Column
from admissions.services.controls import Fault, Touched, applicants, differences
from quotas.models import PlanLine

from ...models import SchoolControl
from .base import BatchControl, SchoolsControl, batch_free, kinds_of, schools_named, schools_of


class SetSchoolStatus(SchoolsControl):
    """Whether a school takes part: open, paused, finished (domain.md §2.4)."""

    function = "dispatch.set_school_status"
    unset_words = "勾选后恢复为“可投档”"
    empty = "可投档"

    def values(self, batch):
        return (Column("status", "院校状态", "choice", dict(SchoolControl.Status.choices)),)

    def now(self, batch):
        rows = SchoolControl.objects.filter(batch=batch).exclude(status=SchoolControl.Status.OPEN)
        return {(code,): {"status": status} for code, status in rows.values_list("school__code", "status")}

    def merge(self, before, asked):
        after = super().merge(before, asked)
        return {key: row for key, row in after.items() if row["status"] != SchoolControl.Status.OPEN}

    def listed(self, batch):
        open_ = {(code,): {"status": str(SchoolControl.Status.OPEN)} for code in schools_of(batch)}
        return open_ | self.now(batch)

    def write(self, batch, before, after):
        _controls_write(batch, before, after, {"status": SchoolControl.Status.OPEN})


class SetSchoolReview(SchoolsControl):
    """Whether an office audits a school's admissions and returns, and a batch's changes of plans.

    粤招办〔2021〕28号 四（一）3: 各市招生办可以通过系统设置各批次学校计划是否需要审核功能.
    """

    function = "dispatch.set_school_review"
    unset_words = "勾选后恢复为录取、退档均须审核"
    empty = "均须审核"

    def values(self, batch):
        return (
            Column("admissions", "录取须审核", "flag"),
            Column("returns", "退档须审核", "flag"),
        )

    def now(self, batch):
        rows = SchoolControl.objects.filter(batch=batch).exclude(
            reviews_admissions=True, reviews_returns=True
        )
        listed = rows.values_list("school__code", "reviews_admissions", "reviews_returns")
        return {
            (code,): {"admissions": admissions, "returns": returns} for code, admissions, returns in listed
        }

    def merge(self, before, asked):
        after = super().merge(before, asked)
        return {key: row for key, row in after.items() if not (row["admissions"] and row["returns"])}

    def listed(self, batch):
        return {(code,): {"admissions": True, "returns": True} for code in schools_of(batch)} | self.now(
            batch
        )

    def write(self, batch, before, after):
        named = {
            key: {"reviews_admissions": row["admissions"], "reviews_returns": row["returns"]}
            for key, row in after.items()
        }
        _controls_write(batch, before, named, {"reviews_admissions": True, "reviews_returns": True})


class SetSchoolBatch(BatchControl):
    """Which batch a school's plans of one kind belong to; plans move while neither batch has sent anything.

    Only what is in this batch is listed. Taking an earlier version back brings home what was moved away.
    """

    function = "dispatch.set_school_batch"

    def keys(self, batch):
        return (
            Column("school", "学校代码", note="一行一个，或用空格分开"),
            Column("kind", "计划类型", "choice", kinds_of() | {"": "未分类型"}),
        )

    counted = ("计划条数", "计划数")

    def told(self):
        return ("学校名称", *self.counted)

    def values(self, batch):
        return (Column("batch", "所属批次", "choice", batches_of(batch)),)

    def names(self, batch, keys):
        found: dict = {}
        for line in PlanLine.objects.filter(season=batch.season_id, city=batch.city).select_related("school"):
            name, lines, seats = found.get((line.school.code, line.kind), (line.school.name, 0, 0))
            found[line.school.code, line.kind] = (name, lines + 1, seats + line.seats)
        return {key: tuple(str(part) for part in found.get(key, ("", "", ""))) for key in keys}

    def now(self, batch):
        rows = PlanLine.objects.filter(batch=batch).order_by("school__code", "kind")
        return {key: {"batch": batch.code} for key in rows.values_list("school__code", "kind").distinct()}

    def faults(self, batch, before, after):
        found = []
        gone = [Fault(key, "计划只能移到另一个批次，不能取消。") for key in before if key not in after]
        for key, row in after.items():
            if before.get(key) == row:
                continue
            target = Batch.objects.filter(season=batch.season_id, city=batch.city, code=row["batch"]).first()
            if target is None:
                found.append(Fault(key, f"没有代码为“{row['batch']}”的批次。"))
                continue
            lines = _lines_meant(batch, key, coming=target == batch)
            if not lines:
                found.append(Fault(key, "没有这样的招生计划。"))
            elif any(line.seats_taken for line in lines):
                found.append(Fault(key, "已有考生占用计划，不能移动。"))
            elif clash := _clash(lines, target):
                found.append(Fault(key, f"{target.name}已有同样的计划（{clash}）。"))
            for one in {batch, target, *(line.batch for line in lines)}:
                if one.runs.filter(executed_at__isnull=False, cancelled_at__isnull=True).exists():
                    found.append(Fault(key, f"{one.name}已经投过档，计划不能再移动。"))
        return found + gone

    def write(self, batch, before, after):
        for key, was, to_be in differences(before, after):
            if was == to_be:
                continue
            target = Batch.objects.select_for_update(of=("self",), no_key=True).get(
                season=batch.season_id, city=batch.city, code=to_be["batch"]
            )
            lines = _lines_meant(batch, key, coming=target == batch)
            for other in {line.batch for line in lines} | {target}:
                batch_free(other)
            PlanLine.objects.filter(pk__in=[line.pk for line in lines]).update(batch=target)

    def touched(self, batch, before, after):
        changed = [key for key, was, to_be in differences(before, after) if was != to_be]
        schools = {key[0] for key in changed}
        seats = sum(
            line.seats for key in changed for line in _lines_meant(batch, key, coming=key not in before)
        )
        words = [f"移动计划 {seats} 个。"]
        stranded = Choice.objects.filter(batch=batch, school__code__in=schools).count()
        if stranded:
            words.append(f"考生在本批次填报这些院校的 {stranded} 个志愿，在计划移走后不再投档。")
        return Touched(len(schools), applicants(batch, schools), tuple(words))


def batches_of(batch: Batch) -> dict[str, str]:
    """Batches of the same city, by code."""
    rows = Batch.objects.filter(season=batch.season_id, city=batch.city)
    return {code: f"{code} {name}" for code, name in rows.values_list("code", "name")}


def _lines_meant(batch: Batch, key, *, coming: bool) -> list[PlanLine]:
    """Plan lines of a school and kind: in the batch, or, coming back to it, in the others."""
    lines = PlanLine.objects.select_related("batch").filter(
        season=batch.season_id, city=batch.city, school__code=key[0], kind=key[1]
    )
    return list((lines.exclude(batch=batch) if coming else lines.filter(batch=batch)).order_by("pk"))


def _clash(lines: list[PlanLine], target: Batch) -> str:
    """A major that stands in the target already, if any."""
    there = set(PlanLine.objects.filter(batch=target).values_list("school", "major_code", "track", "kind"))
    twice = [
        line.major_name for line in lines if (line.school_id, line.major_code, line.track, line.kind) in there
    ]
    return twice[0] if twice else ""


def _controls_write(batch: Batch, before, after, rest: dict) -> None:
    """Set columns of ``SchoolControl``; schools no longer named get the rest."""
    schools = schools_named(batch, before | after)
    rows = {code: rest for (code,) in before} | {code: row for (code,), row in after.items()}
    SchoolControl.objects.bulk_create(
        [SchoolControl(batch=batch, school=schools[code], **row) for code, row in rows.items()],
        update_conflicts=True,
        unique_fields=["batch", "school"],
        update_fields=list(rest),
    )
