"""Results of a city with a system of its own: a plain serial dispatch, and what changes from day to day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from .people import People
from .schools import Line
from .wishes import Choices

FIRST_DAY = 0.6  # part of the final results that the first day has
WITHDRAWN = 0.005  # part of the first day's admitted who withdraw on the second
MOVED = 0.005  # part of the first day's who are found on another line on the second
GONE = 0.002  # part of the first day's who are not in the second file at all


@dataclass(frozen=True, slots=True)
class Result:
    """One admission: candidate index, line index, status (1 admitted, 2 withdrawn), and when."""

    who: int
    line: int
    status: str
    at: str


def dispatch(
    people: People, lines: Sequence[Line], choices: Sequence[Choices], general: np.ndarray
) -> list[tuple[int, int]]:
    """Admit by dispatch score, choice by choice, batch after batch; never above the seats of a line.

    Returns:
        (candidate index, line index), in the order of admission.
    """
    place = {id(line): i for i, line in enumerate(lines)}
    left = [line.seats for line in lines]
    done = general.copy()
    admitted: list[tuple[int, int]] = []
    for made in choices:
        line_score = made.batch.line or 0
        offers = [[place[id(x)] for x in group] for _, group in made.offers]
        totals = people.totals[made.who] + people.bonus[made.who]
        for row in np.argsort(-totals, kind="stable").tolist():
            who = int(made.who[row])
            if done[who] or totals[row] < line_score:
                continue
            found = _first_free(made, row, offers, left)
            if found >= 0:
                left[found] -= 1
                done[who] = True
                admitted.append((who, found))
    return admitted


def _first_free(made: Choices, row: int, offers: list[list[int]], left: list[int]) -> int:
    for choice, school in enumerate(made.schools[row].tolist()):
        if school < 0:
            break
        group = offers[school]
        wanted = [group[m] for m in made.majors[row, choice].tolist() if m >= 0]
        if not wanted or made.accepts[row, choice]:
            wanted += group
        for line in wanted:
            if left[line] > 0:
                return line
    return -1


def days(
    rng: np.random.RandomState, admitted: list[tuple[int, int]], lines: Sequence[Line], starts: date
) -> tuple[list[Result], list[Result]]:
    """The files of the first and the second day.

    The second holds the first, but for a few who moved to another line of the same batch with a free seat, a
    few withdrawn (status 2) and a few who vanished, and all others admitted since. On both days nobody stands
    twice and no line has more admitted than seats.
    """
    cut = round(len(admitted) * FIRST_DAY)
    minutes = np.sort(rng.randint(0, 8 * 60, len(admitted))).tolist()
    day = (starts.isoformat(), (starts + timedelta(days=1)).isoformat())
    stamp = [f"{day[i >= cut]} {9 + m // 60:02d}:{m % 60:02d}" for i, m in enumerate(minutes)]
    first = [Result(who, line, "1", stamp[i]) for i, (who, line) in enumerate(admitted[:cut])]
    used = [0] * len(lines)
    for _, line in admitted:
        used[line] += 1
    second = []
    chance = rng.random_sample(cut).tolist()
    for result, c in zip(first, chance, strict=True):
        if c < WITHDRAWN:
            second.append(Result(result.who, result.line, "2", result.at))
        elif c < WITHDRAWN + GONE:
            continue
        elif c < WITHDRAWN + GONE + MOVED:
            second.append(_moved(result, lines, used))
        else:
            second.append(result)
    second += [Result(who, line, "1", stamp[cut + i]) for i, (who, line) in enumerate(admitted[cut:])]
    return first, second


def _moved(result: Result, lines: Sequence[Line], used: list[int]) -> Result:
    batch = lines[result.line].batch
    for other, line in enumerate(lines):
        if other != result.line and line.batch == batch and used[other] < line.seats:
            used[other] += 1
            return Result(result.who, other, "1", result.at)
    return result
