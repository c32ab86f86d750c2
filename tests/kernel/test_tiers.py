"""Segments of the score: the published example, the slow reference, and what is no segment."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.kernel import bands, score_first, tiers
from tests.kernel import reference
from tests.kernel.reference import golden, problems, same


@st.composite
def problems_in_tiers(draw, **sizes):
    problem = draw(problems(**sizes))
    steps = draw(st.lists(st.integers(0, 1), min_size=10, max_size=10))
    return problem, np.cumsum(steps).astype(np.int16)[problem.tie_group]


def test_published_example():
    line_at_90 = np.array([0, 0, 0, 0, 0, 1, 1, 1], np.int16)
    assert tiers.solve(golden(), line_at_90).unit.tolist() == [0, 0, 1, 1, 2, -1, 2, -1]


@settings(max_examples=300, deadline=None)
@given(problems_in_tiers(), reference.bands, reference.ties)
def test_equals_one_candidate_at_a_time(case, sizes, ties):
    problem, tier = case
    assert same(tiers.solve(problem, tier, sizes, ties), reference.solve(problem, sizes, ties, tier))


@settings(max_examples=100, deadline=None)
@given(problems(), reference.bands, reference.ties)
def test_one_segment_for_all_is_no_segment(problem, sizes, ties):
    tier = np.zeros(len(problem.order), np.int16)
    assert same(tiers.solve(problem, tier, sizes, ties), bands.solve(problem, sizes, ties))


@settings(max_examples=100, deadline=None)
@given(problems(max_groups=100), reference.bands)
def test_a_segment_for_each_is_score_first(problem, sizes):
    candidates = len(problem.order)
    if len(set(problem.tie_group.tolist())) < candidates:
        return
    tier = np.empty(candidates, np.int16)
    tier[problem.order] = np.arange(candidates)
    assert same(tiers.solve(problem, tier, sizes), score_first.solve(problem))


@pytest.mark.parametrize(
    ("tier", "words"),
    [
        (np.zeros(8, np.int32), "int16"),
        (np.zeros(7, np.int16), "shape"),
        ([0] * 8, "int16"),
        (np.array([0, 0, 1, 0, 1, 1, 1, 1], np.int16), "falls"),
        (np.array([-1, 0, 1, 1, 1, 1, 1, 1], np.int16), "negative"),
    ],
)
def test_what_is_no_segment_is_refused(tier, words):
    with pytest.raises(ValueError, match=words):
        tiers.solve(golden(), tier)


def test_equals_stay_together():
    problem = golden()
    equal = type(problem)(problem.order, np.zeros(8, np.int32), problem.choices, problem.seats)
    with pytest.raises(ValueError, match="different tiers"):
        tiers.solve(equal, np.array([0, 0, 0, 0, 1, 1, 1, 1], np.int16))
