"""Bands of choices against the slow reference, the published example and the laws they must keep."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.kernel import bands, choice_first, score_first
from dispatch.kernel.problem import Problem, TiePolicy, digest
from tests.kernel import reference
from tests.kernel.reference import golden, problems, same


def letters(outcome):
    return "".join("ABC"[u] if u >= 0 else "-" for u in outcome.unit)


def test_published_example_by_choice():
    assert letters(choice_first.solve(golden())) == "AA-B-BCC"


def test_published_example_by_score():
    assert letters(score_first.solve(golden())) == "AABBCC--"


@settings(max_examples=200, deadline=None)
@given(problems(), reference.bands, reference.ties)
def test_equals_one_candidate_at_a_time(problem, sizes, ties):
    assert same(bands.solve(problem, sizes, ties), reference.solve(problem, sizes, ties))


@settings(max_examples=150, deadline=None)
@given(problems(max_candidates=40, max_groups=6), reference.bands, reference.ties, st.integers(1, 7))
def test_chunks_do_not_show(problem, sizes, ties, chunk):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bands, "CHUNK", chunk)
        assert same(bands.solve(problem, sizes, ties), reference.solve(problem, sizes, ties))


@pytest.mark.parametrize("ties", TiePolicy)
@pytest.mark.parametrize("sizes", [(1,), (10,), (1, 2)])
def test_equals_reference_in_a_crowd(sizes, ties):
    random = np.random.default_rng(7)
    n, m = 3000, 40
    level = np.sort(random.integers(0, 700, n)).astype(np.int32)
    order = random.permutation(n)
    tie_group = np.empty(n, np.int32)
    tie_group[order] = level
    choices = (random.random((n, 10)) ** 2 * m).astype(np.int32)
    problem = Problem(
        order, tie_group, choices, random.integers(0, 120, m, np.int32), random.random((n, 10)) < 0.9
    )
    assert same(bands.solve(problem, sizes, ties), reference.solve(problem, sizes, ties))


@settings(max_examples=100, deadline=None)
@given(problems(), reference.bands, reference.ties, st.randoms())
def test_names_of_candidates_and_units_do_not_matter(problem, sizes, ties, random):
    n, m = len(problem.order), len(problem.seats)
    new_candidate = np.array(random.sample(range(n), n), np.int64)
    new_unit = np.array([*random.sample(range(m), m), -1], np.int32)
    seats, tie_group, choices = (
        np.empty_like(problem.seats),
        np.empty(n, np.int32),
        np.empty_like(problem.choices),
    )
    seats[new_unit[:m]] = problem.seats
    tie_group[new_candidate] = problem.tie_group
    choices[new_candidate] = new_unit[problem.choices]
    eligible = None
    if problem.eligible is not None:
        eligible = np.empty_like(problem.eligible)
        eligible[new_candidate] = problem.eligible
    renamed = bands.solve(
        Problem(new_candidate[problem.order], tie_group, choices, seats, eligible), sizes, ties
    )
    outcome = bands.solve(problem, sizes, ties)
    assert renamed.position[new_candidate].tolist() == outcome.position.tolist()
    assert renamed.unit[new_candidate].tolist() == new_unit[outcome.unit].tolist()


def fare(problem, outcome):
    """How far down his choices each candidate ends: smaller is better, k for nowhere."""
    return np.where(outcome.position < 0, problem.choices.shape[1], outcome.position)


@settings(max_examples=300, deadline=None)
@given(problems(max_groups=3))
def test_nobody_fares_worse_where_equals_are_accepted(problem):
    generous, strict, harsh = (
        fare(problem, score_first.solve(problem, ties))
        for ties in (TiePolicy.ACCEPT_ALL, TiePolicy.STRICT, TiePolicy.REJECT_ALL)
    )
    assert (generous <= strict).all()
    assert (strict <= harsh).all()


def level(problem, outcome, unit):
    """The best group a unit refused: where its admitted level ends; beyond all groups if none."""
    refused = [
        int(problem.tie_group[c])
        for c, j in zip(*np.nonzero(problem.choices == unit), strict=True)
        if j < fare(problem, outcome)[c] and (problem.eligible is None or problem.eligible[c, j])
    ]
    return min(refused, default=len(problem.order) + 1)


@settings(max_examples=300, deadline=None)
@given(problems(max_groups=3))
def test_level_never_rises_with_generosity(problem):
    policies = (TiePolicy.ACCEPT_ALL, TiePolicy.STRICT, TiePolicy.REJECT_ALL)
    outcomes = [score_first.solve(problem, ties) for ties in policies]
    for unit in range(len(problem.seats)):
        generous, strict, harsh = (level(problem, outcome, unit) for outcome in outcomes)
        assert generous >= strict >= harsh  # groups are counted from the best


@settings(max_examples=200, deadline=None)
@given(problems(max_groups=3))
def test_nobody_fares_worse_where_equals_are_accepted_choice_by_choice(problem):
    generous = fare(problem, choice_first.solve(problem, TiePolicy.ACCEPT_ALL))
    assert (generous <= fare(problem, choice_first.solve(problem))).all()


def equals(seats, *lists):
    """Candidates all equal, with these choices."""
    n = len(lists)
    return Problem(np.arange(n), np.zeros(n, np.int32), np.array(lists, np.int32), np.array(seats, np.int32))


def test_equals_at_the_last_seat():
    problem = equals([1, 1], [0, 1], [0, 1])
    assert score_first.solve(problem).unit.tolist() == [0, 1]
    assert score_first.solve(problem, TiePolicy.ACCEPT_ALL).unit.tolist() == [0, 0]
    assert score_first.solve(problem, TiePolicy.REJECT_ALL).unit.tolist() == [-1, -1]


def test_a_refused_group_can_overflow_the_next_unit_too():
    problem = equals([1, 1, 3], [0, 1, 2], [0, 1, 2], [1, 2, 2])
    assert score_first.solve(problem, TiePolicy.REJECT_ALL).unit.tolist() == [2, 2, 2]


def test_seats_refused_to_a_group_pass_to_the_next_choice():
    order, groups = np.arange(3), np.array([0, 0, 1], np.int32)
    problem = Problem(order, groups, np.array([[0, -1], [0, -1], [-1, 0]], np.int32), np.array([1], np.int32))
    assert choice_first.solve(problem, TiePolicy.REJECT_ALL).unit.tolist() == [-1, -1, 0]
    assert score_first.solve(problem, TiePolicy.REJECT_ALL).unit.tolist() == [-1, -1, -1]


def test_without_seats_nobody_goes():
    assert score_first.solve(equals([0], [0], [0]), TiePolicy.ACCEPT_ALL).unit.tolist() == [-1, -1]


@pytest.mark.parametrize(("n", "k", "m"), [(0, 0, 0), (0, 3, 2), (2, 0, 2), (2, 3, 0), (2, 0, 0)])
@pytest.mark.parametrize("ties", TiePolicy)
def test_nothing_to_do(n, k, m, ties):
    empty = Problem(np.arange(n), np.zeros(n, np.int32), np.full((n, k), -1, np.int32), np.ones(m, np.int32))
    for outcome in (choice_first.solve(empty, ties), score_first.solve(empty, ties)):
        assert outcome.unit.tolist() == [-1] * n


@pytest.mark.parametrize("sizes", [(), (0,), (1, -1)])
def test_bands_must_have_sizes(sizes):
    with pytest.raises(ValueError, match="bands"):
        bands.solve(golden(), sizes)


def test_the_same_input_gives_the_same_digest():
    assert digest(bands.solve(golden(), (1, 2))) == digest(bands.solve(golden(), (1, 2)))
