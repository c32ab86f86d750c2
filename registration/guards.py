"""Guards of students: an app above says why one may not be changed, or not withdrawn, any more.

The registry turns the line of imports round: rosters are printed and filed above, and what is filed stays.
"""

from collections.abc import Callable, Mapping, Sequence

Guard = Callable[[Sequence[int]], Mapping[int, str]]
_guards: list[Guard] = []
_withdrawal_guards: list[Guard] = []


def enrolment_guard(guard: Guard) -> Guard:
    """Register a function: primary keys of candidates → for those who may not be changed, why."""
    _guards.append(guard)
    return guard


def withdrawal_guard(guard: Guard) -> Guard:
    """Register a function: primary keys of candidates → for those who may not be withdrawn, why."""
    _withdrawal_guards.append(guard)
    return guard


def fixed(candidates: Sequence[int]) -> dict[int, str]:
    """Of some candidates those whose enrolment may not be changed any more, and why."""
    return _asked(_guards, candidates)


def not_withdrawn(candidates: Sequence[int]) -> dict[int, str]:
    """Of some candidates those whose admission may not be withdrawn any more, and why."""
    return _asked(_withdrawal_guards, candidates)


def _asked(guards: list[Guard], candidates: Sequence[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for guard in guards:
        found = dict(guard(candidates)) | found
    return found
