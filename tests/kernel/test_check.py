"""Right outcomes have no fault; each way of being wrong is seen."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.kernel import bands, choice_first, score_first, tiers
from dispatch.kernel.check import Fault, Kind, faults, quarantine
from dispatch.kernel.problem import Outcome, Problem, TiePolicy
from tests.kernel import reference
from tests.kernel.reference import golden, problems
from tests.kernel.test_tiers import problems_in_tiers

STRICT, ACCEPT_ALL, REJECT_ALL = TiePolicy.STRICT, TiePolicy.ACCEPT_ALL, TiePolicy.REJECT_ALL


def problem_of(lists, seats, groups=None, eligible=None):
    """Candidates in the order of their indices, with these choices."""
    n = len(lists)
    groups = np.array(range(n) if groups is None else groups, np.int32)
    eligible = None if eligible is None else np.array(eligible, np.bool_)
    return Problem(np.arange(n), groups, np.array(lists, np.int32), np.array(seats, np.int32), eligible)


def at(problem, *positions):
    """The outcome in which each sits at the choice in this column."""
    position = np.array(positions, np.int16)
    unit = np.full(len(position), -1, np.int32)
    sits = np.flatnonzero(position >= 0)
    unit[sits] = problem.choices[sits, position[sits]]
    return Outcome(position, unit)


@settings(max_examples=300, deadline=None)
@given(problems_in_tiers(max_groups=4), reference.bands, reference.ties)
def test_what_the_rules_do_is_right(case, sizes, ties):
    problem, tier = case
    assert list(faults(problem, bands.solve(problem, sizes, ties), sizes, ties)) == []
    assert list(faults(problem, tiers.solve(problem, tier, sizes, ties), sizes, ties, tier)) == []


@settings(max_examples=150, deadline=None)
@given(problems(max_candidates=4, max_choices=3, max_units=3, max_groups=1), reference.bands, reference.ties)
def test_nothing_else_is_right(problem, sizes, ties):
    """All outcomes of a tiny problem: only one has no fault."""
    n, k = problem.choices.shape
    right = [
        positions
        for positions in product(range(-1, k), repeat=n)
        if not list(faults(problem, at(problem, *positions), sizes, ties))
    ]
    assert right == [tuple(bands.solve(problem, sizes, ties).position.tolist())]


@settings(max_examples=200, deadline=None)
@given(problems(max_groups=3), reference.bands, reference.ties, st.data())
def test_one_candidate_moved_is_seen(problem, sizes, ties, data):
    n, k = problem.choices.shape
    if not n:
        return
    position = bands.solve(problem, sizes, ties).position.copy()
    who = data.draw(st.integers(0, n - 1))
    elsewhere = [
        column
        for column in range(-1, k)
        if column != position[who] and (column < 0 or problem.choices[who, column] >= 0)
    ]
    if elsewhere:
        position[who] = data.draw(st.sampled_from(elsewhere))
        assert list(faults(problem, at(problem, *position), sizes, ties))


@pytest.mark.parametrize(
    ("position", "unit"), [(0, 1), (0, -1), (-1, 0), (2, 0), (-2, -1), (1, -1), (0, 7), (1, -7)]
)
def test_position_and_unit_must_agree(position, unit):
    problem = problem_of([[0, -1]], [1, 1])
    wrong = Outcome(np.array([position], np.int16), np.array([unit], np.int32))
    found = next(faults(problem, wrong, (1,)))
    assert (found.kind, found.candidate) == (Kind.INCONSISTENT, 0)
    assert found.unit == (unit if unit in (0, 1) else -1)


def test_not_eligible():
    problem = problem_of([[0]], [1], eligible=[[False]])
    assert list(faults(problem, at(problem, 0), (1,))) == [Fault(Kind.NOT_ELIGIBLE, 0, 0)]


@pytest.mark.parametrize("ties", TiePolicy)
def test_over_quota(ties):
    problem = problem_of([[0], [0], [0]], [1])
    assert list(faults(problem, at(problem, 0, 0, 0), (1,), ties)) == [Fault(Kind.OVER_QUOTA, 0, 2, 2)]


def test_surplus_by_equals_only_where_they_are_accepted():
    problem = problem_of([[0], [0], [0]], [2], groups=[0, 1, 1])
    assert list(faults(problem, at(problem, 0, 0, 0), (1,), ACCEPT_ALL)) == []
    assert [fault.kind for fault in faults(problem, at(problem, 0, 0, 0), (1,), STRICT)] == [Kind.OVER_QUOTA]
    assert [fault.kind for fault in faults(problem, at(problem, 0, 0, 0), (1,), REJECT_ALL)] == [
        Kind.OVER_QUOTA
    ]
    no_seat_before = problem_of([[0], [0], [0]], [1], groups=[0, 1, 1])
    assert [
        fault.kind for fault in faults(no_seat_before, at(no_seat_before, 0, 0, 0), (1,), ACCEPT_ALL)
    ] == [Kind.OVER_QUOTA]


@pytest.mark.parametrize("ties", [STRICT, ACCEPT_ALL])
def test_passed_over(ties):
    problem = problem_of([[0], [0]], [1])
    assert list(faults(problem, at(problem, -1, 0), (1,), ties)) == [Fault(Kind.PASSED_OVER, 0, 0)]


def test_passed_over_where_groups_are_refused():
    problem = problem_of([[0], [0], [0]], [1], groups=[0, 0, 1])
    found = list(faults(problem, at(problem, -1, -1, 0), (1,), REJECT_ALL))
    assert Fault(Kind.PASSED_OVER, 0, 0, 2) in found


@pytest.mark.parametrize("ties", [ACCEPT_ALL, REJECT_ALL])
def test_equals_split(ties):
    problem = problem_of([[0], [0]], [1], groups=[0, 0])
    found = list(faults(problem, at(problem, 0, -1), (1,), ties))
    assert Fault(Kind.TIE_SPLIT, 0, 1) in found


def test_later_choice_served_first():
    problem = problem_of([[1, 0], [0, 1]], [1, 0])
    assert list(faults(problem, at(problem, 1, -1), (1,))) == [Fault(Kind.LATER_FIRST, 0, 1)]
    assert list(faults(problem, at(problem, 1, -1), (2,))) == [], (
        "in one band the better candidate goes first"
    )


def test_lower_segment_served_first():
    problem = problem_of([[0], [0]], [1])
    tier = np.array([0, 1], np.int16)
    assert list(faults(problem, at(problem, -1, 0), (1,), STRICT, tier)) == [Fault(Kind.LATER_FIRST, 0, 0)]


@pytest.mark.parametrize("ties", TiePolicy)
def test_seat_unfilled(ties):
    problem = problem_of([[0, 1], [0, 1]], [2, 1])
    assert Fault(Kind.SEAT_UNFILLED, 0, 1) in faults(problem, at(problem, 0, 1), (2,), ties)


def test_equals_that_keep_each_other_out():
    problem = problem_of([[0, 1], [1, 0]], [1, 1], groups=[0, 0])
    assert list(faults(problem, at(problem, 0, 0), (2,), REJECT_ALL)) == []
    assert {fault.kind for fault in faults(problem, at(problem, -1, -1), (2,), REJECT_ALL)} == {
        Kind.SEAT_UNFILLED
    }


def test_later_column_of_the_same_unit():
    problem = problem_of([[0, 0]], [1])
    assert list(faults(problem, at(problem, 1), (2,))) == [Fault(Kind.INCONSISTENT, 0, 0)]


def test_other_candidates_are_refused():
    with pytest.raises(ValueError, match="8 candidates"):
        list(faults(golden(), at(problem_of([[0]], [1]), 0), (1,)))


def test_the_wrong_rule_is_seen():
    assert list(faults(golden(), score_first.solve(golden()), (1,)))
    assert list(faults(golden(), choice_first.solve(golden()), (2,)))


def test_words():
    fault = Fault(Kind.PASSED_OVER, 3, 12, 2)
    assert str(fault) == "投档单位3：2人被排位在后的考生越过，排位最前的是考生12。"
    assert (
        fault.words(lambda unit: "A校", lambda candidate: "李某")
        == "A校：2人被排位在后的考生越过，排位最前的是李某。"
    )
    assert all(str(Fault(kind, 0, 0)) for kind in Kind)


def test_quarantine_takes_what_is_linked():
    problem = problem_of(
        [[0, 1], [1, 2], [3, -1], [2, 4], [3, 5]],
        [1] * 6,
        eligible=[[True, True]] * 3 + [[True, False], [True, True]],
    )
    out = quarantine(problem, [Fault(Kind.PASSED_OVER, 0, 0)])
    assert out.tolist() == [True, True, True, False, False, False]
    assert quarantine(problem, [Fault(Kind.INCONSISTENT, -1, 4)]).tolist() == [
        False,
        False,
        False,
        True,
        False,
        True,
    ]
    elsewhere = quarantine(problem, [Fault(Kind.INCONSISTENT, 2, 4)])
    assert elsewhere.tolist() == [True, True, True, True, False, True], (
        "the unit he sits at without asking for it"
    )
    assert not quarantine(problem, []).any()


def test_the_rest_goes_on_without_what_is_left_out():
    """Units outside the quarantine get the same candidates as before."""
    problem = problem_of([[0, 1], [1, 0], [2, 3], [2, 3]], [1, 1, 1, 1])
    out = quarantine(problem, [Fault(Kind.PASSED_OVER, 0, 0)])
    choices = np.where(np.append(out, False)[problem.choices], np.int32(-1), problem.choices)
    rest = score_first.solve(Problem(problem.order, problem.tie_group, choices, problem.seats))
    before = score_first.solve(problem)
    kept = ~np.append(out, True)[before.unit]
    assert rest.unit[kept].tolist() == before.unit[kept].tolist()
    assert list(faults(Problem(problem.order, problem.tie_group, choices, problem.seats), rest, (2,))) == []


@pytest.mark.parametrize(("n", "k", "m"), [(0, 0, 0), (0, 3, 2), (2, 0, 2), (2, 3, 0)])
@pytest.mark.parametrize("ties", TiePolicy)
def test_nothing_to_check(n, k, m, ties):
    empty = Problem(np.arange(n), np.zeros(n, np.int32), np.full((n, k), -1, np.int32), np.ones(m, np.int32))
    assert list(faults(empty, choice_first.solve(empty, ties), (1,), ties)) == []
    assert quarantine(empty, []).tolist() == [False] * m
