"""Seats of plan lines change: by an approved request, several lines at once or none (增减, 区域间调整)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction

from accounts.models import User
from accounts.refusals import Refusal
from admissions.models import Request

from ..guards import closed_lines, still_lines
from ..models import PlanChange, PlanLine


@dataclass(frozen=True, slots=True)
class Change:
    """Seats that one line gets (more than 0) or gives (less); ``other`` is the line on the other side."""

    line: int
    seats: int
    way: str = PlanChange.Way.CHANGE
    other: int | None = None


def lines_locked(keys: Iterable[int]) -> dict[int, PlanLine]:
    """Plan lines by key, locked in the order of their keys, as ``seats_take`` does.

    Raises:
        Refusal: if one does not exist.
    """
    keys = sorted(set(keys))
    rows = PlanLine.objects.select_for_update(of=("self",), no_key=True).select_related("school", "batch")
    found = {line.pk: line for line in rows.filter(pk__in=keys).order_by("pk")}
    if len(found) != len(keys):
        raise Refusal("招生计划不存在，可能已被删除。")
    return found


@transaction.atomic
def seats_change(
    *, actor: User, changes: Sequence[Change], request: Request | None = None
) -> list[PlanChange]:
    """Change the seats of plan lines, all or none; each change is a row of history.

    The number in force is the original one and all approved changes; it never falls below the seats
    taken (domain.md §5.8). The CHECK of the table is the last wall.

    Args:
        actor: who approves.
        changes: no line twice.
        request: that was approved.

    Raises:
        Refusal: if a line would fall below its seats taken, one whose admission is closed would grow, or
            a dispatch that is about to be executed counts on one.
    """
    lines = lines_locked(change.line for change in changes)
    closed = closed_lines([lines[change.line] for change in changes if change.seats > 0])
    still = still_lines(list(lines.values()))
    rows = []
    for change in changes:
        line = lines[change.line]
        if change.line in still:
            raise Refusal(
                f"{named(line)}现在不能改动计划：{still[change.line]}。", hint="请在投档执行后再审核。"
            )
        if change.line in closed:
            raise Refusal(f"{named(line)}不能增加计划：{closed[change.line]}。")
        before, after = line.seats, line.seats + change.seats
        if after < line.seats_taken or line.seats_planned + line.seats_changed + change.seats < 0:
            raise Refusal(
                f"{named(line)}计划 {before} 个，已占用 {line.seats_taken} 个，不能减少 {-change.seats} 个。",
                hint=f"最多减少 {line.seats_left} 个。",
            )
        line.seats_changed += change.seats
        rows.append(
            PlanChange(
                line=line,
                other_id=change.other,
                way=change.way,
                seats=change.seats,
                before=before,
                after=after,
                request=request,
                made_by=actor,
            )
        )
    PlanLine.objects.bulk_update(lines.values(), ["seats_changed"])
    return PlanChange.objects.bulk_create(rows)


def named(line: PlanLine) -> str:
    """A line in words: school, major and batch."""
    return f"{line.school.name}“{line.major_name}”（{line.batch.name}）"
