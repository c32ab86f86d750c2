"""Reasons where units rank by orders of their own: the candidate's standing is the one at that unit."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings

from dispatch.kernel import bands, score_first
from dispatch.kernel.explain import Reason, explain, words
from dispatch.kernel.problem import Problem, TiePolicy
from tests.kernel import reference
from tests.kernel.reference import problems_with_place
from tests.kernel.test_explain import unit_name

SCORE = np.array([60000, 50000, 40000], np.int32)


def interview():
    """Unit 0 ranks by an interview in which the best by score came last; unit 1 by score."""
    return Problem(
        np.arange(3),
        np.arange(3, dtype=np.int32),
        np.array([[0, 1], [0, 1], [0, 1]], np.int32),
        np.array([1, 1], np.int32),
        None,
        np.array([[7, 0], [5, 1], [5, 2]], np.int32),
    )


def test_the_best_by_score_can_be_last_at_a_unit():
    problem = interview()
    full, sent = explain(problem, score_first.solve(problem), (2,), 0)
    assert (full.reason, full.rank, full.last, full.last_rank, full.own_order) == (Reason.FULL, 2, 1, 0, True)
    assert (sent.reason, sent.rank) == (Reason.SENT, 0)
    assert words([full, sent], unit_name, SCORE) == [
        "第1志愿（A校）：可投1人，已投1人，名额已满。最后一名以第1志愿投档，排位第1，排在本人之前；"
        "按该投档单位的排序，本人在合格报考者中排位第3。",
        "第2志愿（B校）：已投档。按该投档单位的排序，本人在合格报考者中排位第1。",
    ]


def test_equals_there_are_called_equals_there():
    problem = interview()
    full, _ = explain(problem, score_first.solve(problem), (2,), 2)
    assert full.equal
    assert "与本人完全并列，按末位比较规则在本人之前；" in words([full], unit_name, SCORE)[0]
    tied, _ = explain(problem, score_first.solve(problem, TiePolicy.REJECT_ALL), (2,), 2)
    assert words([tied], unit_name) == [
        "第1志愿（A校）：余1个名额，排到本人时完全并列的考生多于名额，按规则并列考生均不投档。"
        "按该投档单位的排序，本人在合格报考者中排位第2。"
    ]


def test_only_who_named_it_and_is_eligible_counts():
    problem = interview()
    eligible = np.array([[True, True], [False, True], [True, True]])
    choices = problem.choices.copy()
    problem = replace(problem, eligible=eligible, choices=choices)
    full, _ = explain(problem, score_first.solve(problem), (2,), 0)
    assert (full.rank, full.last, full.last_rank) == (1, 2, 0)


@settings(max_examples=150, deadline=None)
@given(problems_with_place(), reference.bands, reference.ties)
def test_every_explanation_is_true(problem, sizes, ties):
    outcome = bands.solve(problem, sizes, ties)
    rank = problem.order.tolist().index
    for candidate in range(len(problem.order)):
        for why in explain(problem, outcome, sizes, candidate):
            if why.reason is Reason.FULL and why.seats:
                mine = int(problem.place[candidate, why.position]), rank(candidate)
                his = int(problem.place[why.last, why.last_position]), rank(why.last)
                assert why.taken >= why.seats
                assert outcome.unit[why.last] == why.unit
                assert why.earlier or his < mine
                assert why.equal == (his[0] == mine[0] and why.last != candidate)
            if why.reason is Reason.TIED:
                assert ties is TiePolicy.REJECT_ALL
