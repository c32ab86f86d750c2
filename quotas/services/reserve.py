"""设置院校机动计划数: seats kept back, and given to plan lines without audit (粤招办〔2021〕28号 四（一）3)."""

from django.db import transaction
from django.db.models import F, Sum

from accounts.context import deed_record
from accounts.models import User
from accounts.refusals import Refusal
from admissions.models import Batch
from admissions.reference.packs import limit_of
from admissions.services.control_columns import Column
from admissions.services.controls import Fault, control_allowed

from ..models import PlanChange, PlanLine, Reserve, ReserveVersion
from .changes import Change, named, seats_change
from .school_controls import SchoolsControl, schools_named, schools_of

FUNCTION = "quotas.set_reserve"
PERCENT = 5  # where no pack of the province says otherwise


class SetReserve(SchoolsControl):
    """Seats each school keeps back in a batch, bounded by a part of its plan."""

    function = FUNCTION
    versions = ReserveVersion
    unset_words = "勾选后取消机动计划；已经使用的不能取消"
    names_in_label = 1

    def told(self):
        return ("学校名称", "计划数", "上限", "已使用")

    def values(self, batch):
        return (Column("seats", "机动计划数", "number", high=9999),)

    def names(self, batch, keys):
        keys = list(keys)
        names = super().names(batch, keys)
        planned, used = planned_of(batch), dict(
            Reserve.objects.filter(batch=batch).values_list("school__code", "used")
        )  # fmt: skip
        return {
            key: (
                *names[key],
                str(planned.get(key[0], 0)),
                str(bound_of(batch, planned.get(key[0], 0))),
                str(used.get(key[0], 0)),
            )
            for key in keys
        }

    def now(self, batch):
        rows = Reserve.objects.filter(batch=batch, seats__gt=0).order_by("school__code")
        return {(code,): {"seats": seats} for code, seats in rows.values_list("school__code", "seats")}

    def merge(self, before, asked):
        return {key: row for key, row in super().merge(before, asked).items() if row["seats"]}

    def listed(self, batch):
        return {(code,): {} for code in schools_of(batch)} | self.now(batch)

    def faults(self, batch, before, after):
        found = super().faults(batch, before, after)
        planned = planned_of(batch)
        used = dict(Reserve.objects.filter(batch=batch, used__gt=0).values_list("school__code", "used"))
        for key, row in after.items():
            bound = bound_of(batch, planned.get(key[0], 0))
            if before.get(key) != row and row["seats"] > bound:
                found.append(
                    Fault(
                        key, f"机动计划最多 {bound} 个（计划数的 {percent_of(batch)}%，不足 1 个按 1 个）。"
                    )
                )
        for code, number in used.items():
            if after.get((code,), {"seats": 0})["seats"] < number:
                found.append(Fault((code,), f"已经使用 {number} 个，不能少于这个数。"))
        return found

    def write(self, batch, before, after):
        schools = schools_named(batch, before | after)
        rows = {code: 0 for (code,) in before} | {code: row["seats"] for (code,), row in after.items()}
        Reserve.objects.bulk_create(
            [Reserve(batch=batch, school=schools[code], seats=seats) for code, seats in rows.items()],
            update_conflicts=True,
            unique_fields=["batch", "school"],
            update_fields=["seats"],
        )


CONTROL = SetReserve()


def percent_of(batch: Batch) -> int:
    """Reserves may be so many per cent of a school's plan in the batch."""
    return limit_of(batch.season.province, "reserve_percent", PERCENT)


def bound_of(batch: Batch, planned: int) -> int:
    """The most seats a school with so many planned may keep back: at least one, if it has any plan."""
    return -(-planned * percent_of(batch) // 100)


def planned_of(batch: Batch) -> dict[str, int]:
    """Seats of the original plan of each school in a batch, by code."""
    rows = PlanLine.objects.filter(batch=batch).order_by().values("school__code")
    return dict(rows.annotate(seats=Sum("seats_planned")).values_list("school__code", "seats"))


@transaction.atomic
def reserve_use(*, actor: User, batch: Batch, line: PlanLine, seats: int, note: str = "") -> PlanChange:
    """Give seats of a school's reserve to one of its plan lines, or take them back; no audit is needed.

    Args:
        actor: an officer of the batch's city.
        batch: visible to him.
        line: of the school, in the batch.
        seats: more than 0 to the line, less than 0 back from it.
        note: in words.

    Raises:
        Refusal: if he may not, the reserve has not so many left, the line did not get so many from it or
            has them taken, or a run counts on the line.
    """
    batch = control_allowed(actor, CONTROL, batch)
    if line.batch_id != batch.pk:
        raise Refusal("该计划不在本批次。")
    reserve = (
        Reserve.objects.select_for_update(of=("self",), no_key=True)
        .filter(batch=batch, school=line.school_id)
        .first()
    )
    if reserve is None or not seats:
        raise Refusal("该校在本批次没有机动计划。" if reserve is None else "调整数不能为 0。")
    if seats > reserve.seats - reserve.used:
        raise Refusal(f"机动计划只剩 {reserve.seats - reserve.used} 个，不能使用 {seats} 个。")
    got = line.changes.filter(way=PlanChange.Way.RESERVE).aggregate(got=Sum("seats"))["got"] or 0
    if got + seats < 0:
        raise Refusal(f"该计划只得到过机动计划 {got} 个，不能收回 {-seats} 个。")
    change = seats_change(actor=actor, changes=[Change(line.pk, seats, PlanChange.Way.RESERVE)])[0]
    Reserve.objects.filter(pk=reserve.pk).update(used=F("used") + seats)
    deed_record(
        actor=actor,
        subject=f"调整机动计划 {named(line)}",
        count=abs(seats),
        note=f"{'使用' if seats > 0 else '收回'} {abs(seats)} 个，计划数 {change.before} → {change.after}。{note}",
    )
    return change
