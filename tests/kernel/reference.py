"""The rules once more, one candidate at a time, in plain Python: slow, short and easy to believe."""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from dispatch.kernel.problem import Outcome, Problem, TiePolicy


def cut(bands, k):
    """Columns of each band, as ranges."""
    ranges, start, sizes = [], 0, list(bands)
    while start < k:
        size = sizes.pop(0) if len(sizes) > 1 else sizes[0]
        ranges.append(range(start, min(start + size, k)))
        start += size
    return ranges


def solve(problem, bands, ties=TiePolicy.STRICT, tier=None):
    n, k = problem.choices.shape
    position, unit = [-1] * n, [-1] * n
    left = problem.seats.tolist()
    for segment in range(max(tier, default=0) + 1 if tier is not None else 1):
        for columns in cut(bands, k):
            waiting = [
                c for c in problem.order.tolist() if position[c] < 0 and (tier is None or tier[c] == segment)
            ]
            for c, j in band_of(problem, waiting, columns, left, ties):
                position[c], unit[c] = j, int(problem.choices[c, j])
                left[unit[c]] -= 1
            left = [max(seats, 0) for seats in left]
    return Outcome(np.array(position, np.int16), np.array(unit, np.int32))


def band_of(problem, waiting, columns, left, ties):
    """Who gets which choice of a band."""
    if problem.place is not None:
        yield from defer(problem, waiting, columns, left, ties)
        return
    closed, left = set(), list(left)
    for group in groups(problem, waiting, ties):
        for c, j in send(problem, group, columns, left, closed, ties):
            left[int(problem.choices[c, j])] -= 1
            yield c, j


def defer(problem, waiting, columns, left, ties):
    """Gale and Shapley: one candidate at a time asks his next choice; whoever is displaced asks on."""
    rank = problem.order.tolist().index
    untried = {c: list(columns) for c in waiting}
    held = {u: [] for u in range(len(left))}
    closed_from = {u: (float("inf"),) if left[u] > 0 else (float("-inf"),) for u in held}
    free = list(waiting)
    while free:
        c = free.pop()
        if not untried[c]:
            continue
        j = untried[c].pop(0)
        u = int(problem.choices[c, j])
        standing = (int(problem.place[c, j]), rank(c))
        if (
            u < 0
            or (problem.eligible is not None and not problem.eligible[c, j])
            or standing >= closed_from[u]
        ):
            free.append(c)
            continue
        held[u] = sorted([*held[u], (standing, c, j)])
        if len(held[u]) <= left[u]:
            continue
        last, beyond = held[u][left[u] - 1][0], held[u][left[u]][0]
        closed_from[u] = {
            TiePolicy.STRICT: beyond,
            TiePolicy.ACCEPT_ALL: (last[0] + 1,),
            TiePolicy.REJECT_ALL: (beyond[0],),
        }[ties]
        free += [who for standing, who, _ in held[u] if standing >= closed_from[u]]
        held[u] = [asked for asked in held[u] if asked[0] < closed_from[u]]
    return [(c, j) for asked in held.values() for _, c, j in asked]


def groups(problem, waiting, ties):
    """Those who look at the units together: one by one if strict."""
    together = []
    for c in waiting:
        equal = together and problem.tie_group[together[-1][0]] == problem.tie_group[c]
        if equal and ties is not TiePolicy.STRICT:
            together[-1].append(c)
        else:
            together.append([c])
    return together


def send(problem, group, columns, left, closed, ties):
    """The choices that the group gets; may close units."""
    while True:
        taken = []
        for c in group:
            for j in columns:
                u = int(problem.choices[c, j])
                eligible = u >= 0 and (problem.eligible is None or problem.eligible[c, j])
                if eligible and left[u] > 0 and u not in closed:
                    taken.append((c, j))
                    break
        asked = [int(problem.choices[c, j]) for c, j in taken]
        full = {u for u in asked if asked.count(u) > left[u]}
        if ties is not TiePolicy.REJECT_ALL or not full:
            return taken
        closed |= full


@st.composite
def problems(draw, max_candidates=9, max_choices=4, max_units=4, max_groups=None):
    """Small crowded problems: few seats, many ties, void and not eligible choices."""
    n, k, m = (
        draw(st.integers(0, max_candidates)),
        draw(st.integers(0, max_choices)),
        draw(st.integers(0, max_units)),
    )
    level = draw(st.lists(st.integers(0, max_groups or n), min_size=n, max_size=n))
    order = np.array(sorted(draw(st.permutations(range(n))), key=lambda c: level[c]), np.int64)
    choices = np.array(draw(st.lists(st.integers(-1, m - 1), min_size=n * k, max_size=n * k)), np.int32)
    eligible = draw(
        st.none() | st.lists(st.sampled_from([True, True, True, False]), min_size=n * k, max_size=n * k)
    )
    return Problem(
        order,
        np.array(level, np.int32),
        choices.reshape(n, k),
        np.array(draw(st.lists(st.integers(0, 3), min_size=m, max_size=m)), np.int32),
        None if eligible is None else np.array(eligible, np.bool_).reshape(n, k),
    )


@st.composite
def problems_with_place(draw, max_place=4, **sizes):
    """The same, where units rank by orders of their own, with equals."""
    problem = draw(problems(**sizes))
    n, k = problem.choices.shape
    place = draw(st.lists(st.integers(-max_place, max_place), min_size=n * k, max_size=n * k))
    return replace(problem, place=np.array(place, np.int32).reshape(n, k))


@st.composite
def problems_with_standing(draw, max_place=4, **sizes):
    """Units rank by orders of their own, in which each candidate has one place, however often he names it."""
    problem = draw(problems(**sizes))
    n, m = len(problem.order), len(problem.seats) + 1
    place = draw(st.lists(st.integers(0, max_place), min_size=n * m, max_size=n * m))
    place = np.array(place, np.int32).reshape(n, m)[np.arange(n)[:, None], problem.choices]
    return replace(problem, place=place)


@st.composite
def segments(draw, problem):
    """int16[n], segments of the order that no group of equals straddles."""
    groups = np.unique(problem.tie_group)
    steps = np.array(draw(st.lists(st.integers(0, 1), min_size=len(groups), max_size=len(groups))), np.int64)
    tier = np.cumsum(steps)[np.searchsorted(groups, problem.tie_group)] if len(groups) else problem.tie_group
    return tier.astype(np.int16)


bands = st.lists(st.integers(1, 3), min_size=1, max_size=3).map(tuple)
ties = st.sampled_from(TiePolicy)


def same(one, other):
    return one.position.tolist() == other.position.tolist() and one.unit.tolist() == other.unit.tolist()


def golden():
    """The worked example of domain.md §6.4: eight candidates, best first; units A, B, C of two seats each."""
    lists = ["AB", "AB", "AB", "BC", "AC", "BC", "CA", "CB"]
    return Problem(
        np.arange(8),
        np.arange(8, dtype=np.int32),
        np.array([["ABC".index(letter) for letter in choices] for choices in lists], np.int32),
        np.array([2, 2, 2], np.int32),
    )
