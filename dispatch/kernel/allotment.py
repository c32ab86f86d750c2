"""指标到校（名额分配）: seats that a school keeps for each junior school, before or after the unified round.

Source: none of the five notices; practice of Beijing, Shenzhen, Taiyuan and others, domain.md §6.6 (P13, P18–P21,
P75). Every round is one `bands.solve`; what a city chooses is which rounds there are and in which order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum

import numpy as np

from dispatch.kernel import bands, tiers
from dispatch.kernel.problem import Outcome, Problem, TiePolicy

NO_FLOOR = np.iinfo(np.int32).min
PATIENCE = 100
"""Rounds of cut and floor before they count as going in circles."""


class When(StrEnum):
    """Which goes first."""

    BEFORE = "before"
    """指标 before the unified round (Beijing, P18): unused seats are in the unified plan from its start."""
    AFTER = "after"
    """先统招后指标 (P20): whom the unified round placed needs no allotted seat; unused seats then go to those
    left, by their unified choices."""


class Via(IntEnum):
    """The round through which a candidate came; numbers for arrays."""

    NONE = 0
    UNIFIED = 1
    ALLOTTED = 2
    """A seat kept for his junior school."""
    AREA = 3
    """The second round: a seat that no candidate of its junior school took, open to its area."""
    CONVERTED = 4
    """After an allotment that came last: a seat left by all, or by the unified round."""


@dataclass(frozen=True, slots=True, eq=False)
class Allotment:
    """The seats kept, and who may have them; n candidates, m units and the order are those of the problem.

    Attributes:
        choices: int32[n, q], the units a candidate applies to as 指标生, in his order; -1 where none.
        feeder: int32[n], his junior school, 0 up to f - 1; -1 if he has none that counts.
        quota: int32[m, f], seats each unit keeps for each junior school, beside its unified `seats`.
        score: int32[n], dispatch scores in hundredths of a mark, for the floors.
        floor: int32[m], the lowest score at each unit; `NO_FLOOR` where there is none.
        margin: int32[m] or None: the score may also not be lower than the unit's unified cut (the lowest score
            that the unified round admitted there) less this. Nobody admitted there: no such floor.
        area: int32[f] or None: the area of each junior school. Given, there is a second round.
        qualified: bool[n, q] or None (all): residence, years at the school, grades.
        when: before or after the unified round.

    Raises:
        ValueError: if a shape, dtype or value is not as above.
    """

    choices: np.ndarray
    feeder: np.ndarray
    quota: np.ndarray
    score: np.ndarray
    floor: np.ndarray
    margin: np.ndarray | None = None
    area: np.ndarray | None = None
    qualified: np.ndarray | None = None
    when: When = When.BEFORE

    def __post_init__(self):
        n, q = self.choices.shape
        m, f = self.quota.shape
        for name, dtype, shape in (
            ("choices", np.int32, (n, q)),
            ("feeder", np.int32, (n,)),
            ("quota", np.int32, (m, f)),
            ("score", np.int32, (n,)),
            ("floor", np.int32, (m,)),
            ("margin", np.int32, (m,)),
            ("area", np.int32, (f,)),
            ("qualified", np.bool_, (n, q)),
        ):
            array = getattr(self, name)
            if array is None and name in ("margin", "area", "qualified"):
                continue
            if array.dtype != dtype or array.shape != shape:
                raise ValueError(f"{name} must be {np.dtype(dtype)}{shape}, not {array.dtype}{array.shape}")
        for name, low, high in (("choices", -1, m), ("feeder", -1, f), ("quota", 0, None), ("area", 0, None)):
            array = getattr(self, name)
            if (
                array is not None
                and array.size
                and (array.min() < low or (high is not None and array.max() >= high))
            ):
                raise ValueError(f"{name} holds {array.min()} to {array.max()}, which is not allowed")

    def open_to(self, floors: np.ndarray) -> np.ndarray:
        """bool[n, q]: the choices that qualify and reach their floors, int64[m]."""
        reaches = self.score[:, None] >= np.append(floors, 0)[self.choices]
        return reaches if self.qualified is None else reaches & self.qualified


@dataclass(frozen=True, slots=True, eq=False)
class Allotted:
    """Where everybody goes and through which round.

    Attributes:
        outcome: the position counts columns of `Problem.choices` if via UNIFIED or CONVERTED, of
            `Allotment.choices` if ALLOTTED or AREA.
        via: uint8[n], a `Via`.
        floors: int64[m], the floors that were applied.
        settled: the floors agree with the unified cuts of this very outcome. False only if, before the
            unified round, cut and floor went in circles; then some floors are higher than the cut less the
            margin. None is ever lower.
    """

    outcome: Outcome
    via: np.ndarray
    floors: np.ndarray
    settled: bool = True


def solve(
    problem: Problem,
    allotment: Allotment,
    unified_bands: Sequence[int],
    ties: TiePolicy = TiePolicy.STRICT,
    allotted_bands: Sequence[int] = (1,),
    tier: np.ndarray | None = None,
) -> Allotted:
    """The unified round and the rounds of allotted seats, in the order that the city chose.

    before: allotted seats → second round → unified round on its seats and all left unused.
    after: unified round → allotted seats → second round → those still without a place, by their unified
    choices, on all seats left.

    With `margin` a floor hangs on the unified cut. After the unified round that is known. Before it, the cut
    hangs on the floor in turn: the first cut is that of a unified round without any allotment, then allotment
    and unified round are repeated with the floors that the last cut gave, until they stay. With many units
    some always go in circles: then the highest floors of the circle are taken, and raised wherever the cut
    that they lead to demands it, until it demands no more.

    Args:
        problem: the unified round: its choices, seats and conditions.
        allotment: the seats kept.
        unified_bands, allotted_bands: the bands of both lists of choices.
        ties: what happens to equals at a last seat, in all rounds. The allotted rounds go by the common order.
        tier: int16[n], segments as of `tiers.solve`, in all rounds; None where there are none.

    Raises:
        ValueError: if problem and allotment are not of the same candidates and units.

    Cost: a `bands.solve` for each round; before with margin, some fifteen times two of them.
    """
    n, m = len(problem.order), len(problem.seats)
    if len(allotment.choices) != n or len(allotment.quota) != m:
        raise ValueError(f"the problem has {n} candidates and {m} units, not the allotment")
    rounds = _Rounds(problem, allotment, unified_bands, ties, allotted_bands, tier)
    if allotment.when is When.AFTER:
        return rounds.after()
    if allotment.margin is None:
        return rounds.before(allotment.floor.astype(np.int64))
    rounds.unified(Via.UNIFIED, problem.seats)
    seen = [floors_of(allotment, rounds.via, rounds.unit)]
    for _ in range(PATIENCE):
        result = rounds.before(seen[-1])
        floors = floors_of(allotment, result.via, result.outcome.unit)
        again = [past for past, those in enumerate(seen) if (those == floors).all()]
        if again and again[0] == len(seen) - 1:
            return result
        if again:
            seen = seen[again[0] :]
            break
        seen.append(floors)
    highest = np.max(seen, axis=0)
    while True:
        result = rounds.before(highest)
        floors = floors_of(allotment, result.via, result.outcome.unit)
        if (floors <= highest).all():
            return replace(result, settled=bool((floors == highest).all()))
        highest = np.maximum(highest, floors)


def floors_of(allotment: Allotment, via: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """int64[m], the floors that follow from whom the unified round admitted.

    Args:
        allotment: with its absolute floors and margins.
        via, unit: of an outcome in which the unified round has been held.
    """
    if allotment.margin is None:
        return allotment.floor.astype(np.int64)
    cut = np.full(len(allotment.floor), np.iinfo(np.int64).max)
    admitted = via == Via.UNIFIED
    np.minimum.at(cut, unit[admitted], allotment.score[admitted])
    nobody = cut == np.iinfo(np.int64).max
    relative = np.where(nobody, NO_FLOOR, np.where(nobody, 0, cut) - allotment.margin)
    return np.maximum(relative, allotment.floor)


class _Rounds:
    """The rounds held so far."""

    def __init__(self, problem, allotment, unified_bands, ties, allotted_bands, tier):
        self.problem, self.allotment, self.ties, self.tier = problem, allotment, ties, tier
        self.unified_bands, self.allotted_bands = unified_bands, allotted_bands
        self.start()

    def start(self):
        """Nobody is placed yet."""
        n = len(self.problem.order)
        self.position, self.unit = np.full(n, -1, np.int16), np.full(n, -1, np.int32)
        self.via = np.zeros(n, np.uint8)

    def before(self, floors):
        self.start()
        unused = self.allotted(floors)
        self.unified(Via.UNIFIED, self.problem.seats + unused)
        return self.result(floors)

    def after(self):
        left = self.unified(Via.UNIFIED, self.problem.seats)
        floors = floors_of(self.allotment, self.via, self.unit)
        unused = self.allotted(floors)
        self.unified(Via.CONVERTED, left + unused)
        return self.result(floors)

    def result(self, floors):
        return Allotted(Outcome(self.position, self.unit), self.via, floors)

    def solve(self, round_, sizes):
        if self.tier is None:
            return bands.solve(round_, sizes, self.ties)
        return tiers.solve(round_, self.tier, sizes, self.ties)

    def unified(self, via, seats):
        """A round by the unified choices of those without a place; the seats left."""
        waits = (self.via == Via.NONE)[:, None]
        choices = np.where(waits, self.problem.choices, np.int32(-1))
        round_ = replace(self.problem, choices=choices, seats=seats.astype(np.int32))
        outcome = self.solve(round_, self.unified_bands)
        self.keep(via, outcome.position, outcome.unit)
        return self.left(seats, outcome.unit)

    def allotted(self, floors):
        """The round of the junior schools, and of their areas if wanted; seats unused, of each unit."""
        allotment = self.allotment
        left = self.reserved(Via.ALLOTTED, allotment.quota, allotment.feeder, floors)
        if allotment.area is not None and left.size:
            areas = np.zeros((len(left), int(allotment.area.max()) + 1), np.int32)
            np.add.at(areas.T, allotment.area, left.T)
            area = np.append(allotment.area, -1).astype(np.int32)[allotment.feeder]
            left = self.reserved(Via.AREA, areas, area, floors)
        return left.sum(axis=1, dtype=np.int32)

    def reserved(self, via, seats, group, floors):
        """A round on seats[m, g] by unit and group of candidates; the seats left, in the same shape."""
        kept = np.flatnonzero(seats.reshape(-1))
        number = np.full(seats.size + 1, -1, np.int32)
        number[kept] = np.arange(len(kept), dtype=np.int32)
        choices, g = self.allotment.choices, seats.shape[1]
        counts = (self.via == Via.NONE)[:, None] & (group >= 0)[:, None] & (choices >= 0)
        pair = number[np.where(counts, choices.astype(np.int64) * g + group[:, None], -1)]
        round_ = Problem(
            self.problem.order,
            self.problem.tie_group,
            pair,
            seats.reshape(-1)[kept],
            self.allotment.open_to(floors),
        )
        outcome = self.solve(round_, self.allotted_bands)
        sent = np.append(kept // max(g, 1), -1)[outcome.unit]
        self.keep(via, outcome.position, sent)
        left = np.zeros(seats.size, np.int32)
        left[kept] = self.left(round_.seats, outcome.unit)
        return left.reshape(seats.shape)

    def keep(self, via, position, unit):
        sent = position >= 0
        self.position[sent], self.unit[sent], self.via[sent] = position[sent], unit[sent], via

    @staticmethod
    def left(seats, unit):
        return np.maximum(seats - np.bincount(unit[unit >= 0], minlength=len(seats)), 0).astype(np.int32)
