"""Guards of students: an app above says why one may not be changed, or not withdrawn, any more.

The registry turns the line of imports round: rosters are printed and filed above, and what is filed stays.
"""

from collections.abc import Callable, Mapping, Sequence

from accounts.refusals import Refusal

Guard = Callable[[Sequence[int]], str]
WithdrawalGuard = Callable[[Sequence[int]], Mapping[int, str]]
_guards: list[Guard] = []
_withdrawal_guards: list[WithdrawalGuard] = []


def enrolment_guard(guard: Guard) -> Guard:
    """Register a function: primary keys of candidates → why not, in words, or an empty text."""
    _guards.append(guard)
    return guard


def withdrawal_guard(guard: WithdrawalGuard) -> WithdrawalGuard:
    """Register a function: primary keys of candidates → for those who may not be withdrawn, why."""
    _withdrawal_guards.append(guard)
    return guard


def refuse_fixed(candidates: Sequence[int]) -> None:
    """Ask every guard.

    Raises:
        Refusal: if one of the enrolments may not be changed any more.
    """
    for guard in _guards:
        if why := guard(candidates):
            raise Refusal(why)


def not_withdrawn(candidates: Sequence[int]) -> dict[int, str]:
    """Of some candidates those whose admission may not be withdrawn any more, and why."""
    found: dict[int, str] = {}
    for guard in _withdrawal_guards:
        found = dict(guard(candidates)) | found
    return found
