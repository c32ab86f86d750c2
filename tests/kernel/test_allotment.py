"""指标到校: each city's order of rounds by hand and against a slow reference."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.kernel import allotment as allotments
from dispatch.kernel import bands
from dispatch.kernel.allotment import NO_FLOOR, Allotment, Via, When, solve
from dispatch.kernel.problem import Problem, TiePolicy
from tests.kernel import reference
from tests.kernel.reference import problems


def case(scores, unified, seats, allotted, feeder, quota, **kwargs):
    """Candidates by score; one list of unified choices, one of allotted ones."""
    n, m = len(scores), len(seats)
    problem = Problem(
        np.arange(n),
        np.arange(n, dtype=np.int32),
        np.array(unified, np.int32).reshape(n, -1),
        np.array(seats, np.int32),
    )
    for name in ("margin", "area"):
        if name in kwargs:
            kwargs[name] = np.array(kwargs[name], np.int32)
    floor = np.array(kwargs.pop("floor", [NO_FLOOR] * m), np.int32)
    return problem, Allotment(
        np.array(allotted, np.int32).reshape(n, -1),
        np.array(feeder, np.int32),
        np.array(quota, np.int32),
        np.array(scores, np.int32) * 100,
        floor,
        **kwargs,
    )


def came(result):
    """The unit and the round of each."""
    return [(u, Via(via)) for u, via in zip(result.outcome.unit.tolist(), result.via.tolist(), strict=True)]


U, A, AREA, C, NO = Via.UNIFIED, Via.ALLOTTED, Via.AREA, Via.CONVERTED, (-1, Via.NONE)

FOUR = {
    "scores": [600, 590, 580, 570],
    "unified": [[0], [0], [0], [0]],
    "seats": [1],
    "allotted": [[0], [-1], [0], [0]],
    "feeder": [0, 0, 1, 0],
    "quota": [[1, 1]],
}
"""One unit with one unified seat and one for each of two junior schools; the second does not apply for those."""


def test_before_the_best_of_each_school_needs_no_unified_seat():
    assert came(solve(*case(**FOUR, when=When.BEFORE), (1,))) == [(0, A), (0, U), (0, A), NO]


def test_after_whom_the_unified_round_placed_leaves_his_schools_seat_to_the_next():
    assert came(solve(*case(**FOUR, when=When.AFTER), (1,))) == [(0, U), NO, (0, A), (0, A)]


def test_unused_seats_become_unified():
    before = solve(*case(**FOUR | {"allotted": [[-1]] * 4}, when=When.BEFORE), (1,))
    assert came(before) == [(0, U), (0, U), (0, U), NO]
    after = solve(*case(**FOUR | {"allotted": [[-1]] * 4}, when=When.AFTER), (1,))
    assert came(after) == [(0, U), (0, C), (0, C), NO]


def test_an_absolute_floor():
    assert came(solve(*case(**FOUR, floor=[58001], when=When.BEFORE), (1,))) == [(0, A), (0, U), (0, U), NO]


@pytest.mark.parametrize(("margin", "last"), [(2999, NO), (3000, (0, A))])
def test_a_floor_below_the_unified_cut_after_it(margin, last):
    """The cut is 600; 570 is thirty marks below. Refused, his seat goes to the next by the unified order."""
    result = solve(*case(**FOUR, margin=[margin], when=When.AFTER), (1,))
    assert result.floors.tolist() == [60000 - margin]
    assert came(result)[3] == last
    assert came(result)[1] == ((0, C) if last == NO else NO)


def test_both_floors_hold():
    result = solve(*case(**FOUR, margin=[3000], floor=[57500], when=When.AFTER), (1,))
    assert result.floors.tolist() == [57500]


def test_a_floor_below_the_unified_cut_before_it_is_found_by_repeating():
    """Without allotment the cut is 600, the floor 595: only the first comes by his school. Then 590 and 580
    come by the unified plan, with its converted seat: cut 580, floor 575, and the third comes by his school
    too. The unified seat is for 590: cut 590, floor 585, which shuts the third out again."""
    result = solve(*case(**FOUR, margin=[500], when=When.BEFORE), (1,))
    assert not result.settled
    assert result.floors.tolist() == [58500]
    assert came(result) == [(0, A), (0, U), (0, U), NO]
    wide = solve(*case(**FOUR, margin=[2000], when=When.BEFORE), (1,))
    assert wide.settled
    assert wide.floors.tolist() == [57000]
    assert came(wide) == [(0, A), (0, U), (0, A), NO]


def test_where_nobody_comes_by_the_unified_plan_there_is_no_cut():
    shut = FOUR | {"seats": [0], "unified": [[-1]] * 4}
    result = solve(*case(**shut, margin=[0], when=When.AFTER), (1,))
    assert came(result) == [(0, A), NO, (0, A), NO]


def test_the_second_round_is_for_the_area():
    """Nobody of school 1 applies; its seat goes to school 0 of the same area, not to school 2 of another."""
    schools = FOUR | {
        "feeder": [0, 2, 2, 0],
        "allotted": [[0], [0], [0], [0]],
        "quota": [[1, 1, 0]],
        "unified": [[-1]] * 4,
    }
    alone = solve(*case(**schools, when=When.BEFORE), (1,))
    assert came(alone) == [(0, A), NO, NO, NO]
    shared = solve(*case(**schools, area=[5, 5, 3], when=When.BEFORE), (1,))
    assert came(shared) == [(0, A), NO, NO, (0, AREA)]


def test_who_does_not_qualify_has_no_allotted_seat():
    problem, allotment = case(**FOUR, when=When.BEFORE)
    qualified = np.array([[False], [True], [True], [True]])
    result = solve(problem, replace(allotment, qualified=qualified), (1,))
    assert came(result) == [(0, U), NO, (0, A), (0, A)]


def test_who_has_no_junior_school_has_no_allotted_seat():
    result = solve(*case(**FOUR | {"feeder": [-1, 0, 1, -1]}, when=When.BEFORE), (1,))
    assert came(result) == [(0, U), (0, U), (0, A), NO]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"feeder": np.array([0, 0, 2, 0], np.int32)}, "feeder holds 0 to 2"),
        ({"choices": np.array([[0], [1], [0], [0]], np.int32)}, "choices holds 0 to 1"),
        ({"quota": np.array([[-1, 0]], np.int32)}, "quota holds -1"),
        ({"floor": np.zeros(2, np.int32)}, "floor must be int32"),
        ({"score": np.zeros(4)}, "score must be int32"),
        ({"qualified": np.ones((4, 2), np.bool_)}, "qualified must be bool"),
    ],
)
def test_it_says_what_is_wrong(changes, words):
    _, allotment = case(**FOUR)
    with pytest.raises(ValueError, match=words):
        replace(allotment, **changes)


def test_both_must_be_of_the_same_candidates():
    problem, allotment = case(**FOUR)
    short = replace(allotment, **{n: getattr(allotment, n)[:3] for n in ("choices", "feeder", "score")})
    with pytest.raises(ValueError, match="not the allotment"):
        solve(problem, short, (1,))


@st.composite
def allotted_problems(draw, max_candidates=7, max_choices=3, max_columns=2):
    """Small crowded problems with allotted seats of all sorts."""
    problem = draw(problems(max_candidates, max_choices, max_units=3, max_groups=5))
    n, m = len(problem.order), len(problem.seats)
    q, f = draw(st.integers(0, max_columns)), draw(st.integers(1, 3))

    def ints(low, high, *shape):
        size = int(np.prod(shape))
        return np.array(
            draw(st.lists(st.integers(low, high), min_size=size, max_size=size)), np.int32
        ).reshape(shape)

    return problem, Allotment(
        choices=ints(-1, m - 1, n, q),
        feeder=ints(-1, f - 1, n),
        quota=ints(0, 2, m, f),
        score=(10 - problem.tie_group).astype(np.int32),
        floor=ints(0, 8, m),
        margin=draw(st.none() | st.just(ints(0, 3, m))),
        area=draw(st.none() | st.just(ints(0, 1, f))),
        qualified=draw(st.none() | st.just(ints(0, 3, n, q) > 0)),
        when=draw(st.sampled_from(When)),
    )


def slowly(problem, allotment, sizes, ties, allotted_sizes):
    """Plain Python: who goes where through which round, and the floors; None if floors go in circles."""
    n, m = len(problem.order), len(problem.seats)
    a = allotment
    f = a.quota.shape[1]
    where = {}

    def hold(choices, seats, eligible, sizes, name, via):
        k = len(choices[0]) if choices else 0
        left = dict(seats)
        units = list(seats)
        table = [[units.index(u) if u in seats else -1 for u in row] for row in choices]
        small = Problem(
            problem.order,
            problem.tie_group,
            np.array(table, np.int32).reshape(n, k),
            np.array([seats[u] for u in units], np.int32),
            np.array(eligible, np.bool_).reshape(n, k),
        )
        for c, j in enumerate(reference.solve(small, sizes, ties).position.tolist()):
            if j >= 0:
                where[c] = name(choices[c][j]), j, via
                left[choices[c][j]] -= 1
        return {u: max(number, 0) for u, number in left.items()}

    def unified(seats, via):
        choices = [[None if c in where else u for u in problem.choices[c].tolist()] for c in range(n)]
        eligible = np.ones_like(problem.choices, bool) if problem.eligible is None else problem.eligible
        return hold(choices, seats, eligible, sizes, lambda u: u, via)

    def reserved(seats, group, floors, via):
        choices = [
            [None if c in where or u < 0 else (u, group[c]) for u in a.choices[c].tolist()] for c in range(n)
        ]
        eligible = [
            [u >= 0 and a.score[c] >= floors[u] and (a.qualified is None or a.qualified[c, j])
             for j, u in enumerate(a.choices[c].tolist())]
            for c in range(n)
        ]  # fmt: skip
        return hold(choices, seats, eligible, allotted_sizes, lambda pair: pair[0], via)

    def allotted(floors):
        left = reserved(
            {(u, j): int(a.quota[u, j]) for u in range(m) for j in range(f)}, a.feeder.tolist(), floors, A
        )
        if a.area is not None:
            pool = {(u, int(area)): 0 for u in range(m) for area in a.area}
            for (u, j), number in left.items():
                pool[u, int(a.area[j])] += number
            group = [int(a.area[j]) if j >= 0 else None for j in a.feeder.tolist()]
            left = reserved(pool, group, floors, AREA)
        return {u: sum(number for (unit, _), number in left.items() if unit == u) for u in range(m)}

    def floors_now():
        if a.margin is None:
            return a.floor.tolist()
        cuts = [
            [int(a.score[c]) for c, (u, _, via) in where.items() if u == h and via == U] for h in range(m)
        ]
        return [
            max(int(a.floor[h]), min(cut) - int(a.margin[h]) if cut else NO_FLOOR)
            for h, cut in enumerate(cuts)
        ]

    seats = dict(enumerate(problem.seats.tolist()))
    if a.when is When.AFTER:
        left = unified(seats, U)
        floors = floors_now()
        unused = allotted(floors)
        unified({u: left[u] + unused[u] for u in seats}, C)
        return where, floors

    def before(floors):
        where.clear()
        unused = allotted(floors)
        unified({u: seats[u] + unused[u] for u in seats}, U)
        return floors_now()

    if a.margin is None:
        floors = a.floor.tolist()
        before(floors)
        return where, floors
    unified(seats, U)
    seen = [floors_now()]
    while True:
        new = before(seen[-1])
        if new == seen[-1]:
            return where, new
        if new in seen:
            return None
        seen.append(new)


@settings(max_examples=200, deadline=None)
@given(allotted_problems(), reference.bands, reference.ties, reference.bands)
def test_equals_one_candidate_at_a_time(case, sizes, ties, allotted_sizes):
    problem, allotment = case
    result = solve(problem, allotment, sizes, ties, allotted_sizes)
    expected = slowly(problem, allotment, sizes, ties, allotted_sizes)
    if expected is None:
        needed = allotments.floors_of(allotment, result.via, result.outcome.unit)
        assert (result.floors >= needed).all()
        assert result.settled == (result.floors == needed).all()
    else:
        assert result.settled
        where, floors = expected
        found = zip(
            result.outcome.unit.tolist(), result.outcome.position.tolist(), result.via.tolist(), strict=True
        )
        assert list(found) == [where.get(c, (-1, -1, 0)) for c in range(len(problem.order))]
        assert result.floors.tolist() == floors


@settings(max_examples=100, deadline=None)
@given(problems(max_choices=3), reference.bands, reference.ties, st.sampled_from(When))
def test_without_allotted_seats_it_is_the_unified_round(problem, sizes, ties, when):
    n, m = len(problem.order), len(problem.seats)
    nothing = Allotment(
        np.full((n, 1), -1, np.int32),
        np.zeros(n, np.int32),
        np.zeros((m, 1), np.int32),
        np.zeros(n, np.int32),
        np.zeros(m, np.int32),
        when=when,
    )
    result, plain = solve(problem, nothing, sizes, ties), bands.solve(problem, sizes, ties)
    by_plan = result.via == Via.UNIFIED
    assert (np.where(by_plan, result.outcome.unit, -1) == plain.unit).all()
    if when is When.BEFORE or (ties is not TiePolicy.REJECT_ALL and tuple(sizes) == (3,)):
        assert by_plan.tolist() == (result.outcome.unit >= 0).tolist()


def test_going_in_circles_ends(monkeypatch):
    """Patience is the last resort; whatever stops it, no floor is lower than its cut demands."""
    monkeypatch.setattr(allotments, "PATIENCE", 1)
    result = solve(*case(**FOUR, margin=[500], when=When.BEFORE), (1,))
    assert not result.settled
    assert result.floors.tolist() == [59500]


def test_floors_are_raised_until_the_cut_asks_for_no_more(monkeypatch):
    """The first has an allotted seat at unit 1, so the third goes there and the cut of unit 0 is 590 instead of
    580: with the floor of before, 577 would come in below the cut less five marks."""
    monkeypatch.setattr(allotments, "PATIENCE", 0)
    problem, allotment = case(
        [600, 590, 580, 577],
        [[1, -1], [0, -1], [1, 0], [-1, -1]],
        [2, 1],
        [[1], [-1], [-1], [0]],
        [0] * 4,
        [[1], [1]],
        margin=[500, 500],
        when=When.BEFORE,
    )
    result = solve(problem, allotment, (2,))
    assert (result.floors.tolist(), result.settled) == ([58500, 59500], False)
    assert came(result) == [(1, A), (0, U), (1, U), NO]


@settings(max_examples=150, deadline=None)
@given(allotted_problems(), reference.bands, reference.ties, reference.bands)
def test_one_segment_for_all_is_none_at_all(case, sizes, ties, allotted_sizes):
    problem, allotment = case
    plain = solve(problem, allotment, sizes, ties, allotted_sizes)
    one = np.zeros(len(problem.order), np.int16)
    result = solve(problem, allotment, sizes, ties, allotted_sizes, tier=one)
    assert reference.same(result.outcome, plain.outcome)
    assert result.via.tolist() == plain.via.tolist()


def test_segments_hold_in_every_round():
    """Two seats for school 0; by choice inside a segment the third comes by his first choice, in one segment
    of all before the second, whose first choice was full: he is in the higher segment."""
    problem, allotment = case(
        scores=[600, 590, 580],
        unified=[[-1, -1]] * 3,
        seats=[0, 0],
        allotted=[[0, -1], [0, 1], [1, -1]],
        feeder=[0, 0, 0],
        quota=[[1], [1]],
        when=When.BEFORE,
    )
    in_one = solve(problem, allotment, (1,))
    assert in_one.outcome.unit.tolist() == [0, -1, 1]
    in_two = solve(problem, allotment, (1,), tier=np.array([0, 0, 1], np.int16))
    assert in_two.outcome.unit.tolist() == [0, 1, -1]
