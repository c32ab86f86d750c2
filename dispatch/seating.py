"""``Outcome`` → plan lines: where a run admits at once, each winner gets the seat of a major."""

from collections import Counter

import numpy as np

from admissions.models import Batch, Choice
from quotas.models import PlanLine

from .kernel.majors import assign
from .kernel.problem import Outcome
from .snapshot import Snapshot


def lines_of_winners(batch: Batch, snapshot: Snapshot, outcome: Outcome) -> np.ndarray:
    """The plan line of each winner: in the order of the draw the first of his majors that has a seat.

    Who finds none of his majors free, or named none, gets a seat of the major with most seats left: a winner is
    admitted and cannot be returned; the school may change his major once he is registered.

    Args:
        batch: of the run.
        snapshot, outcome: of the run; nobody is sent beyond the seats left.

    Returns:
        int64[n], primary keys of plan lines; 0 for who is not sent.
    """
    order = snapshot.problem.order
    sent = order[outcome.unit[order] >= 0]
    choices = Choice.objects.filter(batch=batch, candidate__in=snapshot.candidates[sent].tolist())
    wishes = {
        (candidate, position): majors
        for candidate, position, majors in choices.values_list("candidate", "position", "majors")
    }
    lines: dict[int, list[PlanLine]] = {}
    for line in PlanLine.objects.filter(batch=batch, school__in=snapshot.schools.tolist()).order_by("pk"):
        lines.setdefault(line.school_id, []).append(line)
    given = np.zeros(len(snapshot.candidates), np.int64)
    for unit, school in enumerate(snapshot.schools.tolist()):
        winners = sent[outcome.unit[sent] == unit]
        if len(winners):
            named = [
                wishes.get((candidate, position + 1), [])
                for candidate, position in zip(
                    snapshot.candidates[winners].tolist(), outcome.position[winners].tolist(), strict=True
                )
            ]
            given[winners] = _lines_of_school(named, lines[school])
    return given


def _lines_of_school(named: list[list[str]], lines: list[PlanLine]) -> list[int]:
    """Keys of plan lines for the winners of one school, who come in the order of the draw."""
    seats: Counter[str] = Counter()
    for line in lines:
        seats[line.major_code] += line.seats_left
    codes = sorted(seats, key=lambda code: (-seats[code], code))
    number = {code: place for place, code in enumerate(codes)}
    majors = np.full((len(named), max(map(len, named))), -1, np.int32)
    for row, wanted in zip(majors, named, strict=True):
        row[: len(wanted)] = [number.get(code, -2) for code in wanted]
    got = assign(
        score=np.zeros(len(named), np.int32),  # the draw is their only order
        majors=majors,
        accepts_adjustment=np.ones(len(named), np.bool_),
        seats=np.array([seats[code] for code in codes], np.int32),
        propose_to_silent=True,
    )
    free = {code: [line.pk for line in lines if line.major_code == code for _ in range(line.seats_left)]
            for code in codes}  # fmt: skip
    return [free[codes[major]].pop(0) for major in got.line.tolist()]
