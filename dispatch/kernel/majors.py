"""专业分配: the majors inside a school, for the candidates whose dossiers were sent to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np

from dispatch.kernel import bands
from dispatch.kernel.problem import Problem

INT32 = np.iinfo(np.int32)


class Rule(StrEnum):
    """How scores and the order of a candidate's majors weigh. Source: domain.md §6.8 (P31 a, b, d)."""

    SCORE_CLEAR = "score_clear"
    """分数清: the higher score goes first, each candidate's majors in his order."""
    MAJOR_CLEAR = "major_clear"
    """专业清: all first majors by score, then all second majors, and so on."""
    LEVEL_GAP = "level_gap"
    """专业级差: for each lower choice of a major points are subtracted; each major ranks by what is left."""


class How(IntEnum):
    """How a candidate came by his line, or why by none; numbers for arrays."""

    CHOICE = 0
    """One of his majors."""
    ADJUSTED = 1
    """服从调剂: another line with a seat, since his own were full."""
    ASKED = 2
    """He named no major and must be asked; a line, if any, is only proposed to him. Never a ground for a
    return: 粤招办〔2021〕28号 四（二）1 (domain.md §4.6)."""
    UNPLACED_FULL = 3
    """He takes any major, but no line that he may enter has a seat."""
    UNPLACED_NOT_ADJUSTING = 4
    """His majors are full and he takes no other: a return with reason 02 may be proposed."""


@dataclass(frozen=True, slots=True, eq=False)
class Majors:
    """What became of n candidates.

    Attributes:
        line: int32[n], the line; -1 if none.
        how: uint8[n], a `How`.
        position: int16[n], the column of the major taken; -1 unless by CHOICE.
    """

    line: np.ndarray
    how: np.ndarray
    position: np.ndarray


def assign(
    score: np.ndarray,
    majors: np.ndarray,
    accepts_adjustment: np.ndarray,
    seats: np.ndarray,
    rule: Rule = Rule.SCORE_CLEAR,
    gaps: Sequence[int] = (),
    eligible: np.ndarray | None = None,
    propose_to_silent: bool = False,
) -> Majors:
    """Give the candidates of one school their lines.

    First by the majors they named, by the rule; equals on score go by their order. Then who accepts
    adjustment and has no line takes, in order, the first line with a seat, in the order of the lines as
    given (national files number them: YXXH 专业调剂优先序号, domain.md §3.2). Then, if wanted, who named no
    major is proposed a line in the same way; he is never counted as unplaced.

    Args:
        score: int32[n], dispatch scores in hundredths of a mark; the candidates come best first, ties broken
            already, so that it never rises. Only LEVEL_GAP uses its values.
        majors: int32[n, q], the line of each major named, first choice first; -1 where there is none, -2
            where he named one that the school does not offer him (he did name a major then).
        accepts_adjustment: bool[n], 服从调剂.
        seats: int32[m], seats left of each line.
        rule: which of the three.
        gaps: for LEVEL_GAP, hundredths of a mark subtracted when passing from each choice to the next; the
            last one repeats. (300, 100): 3 marks for the second major, 4 for the third, 5 for the fourth.
        eligible: bool[n, m] or None (all): conditions of the lines (sex, health, subjects).
        propose_to_silent: whether to propose lines to those who named none.

    Raises:
        ValueError: if shapes, dtypes or values are not as above, or gaps are missing or negative.

    Cost: as `bands.solve`, with a table of n × m for those who are adjusted.
    """
    n, q = _checked(score, majors, accepts_adjustment, len(seats))
    offered = np.maximum(majors, -1)
    may = None
    if eligible is not None:
        if eligible.dtype != np.bool_ or eligible.shape != (n, len(seats)):
            raise ValueError(f"eligible must be bool[{n}, {len(seats)}]")
        may = np.take_along_axis(eligible, np.maximum(offered, 0), axis=1) if len(seats) else offered >= 0
    place = _less_gaps(score, q, gaps) if rule is Rule.LEVEL_GAP else None
    problem = Problem(np.arange(n), np.arange(n, dtype=np.int32), offered, seats, may, place)
    outcome = bands.solve(problem, (1,) if rule is Rule.MAJOR_CLEAR else (max(q, 1),))
    line = outcome.unit.copy()
    silent = (majors == -1).all(axis=1)
    how = np.where(accepts_adjustment, How.UNPLACED_FULL, How.UNPLACED_NOT_ADJUSTING).astype(np.uint8)
    how[line >= 0] = How.CHOICE
    adjusted = _fill_up(line, accepts_adjustment & ~silent, seats, eligible)
    how[adjusted] = How.ADJUSTED
    how[silent] = How.ASKED
    if propose_to_silent:
        _fill_up(line, silent, seats, eligible)
    return Majors(line, how, outcome.position.copy())


def _checked(score, majors, accepts_adjustment, m):
    if majors.dtype != np.int32 or majors.ndim != 2:
        raise ValueError("majors must be int32[n, q]")
    if majors.size and not (majors.min() >= -2 and majors.max() < m):
        raise ValueError(f"majors name a line outside -2..{m - 1}")
    n, q = majors.shape
    if score.dtype != np.int32 or score.shape != (n,) or (score[1:] > score[:-1]).any():
        raise ValueError(f"score must be int32[{n}] and never rise: candidates come best first")
    if accepts_adjustment.dtype != np.bool_ or accepts_adjustment.shape != (n,):
        raise ValueError(f"accepts_adjustment must be bool[{n}]")
    return n, q


def _less_gaps(score, q, gaps):
    """The places by score less the gaps; the higher what is left, the smaller the place."""
    if not len(gaps) or min(gaps) < 0:
        raise ValueError(f"gaps must be points of at least one step, none negative, not {tuple(gaps)}")
    steps = [int(gaps[min(step, len(gaps) - 1)]) for step in range(q - 1)]
    less = np.cumsum([0, *steps])[:q]
    place = less - score.astype(np.int64)[:, None]
    if place.size and not (INT32.min <= place.min() and place.max() <= INT32.max):
        raise ValueError("a score less its gaps does not fit int32")
    return place.astype(np.int32)


def _fill_up(line, wanted, seats, eligible):
    """Give those `wanted` who have no line the first line with a seat, in order; changes line.

    Returns the candidates who got one.
    """
    m = len(seats)
    who = np.flatnonzero(wanted & (line < 0))
    left = (seats - np.bincount(line[line >= 0], minlength=m)).astype(np.int32)
    every = np.tile(np.arange(m, dtype=np.int32), (len(who), 1))
    turn = np.arange(len(who))
    rest = Problem(turn, turn.astype(np.int32), every, left, None if eligible is None else eligible[who])
    got = bands.solve(rest, (max(m, 1),)).unit
    line[who] = got
    return who[got >= 0]
