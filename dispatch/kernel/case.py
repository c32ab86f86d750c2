"""A case that anyone can compute: units, candidates, choices and lines as a file gives them, and the problem in it.

The two forms of the file are read by `case_json` and `folder`; the page for readers is docs/case-file.md.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from enum import StrEnum

import numpy as np

from dispatch.kernel import bands, rounds, tiers
from dispatch.kernel.allotment import NO_FLOOR, When
from dispatch.kernel.case_conditions import eligible
from dispatch.kernel.check import faults
from dispatch.kernel.fault import Fault
from dispatch.kernel.fields import EXACT, BadCase, Scores
from dispatch.kernel.order import order_candidates
from dispatch.kernel.problem import Outcome, Problem, TiePolicy
from dispatch.kernel.rounds import Kept

INT32_MAX = np.iinfo(np.int32).max
WIDEST = np.iinfo(np.int16).max
"""Choices that one candidate may have."""
CELLS = 1 << 29
"""Candidates times choices at most: some 5 GB of work."""
LONGEST_ID = 200
"""Bytes that an id may have."""
TOTAL = "total"
NONE = "-"


class Mode(StrEnum):
    """How choices and order work together."""

    SCORE_FIRST = "score_first"
    CHOICE_FIRST = "choice_first"
    PARALLEL = "parallel"
    DEFERRED_ACCEPTANCE = "deferred_acceptance"
    TIERS = "tiers"


@dataclass(frozen=True, slots=True)
class Key:
    """A score field that orders candidates."""

    field: str
    ascending: bool = False

    def __str__(self):
        return f"{self.field}:asc" if self.ascending else self.field


@dataclass(frozen=True, slots=True)
class Rule:
    """What the command line asks for.

    Attributes:
        mode: see `Mode`.
        bands: sizes of the bands; None for what the mode says.
        ties: what happens to equals at the last seat.
        rounding: of plan × ratio, "up" or "half_up".
        tiers: lowest totals of the segments; None for those of the case.
        allotted: when seats kept for junior schools are given; None to keep none.
        floor: the lowest total for them; None for none.
        margin: how far below the unified cut; None for any distance.
    """

    mode: Mode
    bands: tuple[int, ...] | None = None
    ties: TiePolicy = TiePolicy.STRICT
    rounding: str = "up"
    tiers: tuple[Decimal, ...] | None = None
    allotted: When | None = None
    floor: Decimal | None = None
    margin: Decimal | None = None


@dataclass(slots=True, eq=False)
class Case:
    """What a case file says: n candidates, k columns of choices, m units.

    Attributes:
        units: ids of the units.
        capacity: seats of each unit in its plan.
        ratio: dossiers per hundred seats.
        unit_region: int32[m], the region a unit takes from, by number; -1 for all.
        unit_sex: int8[m], 1 or 2; 0 for both.
        min_total: lowest total of each unit, or None.
        candidates: S[n], ids in UTF-8.
        region: int32[n], by number; -1 for none; a region of no unit and no line has no number, -2.
        sex: int8[n], 1 or 2; 0 unknown.
        scores: the fields that are compared.
        choices: int32[n, k], -1 for none or unknown.
        where: says where the file tells of a candidate.
        regions: names of regions, by number.
        lines: lowest total of each region, by number.
        keys: the fields that order the candidates; empty if `standing` or only `place` does.
        standing: int64[n], the place of each candidate in a given order, equal for equals; or None.
        place: int32[n, k], the place in the unit's own order; or None.
        unranked: bool[n, k], choices of units in whose own order the candidate is not; or None.
        ineligible: bool[n, k], choices of units from which the candidate is barred by name; or None.
        tiers: lowest totals of the segments; or None.
        feeder: int32[n], the junior school by number, -1 for none that has seats; or None if no seats are kept.
        feeders: names of junior schools, by number.
        kept: seats that a unit keeps for a junior school, by both numbers.
    """

    units: list[str]
    capacity: list[int]
    ratio: list[Decimal | int]
    unit_region: np.ndarray
    unit_sex: np.ndarray
    min_total: list[Decimal | int | None]
    candidates: np.ndarray
    region: np.ndarray
    sex: np.ndarray
    scores: dict[str, Scores]
    choices: np.ndarray
    where: Callable[[int], str]
    regions: list[str] = field(default_factory=list)
    lines: dict[int, Decimal | int] = field(default_factory=dict)
    keys: tuple[Key, ...] = ()
    standing: np.ndarray | None = None
    place: np.ndarray | None = None
    unranked: np.ndarray | None = None
    ineligible: np.ndarray | None = None
    tiers: tuple[Decimal | int, ...] | None = None
    feeder: np.ndarray | None = None
    feeders: list[str] = field(default_factory=list)
    kept: dict[tuple[int, int], int] = field(default_factory=dict)

    def unit_name(self, unit: int) -> str:
        """The id of a unit; a word for none."""
        return self.units[unit] if 0 <= unit < len(self.units) else "（无此单位）"

    def candidate_name(self, candidate: int) -> str:
        """The id of a candidate, with the word 考生."""
        return f"考生{self.candidates[candidate].decode()}"

    def total(self, who: np.ndarray) -> Scores:
        """The totals, which all of `who` (bool[n]) must have."""
        return self.needed(TOTAL, who)

    def needed(self, name: str, who: np.ndarray | None = None) -> Scores:
        """A score field that all candidates, or those of `who`, must have."""
        scores = self.scores.get(name)
        missing = np.ones(len(self.candidates), np.bool_) if scores is None else ~scores.given
        if who is not None:
            missing &= who
        if missing.any():
            raise BadCase(f"{self.where(int(missing.argmax()))}: the score {name!r} is missing")
        return Scores.of([]) if scores is None else scores

    def seats(self, rounding: str) -> np.ndarray:
        """int32[m], dossiers each unit may take: plan × ratio, rounded."""
        way = ROUND_CEILING if rounding == "up" else ROUND_HALF_UP
        seats = np.empty(len(self.units), np.int32)
        for unit, (capacity, ratio) in enumerate(zip(self.capacity, self.ratio, strict=True)):
            exact = EXACT.multiply(Decimal(capacity), Decimal(ratio)).scaleb(-2, EXACT)
            places = int(exact.to_integral_value(way))
            if places > INT32_MAX:
                raise BadCase(f"unit {self.units[unit]!r}: capacity × ratio is more than {INT32_MAX} places")
            seats[unit] = places
        return seats


@dataclass(frozen=True, slots=True, eq=False)
class Posed:
    """A problem with the rule by which it is solved.

    Attributes:
        problem: for the kernel.
        bands, ties: of the rule.
        tier: int16[n], or None without segments.
        kept: the seats kept for junior schools, or None.
    """

    problem: Problem
    bands: tuple[int, ...]
    ties: TiePolicy
    tier: np.ndarray | None
    kept: Kept | None = None

    def solve(self) -> Outcome:
        """The outcome by the rule."""
        if self.kept is not None:
            return rounds.solve(self.problem, self.kept, self.bands, self.ties, self.tier)
        if self.tier is not None:
            return tiers.solve(self.problem, self.tier, self.bands, self.ties)
        return bands.solve(self.problem, self.bands, self.ties)

    def faults(self, outcome: Outcome) -> Iterator[Fault]:
        """What is wrong with an outcome, by code apart from the rule."""
        if self.kept is not None:
            return rounds.faults(self.problem, self.kept, outcome, self.bands, self.ties, self.tier)
        return faults(self.problem, outcome, self.bands, self.ties, self.tier)


def pose(case: Case, rule: Rule) -> Posed:
    """The problem that a case is under a rule.

    Raises:
        BadCase: if a score that the rule compares is missing, the rule and the case do not go together, or
            a number is too large for the kernel.
    """
    segments = _segments(case, rule)
    levels = [] if segments is None else [-segments]
    if case.standing is not None:
        levels.append(-case.standing)
    for key in case.keys:
        level = case.needed(key.field).level
        levels.append(-level if key.ascending else level)
    last = id_ranks(case.candidates)
    if not case.keys and case.standing is None:
        levels.append(-last)  # only the units' own orders count; the common one is by id
    order, groups = order_candidates(levels[0], levels[1:], last)
    problem = Problem(order, groups, case.choices, case.seats(rule.rounding), eligible(case), case.place)
    return Posed(
        problem,
        _sizes(rule, case.choices.shape[1]),
        rule.ties,
        _numbered(segments, order),
        _kept(case, rule, problem),
    )


def id_fault(name: str) -> str | None:
    """What is wrong with an id; None if nothing is."""
    if not name:
        return "is missing"
    if name == NONE:
        return f"must not be {NONE!r}, which means none"
    if len(name.encode("utf-8", "surrogatepass")) > LONGEST_ID:
        return f"is longer than {LONGEST_ID} bytes"
    if any(ord(letter) < 32 or 0xD800 <= ord(letter) < 0xE000 for letter in name):
        return "must not have control characters"
    return None


def id_ranks(ids: np.ndarray) -> np.ndarray:
    """int64[n], the place of each id among all, as text: by the bytes of its UTF-8, which is by code point."""
    width = -(-ids.dtype.itemsize // 8)
    words = ids.astype(f"S{8 * width}").view(">u8").reshape(len(ids), width).astype(np.uint64)
    rank = np.empty(len(ids), np.int64)
    rank[np.lexsort(words.T[::-1])] = np.arange(len(ids))
    return rank


def _segments(case: Case, rule: Rule) -> np.ndarray | None:
    """int64[n], the segment of each candidate, 0 the highest; None if the mode has none."""
    if rule.mode is not Mode.TIERS:
        return None
    lines = case.tiers if rule.tiers is None else rule.tiers
    if lines is not None:
        total = case.needed(TOTAL)
        bounds = np.array(sorted(total.line(line) for line in set(lines)), np.int64)
        return len(bounds) - np.searchsorted(bounds, total.level, side="right")
    if case.standing is not None:
        return case.standing
    raise BadCase("mode tiers: there are no lines of segments (tiers) and no groups")


def _kept(case: Case, rule: Rule, problem: Problem) -> Kept | None:
    """The seats that units keep for junior schools, if the rule gives them."""
    if rule.allotted is None:
        return None
    if problem.place is not None:
        raise BadCase("--allotted: units rank by orders of their own, which goes with no allotted seats")
    if not case.kept:
        raise BadCase("--allotted: no unit of the case keeps seats for a junior school")
    m, f = len(case.units), len(case.feeders)
    if m * f > CELLS:
        raise BadCase(f"--allotted: {m} units times {f} junior schools are too many")
    quota = np.zeros((m, f), np.int32)
    for (unit, feeder), seats in case.kept.items():
        quota[unit, feeder] = seats
    over = quota.sum(axis=1, dtype=np.int64) - problem.seats
    if over.max() > 0:
        unit = int(over.argmax())
        raise BadCase(
            f"unit {case.units[unit]!r}: {over[unit] + problem.seats[unit]} allotted seats are more than its"
            f" {problem.seats[unit]} places"
        )
    levels, floor, margin = np.zeros(len(case.candidates), np.int64), NO_FLOOR, None
    if rule.floor is not None or rule.margin is not None:
        total = case.needed(TOTAL)
        levels = total.level
        floor = NO_FLOOR if rule.floor is None else total.line(rule.floor)
        if rule.margin is not None:
            if total.scale < 0:
                raise BadCase("--allotted-margin: the totals have too many digits")
            margin = int((rule.margin.scaleb(total.scale, EXACT)).to_integral_value(ROUND_FLOOR))
        bounds = (0 if floor == NO_FLOOR else abs(floor), margin or 0, int(np.abs(levels).max(initial=0)))
        if max(bounds) > INT32_MAX // 2:
            raise BadCase("--allotted: the totals have too many digits for a floor")
    return Kept(case.feeder, quota, levels.astype(np.int32), rule.allotted, floor, margin)


def _numbered(segments: np.ndarray | None, order: np.ndarray) -> np.ndarray | None:
    """int16[n], segments numbered without gaps: those without candidates do not count."""
    if segments is None:
        return None
    along = np.cumsum(np.diff(segments[order], prepend=segments[order[:1]]) != 0)
    if along.max(initial=0) > np.iinfo(np.int16).max:
        raise BadCase(f"mode tiers: {along[-1] + 1} segments are more than {np.iinfo(np.int16).max + 1}")
    tier = np.empty(len(order), np.int16)
    tier[order] = along
    return tier


def _sizes(rule: Rule, k: int) -> Sequence[int]:
    """The bands of a rule."""
    if rule.bands is not None:
        return rule.bands
    one_by_one = rule.mode in (Mode.CHOICE_FIRST, Mode.TIERS)
    return (1,) if one_by_one else (max(k, 1),)
