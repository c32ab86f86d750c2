"""Majors inside a school: the three rules by hand, against a slow reference, and the laws they keep."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.kernel.majors import How, Rule, assign

SCORES = [60000, 59900, 59800, 59000]
LISTS = [[0, 1], [0, 1], [1, 0], [0, 2]]


def given_out(scores, lists, adjusts, seats, **kwargs):
    return assign(
        np.array(scores, np.int32),
        np.array(lists, np.int32).reshape(len(scores), -1),
        np.array(adjusts, np.bool_),
        np.array(seats, np.int32),
        **kwargs,
    )


def test_by_score():
    """分数清: the second by score takes line 1 before the third, who named it first."""
    result = given_out(SCORES, LISTS, [False] * 4, [1, 1, 1])
    assert result.line.tolist() == [0, 1, -1, 2]
    assert result.how.tolist() == [How.CHOICE, How.CHOICE, How.UNPLACED_NOT_ADJUSTING, How.CHOICE]
    assert result.position.tolist() == [0, 1, -1, 1]


def test_by_major():
    """专业清: whoever named it first goes first."""
    result = given_out(SCORES, LISTS, [False] * 4, [1, 1, 1], rule=Rule.MAJOR_CLEAR)
    assert result.line.tolist() == [0, -1, 1, 2]


@pytest.mark.parametrize(
    ("gaps", "lines"),
    [
        ((50,), [0, 1, -1, 2]),  # 599.00 - 0.5 is still more than 598.00
        ((100,), [0, 1, -1, 2]),  # both 598.00: the better in the order
        ((101,), [0, -1, 1, 2]),
    ],
)
def test_by_score_less_a_gap(gaps, lines):
    """专业级差: the second major of 599.00 against the first of 598.00."""
    result = given_out(SCORES, LISTS, [False] * 4, [1, 1, 1], rule=Rule.LEVEL_GAP, gaps=gaps)
    assert result.line.tolist() == lines


def test_gaps_add_up_and_the_last_one_repeats():
    """Line 3 has one seat; it is the fourth major of the first, who is down by 3 + 1 + 1."""
    for behind, line in ((501, 3), (499, -1)):
        result = given_out(
            [60000, 60000 - behind],
            [[0, 1, 2, 3], [3, -1, -1, -1]],
            [False] * 2,
            [0, 0, 0, 1],
            rule=Rule.LEVEL_GAP,
            gaps=(300, 100),
        )
        assert result.line.tolist() == ([line, -1] if line == 3 else [-1, 3])


def test_with_gaps_one_already_in_can_be_displaced_and_asks_on():
    result = given_out(
        [600, 595, 590],
        [[0, 1], [1, 0], [0, -1]],
        [True] * 3,
        [1, 1, 0],
        rule=Rule.LEVEL_GAP,
        gaps=(8,),
    )
    assert result.line.tolist() == [0, 1, -1]
    assert result.how.tolist() == [How.CHOICE, How.CHOICE, How.UNPLACED_FULL]


def test_who_accepts_is_adjusted_in_the_order_of_the_lines():
    result = given_out([9, 8, 7, 6], [[2], [2], [2], [2]], [True, False, True, True], [1, 1, 1])
    assert result.line.tolist() == [2, -1, 0, 1]
    assert result.how.tolist() == [How.CHOICE, How.UNPLACED_NOT_ADJUSTING, How.ADJUSTED, How.ADJUSTED]


def test_who_named_nothing_is_asked_and_comes_after_all_others():
    """粤招办〔2021〕28号 四（二）1: never refused for it, whether he accepts adjustment or not."""
    lists, adjusts = [[-1], [0], [0], [-1]], [False, True, True, True]
    result = given_out([9, 8, 7, 6], lists, adjusts, [1, 2], propose_to_silent=True)
    assert result.line.tolist() == [1, 0, 1, -1]
    assert result.how.tolist() == [How.ASKED, How.CHOICE, How.ADJUSTED, How.ASKED]
    assert given_out([9, 8, 7, 6], lists, adjusts, [1, 2]).line.tolist() == [-1, 0, 1, -1]


def test_who_named_what_is_not_offered_did_name_a_major():
    result = given_out([9, 8], [[-2], [-1]], [False, False], [1])
    assert result.how.tolist() == [How.UNPLACED_NOT_ADJUSTING, How.ASKED]


def test_conditions_hold_for_choices_and_for_adjustment():
    eligible = np.array([[False, False, True], [True, True, True]])
    result = given_out([9, 8], [[0], [0]], [True, True], [1, 1, 1], eligible=eligible)
    assert result.line.tolist() == [2, 0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"scores": [1, 2, 0, 0]}, "never rise"),
        ({"lists": [[0], [0], [0], [-3]]}, "outside -2..2"),
        ({"lists": [[0], [0], [0], [7]], "eligible": np.ones((4, 3), np.bool_)}, "outside -2..2"),
        ({"adjusts": [True]}, "accepts_adjustment"),
        ({"rule": Rule.LEVEL_GAP}, "gaps"),
        ({"rule": Rule.LEVEL_GAP, "gaps": (-1,)}, "gaps"),
        ({"rule": Rule.LEVEL_GAP, "gaps": (2**32,)}, "does not fit"),
        ({"eligible": np.ones((4, 2), np.bool_)}, "eligible must be"),
    ],
)
def test_it_says_what_is_wrong(changes, words):
    args = {"scores": SCORES, "lists": LISTS, "adjusts": [False] * 4, "seats": [1, 1, 1]} | changes
    with pytest.raises(ValueError, match=words):
        given_out(**args)


@st.composite
def schools(draw):
    """The sheet of a small crowded school."""
    n, q, m = draw(st.integers(0, 8)), draw(st.integers(0, 3)), draw(st.integers(0, 4))
    scores = sorted(draw(st.lists(st.integers(0, 6), min_size=n, max_size=n)), reverse=True)
    lists = draw(st.lists(st.integers(-2, m - 1), min_size=n * q, max_size=n * q))
    eligible = draw(st.none() | st.lists(st.booleans(), min_size=n * m, max_size=n * m))
    return {
        "score": np.array(scores, np.int32),
        "majors": np.array(lists, np.int32).reshape(n, q),
        "accepts_adjustment": np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)), np.bool_),
        "seats": np.array(draw(st.lists(st.integers(0, 2), min_size=m, max_size=m)), np.int32),
        "eligible": None if eligible is None else np.array(eligible, np.bool_).reshape(n, m),
        "rule": draw(st.sampled_from(Rule)),
        "gaps": draw(st.lists(st.integers(0, 3), min_size=1, max_size=2)),
        "propose_to_silent": draw(st.booleans()),
    }


def slowly(score, majors, accepts_adjustment, seats, rule, gaps, eligible=None, propose_to_silent=False):
    """One candidate at a time, in plain Python."""
    (n, q), m = majors.shape, len(seats)
    may = [[eligible is None or bool(eligible[c, u]) for u in range(m)] for c in range(n)]
    lists = [[(j, u) for j, u in enumerate(majors[c].tolist()) if u >= 0 and may[c][u]] for c in range(n)]
    less = [sum(gaps[min(step, len(gaps) - 1)] for step in range(j)) for j in range(q)]
    there = {u: [] for u in range(m)}

    def weight(c, j):
        return {
            Rule.SCORE_CLEAR: (c,),
            Rule.MAJOR_CLEAR: (j, c),
            Rule.LEVEL_GAP: (less[j] - int(score[c]), c),
        }[rule]

    free = list(range(n))
    while free:
        c = free.pop()
        if lists[c]:
            j, u = lists[c].pop(0)
            there[u] = sorted([*there[u], (*weight(c, j), c)])
            free += [out[-1] for out in there[u][seats[u] :]]
            there[u] = there[u][: seats[u]]
    line = [-1] * n
    for u, inside in there.items():
        for *_, c in inside:
            line[c] = u
    how = [How.CHOICE if u >= 0 else None for u in line]
    silent = [all(u == -1 for u in majors[c].tolist()) for c in range(n)]

    def first_free(c):
        return next((u for u in range(m) if may[c][u] and line.count(u) < seats[u]), -1)

    for c in range(n):
        if how[c] is None and accepts_adjustment[c] and not silent[c]:
            line[c] = first_free(c)
            how[c] = How.ADJUSTED if line[c] >= 0 else How.UNPLACED_FULL
    for c in range(n):
        if silent[c]:
            how[c] = How.ASKED
            line[c] = first_free(c) if propose_to_silent else -1
    return line, [How.UNPLACED_NOT_ADJUSTING if h is None else h for h in how]


@settings(max_examples=250, deadline=None)
@given(schools())
def test_equals_one_candidate_at_a_time(school):
    """Major by major as deferred acceptance: with the choice as first weight nobody is displaced by a later."""
    result = assign(**school)
    assert (result.line.tolist(), result.how.tolist()) == slowly(**school)


@settings(max_examples=300, deadline=None)
@given(schools())
def test_the_laws(school):
    """Seats and conditions are kept; nobody silent is unplaced; no seat stays free that somebody wants."""
    result, seats = assign(**school), school["seats"]
    placed = result.line >= 0
    left = seats - np.bincount(result.line[placed], minlength=len(seats))
    assert (left >= 0).all()
    silent = (school["majors"] == -1).all(axis=1)
    assert (result.how[silent] == How.ASKED).all()
    assert not (result.how[~silent] == How.ASKED).any()
    assert (placed == np.isin(result.how, (How.CHOICE, How.ADJUSTED)))[~silent].all()
    for c in np.flatnonzero(~placed & ~silent).tolist():
        wanted = set(school["majors"][c].tolist()) - {-1, -2}
        if school["accepts_adjustment"][c]:
            wanted = set(range(len(seats)))
        may = {u for u in wanted if school["eligible"] is None or school["eligible"][c, u]}
        assert not any(left[u] for u in may)
    by_choice = np.flatnonzero(result.how == How.CHOICE)
    assert (school["majors"][by_choice, result.position[by_choice]] == result.line[by_choice]).all()
    if school["eligible"] is not None:
        who = np.flatnonzero(placed)
        assert school["eligible"][who, result.line[who]].all()


@settings(max_examples=150, deadline=None)
@given(schools())
def test_gaps_lead_from_one_rule_to_the_other(school):
    """Gaps of nothing are 分数清 where scores differ; gaps beyond all scores are 专业清."""
    school["score"] = np.arange(len(school["score"]), dtype=np.int32)[::-1].copy()
    none, all_of_it = (
        assign(**school | {"rule": Rule.LEVEL_GAP, "gaps": gaps}).line.tolist() for gaps in ((0,), (100,))
    )
    assert none == assign(**school | {"rule": Rule.SCORE_CLEAR}).line.tolist()
    assert all_of_it == assign(**school | {"rule": Rule.MAJOR_CLEAR}).line.tolist()
