"""Why this candidate went there and not elsewhere: worked out from the arrays when asked, nothing stored."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from dispatch.kernel.problem import Outcome, Problem, band_of_columns


class Reason(StrEnum):
    """What became of one choice; the value goes into records, `words` to the officer."""

    SENT = "sent"
    FULL = "full"
    TIED = "tied"
    NOT_ELIGIBLE = "not_eligible"
    VOID = "void"
    NOT_REACHED = "not_reached"


@dataclass(frozen=True, slots=True)
class Why:
    """What became of one choice of one candidate. Ranks and columns count from 0; -1 where there is none.

    Attributes:
        position: the column of the choice.
        unit: the unit chosen; -1 if void.
        reason: SENT there; FULL, served by others before; TIED, he and his equals were more than the seats
            left (reject_all); NOT_ELIGIBLE by line or condition; VOID, none or invalid; NOT_REACHED, sent
            to an earlier choice.
        rank: the candidate's place in the order of all; if own_order, in the unit's order of those who named
            it and are eligible.
        seats: dossiers the unit may take.
        taken: dossiers it had taken when this choice's round ended (SENT, FULL, TIED), otherwise 0.
        last: the candidate taken last by then; last_rank his place; last_position the column he came by.
        earlier: the last one was served in an earlier round (segment or band) than this choice.
        equal: the last one is another candidate, equal on score and all tie keys; the last key decided.
        own_order: the unit ranks by an order of its own (`Problem.place`); rank and last_rank are in it.
    """

    position: int
    unit: int
    reason: Reason
    rank: int
    seats: int = 0
    taken: int = 0
    last: int = -1
    last_rank: int = -1
    last_position: int = -1
    earlier: bool = False
    equal: bool = False
    own_order: bool = False


def explain(
    problem: Problem,
    outcome: Outcome,
    bands: Sequence[int],
    candidate: int,
    tier: np.ndarray | None = None,
) -> list[Why]:
    """What became of each choice of a candidate, in his order.

    It takes the outcome to be free of faults (`check.faults`): where a refused candidate finds seats left,
    the only right reason is that his group of equals did not fit.

    Args:
        problem, outcome: of the same candidates.
        bands: what the outcome was made with.
        candidate: index of the candidate.
        tier: int16[n], the segments if it was made with `tiers.solve`.

    Returns:
        k reasons, one for each column of choices.

    Raises:
        ValueError: if there is no such candidate.

    Cost: a few passes over the outcome, some 5 ms for 1 M × 10; where units rank by orders of their own, a
    pass over the choices for each choice reached, some 3 ms each.
    """
    n, k = problem.choices.shape
    if not 0 <= candidate < n:
        raise ValueError(f"there is no candidate {candidate} among {n}")
    rank = np.empty(n, np.int32)
    rank[problem.order] = np.arange(n, dtype=np.int32)
    own = int(rank[candidate])
    sent = int(outcome.position[candidate])
    rounds = _Rounds(band_of_columns(bands, k), tier)
    reasons = []
    for position, unit in enumerate(problem.choices[candidate].tolist()):
        if unit < 0:
            reasons.append(Why(position, -1, Reason.VOID, own))
        elif 0 <= sent < position:
            reasons.append(Why(position, unit, Reason.NOT_REACHED, own, int(problem.seats[unit])))
        elif problem.eligible is not None and not problem.eligible[candidate, position]:
            reasons.append(Why(position, unit, Reason.NOT_ELIGIBLE, own, int(problem.seats[unit])))
        else:
            standing = _Standing(problem, rank, unit)
            reasons.append(_reached(problem, outcome, rounds, standing, candidate, position))
    return reasons


def words(
    reasons: Iterable[Why],
    unit_name: Callable[[int], str] = "投档单位{}".format,
    score: np.ndarray | None = None,
) -> list[str]:
    """One Chinese sentence per choice, fit to be read to a family; names no other candidate.

    Args:
        reasons: from `explain`.
        unit_name: the name of a unit.
        score: int32[n], dispatch scores in hundredths of a mark, to name the score of the last one; not named
            where the unit ranks by an order of its own.
    """
    return [f"第{why.position + 1}志愿{_sentence(why, unit_name, score)}" for why in reasons]


@dataclass(frozen=True, slots=True)
class _Rounds:
    """When a choice has its turn: segment by segment, band by band."""

    band: np.ndarray
    tier: np.ndarray | None

    def of(self, candidates, positions):
        band = self.band[positions].astype(np.int64)
        if self.tier is None:
            return band
        return band + self.tier[candidates].astype(np.int64) * (int(self.band[-1]) + 1)


class _Standing:
    """Who goes before whom at one unit: by the common order or its own."""

    def __init__(self, problem, rank, unit):
        self.problem, self.rank, self.unit = problem, rank, unit
        self.own = problem.place is not None

    def of(self, candidates, positions):
        """int64, smaller goes first."""
        if not self.own:
            return self.rank[candidates].astype(np.int64)
        return (self.problem.place[candidates, positions].astype(np.int64) << 32) | self.rank[candidates]

    def equal(self, one, other):
        """Two (candidate, position) that only the last key tells apart."""
        if self.own:
            return bool(self.problem.place[one] == self.problem.place[other])
        return bool(self.problem.tie_group[one[0]] == self.problem.tie_group[other[0]])

    def ranks(self, *cells):
        """The rank of some (candidate, position), from 0; in its own order among those eligible who named it."""
        if not self.own:
            return [int(self.rank[candidate]) for candidate, _ in cells]
        named = np.flatnonzero(self.problem.choices.reshape(-1) == self.unit)
        if self.problem.eligible is not None:
            named = named[self.problem.eligible.reshape(-1)[named]]
        candidates, positions = np.divmod(named, self.problem.choices.shape[1])
        standings = self.of(candidates, positions)
        ahead = (np.unique(candidates[standings < self.of(*cell)]) for cell in cells)
        return [int((who != cell[0]).sum()) for who, cell in zip(ahead, cells, strict=True)]


def _reached(problem, outcome, rounds, standing, candidate, position):
    """A choice that had its turn: sent, full, or too many equals."""
    unit = int(problem.choices[candidate, position])
    turn = rounds.of(candidate, position)
    there = np.flatnonzero(outcome.unit == unit)
    served = rounds.of(there, outcome.position[there])
    there, served = there[served <= turn], served[served <= turn]
    seats, taken = int(problem.seats[unit]), len(there)
    refused = Reason.FULL if taken >= seats else Reason.TIED
    reason = Reason.SENT if outcome.position[candidate] == position else refused
    cell = candidate, position
    if not taken:
        return Why(position, unit, reason, *standing.ranks(cell), seats, own_order=standing.own)
    at = np.lexsort((standing.of(there, outcome.position[there]), served))[-1]
    last = int(there[at]), int(outcome.position[there[at]])
    own_rank, last_rank = standing.ranks(cell, last)
    return Why(
        position,
        unit,
        reason,
        own_rank,
        seats,
        taken,
        last[0],
        last_rank,
        last[1],
        earlier=bool(served[at] < turn),
        equal=last[0] != candidate and standing.equal(last, cell),
        own_order=standing.own,
    )


def _sentence(why, unit_name, score):
    if why.reason is Reason.VOID:
        return "：未填报或无效。"
    name = unit_name(why.unit)
    if why.reason is Reason.NOT_REACHED:
        return f"（{name}）：档案已投至在前志愿，本志愿不再投档。"
    if why.reason is Reason.NOT_ELIGIBLE:
        return f"（{name}）：未达到分数线或不符合投档条件，不能投档。"
    if why.reason is Reason.SENT:
        return f"（{name}）：已投档。{_own_rank(why)}"
    if why.reason is Reason.TIED:
        left = why.seats - why.taken
        equals = "并列" if why.own_order else "同分"
        tied = f"余{left}个名额，排到本人时完全{equals}的考生多于名额，按规则{equals}考生均不投档。"
        return f"（{name}）：{tied}{_own_rank(why)}"
    if not why.seats:
        return f"（{name}）：本次没有可投名额。"
    full = f"可投{why.seats}人，已投{why.taken}人，名额已满。{_last(why, score)}"
    return f"（{name}）：{full}{_own_rank(why)}"


def _own_rank(why):
    """Where he stands, and in which order."""
    if why.own_order:
        return f"按该投档单位的排序，本人在合格报考者中排位第{why.rank + 1}。"
    return f"本人排位第{why.rank + 1}。"


def _last(why, score):
    """Who took the last seat, without saying who."""
    shown = score is not None and not why.own_order
    mark = f"、投档成绩{score[why.last] // 100}.{score[why.last] % 100:02d}分" if shown else ""
    said = f"最后一名以第{why.last_position + 1}志愿投档，排位第{why.last_rank + 1}{mark}，"
    if why.earlier:
        return said + "按规则先于本人的这一志愿投档；"
    equals = "并列" if why.own_order else "同分"
    return said + (f"与本人完全{equals}，按末位比较规则在本人之前；" if why.equal else "排在本人之前；")
