"""Guards of registered students: an app above says why one may not be changed any more.

The registry turns the line of imports round: rosters are filed above, and what is filed stays.
"""

from collections.abc import Callable, Sequence

from accounts.refusals import Refusal

Guard = Callable[[Sequence[int]], str]
_guards: list[Guard] = []


def enrolment_guard(guard: Guard) -> Guard:
    """Register a function: primary keys of candidates → why not, in words, or an empty text."""
    _guards.append(guard)
    return guard


def refuse_fixed(candidates: Sequence[int]) -> None:
    """Ask every guard.

    Raises:
        Refusal: if one of the enrolments may not be changed any more.
    """
    for guard in _guards:
        if why := guard(candidates):
            raise Refusal(why)
