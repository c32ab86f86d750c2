"""What a problem refuses, and that its fingerprint never changes."""

from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest

from dispatch.kernel import choice_first
from dispatch.kernel.problem import Outcome, Problem, band_of_columns, digest
from tests.kernel.reference import golden


def change(**changes):
    problem = golden()
    return Problem(**{field.name: getattr(problem, field.name) for field in fields(problem)} | changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"order": np.arange(8, dtype=np.int32)}, "order must be int64 of 1 dimensions, not int32"),
        ({"order": list(range(8))}, "order must be int64 of 1 dimensions, not list"),
        ({"order": np.arange(7)}, "order has 7 candidates"),
        ({"order": np.arange(8) + 1}, "outside 0..7"),
        ({"order": np.array([0, 1, 2, 3, 4, 5, 6, 6])}, "candidate 7 is missing"),
        ({"tie_group": np.arange(8, dtype=np.int32)[::-1]}, "tie_group falls"),
        ({"choices": np.full((8, 2), 3, np.int32)}, "outside -1..2"),
        ({"choices": np.full((8, 2), -2, np.int32)}, "outside -1..2"),
        ({"choices": np.full(8, 0, np.int32)}, "choices must be int32 of 2"),
        ({"choices": np.full((8, 2**15), -1, np.int32)}, "more than int16 can number"),
        ({"seats": np.array([1, -1, 0], np.int32)}, "unit 1 has -1 seats"),
        ({"seats": np.array([1.0, 1.0, 1.0])}, "seats must be int32"),
        ({"eligible": np.ones((8, 3), np.bool_)}, "eligible is"),
        ({"eligible": np.ones((8, 2), np.int8)}, "eligible must be bool"),
        ({"place": np.zeros((8, 3), np.int32)}, "place is"),
        ({"place": np.zeros((8, 2))}, "place must be int32"),
    ],
)
def test_a_problem_says_what_is_wrong(changes, words):
    with pytest.raises(ValueError, match=words):
        change(**changes)


def test_an_outcome_says_what_is_wrong():
    with pytest.raises(ValueError, match="position must be int16"):
        Outcome(np.zeros(2, np.int32), np.zeros(2, np.int32))
    with pytest.raises(ValueError, match="position has 2 candidates, unit 3"):
        Outcome(np.zeros(2, np.int16), np.zeros(3, np.int32))


def test_a_problem_cannot_be_changed():
    problem = golden()
    with pytest.raises(ValueError, match="read-only"):
        problem.seats[0] = 5
    with pytest.raises(FrozenInstanceError):
        problem.seats = np.zeros(3, np.int32)


def test_digest_is_the_same_on_any_machine():
    assert digest(golden()) == "1d2cb2f1ad44a18d83566e88a26adc3e9349e8529f98f23ea2107a81d29cbf22"
    assert (
        digest(choice_first.solve(golden()))
        == "ff64cbd444d0730972b3efeb88f35156209352a1c1b87fa0d739e2a40d8742e7"
    )


def test_digest_does_not_see_how_the_array_lies_in_memory():
    choices = golden().choices
    assert digest(change(choices=np.asfortranarray(choices))) == digest(golden())
    assert digest(change(choices=np.repeat(choices, 2, axis=0)[::2])) == digest(golden())


@pytest.mark.parametrize(
    "changes",
    [
        {"seats": np.array([2, 2, 3], np.int32)},
        {"eligible": np.ones((8, 2), np.bool_)},
        {"choices": golden().choices[:, ::-1]},
        {"tie_group": np.zeros(8, np.int32)},
        {"place": np.zeros((8, 2), np.int32)},
    ],
)
def test_digest_sees_every_field(changes):
    assert digest(change(**changes)) != digest(golden())


def test_digest_sees_the_shape():
    wide, long = (
        Problem(np.arange(n), np.zeros(n, np.int32), np.zeros(shape, np.int32), np.zeros(1, np.int32))
        for n, shape in ((0, (0, 2)), (0, (0, 3)))
    )
    assert digest(wide) != digest(long)


@pytest.mark.parametrize(
    ("sizes", "columns", "band"),
    [
        ((1,), 3, [0, 1, 2]),
        ((3,), 3, [0, 0, 0]),
        ((1, 2), 6, [0, 1, 1, 2, 2, 3]),
        ((5,), 2, [0, 0]),
        ((1,), 0, []),
    ],
)
def test_bands_of_columns(sizes, columns, band):
    assert band_of_columns(sizes, columns).tolist() == band
