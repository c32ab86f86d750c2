"""What must be true of allotted and unified seats together, verified apart from the rounds that gave them.

Source: domain.md §6.6 and §6.10. The seats of each round are counted from what the outcome claims; each round
is then an outcome of its own for `check.faults`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dispatch.kernel import check
from dispatch.kernel.allotment import Allotment, Allotted, Via, When
from dispatch.kernel.fault import Fault, Kind
from dispatch.kernel.problem import Outcome, Problem, TiePolicy


def faults(
    problem: Problem,
    allotment: Allotment,
    allotted: Allotted,
    unified_bands: Sequence[int],
    ties: TiePolicy = TiePolicy.STRICT,
    allotted_bands: Sequence[int] = (1,),
    tier: np.ndarray | None = None,
) -> Iterator[Fault]:
    """Everything wrong with an outcome of `allotment.solve`; nothing if it is right.

    * Everybody came through a round that the city holds, or through none and has no place.
    * The floors are the absolute ones, or the unified cut of this outcome less the margin if higher. Where
      cut and floor went in circles (`settled` false) they are no lower.
    * In each round, in its turn, on the seats that the rounds before left: the properties of `check.faults`
      among those not placed before; who is below the floor or does not qualify is not eligible, and a seat of
      a junior school is for its candidates only.
    * Every seat not taken by allotment is in the unified plan.

    These leave one outcome for given floors. Before the unified round several floors may agree with the cut
    that they lead to; that the one first reached was taken is not checked.

    Args:
        as for `allotment.solve`, and its result.

    Yields:
        Faults whose unit is the unit itself, not the pair with a junior school.
    """
    via, outcome = allotted.via, allotted.outcome
    held = _held(allotment)
    unknown = ~np.isin(via, [Via.NONE, *held]) | ((via == Via.NONE) != (outcome.unit < 0))
    for c in np.flatnonzero(unknown).tolist():
        yield Fault(
            Kind.INCONSISTENT, int(outcome.unit[c]) if 0 <= outcome.unit[c] < len(problem.seats) else -1, c
        )
    yield from _wrong_floors(allotment, allotted)
    for held_now in rounds_claimed(problem, allotment, allotted):
        sizes = allotted_bands if held_now.pairs is not None else unified_bands
        for fault in check.faults(held_now.problem, held_now.outcome, sizes, ties, tier):
            yield held_now.of_unit(fault, outcome.unit)


@dataclass(frozen=True, slots=True, eq=False)
class Round:
    """One round in its turn: its problem on the seats left, and what the outcome claims of it.

    Attributes:
        via: the round.
        problem: of those who are not placed before it.
        outcome: whom it is said to have placed, by its own units.
        pairs: int64[p], of a round of allotted seats: each unit is a pair of unit and group, unit × groups + group.
        groups, units: number of groups, and of units.
    """

    via: Via
    problem: Problem
    outcome: Outcome
    pairs: np.ndarray | None = None
    groups: int = 1
    units: int = 0

    def of_unit(self, fault: Fault, claimed: np.ndarray) -> Fault:
        """A fault of this round, said of the unit itself.

        Args:
            fault: of `check.faults`.
            claimed: int32[n], the units of the whole outcome.
        """
        if self.pairs is None:
            return fault
        unit = int(claimed[fault.candidate]) if fault.unit < 0 else int(self.pairs[fault.unit] // self.groups)
        return replace(fault, unit=unit if 0 <= unit < self.units else -1)


def rounds_claimed(problem: Problem, allotment: Allotment, allotted: Allotted) -> Iterator[Round]:
    """The rounds that the city holds, each on the seats that those before left by what the outcome claims.

    Args:
        as for `allotment.solve`, and its result; of the result `outcome`, `via` and `floors` are read.
    """
    via, outcome, held = allotted.via, allotted.outcome, _held(allotment)
    kept = allotment.quota.astype(np.int64)
    free = problem.seats.astype(np.int64)
    for turn, which in enumerate(held):
        waits = np.isin(via, [Via.NONE, *held[turn:]])
        claimed = Outcome(
            np.where(via == which, outcome.position, -1).astype(np.int16),
            np.where(via == which, outcome.unit, -1).astype(np.int32),
        )
        if which in (Via.ALLOTTED, Via.AREA):
            if which is Via.AREA:
                kept = np.stack([kept[:, allotment.area == a].sum(axis=1) for a in _areas(allotment)], axis=1)
            group = _group(allotment, which)
            yield _reserved(problem, allotment, allotted.floors, which, claimed, waits, group, kept)
            kept = np.maximum(kept - _taken(claimed, group, kept.shape), 0)  # a surplus is no debt
        else:
            if which is Via.CONVERTED or allotment.when is When.BEFORE:
                free = free + kept.sum(axis=1)
            choices = np.where(waits[:, None], problem.choices, np.int32(-1))
            yield Round(which, replace(problem, choices=choices, seats=free.astype(np.int32)), claimed)
            taken = claimed.unit[(claimed.unit >= 0) & (claimed.unit < len(free))]
            free = np.maximum(free - np.bincount(taken, minlength=len(free)), 0)


def _held(allotment):
    """The rounds in their order."""
    reserved = [Via.ALLOTTED] if allotment.area is None else [Via.ALLOTTED, Via.AREA]
    if allotment.when is When.BEFORE:
        return [*reserved, Via.UNIFIED]
    return [Via.UNIFIED, *reserved, Via.CONVERTED]


def _areas(allotment):
    return sorted(set(allotment.area.tolist()))


def _group(allotment, which):
    """int64[n], the column of the seats kept that is for each candidate; -1 for none."""
    if which is Via.ALLOTTED:
        return allotment.feeder.astype(np.int64)
    column = np.searchsorted(_areas(allotment), allotment.area)
    return np.append(column, -1)[allotment.feeder]


def _taken(claimed, group, shape):
    """int64[m, g], how many seats each group took."""
    taken = np.zeros(shape, np.int64)
    sits = (claimed.unit >= 0) & (claimed.unit < shape[0]) & (group >= 0)
    np.add.at(taken, (claimed.unit[sits], group[sits]), 1)
    return taken


def _wrong_floors(allotment, allotted):
    floor = allotment.floor.astype(np.int64)
    right = floor.copy()
    if allotment.margin is not None:
        admitted = np.flatnonzero((allotted.via == Via.UNIFIED) & (allotted.outcome.unit >= 0))
        admitted = admitted[allotted.outcome.unit[admitted] < len(floor)]
        falling = admitted[np.argsort(-allotment.score[admitted].astype(np.int64), kind="stable")]
        units = allotted.outcome.unit[falling]
        right[units] = (
            allotment.score[falling].astype(np.int64) - allotment.margin[units]
        )  # the last one stays
        right = np.maximum(right, floor)
    circles = not allotted.settled and allotment.margin is not None and allotment.when is When.BEFORE
    wrong = allotted.floors < right if circles else allotted.floors != right
    for unit in np.flatnonzero(wrong).tolist():
        yield Fault(Kind.WRONG_FLOOR, unit, -1)


def _reserved(problem, allotment, floors, which, claimed, waits, group, kept):
    """A round on pairs of unit and group; only pairs that somebody asks for are looked at."""
    m, g = kept.shape
    asks = waits[:, None] & (group >= 0)[:, None] & (allotment.choices >= 0)
    pairs = np.where(asks, allotment.choices.astype(np.int64) * g + group[:, None], m * g)
    asked = np.zeros(m * g + 1, np.bool_)
    asked[pairs] = True
    asked[-1] = False
    names = np.flatnonzero(asked)
    number = np.where(asked, np.cumsum(asked) - 1, -1).astype(np.int32)
    choices = number[pairs]
    eligible = ~(allotment.score[:, None] < np.append(floors, 0)[allotment.choices])
    if allotment.qualified is not None:
        eligible &= allotment.qualified
    pair = np.full(len(group), -1, np.int32)
    pair[claimed.unit >= 0] = len(names)  # a pair that nobody may ask for, unless it is one
    real = np.flatnonzero((claimed.unit >= 0) & (claimed.unit < m) & (group >= 0))
    at = claimed.unit[real].astype(np.int64) * g + group[real]
    pair[real] = np.where(asked[at], number[at], len(names))
    seats = kept.reshape(-1)[names].astype(np.int32)
    round_ = Problem(problem.order, problem.tie_group, choices, seats, eligible)
    return Round(which, round_, Outcome(claimed.position, pair), names, g, m)
