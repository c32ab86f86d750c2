"""Guards of plan lines: an app above says why a line may get no more seats, or must not change now.

The registry turns the line of imports round: which schools have finished, and which dispatch is about to
be executed, is known above.
"""

from collections.abc import Callable, Mapping, Sequence

from django.utils import timezone

from admissions.models import Window
from admissions.services.windows import said

from .models import PlanLine

Guard = Callable[[Sequence[PlanLine]], Mapping[int, str]]
_closing: list[Guard] = []
_still: list[Guard] = []


def closing_guard(guard: Guard) -> Guard:
    """Register a function: plan lines → for those whose admission is closed, why, by key."""
    _closing.append(guard)
    return guard


def still_guard(guard: Guard) -> Guard:
    """Register a function: plan lines → for those that must not change just now, why, by key."""
    _still.append(guard)
    return guard


@closing_guard
def windows_over(lines: Sequence[PlanLine]) -> dict[int, str]:
    """Admission is closed once every window of dispatch of the season has ended."""
    ends: dict[int, object] = {}
    for window in Window.objects.filter(
        season__in={line.season_id for line in lines}, kind=Window.Kind.DISPATCH
    ):
        ends[window.season_id] = max(ends.get(window.season_id, window.closes_at), window.closes_at)
    now = timezone.now()
    return {
        line.pk: f"投档录取已于 {said(ends[line.season_id])} 全部截止"
        for line in lines
        if line.season_id in ends and ends[line.season_id] <= now
    }


def closed_lines(lines: Sequence[PlanLine]) -> dict[int, str]:
    """Of some lines those that may get no more seats, and why.

    Where admission is closed a plan is not increased; what is left of it may be moved out
    (鲁招考〔2019〕46号 四).
    """
    return _asked(_closing, lines)


def still_lines(lines: Sequence[PlanLine]) -> dict[int, str]:
    """Of some lines those that must not change just now, and why."""
    return _asked(_still, lines)


def _asked(guards: Sequence[Guard], lines: Sequence[PlanLine]) -> dict[int, str]:
    found: dict[int, str] = {}
    for guard in guards:
        found = dict(guard(lines)) | found
    return found
