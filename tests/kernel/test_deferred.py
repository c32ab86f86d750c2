"""Units that rank by orders of their own: deferred acceptance against the slow one, and its laws."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings

from dispatch.kernel import bands, choice_first, score_first, tiers
from dispatch.kernel.order import place_by_choice
from dispatch.kernel.problem import Problem, TiePolicy
from tests.kernel import reference
from tests.kernel.reference import problems, problems_with_place, same
from tests.kernel.test_bands import fare
from tests.kernel.test_tiers import problems_in_tiers


def rank_of(problem):
    """Each candidate's turn in the common order."""
    rank = np.empty(len(problem.order), np.int32)
    rank[problem.order] = np.arange(len(rank))
    return rank


def standing(problem, candidate, column):
    """What the unit ranks by, where ties are strict."""
    return int(problem.place[candidate, column]), int(rank_of(problem)[candidate])


def everywhere(problem, by_candidate):
    """The problem with the same place at all units."""
    return replace(problem, place=np.repeat(by_candidate[:, None], problem.choices.shape[1], axis=1))


@settings(max_examples=250, deadline=None)
@given(problems_with_place(), reference.bands, reference.ties)
def test_equals_one_candidate_at_a_time(problem, sizes, ties):
    assert same(bands.solve(problem, sizes, ties), reference.solve(problem, sizes, ties))


@settings(max_examples=200, deadline=None)
@given(problems_in_tiers(), reference.bands, reference.ties, problems_with_place())
def test_segments_go_first_whatever_the_place(case, sizes, ties, other):
    problem, tier = case
    n, k = problem.choices.shape
    place = np.resize(other.place, (n, k)) if other.place.size else np.zeros((n, k), np.int32)
    problem = replace(problem, place=place)
    assert same(tiers.solve(problem, tier, sizes, ties), reference.solve(problem, sizes, ties, tier))


@settings(max_examples=200, deadline=None)
@given(problems(), reference.bands, reference.ties)
def test_the_common_order_as_place_changes_nothing(problem, sizes, ties):
    assert same(
        bands.solve(everywhere(problem, problem.tie_group), sizes, ties), bands.solve(problem, sizes, ties)
    )


@settings(max_examples=100, deadline=None)
@given(problems(), reference.bands)
def test_the_common_rank_as_place_changes_nothing(problem, sizes):
    assert same(bands.solve(everywhere(problem, rank_of(problem)), sizes), bands.solve(problem, sizes))


@settings(max_examples=200, deadline=None)
@given(problems_with_place(), reference.ties)
def test_one_choice_a_band_is_immediate_acceptance(problem, ties):
    """With bands of one choice nobody placed is displaced: choice by choice, each unit takes its best."""
    outcome = choice_first.solve(problem, ties)
    assert same(outcome, reference.solve(problem, (1,), ties))
    for column in range(problem.choices.shape[1]):
        cut_off = replace(
            problem,
            choices=problem.choices[:, : column + 1],
            place=problem.place[:, : column + 1],
            eligible=None if problem.eligible is None else problem.eligible[:, : column + 1],
        )
        placed = outcome.position <= column
        assert (choice_first.solve(cut_off, ties).unit == np.where(placed, outcome.unit, -1)).all()


def stable(problem, position):
    """Strict, one band: eligible, within the seats, and no choice refused that a unit would rather take."""
    there = {u: [] for u in range(len(problem.seats))}
    for c, j in enumerate(position):
        if j >= 0:
            if not may_go(problem, c, j):
                return False
            there[int(problem.choices[c, j])].append(standing(problem, c, j))
    if any(len(there[u]) > problem.seats[u] for u in there):
        return False
    for c, j in enumerate(position):
        for better in range(problem.choices.shape[1] if j < 0 else j):
            if may_go(problem, c, better):
                u = int(problem.choices[c, better])
                ahead = sum(other <= standing(problem, c, better) for other in there[u])
                if ahead < problem.seats[u]:
                    return False
    return True


def may_go(problem, c, j):
    """The choice is there and eligible."""
    return problem.choices[c, j] >= 0 and (problem.eligible is None or problem.eligible[c, j])


@settings(max_examples=150, deadline=None)
@given(problems_with_place(max_candidates=4, max_choices=3, max_units=3))
def test_of_all_stable_outcomes_it_is_the_best_for_each(problem):
    n, k = problem.choices.shape
    if any(len(set(row)) < k for row in problem.choices.tolist()):
        return  # naming a unit twice: see the text of `deferred.run_band`
    best = fare(problem, score_first.solve(problem))
    found = [position for position in product(range(-1, k), repeat=n) if stable(problem, position)]
    assert tuple(score_first.solve(problem).position.tolist()) in found
    for position in found:
        assert (best <= [k if j < 0 else j for j in position]).all()


def admitted_level(problem, outcome, unit):
    """The best place a unit refused; beyond all if none."""
    refused = [
        int(problem.place[c, j])
        for c, j in zip(*np.nonzero(problem.choices == unit), strict=True)
        if j < fare(problem, outcome)[c] and (problem.eligible is None or problem.eligible[c, j])
    ]
    return min(refused, default=np.iinfo(np.int32).max)


@settings(max_examples=300, deadline=None)
@given(problems_with_place(max_place=1))
def test_generosity_to_equals_never_lowers_a_level_or_harms_anyone(problem):
    policies = (TiePolicy.ACCEPT_ALL, TiePolicy.STRICT, TiePolicy.REJECT_ALL)
    outcomes = [score_first.solve(problem, ties) for ties in policies]
    generous, strict, harsh = (fare(problem, outcome) for outcome in outcomes)
    assert (generous <= strict).all()
    assert (strict <= harsh).all()
    for unit in range(len(problem.seats)):
        levels = [admitted_level(problem, outcome, unit) for outcome in outcomes]
        assert levels == sorted(levels, reverse=True)


def test_choice_order_among_equals():
    """Two equals want the last seat, one as first choice, one as second; without it the last key decides."""
    choices = np.array([[0, 1], [1, -1], [0, -1]], np.int32)
    tie_group = np.array([1, 1, 0], np.int32)
    problem = Problem(np.array([2, 0, 1]), tie_group, choices, np.array([1, 1], np.int32))
    assert score_first.solve(problem).unit.tolist() == [1, -1, 0]
    by_choice = replace(problem, place=place_by_choice(tie_group, 2))
    assert score_first.solve(by_choice).unit.tolist() == [-1, 1, 0]
    assert score_first.solve(by_choice, TiePolicy.ACCEPT_ALL).unit.tolist() == [-1, 1, 0]


def test_choice_order_then_all():
    """Equal in the choice too: then the tie policy has its turn."""
    choices = np.array([[0, -1], [0, -1], [1, 0]], np.int32)
    tie_group = np.zeros(3, np.int32)
    place = place_by_choice(tie_group, 2)
    problem = Problem(np.arange(3), tie_group, choices, np.array([1, 0], np.int32), None, place)
    assert score_first.solve(problem, TiePolicy.ACCEPT_ALL).unit.tolist() == [0, 0, -1]
    assert score_first.solve(problem, TiePolicy.REJECT_ALL).unit.tolist() == [-1, -1, -1]
    assert score_first.solve(replace(problem, place=None), TiePolicy.ACCEPT_ALL).unit.tolist() == [0, 0, 0]


@settings(max_examples=200, deadline=None)
@given(problems(max_groups=3))
def test_choice_order_never_passes_over_a_better_score(problem):
    """Whoever sits where another wanted to be is better, or equal and named it by no later choice."""
    place = place_by_choice(problem.tie_group, problem.choices.shape[1])
    outcome = score_first.solve(replace(problem, place=place))
    for c, j in zip(*np.nonzero(problem.choices >= 0), strict=True):
        if j < fare(problem, outcome)[c] and may_go(problem, c, j):
            for other in np.flatnonzero(outcome.unit == problem.choices[c, j]).tolist():
                his = int(problem.tie_group[other]), int(outcome.position[other])
                assert his <= (int(problem.tie_group[c]), int(j))


@pytest.mark.parametrize("ties", TiePolicy)
@pytest.mark.parametrize("sizes", [(1,), (10,), (1, 2)])
def test_equals_reference_in_a_crowd(sizes, ties):
    random = np.random.default_rng(11)
    n, m = 600, 25
    choices = (random.random((n, 10)) ** 2 * (m + 1)).astype(np.int32) - 1
    problem = Problem(
        random.permutation(n),
        np.zeros(n, np.int32),
        choices,
        random.integers(0, 30, m, np.int32),
        random.random((n, 10)) < 0.9,
        random.integers(-5, 60, (n, 10)).astype(np.int32),
    )
    assert same(bands.solve(problem, sizes, ties), reference.solve(problem, sizes, ties))


def test_who_comes_late_to_a_refused_group_is_refused_with_it():
    """The best by the common order is displaced at unit 1 and comes to unit 0 when his equals there are out."""
    problem = Problem(
        np.arange(4),
        np.zeros(4, np.int32),
        np.array([[1, 0], [0, -1], [0, -1], [1, -1]], np.int32),
        np.array([1, 1], np.int32),
        None,
        np.array([[2, 5], [5, 0], [5, 0], [1, 0]], np.int32),
    )
    assert score_first.solve(problem, TiePolicy.REJECT_ALL).unit.tolist() == [-1, -1, -1, 1]
    assert score_first.solve(problem).unit.tolist() == [0, -1, -1, 1]


def test_places_at_the_ends_of_their_range():
    lowest, highest = np.iinfo(np.int32).min, np.iinfo(np.int32).max
    problem = Problem(
        np.arange(3),
        np.zeros(3, np.int32),
        np.zeros((3, 1), np.int32),
        np.array([1], np.int32),
        None,
        np.array([[highest], [lowest], [highest]], np.int32),
    )
    assert score_first.solve(problem).unit.tolist() == [-1, 0, -1]
    full = replace(problem, seats=np.array([2], np.int32))
    assert score_first.solve(full).unit.tolist() == [0, 0, -1]
    assert score_first.solve(full, TiePolicy.ACCEPT_ALL).unit.tolist() == [0, 0, 0]
    assert score_first.solve(full, TiePolicy.REJECT_ALL).unit.tolist() == [-1, 0, -1]
