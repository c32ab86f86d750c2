"""Deferred acceptance where each unit ranks by an order of its own (`Problem.place`).

Source: D. Gale, L. S. Shapley, "College Admissions and the Stability of Marriage", American Mathematical
Monthly 69 (1962); for equals P. Biró, S. Kiselgof, "College admissions with stable score-limits", Central
European Journal of Operations Research 23 (2015).
"""

from itertools import pairwise

import numpy as np

from dispatch.kernel.problem import Problem, TiePolicy

EVERYBODY, NOBODY = np.iinfo(np.int64).max, np.iinfo(np.int64).min
LOW = 0xFFFF_FFFF
"""A standing in one number: the place in the high half, the turn in the common order in the low half."""


def run_band(
    problem: Problem,
    waiting: np.ndarray,
    start: int,
    stop: int,
    ties: TiePolicy,
    left: np.ndarray,
    position: np.ndarray,
    unit: np.ndarray,
) -> None:
    """One band over the columns start to stop for the `waiting` candidates.

    Everyone asks the first choice that has not refused him. A unit asked by more than it can take keeps the
    best by its own order and sets a limit, a standing from which it refuses; limits only ever move up, so
    nobody asks twice by the same choice, and the end does not depend on who asks first. Each choice is an
    application of its own: who names a unit twice stands there with the place of the choice he comes by.

    Args:
        problem: with `place`.
        waiting: int64[b], candidate indices, best first by the common order.
        start, stop: the columns of the band.
        ties: what happens to equals at the last seat.
        left: int64[m], seats; those taken are subtracted. Below 0 after a surplus, which is as good as 0.
        position, unit: [n], as in `Outcome`; set for those who are sent.

    Cost: linear in the choices read, and a sort of what a unit holds whenever more come than it can take.
    """
    m = len(left)
    limit = np.full(m + 1, EVERYBODY)
    limit[:m][left <= 0] = NOBODY
    limit[-1] = NOBODY  # what is void (-1) refuses everybody
    column = np.full(len(waiting), start - 1)
    held = [np.empty(0, np.int64)] * m
    asking = np.arange(len(waiting))
    while asking.size:
        refused = [asking[:0]]
        for u, came in _ask(problem, waiting, asking, column, stop, limit):
            crowd = np.concatenate((held[u], came))
            if len(crowd) > left[u]:
                crowd.sort()
                limit[u] = _limit(crowd, left[u], ties)
                stay = crowd.searchsorted(limit[u])
                refused.append(crowd[stay:] & LOW)
                crowd = crowd[:stay]
            held[u] = crowd
        asking = np.concatenate(refused)
    for u in range(m):
        sent = held[u] & LOW
        position[waiting[sent]] = column[sent]
        unit[waiting[sent]] = u
        left[u] -= len(sent)


def _ask(problem, waiting, asking, column, stop, limit):
    """Move each of `asking` on to his next choice that does not refuse him; the standings each unit got."""
    k = problem.choices.shape[1]
    choices, place = problem.choices.reshape(-1), problem.place.reshape(-1)
    eligible = None if problem.eligible is None else problem.eligible.reshape(-1)
    units, standings = [], []
    while asking.size:
        column[asking] += 1
        asking = asking[column[asking] < stop]
        cell = waiting[asking] * k + column[asking]
        asked = choices[cell]
        standing = (place[cell].astype(np.int64) << 32) | asking
        takes = standing < limit[asked]
        if eligible is not None:
            takes &= eligible[cell]
        units.append(asked[takes])
        standings.append(standing[takes])
        asking = asking[~takes]
    unit, standing = np.concatenate(units), np.concatenate(standings)
    narrow = unit.astype(np.uint16) if len(limit) <= np.iinfo(np.uint16).max else unit
    by_unit = np.argsort(narrow, kind="stable")
    unit, standing = unit[by_unit], standing[by_unit]
    cuts = np.flatnonzero(np.diff(unit, prepend=-1, append=-1))
    for u, (first, end) in zip(unit[cuts[:-1]].tolist(), pairwise(cuts.tolist()), strict=True):
        yield u, standing[first:end]


def _limit(crowd, seats, ties):
    """From which standing on a unit refuses a crowd, sorted, that exceeds its seats."""
    if ties is TiePolicy.ACCEPT_ALL:
        return crowd[seats - 1] | LOW
    if ties is TiePolicy.REJECT_ALL:
        return crowd[seats] & ~LOW
    return crowd[seats]
