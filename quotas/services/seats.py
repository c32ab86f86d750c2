"""Seats: taken and given back, several lines at once or none."""

from collections.abc import Mapping

from django.db import transaction

from accounts.refusals import Refusal

from ..models import PlanLine


class SeatsExhausted(Refusal):
    """A plan line has fewer seats left than wanted."""


@transaction.atomic
def seats_take(*, wanted: Mapping[int, int]) -> None:
    """Take seats of several plan lines, or of none.

    Call it once in a transaction and as late as may be: it locks the lines in the order of
    their keys, so that two callers cannot wait for each other.

    Args:
        wanted: number of seats for each plan line, by primary key.

    Raises:
        SeatsExhausted: if any line has fewer seats left than wanted; nothing is taken then.
    """
    lines = _locked(wanted)
    for line in lines:
        if line.seats_left < wanted[line.pk]:
            raise SeatsExhausted(
                f"{line.school.name}“{line.major_name}”在该生源地市的计划只剩 {line.seats_left} 个，"
                f"需要 {wanted[line.pk]} 个。",
                hint="请改录其他专业，或先申请增加计划。",
            )
    for line in lines:
        line.seats_taken += wanted[line.pk]
    PlanLine.objects.bulk_update(lines, ["seats_taken"])


@transaction.atomic
def seats_give_back(*, freed: Mapping[int, int]) -> None:
    """Give back seats of several plan lines.

    Args:
        freed: number of seats for each plan line, by primary key.

    Raises:
        ValueError: if more would be given back than were taken: a fault of the caller.
    """
    lines = _locked(freed)
    for line in lines:
        if line.seats_taken < freed[line.pk]:
            raise ValueError(f"plan line {line.pk}: {freed[line.pk]} given back of {line.seats_taken} taken")
        line.seats_taken -= freed[line.pk]
    PlanLine.objects.bulk_update(lines, ["seats_taken"])


def _locked(numbers: Mapping[int, int]) -> list[PlanLine]:
    if any(number < 0 for number in numbers.values()):
        raise ValueError("numbers of seats must not be negative")
    keys = sorted(key for key, number in numbers.items() if number)
    lines = (
        PlanLine.objects.select_for_update(of=("self",), no_key=True)
        .select_related("school")
        .filter(pk__in=keys)
    )
    found = list(lines.order_by("pk"))
    if len(found) != len(keys):
        raise Refusal("招生计划不存在。")
    return found
