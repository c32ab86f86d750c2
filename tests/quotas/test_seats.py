"""Seats under a crowd: a hundred deeds of many schools' officers on the last seats of shared lines."""

import random

import pytest

from quotas.models import PlanLine
from quotas.services import SeatsExhausted, seats_give_back, seats_take
from tests import factories
from tests.concurrency import in_threads

DEEDS, AT_ONCE, SEATS = 100, 20, 7


@pytest.fixture
def lines(schools, batch, other_batch):
    """Six lines of two schools in two cities, seven seats each."""
    return [
        factories.make_plan_line(school, of, major=major, seats=SEATS)
        for school in schools
        for of, major in ((batch, "710201"), (batch, "710202"), (other_batch, "710201"))
    ]


def taken() -> dict[int, int]:
    return dict(PlanLine.objects.values_list("pk", "seats_taken"))


@pytest.mark.django_db(transaction=True)
def test_a_hundred_deeds_on_the_last_seats_take_each_seat_once(lines):
    """Deeds want one to three lines each, in any order of words; none waits for ever and none is half done."""
    dice = random.Random(28)
    wishes = [dice.sample([line.pk for line in lines], dice.randint(1, 3)) for _ in range(DEEDS)]
    got: list[list[int]] = []

    def some(index: int) -> None:
        for wish in wishes[index::AT_ONCE]:
            try:
                seats_take(wanted=dict.fromkeys(wish, 1))
            except SeatsExhausted:
                continue
            got.append(wish)

    assert in_threads(AT_ONCE, some) == ["done"] * AT_ONCE
    counted = {line.pk: sum(wish.count(line.pk) for wish in got) for line in lines}
    assert taken() == counted, (
        "a deed that was refused took nothing, one that went through took all it wanted"
    )
    assert max(counted.values()) == SEATS
    left = {key for key, number in counted.items() if number < SEATS}
    refused = [wish for wish in wishes if wish not in got]
    assert all(not set(wish) <= left for wish in refused), "nobody was refused where all his lines had seats"


@pytest.mark.django_db(transaction=True)
def test_taking_and_giving_back_at_once_loses_no_seat(lines):
    keys = [line.pk for line in lines]
    seats_take(wanted=dict.fromkeys(keys, SEATS))

    def deed(index: int) -> None:
        one, other = keys[index % 6], keys[(index + 1) % 6]
        if index % 2:
            seats_give_back(freed={one: 1, other: 1})
        else:
            try:
                seats_take(wanted={other: 1, one: 1})
            except SeatsExhausted:
                seats_give_back(freed={one: 1})

    assert in_threads(AT_ONCE, deed) == ["done"] * AT_ONCE
    assert all(0 <= number <= SEATS for number in taken().values())
