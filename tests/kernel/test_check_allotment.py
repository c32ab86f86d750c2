"""Outcomes with allotted seats: right ones have no fault, all others are seen."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.kernel.allotment import Allotted, Via, When, floors_of, solve
from dispatch.kernel.check import quarantine
from dispatch.kernel.check_allotment import faults
from dispatch.kernel.fault import Fault, Kind
from dispatch.kernel.problem import Outcome, TiePolicy
from tests.kernel import reference
from tests.kernel.test_allotment import FOUR, allotted_problems, case


def claim(problem, allotment, rows, floors=None):
    """The outcome in which each came through this round by the choice in this column."""
    via = np.array([via for via, _ in rows], np.uint8)
    position = np.array([column for _, column in rows], np.int16)
    lists = [problem.choices if via in (Via.UNIFIED, Via.CONVERTED) else allotment.choices for via, _ in rows]
    unit = np.array([lists[c][c, j] if j >= 0 else -1 for c, (_, j) in enumerate(rows)], np.int32)
    if floors is None:
        floors = floors_of(allotment, np.where(unit >= 0, via, Via.NONE), unit)
    return Allotted(Outcome(position, unit), via, floors)


@settings(max_examples=200, deadline=None)
@given(allotted_problems(), reference.bands, reference.ties, reference.bands)
def test_what_the_rounds_do_is_right(case, sizes, ties, allotted_sizes):
    problem, allotment = case
    result = solve(problem, allotment, sizes, ties, allotted_sizes)
    assert list(faults(problem, allotment, result, sizes, ties, allotted_sizes)) == []


@settings(max_examples=150, deadline=None)
@given(allotted_problems(), reference.bands, reference.ties, st.data())
def test_what_the_rounds_do_in_segments_is_right(case, sizes, ties, data):
    problem, allotment = case
    tier = data.draw(reference.segments(problem))
    result = solve(problem, allotment, sizes, ties, sizes, tier)
    assert list(faults(problem, allotment, result, sizes, ties, sizes, tier)) == []


@settings(max_examples=40, deadline=None)
@given(allotted_problems(max_candidates=3, max_choices=2, max_columns=1), reference.bands, reference.ties)
def test_nothing_else_is_right(case, sizes, ties):
    """All outcomes of a tiny problem; where floors may agree with several cuts, with the floors first reached."""
    problem, allotment = case
    n, k = problem.choices.shape
    result = solve(problem, allotment, sizes, ties)
    known = result.floors if allotment.when is When.BEFORE else None
    options = [(Via.NONE, -1)]
    options += [(via, j) for via in (Via.UNIFIED, Via.CONVERTED) for j in range(k)]
    options += [(via, j) for via in (Via.ALLOTTED, Via.AREA) for j in range(allotment.choices.shape[1])]
    right = [
        rows
        for rows in product(options, repeat=n)
        if all(
            u >= 0 or via == Via.NONE
            for (via, _), u in zip(rows, units(problem, allotment, rows), strict=True)
        )
        and not list(
            faults(
                problem,
                allotment,
                replace(claim(problem, allotment, rows, known), settled=result.settled),
                sizes,
                ties,
            )
        )
    ]
    assert right == [tuple(zip(result.via.tolist(), result.outcome.position.tolist(), strict=True))]


def units(problem, allotment, rows):
    return claim(problem, allotment, rows).outcome.unit.tolist()


@settings(max_examples=200, deadline=None)
@given(allotted_problems(), reference.bands, reference.ties, st.data())
def test_one_candidate_taken_out_is_seen(case, sizes, ties, data):
    problem, allotment = case
    result = solve(problem, allotment, sizes, ties)
    sent = np.flatnonzero(result.outcome.unit >= 0).tolist()
    if sent:
        position, unit, via = result.outcome.position.copy(), result.outcome.unit.copy(), result.via.copy()
        who = data.draw(st.sampled_from(sent))
        position[who], unit[who], via[who] = -1, -1, Via.NONE
        wrong = replace(result, outcome=Outcome(position, unit), via=via)
        assert list(faults(problem, allotment, wrong, sizes, ties))


def found(rows, floors=None, **kwargs):
    problem, allotment = case(**FOUR | kwargs)
    return list(faults(problem, allotment, claim(problem, allotment, rows, floors), (1,)))


A, U, C, NO = (Via.ALLOTTED, 0), (Via.UNIFIED, 0), (Via.CONVERTED, 0), (Via.NONE, -1)


def test_a_seat_of_one_junior_school_given_to_another():
    """Unit 0 keeps one seat for school 1 only; the first is of school 0."""
    assert [f.kind for f in found([A, U, A, NO], quota=[[0, 2]])] == [Kind.OVER_QUOTA, Kind.SEAT_UNFILLED]


def test_a_seat_left_unused_is_in_the_unified_plan():
    kwargs = {"allotted": [[-1]] * 4}
    assert found([U, U, U, NO], **kwargs) == []
    assert found([U, NO, NO, NO], **kwargs) == [Fault(Kind.SEAT_UNFILLED, 0, 1, 3)]
    assert found([U, C, C, NO], **kwargs, when=When.AFTER) == []
    assert found([U, NO, NO, NO], **kwargs, when=When.AFTER) == [Fault(Kind.SEAT_UNFILLED, 0, 1, 3)]


def test_a_round_that_is_not_held():
    kinds = {(f.kind, f.candidate) for f in found([A, U, (Via.AREA, 0), NO])}
    assert (Kind.INCONSISTENT, 2) in kinds
    assert (Kind.INCONSISTENT, 1) in {(f.kind, f.candidate) for f in found([A, C, A, NO])}


def test_below_the_floor():
    first = found([A, U, A, NO], floor=[58001])[0]
    assert (first.kind, first.candidate) == (Kind.NOT_ELIGIBLE, 2)


@pytest.mark.parametrize("settled", [True, False])
def test_a_wrong_floor(settled):
    problem, allotment = case(**FOUR, margin=[500], when=When.AFTER)
    right = solve(problem, allotment, (1,))
    assert list(faults(problem, allotment, right, (1,))) == []
    wrong = replace(right, floors=right.floors - 1, settled=settled)
    assert list(faults(problem, allotment, wrong, (1,))) == [Fault(Kind.WRONG_FLOOR, 0, -1)]
    assert str(Fault(Kind.WRONG_FLOOR, 0, -1)) == "投档单位0：指标生控制线与规则或统招录取最低分不符。"
    assert quarantine(problem, [Fault(Kind.WRONG_FLOOR, 0, -1)]).tolist() == [True]


def test_a_unit_that_does_not_exist():
    problem, allotment = case(**FOUR)
    right = solve(problem, allotment, (1,))
    for unit in (7, -7):
        wrong = replace(right, outcome=Outcome(right.outcome.position, np.array([unit, 0, 0, -1], np.int32)))
        assert Kind.INCONSISTENT in {
            f.kind for f in faults(problem, allotment, wrong, (1,), TiePolicy.STRICT)
        }
