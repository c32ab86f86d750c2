"""Each reason is given for the right choice, in words a family can be read."""

import numpy as np
import pytest
from hypothesis import given, settings

from dispatch.kernel import bands, choice_first, score_first, tiers
from dispatch.kernel.explain import Reason, explain, words
from dispatch.kernel.problem import Problem, TiePolicy
from tests.kernel import reference
from tests.kernel.reference import golden, problems
from tests.kernel.test_tiers import problems_in_tiers


def unit_name(unit):
    return "ABC"[unit] + "校"


def test_full_with_better_candidates_then_sent():
    outcome = score_first.solve(golden())
    full, sent = explain(golden(), outcome, (2,), 3 - 1)
    assert (full.reason, full.unit, full.seats, full.taken) == (Reason.FULL, 0, 2, 2)
    assert (full.rank, full.last, full.last_rank, full.last_position) == (2, 1, 1, 0)
    assert (full.earlier, full.equal) == (False, False)
    assert sent.reason is Reason.SENT
    assert words([full, sent], unit_name) == [
        "第1志愿（A校）：可投2人，已投2人，名额已满。最后一名以第1志愿投档，排位第2，排在本人之前；本人排位第3。",
        "第2志愿（B校）：已投档。本人排位第3。",
    ]


def test_full_with_earlier_choices_of_worse_candidates():
    outcome = choice_first.solve(golden())
    _, full = explain(golden(), outcome, (1,), 3 - 1)
    assert (full.reason, full.last, full.last_position, full.earlier) == (Reason.FULL, 5, 0, True)
    score = np.array([9500, 9300, 9200, 9020, 9010, 8505, 8000, 7000], np.int32)
    assert words([full], unit_name, score)[0] == (
        "第2志愿（B校）：可投2人，已投2人，名额已满。最后一名以第1志愿投档，排位第6、投档成绩85.05分，"
        "按规则先于本人的这一志愿投档；本人排位第3。"
    )


def test_not_reached():
    sent, later = explain(golden(), score_first.solve(golden()), (2,), 0)
    assert (sent.reason, later.reason) == (Reason.SENT, Reason.NOT_REACHED)
    assert words([later], unit_name) == ["第2志愿（B校）：档案已投至在前志愿，本志愿不再投档。"]


def test_not_eligible_void_and_without_seats():
    problem = Problem(
        np.arange(1),
        np.zeros(1, np.int32),
        np.array([[0, -1, 1]], np.int32),
        np.array([1, 0], np.int32),
        np.array([[False, True, True]]),
    )
    reasons = explain(problem, score_first.solve(problem), (3,), 0)
    assert [why.reason for why in reasons] == [Reason.NOT_ELIGIBLE, Reason.VOID, Reason.FULL]
    assert words(reasons, unit_name) == [
        "第1志愿（A校）：未达到分数线或不符合投档条件，不能投档。",
        "第2志愿：未填报或无效。",
        "第3志愿（B校）：本次没有可投名额。",
    ]


def equals():
    return Problem(np.arange(2), np.zeros(2, np.int32), np.zeros((2, 1), np.int32), np.ones(1, np.int32))


def test_equal_but_behind_by_the_last_key():
    (why,) = explain(equals(), score_first.solve(equals()), (1,), 1)
    assert (why.reason, why.equal) == (Reason.FULL, True)
    assert "与本人完全同分，按末位比较规则在本人之前" in words([why])[0]


def test_too_many_equals():
    (why,) = explain(equals(), score_first.solve(equals(), TiePolicy.REJECT_ALL), (1,), 1)
    assert (why.reason, why.taken, why.last) == (Reason.TIED, 0, -1)
    assert words([why], unit_name) == [
        "第1志愿（A校）：余1个名额，排到本人时完全同分的考生多于名额，按规则同分考生均不投档。本人排位第2。"
    ]


def test_who_came_with_a_later_choice_did_not_take_the_seat_of_too_many_equals():
    choices = np.array([[0, -1], [0, -1], [-1, 0]], np.int32)
    problem = Problem(np.arange(3), np.array([0, 0, 1], np.int32), choices, np.ones(1, np.int32))
    outcome = choice_first.solve(problem, TiePolicy.REJECT_ALL)
    assert outcome.unit.tolist() == [-1, -1, 0]
    why, _ = explain(problem, outcome, (1,), 0)
    assert (why.reason, why.taken, why.last) == (Reason.TIED, 0, -1)


def test_a_higher_segment_went_first():
    line_at_90 = np.array([0, 0, 0, 0, 0, 1, 1, 1], np.int16)
    outcome = tiers.solve(golden(), line_at_90)
    full, _ = explain(golden(), outcome, (1,), 5, line_at_90)
    assert (full.reason, full.last, full.last_position, full.earlier) == (Reason.FULL, 2, 1, True)


@pytest.mark.parametrize("candidate", [-1, 8])
def test_there_must_be_such_a_candidate(candidate):
    with pytest.raises(ValueError, match="no candidate"):
        explain(golden(), score_first.solve(golden()), (2,), candidate)


@settings(max_examples=200, deadline=None)
@given(problems_in_tiers(max_groups=4), reference.bands, reference.ties)
def test_every_explanation_is_true(case, sizes, ties):
    problem, tier = case
    outcome = tiers.solve(problem, tier, sizes, ties)
    for candidate in range(len(problem.order)):
        reasons = explain(problem, outcome, sizes, candidate, tier)
        assert [why.position for why in reasons] == list(range(problem.choices.shape[1]))
        sent = [why for why in reasons if why.reason is Reason.SENT]
        assert [(why.position, why.unit) for why in sent] == (
            [(outcome.position[candidate], outcome.unit[candidate])] if outcome.unit[candidate] >= 0 else []
        )
        for why in reasons:
            if why.reason is Reason.FULL and why.seats:
                assert why.taken >= why.seats
                assert outcome.unit[why.last] == why.unit
                assert problem.order[why.last_rank] == why.last
                assert why.earlier or why.last_rank < why.rank
            if why.reason is Reason.TIED:
                assert ties is TiePolicy.REJECT_ALL
        assert len(words(reasons)) == len(reasons)


@settings(max_examples=50, deadline=None)
@given(problems(), reference.bands)
def test_without_segments_all_are_in_one(problem, sizes):
    outcome = bands.solve(problem, sizes)
    one = np.zeros(len(problem.order), np.int16)
    for candidate in range(len(problem.order)):
        assert explain(problem, outcome, sizes, candidate) == explain(problem, outcome, sizes, candidate, one)
