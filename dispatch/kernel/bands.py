"""The one mechanism behind the dispatch modes: choices cut into bands, one deferred acceptance per band.

Source: Y. Chen, O. Kesten, "Chinese College Admissions and School Choice Reforms: A Theoretical Analysis",
Journal of Political Economy 125 (2017): sequential (志愿优先) and parallel (平行志愿) choices are one family
of mechanisms that differ in the sizes of the bands only.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from dispatch.kernel import deferred
from dispatch.kernel.problem import Outcome, Problem, TiePolicy, band_of_columns

STRICT = TiePolicy.STRICT
CHUNK = 1 << 15
"""Candidates looked at together: large enough to hide the calls, small enough for the processor's cache."""


def solve(problem: Problem, bands: Sequence[int], ties: TiePolicy = STRICT) -> Outcome:
    """Send each dossier to one unit, band after band.

    In a band, the candidates not yet placed are taken in order; each goes to the first eligible choice of
    the band that still has a seat. What is placed in a band is final; seats left pass on to the next band.
    Size 1 makes it 志愿优先 (`choice_first`), one band of all choices 平行志愿 (`score_first`).

    Where units rank by orders of their own (`Problem.place`), a candidate placed in a band can still be
    displaced in it by one who stands better there and then asks his next choice: deferred acceptance
    (`deferred`), whose outcome is the stable one that is best for every candidate. What follows holds with
    the unit's order for the common one.

    Candidates equal on score and all tie keys form a group. At its turn in a band, under

    * strict, its members are taken one by one in the strict order;
    * accept_all, its members look at the units together, as the groups before left them. A unit with any
      seat left takes every member that comes to it; seats may be exceeded, by the last group only, and the
      unit is then closed;
    * reject_all, its members look at the units together. A unit that would get more members than it has
      seats refuses them all and is closed to everybody behind them in this band; they go on to their next
      choice, which may overflow another unit in turn, until none does. Seats so left pass to the next band.

    The latter two are the applicant-optimal L-stable and H-stable score limits of P. Biró, S. Kiselgof,
    "College admissions with stable score-limits", Central European Journal of Operations Research 23
    (2015): in one band, the level from which a unit refuses is never higher under accept_all than under
    strict, nor under strict than under reject_all, and no candidate fares worse. Over several bands, strict
    never fares better than accept_all where bands are of one choice; reject_all is not comparable there,
    since the seats it leaves go to later choices.

    Args:
        problem: n candidates, k choices each, m units.
        bands: sizes of the bands in choices; the last one repeats. `(1, 2)`: the first choice, then pairs.
        ties: what happens to equals at the last seat.

    Returns:
        The choice and unit of each candidate. The same for the same problem on any machine.

    Raises:
        ValueError: if there is no band or a size is below 1.

    Cost: O(n·k) and a few passes per conflict; 0.2 s for 1 M × 10 choices × 2 000 units, 0.4 s with place.
    """
    return solve_segments(problem, (0, len(problem.order)), bands, ties)


def solve_segments(problem: Problem, cuts: Sequence[int], bands: Sequence[int], ties: TiePolicy) -> Outcome:
    """`solve` for each segment of the order in turn, on the seats that the segments before left.

    Args:
        problem: as for `solve`.
        cuts: s + 1 ranks, never falling, from 0 to n; segment i is the candidates of ranks cuts[i] up to,
            not including, cuts[i + 1]. No group of equals may straddle a cut.
        bands, ties: as for `solve`.
    """
    band = band_of_columns(bands, problem.choices.shape[1])
    edges = [*np.flatnonzero(np.diff(band, prepend=-1)).tolist(), len(band)]
    position = np.full(len(problem.order), -1, np.int16)
    unit = np.full(len(problem.order), -1, np.int32)
    left = problem.seats.astype(np.int64)
    run_band = _run_band if problem.place is None else deferred.run_band
    for first, end in pairwise(cuts):
        waiting = problem.order[first:end]
        for start, stop in pairwise(edges):
            run_band(problem, waiting, start, stop, ties, left, position, unit)
            waiting = waiting[position[waiting] < 0]
    return Outcome(position, unit)


def _run_band(problem, waiting, start, stop, ties, left, position, unit) -> None:
    """One band over the columns start to stop for the `waiting` candidates, best first.

    Those ahead never give way to those behind, so the order can be cut into chunks (never through a group
    of equals) and each chunk settled for good. Changes left, position and unit.
    """
    m = len(left)
    groups = problem.tie_group[waiting] if ties is not STRICT else None
    closed = left <= 0
    begin = 0
    while begin < len(waiting) and not closed.all():
        end = min(begin + CHUNK, len(waiting))
        if groups is not None:
            end = int(np.searchsorted(groups, groups[end - 1], "right"))
        chunk = waiting[begin:end]
        chunk_groups = groups[begin:end] if groups is not None else None
        asks = _Asks(problem, chunk, start, stop)
        taken, limit = _settle(asks, closed, left, ties, chunk_groups)
        sent = np.flatnonzero(taken < m)
        position[chunk[sent]] = asks.column[sent] + start
        unit[chunk[sent]] = taken[sent]
        left[:] = np.maximum(left - np.bincount(taken[sent], minlength=m), 0)  # a surplus is no debt
        closed |= (limit < len(chunk)) | (left <= 0)
        begin = end


def _settle(asks, closed, left, ties, groups):
    """Deferred acceptance among b candidates, best first, for units that all rank them in this order.

    Everyone asks the first choice that has not refused him. A unit asked by more than it can take sets a
    limit, a place in the order from which it refuses; limits only ever move up the order, so nobody asks a
    unit twice, and the end does not depend on which conflict is settled first.

    Args:
        asks: the choices of the b candidates in this band.
        closed: bool[m], units that take nobody.
        left: int64[m], seats.
        ties: what happens to equals at the last seat.
        groups: int32[b], never falling; None if strict.

    Returns:
        unit int64[b] of each candidate, m if none; and limit int64[m].
    """
    b, m = len(asks.column), len(left)
    limit = np.full(m + 1, b)
    limit[:m][closed] = 0
    limit[-1] = 0  # what is void (-1) refuses everybody
    unit = np.full(b, m)
    asks.next(np.arange(b), unit, limit)
    asked = np.bincount(unit, minlength=m + 1)
    over = asked[:m] > left
    while over.any():
        crowd = np.flatnonzero(np.append(over, False)[unit])
        crowd = crowd[np.argsort(_narrow(unit[crowd], m), kind="stable")]
        units = np.flatnonzero(over)
        firsts = np.cumsum(asked[units]) - asked[units]
        limit[units] = _limits(crowd, firsts + left[units], ties, groups)
        refused = crowd[crowd >= limit[unit[crowd]]]
        asked -= np.bincount(unit[refused], minlength=m + 1)
        asks.next(refused, unit, limit)
        gained = np.bincount(unit[refused], minlength=m + 1)
        asked += gained
        over = (asked[:m] > left) & (gained[:m] > 0)
    return unit, limit[:m]


class _Asks:
    """Where b candidates stand in their choices of one band; reads no further than they get."""

    def __init__(self, problem, candidates, start, stop):
        self.width = stop - start
        self.cell = candidates * problem.choices.shape[1] + start
        self.column = np.full(len(candidates), -1)
        self.choices = problem.choices.reshape(-1)
        self.eligible = None if problem.eligible is None else problem.eligible.reshape(-1)

    def next(self, who, unit, limit):
        """Move each of `who` on to his next choice that does not refuse him; unit m where none is left."""
        unit[who] = len(limit) - 1
        while who.size:
            column = self.column[who] + 1
            self.column[who] = column
            inside = column < self.width
            if not inside.all():
                who, column = who[inside], column[inside]
            cell = self.cell[who] + column
            asked = self.choices[cell]
            takes = limit[asked] > who
            if self.eligible is not None:
                takes &= self.eligible[cell]
            unit[who[takes]] = asked[takes]
            who = who[~takes]


def _limits(crowd, beyond, ties, groups):
    """From which place on each unit refuses; `beyond` points at the first in its crowd without a seat."""
    if ties is TiePolicy.ACCEPT_ALL:
        return np.searchsorted(groups, groups[crowd[beyond - 1]], "right")
    if ties is TiePolicy.REJECT_ALL:
        return np.searchsorted(groups, groups[crowd[beyond]], "left")
    return crowd[beyond]


def _narrow(unit, m):
    """Units in 16 bits where they fit: NumPy sorts these by radix, in linear time."""
    return unit.astype(np.uint16) if m <= np.iinfo(np.uint16).max else unit
