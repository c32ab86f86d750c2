"""The order of candidates, lottery numbers and seats offered, in whole numbers."""

import hashlib
import hmac

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.kernel.order import (
    dispatch_score,
    lottery_numbers,
    order_candidates,
    place_by_choice,
    seats_offered,
)


def test_score_then_keys_then_last():
    score = np.array([600, 610, 600, 600, 610])
    order, tie_group = order_candidates(score, [np.array([5, 1, 7, 5, 1])], np.array([4, 3, 2, 1, 0]))
    assert order.tolist() == [4, 1, 2, 3, 0]
    assert tie_group.tolist() == [2, 0, 1, 2, 0]
    assert (order.dtype, tie_group.dtype) == (np.int64, np.int32)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 3), st.integers(0, 1)), max_size=30), st.randoms()
)
def test_equals_a_plain_sort(rows, random):
    score, first, second = (
        np.array([row[i] for row in rows], t) for i, t in enumerate((np.int32, np.uint8, np.bool_))
    )
    last = np.array(random.sample(range(len(rows)), len(rows)), np.int64)
    order, tie_group = order_candidates(score, [first, second], last)
    plain = sorted(range(len(rows)), key=lambda c: (*(-x for x in rows[c]), last[c]))
    assert order.tolist() == plain
    levels = sorted(set(rows), reverse=True)
    assert tie_group.tolist() == [levels.index(row) for row in rows]


def test_extreme_numbers_do_not_wrap():
    lowest, highest = np.iinfo(np.int64).min, np.iinfo(np.int64).max
    order, _ = order_candidates(np.array([lowest, highest, 0]), [], np.arange(3))
    assert order.tolist() == [1, 2, 0]
    order, _ = order_candidates(np.array([0, 255], np.uint8), [], np.array(["a", "b"]))
    assert order.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("score", "keys", "last", "words"),
    [
        ([1.0, 2.0], [], [0, 1], "score must be of whole numbers"),
        ([1, 2], [[0.5, 1.5]], [0, 1], "key 1 must be of whole numbers"),
        ([1, 2], [[1]], [0, 1], "key 1 has shape"),
        ([1, 2], [], [0], "last has shape"),
        ([1, 1], [], [3, 3], "candidates 0 and 1 are equal even in the last key"),
    ],
)
def test_order_says_what_is_wrong(score, keys, last, words):
    with pytest.raises(ValueError, match=words):
        order_candidates(np.array(score), [np.array(key) for key in keys], np.array(last))


def test_nobody_in_order():
    order, tie_group = order_candidates(np.array([], np.int32), [], np.array([], np.int64))
    assert (order.tolist(), tie_group.tolist()) == ([], [])


def test_only_the_best_concession_counts():
    score = dispatch_score(np.array([61250, 58000, 60000]), np.array([[500, 1000], [0, 0], [300, 0]]))
    assert score.tolist() == [62250, 58000, 60300]
    assert score.dtype == np.int32
    assert dispatch_score(np.array([61250]), np.zeros((1, 0), np.int32)).tolist() == [61250]


@pytest.mark.parametrize(
    ("total", "concessions", "words"),
    [
        ([612.5], [[5]], "whole hundredths"),
        ([61250], [[-500]], "negative"),
        ([61250], [500], "shape"),
        ([2**31 - 1], [[1]], "int32"),
    ],
)
def test_dispatch_score_says_what_is_wrong(total, concessions, words):
    with pytest.raises(ValueError, match=words):
        dispatch_score(np.array(total), np.array(concessions))


def test_place_by_choice():
    assert place_by_choice(np.array([5, 7, 5], np.int32), 2).tolist() == [[10, 11], [14, 15], [10, 11]]
    assert place_by_choice(np.array([-1, 0], np.int32), 1).tolist() == [[0], [1]]
    own = place_by_choice(np.array([[3, 3], [2, 4]], np.int32), 2)
    assert (own.tolist(), own.dtype) == ([[6, 7], [4, 9]], np.int32)
    assert place_by_choice(np.zeros(0, np.int32), 3).shape == (0, 3)


@pytest.mark.parametrize(
    ("standing", "columns", "words"),
    [
        (np.zeros(2), 1, "must be int32"),
        (np.zeros((2, 3), np.int32), 2, "must be int32"),
        (np.array([0, 2**30], np.int32), 2, "do not fit"),
    ],
)
def test_place_by_choice_says_what_is_wrong(standing, columns, words):
    with pytest.raises(ValueError, match=words):
        place_by_choice(standing, columns)


def test_lottery_can_be_recomputed_by_anyone():
    numbers = lottery_numbers("种子", ["440103001", "440103002"])
    by_hand = hmac.new("种子".encode(), b"440103002", hashlib.sha256).hexdigest()[:16]
    assert numbers[1] == int(by_hand, 16)
    assert numbers.dtype == np.uint64
    assert lottery_numbers("种子", ["440103002"])[0] == numbers[1], (
        "the number of one does not depend on others"
    )
    assert lottery_numbers("another", ["440103002"])[0] != numbers[1]
    assert lottery_numbers("种子", []).shape == (0,)


def test_lottery_says_what_is_wrong():
    with pytest.raises(ValueError, match="seed"):
        lottery_numbers("", ["1"])
    with pytest.raises(ValueError, match="twice"):
        lottery_numbers("s", ["1", "1"])


def test_seats_by_ratio():
    left = np.array([3, 11, 0, 5], np.int32)
    assert seats_offered(left, 120, "up").tolist() == [4, 14, 0, 6]
    assert seats_offered(left, 120, "half_up").tolist() == [4, 13, 0, 6]
    assert seats_offered(left, np.array([100, 105, 120, 110]), "half_up").tolist() == [3, 12, 0, 6]
    assert seats_offered(left, 100, "up").dtype == np.int32
    assert seats_offered(np.array([10], np.int32), 105, "half_up").tolist() == [11], "10.5 goes up"


@pytest.mark.parametrize(
    ("left", "ratio", "rounding", "words"),
    [
        ([-1], 100, "up", "negative"),
        ([1], -5, "up", "negative"),
        ([1], 1.2, "up", "whole"),
        ([1], 100, "down", "no rounding"),
        ([1], [100, 100], "up", "shape"),
        ([2**31 - 1], 200, "up", "int32"),
    ],
)
def test_seats_say_what_is_wrong(left, ratio, rounding, words):
    with pytest.raises(ValueError, match=words):
        seats_offered(np.array(left), np.array(ratio), rounding)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(*[st.sampled_from([-(2**63), -(2**17), -1, 0, 5, 2**16, 2**63 - 1])] * 3), max_size=12
    ),
    st.randoms(),
)
def test_levels_of_any_width(rows, random):
    score, *keys = (np.array([row[i] for row in rows], np.int64) for i in range(3))
    last = np.array(random.sample(range(len(rows)), len(rows)), np.int64)
    order, tie_group = order_candidates(score, keys, last)
    assert order.tolist() == sorted(range(len(rows)), key=lambda c: (*(-x for x in rows[c]), last[c]))
    levels = sorted(set(rows), reverse=True)
    assert tie_group.tolist() == [levels.index(row) for row in rows]


def test_equals_lexsort_at_size():
    random = np.random.default_rng(3)
    n = 20_000
    score = random.integers(30_000, 32_000, n).astype(np.int32)
    keys = [random.integers(0, 3, n) * 2**10 for _ in range(6)]
    last = random.permutation(n)
    order, tie_group = order_candidates(score, keys, last)
    assert (order == np.lexsort((last, *(-key for key in reversed(keys)), -score))).all()
    rows = np.stack([score, *keys])[:, order]
    differs = (rows[:, 1:] != rows[:, :-1]).any(axis=0)
    assert (np.diff(tie_group[order]) == differs).all()
