"""What must be true of every outcome, verified apart from the rules: nothing here solves anything.

Source: the properties P1–P6 that Parcoursup verifies after each run (VerificationsResultatsAlgoPropositions,
its published code), fitted to bands of choices: domain.md §6.10. This module shares with the rules the
definition of a band, and no more.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from dispatch.kernel.fault import Fault, Kind
from dispatch.kernel.optimal import improvable
from dispatch.kernel.problem import Outcome, Problem, TiePolicy, band_of_columns

BLOCK = 1 << 14
NEVER = np.iinfo(np.int64).max


def faults(
    problem: Problem,
    outcome: Outcome,
    bands: Sequence[int],
    ties: TiePolicy = TiePolicy.STRICT,
    tier: np.ndarray | None = None,
) -> Iterator[Fault]:
    """Everything wrong with an outcome; nothing if it is right.

    A unit serves its applicants round by round (segment, then band), within a round by place: the rank if
    strict, otherwise the group of equals; where units rank by orders of their own (`Problem.place`), by the
    place there, and if strict then by rank. An outcome is right if

    * each candidate sits at the unit of the choice it names, and that choice is eligible;
    * no unit takes more than its seats; under accept_all more only through the last group of equals, before
      which a seat was left;
    * whoever was refused, that is, sits at a later choice or nowhere, was refused for a reason: strict and
      accept_all: the unit is full with candidates served before him; reject_all: nobody of his round at or
      behind his place sits there, and the first group refused would have exceeded the seats left to it.

    These leave one outcome only, that of the rules (for tiny problems the tests try all the others), if all
    units rank alike. With orders of their own these say that an outcome is stable in each band, and several
    may be. If strict,

    * no cycle of candidates could each move to a choice before his own in the same band, with the outcome
      still stable: see `optimal`.

    That leaves one outcome again. With accept_all and reject_all it stays open which of several stable
    outcomes was taken (none is better for anybody than that of the rules); there the second implementation
    and its digest must speak.

    Args:
        problem, outcome: of the same candidates.
        bands, ties: what the outcome was made with.
        tier: int16[n], the segments if it was made with `tiers.solve`.

    Yields:
        One fault for each unit and kind; INCONSISTENT for each candidate.

    Raises:
        ValueError: if problem, outcome and tier are not of the same candidates.

    Cost: one pass over the choices, 0.1 s for 1 M × 10; reject_all twice that.
    """
    n, k = problem.choices.shape
    if len(outcome.position) != n or (tier is not None and len(tier) != n):
        found = f"the outcome {len(outcome.position)}" + ("" if tier is None else f", tier {len(tier)}")
        raise ValueError(f"the problem has {n} candidates, {found}")
    claim = _Claim(problem, outcome, band_of_columns(bands, k), ties, tier)
    for c in np.flatnonzero(claim.broken).tolist():
        unit = int(outcome.unit[c])
        yield Fault(Kind.INCONSISTENT, unit if 0 <= unit < len(problem.seats) else -1, c)
    if problem.eligible is not None:
        wrong = claim.sits[~problem.eligible[claim.sits, claim.position[claim.sits]]]
        yield from claim.by_unit(Kind.NOT_ELIGIBLE, outcome.unit[wrong], wrong)
    for unit in np.flatnonzero(claim.exceeds()).tolist():
        last = claim.sits[(claim.unit == unit) & (claim.turn == claim.last[unit])]
        last = last[claim.rank()[last].argmax()]
        yield Fault(Kind.OVER_QUOTA, unit, int(last), int(claim.taken[unit] - problem.seats[unit]))
    yield from _refused_as_groups(claim) if ties is TiePolicy.REJECT_ALL else _refused(claim)
    if claim.own and ties is TiePolicy.STRICT:
        yield from improvable(claim)


def quarantine(problem: Problem, found: Iterable[Fault]) -> np.ndarray:
    """The units at fault and everything linked to them, to be left out of a run while the rest goes on.

    Units are linked if somebody has eligible choices of both. Source: Parcoursup leaves out the group at
    fault with all that is connected to it and sends the rest (domain.md §6.10).

    Args:
        problem: the problem that was solved.
        found: its faults.

    Returns:
        bool[m], true for the units to leave out.

    Cost: nothing without faults; otherwise a pass over the choices for each step from the fault outwards.
    """
    m = len(problem.seats)
    out = np.zeros(m + 1, np.bool_)
    choices = problem.choices
    if problem.eligible is not None:
        choices = np.where(problem.eligible, choices, -1)
    for fault in found:
        out[fault.unit] = True
        if fault.candidate >= 0:
            out[problem.choices[fault.candidate]] = True
    out[-1] = False  # what is void links nothing
    outside = np.arange(len(choices)) if out.any() else np.arange(0)
    while True:
        linked = out[choices[outside]].any(axis=1)
        if not linked.any():
            return out[:-1]
        out[choices[outside[linked]]] = True
        out[-1] = False
        outside = outside[~linked]


class _Claim:
    """What an outcome claims, laid out for the questions above."""

    def __init__(self, problem, outcome, band, ties, tier):
        k, m = problem.choices.shape[1], len(problem.seats)
        self.problem, self.ties, self.band, self.tier = problem, ties, band.astype(np.int64), tier
        position = outcome.position
        inside = (position >= 0) & (position < k)
        sits = np.flatnonzero(inside)
        self.broken = ~inside & ((position != -1) | (outcome.unit != -1))
        chosen = problem.choices[sits, position[sits]]
        self.broken[sits] = (chosen != outcome.unit[sits]) | (chosen < 0)
        self.sits = sits[~self.broken[sits]]
        self.position = position
        self.unit = outcome.unit[self.sits]
        # Choices before this column were refused; none were by whom nothing sensible is claimed.
        self.refused_before = np.where(position < 0, k, position)
        self.refused_before[self.broken] = 0
        self._rank = None
        self.own = problem.place is not None
        self.place, self.span = self._places()
        self.bands = int(self.band.max(initial=0)) + 1
        self.rounds = self.bands * (int(tier.max(initial=0)) + 1 if tier is not None else 1)
        self.round = self.band[position[self.sits]]
        if tier is not None:
            self.round = self.round + tier[self.sits].astype(np.int64) * self.bands
        sat = (self.sits, position[self.sits]) if self.own else self.sits
        self.turn = self.round * self.span + self._standing(sat)
        self.taken = np.bincount(self.unit, minlength=m)
        self.last = np.full(m, -1)
        np.maximum.at(self.last, self.unit, self.turn)

    def _places(self):
        """int64[n], or with orders of their own int32[n, k], from 0 up; and how far the standings go."""
        problem = self.problem
        if not self.own:
            strict = self.ties is TiePolicy.STRICT
            place = self.rank() if strict else problem.tie_group - problem.tie_group.min(initial=0)
            return place.astype(np.int64), int(place.max(initial=0)) + 1
        place, n = problem.place, len(problem.order)
        low, high = int(place.min(initial=0)), int(place.max(initial=0))
        span = high - low + 1
        if span > 4 * place.size:  # the standings of all rounds must fit 63 bits
            levels, place = np.unique(place, return_inverse=True)
            place, span = place.reshape(problem.place.shape).astype(np.int32), max(len(levels), 1)
        elif low:
            place = place - np.int32(low)
        return place, span * (max(n, 1) if self.ties is TiePolicy.STRICT else 1)

    def _standing(self, which):
        """int64, by what the unit serves within a round: of candidates, or of cells where orders are its own."""
        if not self.own:
            return self.place[which]
        standing = self.place[which].astype(np.int64)
        if self.ties is not TiePolicy.STRICT:
            return standing
        rank = self.rank()[which[0] if isinstance(which, tuple) else which]
        return standing * len(self.place) + (rank if isinstance(which, tuple) else rank[:, None])

    def rank(self):
        """int64[n], the place of each candidate in the strict order."""
        if self._rank is None:
            self._rank = np.empty(len(self.problem.order), np.int64)
            self._rank[self.problem.order] = np.arange(len(self._rank))
        return self._rank

    def exceeds(self):
        """bool[m], units that took more than they may."""
        over = self.taken > self.problem.seats
        if self.ties is TiePolicy.ACCEPT_ALL and over.any():
            before_last = self.turn < self.last[self.unit]
            over &= np.bincount(self.unit[before_last], minlength=len(over)) >= self.problem.seats
        return over

    def turns(self, block):
        """int64[block, k], when each choice of a block of candidates has its turn at its unit."""
        start = self._standing(block)
        if not self.own:
            start = start[:, None]
        if self.tier is not None:
            start = start + self.tier[block, None].astype(np.int64) * (self.bands * self.span)
        return start + self.band * self.span

    def places(self, candidates, columns):
        """int64, the standings of some cells, ties not strict."""
        return self._standing((candidates, columns) if self.own else candidates)

    def refusals(self):
        """For each block of candidates: its slice, and bool[block, k] of the eligible choices refused."""
        columns = np.arange(len(self.band), dtype=np.int16)
        eligible = self.problem.eligible
        for begin in range(0, len(self.place), BLOCK):
            block = slice(begin, begin + BLOCK)
            refused = columns < self.refused_before[block, None]
            if eligible is not None:
                refused &= eligible[block]
            yield block, refused

    def by_unit(self, kind, units, candidates):
        """One fault of this kind for each unit, naming the best placed candidate."""
        if not len(units):
            return
        pairs = np.unique(np.stack([units, self.rank()[candidates]]), axis=1)
        found, first, count = np.unique(pairs[0], return_index=True, return_counts=True)
        for unit, rank, concerned in zip(found.tolist(), pairs[1][first], count.tolist(), strict=True):
            yield Fault(kind, unit, int(self.problem.order[rank]), concerned)


def _refused(claim):
    """Strict and accept_all: the seats were gone before his turn came, or he should sit there."""
    problem = claim.problem
    unfilled = claim.taken < problem.seats
    must_take = np.append(np.where(unfilled, NEVER, claim.last), -1)  # refuses only later turns; void all
    found = []
    for block, refused in claim.refusals():
        units, turns = problem.choices[block], claim.turns(block)
        refused &= must_take[units] >= turns
        if refused.any():
            rows, _ = np.nonzero(refused)
            found.append(np.stack([rows + block.start, units[refused], turns[refused]]))
    if not found:
        return
    candidates, units, turns = np.concatenate(found, axis=1)
    last = claim.last[units]
    later = last // claim.span > turns // claim.span
    kinds = np.select([unfilled[units], last == turns, later], [0, 1, 2], 3)
    own = (
        Kind.INCONSISTENT if claim.ties is TiePolicy.STRICT else Kind.TIE_SPLIT
    )  # his later choice of the same unit
    for number, kind in enumerate((Kind.SEAT_UNFILLED, own, Kind.LATER_FIRST, Kind.PASSED_OVER)):
        yield from claim.by_unit(kind, units[kinds == number], candidates[kinds == number])


def _refused_as_groups(claim):
    """reject_all: in each round, the first group refused did not fit, and nobody at or behind it sits."""
    problem, m = claim.problem, len(claim.problem.seats)
    at = claim.round * m + claim.unit
    served = np.cumsum(np.bincount(at, minlength=claim.rounds * m).reshape(claim.rounds, m), axis=0).reshape(
        -1
    )
    last = np.full(claim.rounds * m, -1)
    np.maximum.at(last, at, claim.turn % claim.span)
    first = np.full(claim.rounds * m, NEVER)
    asked = []
    for block, refused in claim.refusals():
        refused &= problem.choices[block] >= 0
        rows, columns = np.nonzero(refused)
        where = claim.turns(block)[rows, columns] // claim.span * m + problem.choices[block][rows, columns]
        candidates = rows + block.start
        places = claim.places(candidates, columns)
        np.minimum.at(first, where, places)
        near = places <= first[where]
        asked.append(np.stack([candidates[near], where[near], columns[near]]))
    if not asked:
        return
    candidates, where, columns = np.concatenate(asked, axis=1)
    leading = claim.places(candidates, columns) == first[where]
    candidates, where = _in_turn(candidates[leading], where[leading], columns[leading])
    free = np.tile(problem.seats, claim.rounds) - served
    if claim.own:
        needless = (np.bincount(where, minlength=len(free)) <= free)[where]
    else:
        needless = ~_overflows(candidates, where, where // m, free)[where]
    split, behind = last[where] == first[where], last[where] > first[where]
    for kind, wrong in ((Kind.SEAT_UNFILLED, needless), (Kind.TIE_SPLIT, split), (Kind.PASSED_OVER, behind)):
        yield from claim.by_unit(kind, where[wrong] % m, candidates[wrong])


def _in_turn(candidates, where, columns):
    """Refusals in the order of each candidate's choices; a unit that he names twice in a band counts once."""
    by_choice = np.lexsort((columns, where, candidates))
    candidates, where, columns = candidates[by_choice], where[by_choice], columns[by_choice]
    once = np.append(True, (candidates[1:] != candidates[:-1]) | (where[1:] != where[:-1]))[: len(where)]
    by_turn = np.lexsort((columns[once], candidates[once]))
    return candidates[once][by_turn], where[once][by_turn]


def _overflows(candidates, where, rounds, free):
    """bool: where the refusal of the first group refused can be accounted for.

    Somebody refused at a later choice counts there only once his choices before, in that round, are
    accounted for: otherwise equals could keep each other from seats that would have served them all.
    """
    accounted = free <= 0
    first_of = np.append(True, (candidates[1:] != candidates[:-1]) | (rounds[1:] != rounds[:-1]))[
        : len(where)
    ]
    start = np.maximum.accumulate(np.where(first_of, np.arange(len(where)), 0))
    while True:
        open_still = ~accounted[where]
        before = np.cumsum(open_still) - open_still
        comes = open_still & (before == before[start])
        new = ~accounted & (np.bincount(where[comes], minlength=len(free)) > free)
        if not new.any():
            return accounted
        accounted |= new
