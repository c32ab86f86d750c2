"""Worked examples and theorems of the papers that the rules come from, and of the practice they serve.

Each example was recomputed by trying all outcomes. Of Chen & Kesten 2017 and Balinski & Sönmez 1999 no worked
example could be verified against the printed page; what they prove is tested instead.
"""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.kernel import bands, choice_first, score_first, tiers
from dispatch.kernel.check import faults
from dispatch.kernel.problem import Outcome, Problem
from tests.kernel import reference
from tests.kernel.reference import golden, problems_with_standing
from tests.kernel.test_bands import fare
from tests.kernel.test_deferred import stable


def by_orders(lists, orders):
    """One seat a unit; `lists` the candidates' units, best first, `orders` the units' candidates, best first."""
    choices = np.array(lists, np.int32)
    place = [[orders[u].index(c) for u in row] for c, row in enumerate(lists)]
    return Problem(
        np.arange(len(lists)),
        np.zeros(len(lists), np.int32),
        choices,
        np.ones(len(orders), np.int32),
        None,
        np.array(place, np.int32),
    )


def from_matrix(pairs):
    """A ranking matrix: (rank he gives her, rank she gives him) for each man's row and woman's column."""
    n = len(pairs)
    men = [sorted(range(n), key=lambda w: row[w][0]) for row in pairs]
    women = [sorted(range(n), key=lambda m: pairs[m][w][1]) for w in range(n)]
    return men, women


def all_stable(men, women):
    """Every stable way to pair all, as the partner of each man."""
    problem = by_orders(men, women)
    return [
        wives
        for wives in permutations(range(len(men)))
        if stable(problem, [men[man].index(wife) for man, wife in enumerate(wives)])
    ]


@pytest.mark.parametrize(
    ("solve", "units"),
    [
        (choice_first.solve, "AA-B-BCC"),
        (score_first.solve, "AABBCC--"),
        (lambda problem: tiers.solve(problem, np.array([0, 0, 0, 0, 0, 1, 1, 1], np.int16)), "AABBC-C-"),
    ],
)
def test_three_modes_three_outcomes(solve, units):
    """domain.md §6.4: 志愿优先, 平行志愿 and 梯度 with a line at 90, c1 to c8."""
    assert "".join("ABC"[u] if u >= 0 else "-" for u in solve(golden()).unit) == units


GALE_SHAPLEY_1 = [[(1, 3), (2, 2), (3, 1)], [(3, 1), (1, 3), (2, 2)], [(2, 2), (3, 1), (1, 3)]]
GALE_SHAPLEY_2 = [
    [(1, 3), (2, 3), (3, 2), (4, 3)],
    [(1, 4), (4, 1), (3, 3), (2, 2)],
    [(2, 2), (1, 4), (3, 4), (4, 1)],
    [(4, 1), (2, 2), (3, 1), (1, 4)],
]


def test_gale_and_shapley_example_1():
    """Gale & Shapley 1962, section 3 (pp. 11–12), Example 1: of six ways to pair three are stable: all men
    get their first choice, all women get theirs, or all get their second. Who asks gets the best."""
    men, women = from_matrix(GALE_SHAPLEY_1)
    assert all_stable(men, women) == [(0, 1, 2), (1, 2, 0), (2, 0, 1)]
    assert score_first.solve(by_orders(men, women)).unit.tolist() == [0, 1, 2]
    assert score_first.solve(by_orders(women, men)).unit.tolist() == [1, 2, 0]


def test_the_check_knows_the_best_of_the_three():
    """The other two stable outcomes are told from the best without solving anything."""
    men, women = from_matrix(GALE_SHAPLEY_1)
    problem = by_orders(men, women)
    for position, right in ((0, True), (1, False), (2, False)):
        outcome = Outcome(np.full(3, position, np.int16), problem.choices[:, position].copy())
        assert (list(faults(problem, outcome, (3,))) == []) is right


def test_gale_and_shapley_example_2():
    """Gale & Shapley 1962, section 3 (pp. 11–12), Example 2: the one stable way to pair gives nobody his or
    her first choice; α to C, β to D, γ to A, δ to B."""
    men, women = from_matrix(GALE_SHAPLEY_2)
    assert all_stable(men, women) == [(2, 3, 0, 1)]
    outcome = score_first.solve(by_orders(men, women))
    assert outcome.unit.tolist() == [2, 3, 0, 1]
    assert 0 not in outcome.position


def test_abdulkadiroglu_and_sonmez_example_1():
    """Abdulkadiroğlu & Sönmez, "School Choice: A Mechanism Design Approach", American Economic Review 93
    (2003) 729–747, Example 1: the only stable outcome is i1–s1, i2–s2, i3–s3, though i1–s2, i2–s1, i3–s3
    (top trading cycles) is better for two and worse for none. Immediate acceptance gives a third outcome:
    i2, ahead of i3 at s2 only, falls from his first choice to his last."""
    lists = [[1, 0, 2], [0, 1, 2], [0, 1, 2]]
    orders = [[0, 2, 1], [1, 0, 2], [1, 0, 2]]
    problem = by_orders(lists, orders)
    assert all_stable(lists, orders) == [(0, 1, 2)]
    assert score_first.solve(problem).unit.tolist() == [0, 1, 2]
    assert choice_first.solve(problem).unit.tolist() == [1, 2, 0]


@settings(max_examples=300, deadline=None)
@given(problems_with_standing(max_candidates=6), st.integers(1, 2), st.integers(2, 3))
def test_longer_bands_are_stable_wherever_shorter_ones_are(problem, size, times):
    """Chen & Kesten 2017: where bands are several times as long, the outcome is stable whenever that of the
    shorter ones is (their comparison of the parallel mechanisms by stability)."""
    short = bands.solve(problem, (size,))
    if stable(problem, short.position.tolist()):
        assert stable(problem, bands.solve(problem, (size * times,)).position.tolist())


@settings(max_examples=200, deadline=None)
@given(problems_with_standing(max_candidates=6))
def test_the_ends_of_the_family(problem):
    """Chen & Kesten 2017: bands of one choice are immediate acceptance, one band is deferred acceptance."""
    one = max(problem.choices.shape[1], 1)
    assert reference.same(choice_first.solve(problem), reference.solve(problem, (1,)))
    assert stable(problem, bands.solve(problem, (one,)).position.tolist())


@settings(max_examples=300, deadline=None)
@given(problems_with_standing(max_candidates=6), st.data())
def test_improvements_are_respected(problem, data):
    """Balinski & Sönmez, "A Tale of Two Mechanisms: Student Placement", Journal of Economic Theory 84 (1999)
    73–94: with deferred acceptance nobody fares worse because he stands better at a unit."""
    n, m = len(problem.order), len(problem.seats)
    if not n or not m:
        return
    who, unit = data.draw(st.integers(0, n - 1)), data.draw(st.integers(0, m - 1))
    better = problem.place.copy()
    better[who, problem.choices[who] == unit] -= data.draw(st.integers(1, 5))
    improved = score_first.solve(replace(problem, place=better))
    assert fare(problem, improved)[who] <= fare(problem, score_first.solve(problem))[who]


@settings(max_examples=300, deadline=None)
@given(problems_with_standing(max_candidates=6), st.data())
def test_nobody_gains_by_another_list(problem, data):
    """The same for the order of one's choices (Dubins & Freedman 1981, Roth 1982): with one band, whoever
    shuffles his list gets nothing that he likes better."""
    n, k = problem.choices.shape
    if not n or any(len(set(row)) < k for row in problem.choices.tolist()):
        return
    who = data.draw(st.integers(0, n - 1))
    shuffled = data.draw(st.permutations(range(k)))
    tables = {}
    for name in ("choices", "place", "eligible"):
        table = getattr(problem, name)
        if table is not None:
            tables[name] = table.copy()
            tables[name][who] = table[who, list(shuffled)]
    got = int(score_first.solve(replace(problem, **tables)).position[who])
    truly = shuffled[got] if got >= 0 else k
    assert fare(problem, score_first.solve(problem))[who] <= truly
