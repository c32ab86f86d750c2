"""Outcomes where units rank by orders of their own: right ones have no fault, all others are seen."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.kernel import bands, tiers
from dispatch.kernel.check import Fault, Kind, faults
from dispatch.kernel.problem import Problem, TiePolicy
from tests.kernel import reference
from tests.kernel.reference import problems, problems_with_place, problems_with_standing
from tests.kernel.test_bands import fare
from tests.kernel.test_check import at
from tests.kernel.test_tiers import problems_in_tiers

STRICT, ACCEPT_ALL, REJECT_ALL = TiePolicy.STRICT, TiePolicy.ACCEPT_ALL, TiePolicy.REJECT_ALL
TINY = {"max_candidates": 4, "max_choices": 3, "max_units": 3, "max_groups": 1}


def problem_of(lists, seats, place):
    """Candidates all equal in the common order, with these choices and places."""
    n = len(lists)
    return Problem(
        np.arange(n),
        np.zeros(n, np.int32),
        np.array(lists, np.int32),
        np.array(seats, np.int32),
        None,
        np.array(place, np.int32),
    )


def right_ones(problem, sizes, ties):
    """The columns of all outcomes without a fault."""
    n, k = problem.choices.shape
    return [
        positions
        for positions in product(range(-1, k), repeat=n)
        if not list(faults(problem, at(problem, *positions), sizes, ties))
    ]


@settings(max_examples=200, deadline=None)
@given(problems_with_place(), reference.bands, reference.ties)
def test_what_the_rules_do_is_right(problem, sizes, ties):
    assert list(faults(problem, bands.solve(problem, sizes, ties), sizes, ties)) == []


@settings(max_examples=200, deadline=None)
@given(problems_in_tiers(), reference.bands, reference.ties, st.data())
def test_what_the_rules_do_in_segments_is_right(case, sizes, ties, data):
    problem, tier = case
    place = data.draw(
        st.lists(st.integers(-2, 2), min_size=problem.choices.size, max_size=problem.choices.size)
    )
    problem = replace(problem, place=np.array(place, np.int32).reshape(problem.choices.shape))
    assert list(faults(problem, tiers.solve(problem, tier, sizes, ties), sizes, ties, tier)) == []


@settings(max_examples=150, deadline=None)
@given(problems_with_standing(**TINY), reference.bands)
def test_nothing_else_is_right(problem, sizes):
    """All outcomes of a tiny problem: only one has no fault, though several may be stable."""
    assert right_ones(problem, sizes, STRICT) == [tuple(bands.solve(problem, sizes).position.tolist())]


@settings(max_examples=200, deadline=None)
@given(problems_with_standing(max_place=1, **TINY), st.sampled_from([ACCEPT_ALL, REJECT_ALL]))
def test_with_equals_nothing_better_is_right(problem, ties):
    k = problem.choices.shape[1]
    outcome = bands.solve(problem, (max(k, 1),), ties)
    right = right_ones(problem, (max(k, 1),), ties)
    assert tuple(outcome.position.tolist()) in right
    for positions in right:
        assert (fare(problem, outcome) <= [k if j < 0 else j for j in positions]).all()


@settings(max_examples=150, deadline=None)
@given(problems(), reference.bands)
def test_the_common_order_as_place_has_the_same_faults(problem, sizes):
    """Found in the outcome of other bands, which is wrong more often than not."""
    k = problem.choices.shape[1]
    place = np.repeat(problem.tie_group[:, None], k, axis=1)
    outcome = bands.solve(problem, (1,))
    with_place = list(faults(replace(problem, place=place), outcome, sizes))
    without = list(faults(problem, outcome, sizes))
    kept = [fault for fault in with_place if fault.kind is not Kind.NOT_BEST]
    assert kept == without
    assert without or not with_place


CROSSED = problem_of([[0, 1], [1, 0]], [1, 1], [[1, 0], [1, 0]])
"""Each is the other unit's favourite: both outcomes in which both are placed are stable."""


def test_the_units_favourite_is_stable_but_not_the_best():
    assert list(faults(CROSSED, at(CROSSED, 0, 0), (2,))) == []
    assert list(faults(CROSSED, at(CROSSED, 1, 1), (2,))) == [
        Fault(Kind.NOT_BEST, 0, 0),
        Fault(Kind.NOT_BEST, 1, 1),
    ]
    assert "可与他人互换" in str(Fault(Kind.NOT_BEST, 0, 0))


def test_across_bands_there_is_no_exchange():
    """With one choice a band the same outcome is wrong because first choices were passed over."""
    assert {fault.kind for fault in faults(CROSSED, at(CROSSED, 1, 1), (1,))} == {Kind.LATER_FIRST}


def test_someone_unplaced_stops_the_exchange():
    """Who wants unit 0 more than the first candidate stands there blocks it, though he gets nothing."""
    problem = problem_of([[0, 1], [1, 0], [0, -1]], [1, 1], [[2, 0], [2, 0], [1, 9]])
    assert list(faults(problem, at(problem, 1, 1, -1), (2,))) == []


@pytest.mark.parametrize("ties", TiePolicy)
def test_passed_over_by_the_order_of_the_unit(ties):
    problem = problem_of([[0], [0]], [1], [[5], [3]])
    assert list(faults(problem, at(problem, -1, 0), (1,), ties)) == []
    assert list(faults(problem, at(problem, 0, -1), (1,), ties)) == [Fault(Kind.PASSED_OVER, 0, 1)]


def test_equals_there_are_treated_alike():
    problem = problem_of([[0], [0]], [1], [[5], [5]])
    assert list(faults(problem, at(problem, 0, -1), (1,))) == []
    assert [f.kind for f in faults(problem, at(problem, 0, -1), (1,), ACCEPT_ALL)] == [Kind.TIE_SPLIT]
    assert list(faults(problem, at(problem, 0, 0), (1,), ACCEPT_ALL)) == []
    assert [f.kind for f in faults(problem, at(problem, 0, -1), (1,), REJECT_ALL)] == [Kind.TIE_SPLIT]
    assert list(faults(problem, at(problem, -1, -1), (1,), REJECT_ALL)) == []


def test_a_group_that_fits_may_not_be_refused():
    problem = problem_of([[0], [0]], [2], [[5], [5]])
    found = list(faults(problem, at(problem, -1, -1), (1,), REJECT_ALL))
    assert found == [Fault(Kind.SEAT_UNFILLED, 0, 0, 2)]


def test_places_far_apart_do_not_wrap():
    low, high = np.iinfo(np.int32).min, np.iinfo(np.int32).max
    problem = problem_of([[0], [0], [0]], [1], [[high], [low], [0]])
    assert list(faults(problem, at(problem, -1, 0, -1), (1,))) == []
    assert [f.kind for f in faults(problem, at(problem, 0, -1, -1), (1,))] == [Kind.PASSED_OVER]


def test_a_large_outcome_is_right_and_one_swap_is_seen():
    random = np.random.default_rng(2)
    n, m = 40_000, 50
    choices = random.integers(-1, m, (n, 6)).astype(np.int32)
    place = random.integers(-75_000, 0, (n, m + 1)).astype(np.int32)[np.arange(n)[:, None], choices]
    problem = Problem(
        random.permutation(n),
        np.zeros(n, np.int32),
        choices,
        random.integers(0, 1200, m, np.int32),
        random.random((n, 6)) < 0.9,
        place,
    )
    for sizes in ((6,), (1, 2), (1,)):
        outcome = bands.solve(problem, sizes)
        assert list(faults(problem, outcome, sizes)) == []
    position = outcome.position.copy()
    sent, not_sent = np.flatnonzero(position == 0)[0], np.flatnonzero(position < 0)[0]
    position[sent], position[not_sent] = -1, 0
    assert list(faults(problem, at(problem, *position), (1,)))
