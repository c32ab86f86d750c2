"""A dispatch with allotted seats as one step: solved, verified and told like any other.

What a city holds is a list of choices for both: the seats that a unit keeps for junior schools are part of what it
may take, and whoever applies to the unit applies to those too. Source: domain.md §6.6 (先统招后指标 with one combined
choice, P20; 名额分配 before, P18).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dispatch.kernel import allotment as allotments
from dispatch.kernel import check_allotment
from dispatch.kernel.allotment import Allotment, Allotted, When, floors_of
from dispatch.kernel.explain import Why, explain
from dispatch.kernel.fault import Fault
from dispatch.kernel.problem import Outcome, Problem, TiePolicy


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """The seats kept out of those of a problem, and who may have them: n candidates, m units, f junior schools.

    Attributes:
        feeder: int32[n], the junior school of each candidate; -1 if he has none that counts.
        quota: int32[m, f], seats of each unit for each junior school; no more in all than the unit's seats.
        score: int32[n], dispatch scores, in units in which floor and margin are given too.
        when: before or after the unified round.
        floor: the lowest score; `allotment.NO_FLOOR` for none.
        margin: how far the score may be below the lowest that the unified round admitted at the unit; None for
            any distance. Only after the unified round: before it nobody knows that score.

    Raises:
        ValueError: if there is a margin before the unified round.
    """

    feeder: np.ndarray
    quota: np.ndarray
    score: np.ndarray
    when: When
    floor: int = allotments.NO_FLOOR
    margin: int | None = None

    def __post_init__(self):
        if self.margin is not None and self.when is not When.AFTER:
            raise ValueError("a margin below the unified cut asks for the unified round to go first")

    def split(self, problem: Problem) -> tuple[Problem, Allotment]:
        """The unified round on what is not kept, and the seats kept.

        Raises:
            ValueError: if a unit keeps more seats than it has, or units rank by orders of their own.
        """
        if problem.place is not None:
            raise ValueError("allotted seats go by one order for all units")
        units = len(problem.seats)
        free = problem.seats - self.quota.sum(axis=1, dtype=np.int64)
        if units and free.min() < 0:
            raise ValueError(f"unit {free.argmin()} keeps {-free.min()} seats more than it has")
        allotment = Allotment(
            choices=problem.choices,
            feeder=self.feeder,
            quota=self.quota,
            score=self.score,
            floor=np.full(units, self.floor, np.int32),
            margin=None if self.margin is None else np.full(units, self.margin, np.int32),
            qualified=problem.eligible,
            when=self.when,
        )
        return replace(problem, seats=free.astype(np.int32)), allotment


def solve(
    problem: Problem, kept: Kept, bands: Sequence[int], ties: TiePolicy, tier: np.ndarray | None = None
) -> Outcome:
    """All rounds, each by the same bands and segments; the outcome says through which round each came.

    Args:
        problem: whose seats hold the kept ones too.
        kept: those.
        bands, ties, tier: as of `bands.solve` and `tiers.solve`.
    """
    found = allotments.solve(*kept.split(problem), bands, ties, bands, tier)
    return Outcome(found.outcome.position, found.outcome.unit, found.via)


def faults(
    problem: Problem,
    kept: Kept,
    outcome: Outcome,
    bands: Sequence[int],
    ties: TiePolicy,
    tier: np.ndarray | None = None,
) -> Iterator[Fault]:
    """Everything wrong with such an outcome, by `check_allotment.faults`; arguments as of `solve`."""
    split = kept.split(problem)
    claimed = _claimed(split[1], outcome)
    yield from check_allotment.faults(*split, claimed, bands, ties, bands, tier)


def explained(
    problem: Problem,
    kept: Kept,
    outcome: Outcome,
    bands: Sequence[int],
    candidate: int,
    tier: np.ndarray | None = None,
) -> list[tuple[allotments.Via, np.ndarray | None, list[Why]]]:
    """What became of each choice of a candidate in each round, up to the one that placed him.

    Args:
        problem, kept, outcome, bands, tier: as of `solve`; the outcome is taken to be free of faults.
        candidate: index of the candidate.

    Returns:
        the round; the floors of a round of allotted seats, int64[m], otherwise None; one reason for each choice,
        whose units are those of the problem. A choice in a round of allotted seats is void if he has no
        junior school.

    Raises:
        ValueError: if there is no such candidate.
    """
    split = kept.split(problem)
    claimed = _claimed(split[1], outcome)
    told = []
    for round_ in check_allotment.rounds_claimed(*split, claimed):
        reasons = explain(round_.problem, round_.outcome, bands, candidate, tier)
        floors = None
        if round_.pairs is not None:
            floors = claimed.floors
            units = round_.pairs // max(round_.groups, 1)
            reasons = [replace(w, unit=int(units[w.unit])) if w.unit >= 0 else w for w in reasons]
        told.append((round_.via, floors, reasons))
        if outcome.via[candidate] == round_.via:
            break
    return told


def _claimed(allotment: Allotment, outcome: Outcome) -> Allotted:
    real = (outcome.unit >= 0) & (outcome.unit < len(allotment.floor))  # whatever an outcome claims
    via = np.where(real, outcome.via, np.uint8(allotments.Via.NONE))
    return Allotted(outcome, outcome.via, floors_of(allotment, via, outcome.unit))
