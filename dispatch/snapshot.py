"""A batch at one moment, as arrays: what a rehearsal, an execution and every recomputation start from."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from accounts.refusals import Refusal
from admissions.models import Batch, Sex

from .kernel import bands, rounds, tiers
from .kernel.allotment import NO_FLOOR, When
from .kernel.check import faults
from .kernel.fault import Fault
from .kernel.order import seats_offered
from .kernel.problem import Outcome, Problem, TiePolicy
from .kernel.rounds import Kept

WHEN = (When.BEFORE, When.AFTER)


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A batch at one moment: n candidates, k choices, m schools.

    Attributes:
        problem: for the kernel; units are schools.
        bands, ties, tier: how it is solved; tier is int16[n] or None.
        candidates: int64[n], primary keys.
        counties: S6[n].
        score: int32[n], dispatch score in hundredths of a mark.
        keys: int32[n, q], tie values, bigger is better.
        schools: int64[m], primary keys.
        left: int32[m], seats left in the plan.
        need: int32[n, k] or int32[n, 1] (the same for all choices), lowest dispatch score asked for a
            choice by the lines of regions and schools, in hundredths of a mark; 0 where there is no line.
        barred: uint16[n, k] or None (nobody is barred): what else stands against a choice, 0 for nothing,
            otherwise a place in ``bars`` counted from 1.
        bars: what stands against a choice, in words for the officer; ``{marks}``, ``{date}``, ``{sex}`` and
            ``{test}`` stand for the candidate's own value.
        own: int32[n, k] or None: that own value: hundredths of a mark, days since 1970-01-01, or a code.
        quota: int32[m, f] or None (nothing is allotted): seats that each school keeps for each junior school, out
            of the problem's seats. With it
        feeders: int64[f], keys of the junior schools; feeder: int32[n], each candidate's among them, -1 for who
            has none or does not qualify;
        allotted: int64[3]: 0 before the unified round, 1 after it; lowest score; most below the unified cut; in
            hundredths of a mark, -1 for none.
    """

    problem: Problem
    bands: tuple[int, ...]
    ties: TiePolicy
    tier: np.ndarray | None
    candidates: np.ndarray
    counties: np.ndarray
    score: np.ndarray
    keys: np.ndarray
    schools: np.ndarray
    left: np.ndarray
    need: np.ndarray
    barred: np.ndarray | None = None
    bars: tuple[str, ...] = ()
    own: np.ndarray | None = None
    quota: np.ndarray | None = None
    feeders: np.ndarray | None = None
    feeder: np.ndarray | None = None
    allotted: np.ndarray | None = None

    @property
    def kept(self) -> Kept | None:
        """The allotted seats as the kernel takes them."""
        if self.quota is None:
            return None
        when, floor, margin = self.allotted.tolist()
        return Kept(
            feeder=self.feeder,
            quota=self.quota,
            score=self.score,
            when=WHEN[when],
            floor=NO_FLOOR if floor < 0 else floor,
            margin=None if margin < 0 else margin,
        )

    def solve(self) -> Outcome:
        """The outcome by the rule of the batch: a pure function of the snapshot."""
        if (kept := self.kept) is not None:
            return rounds.solve(self.problem, kept, self.bands, self.ties, self.tier)
        if self.tier is not None:
            return tiers.solve(self.problem, self.tier, self.bands, self.ties)
        return bands.solve(self.problem, self.bands, self.ties)

    def faults(self, outcome: Outcome) -> list[Fault]:
        """What the independent check finds wrong with an outcome."""
        if (kept := self.kept) is not None:
            return list(rounds.faults(self.problem, kept, outcome, self.bands, self.ties, self.tier))
        return list(faults(self.problem, outcome, self.bands, self.ties, self.tier))

    def rank(self) -> np.ndarray:
        """int32[n], place of each candidate in the order, from 1."""
        rank = np.empty(len(self.candidates), np.int32)
        rank[self.problem.order] = np.arange(1, len(self.candidates) + 1, dtype=np.int32)
        return rank

    def bar_of(self, place: int, column: int) -> str:
        """What stands against a choice beside the lines, in words with the candidate's own value; or nothing."""
        code = int(self.barred[place, column]) if self.barred is not None else 0
        if not code:
            return ""
        return worded(self.bars[code - 1], int(self.own[place, column]) if self.own is not None else 0)

    def changed(
        self, parameters: dict, *, lines: int = 0, plans: Mapping[int, int] | None = None
    ) -> "Snapshot":
        """The snapshot as it would be with other parameters, lines or plans; the order stays.

        Args:
            parameters: as of ``loading.parameters_of``; mode, bands, tiers, ratio, rounding and tie policy
                may differ from those it was read with, tie keys may not.
            lines: hundredths of a mark by which every line that is set goes up (or, negative, down).
            plans: seats more (or fewer) by key of the school.

        Raises:
            Refusal: if only one of the two modes lets schools rank by themselves: other rows would be read; or if
                schools would keep more seats for junior schools than they have.
        """
        own_order = self.problem.place is not None and "choice_order" not in parameters["tie_keys"]
        if own_order != (parameters["mode"] == Batch.Mode.DEFERRED):
            raise Refusal("院校自主排序与其他模式之间不能直接比较，请先改设投档模式再预演。")
        left = self.left.copy()
        for school, seats in (plans or {}).items():
            at = np.searchsorted(self.schools, school)
            if at < len(left) and self.schools[at] == school:
                left[at] = max(left[at] + seats, 0)
        need = np.where(self.need > 0, np.maximum(self.need + lines, 0), 0).astype(np.int32)
        sizes, ties, tier = rule_of(parameters, self.score)
        seats = seats_offered(left, parameters["ratio_percent"], parameters["rounding"])
        if self.quota is not None and (over := int((self.quota.sum(axis=1) > seats).sum())):
            raise Refusal(f"计划这样改变后，有 {over} 所院校的指标多于可投数，不能试算。")
        return replace(
            self,
            problem=replace(
                self.problem,
                seats=seats,
                eligible=eligible_of(self.score, need, self.barred, self.problem.choices.shape),
            ),
            bands=sizes,
            ties=ties,
            tier=tier,
            left=left,
            need=need,
        )

    def without(self, schools: np.ndarray) -> "Snapshot":
        """The snapshot without some units and everybody who may go to one of them (quarantine).

        Args:
            schools: bool[m], true for the units to leave out.
        """
        concerned = np.append(schools, False)[self.problem.choices]
        if self.problem.eligible is not None:
            concerned &= self.problem.eligible
        eligible = np.ones(self.problem.choices.shape, np.bool_)
        if self.problem.eligible is not None:
            eligible &= self.problem.eligible
        eligible[concerned.any(axis=1)] = False
        seats = np.where(schools, 0, self.problem.seats).astype(np.int32)
        rest = replace(self, problem=replace(self.problem, seats=seats, eligible=eligible))
        if self.quota is None:
            return rest
        return replace(rest, quota=np.where(schools[:, None], 0, self.quota).astype(np.int32))


def worded(words: str, own: int) -> str:
    """What stands against a choice, with the candidate's own value in it.

    Args:
        words: with ``{marks}``, ``{date}``, ``{sex}`` or ``{test}`` where the value belongs.
        own: as of ``Snapshot.own``; of a test -1 is that there is none, -2 that it was not passed.
    """
    for token, shown in (
        ("{marks}", lambda: f"{own / 100:.2f}分"),
        ("{date}", lambda: (date(1970, 1, 1) + timedelta(own)).isoformat()),
        ("{sex}", lambda: dict(Sex.choices).get(str(own), "未知")),
        ("{test}", lambda: {-1: "未参加", -2: "不合格"}.get(own, f"{own / 100:.2f}分")),
    ):
        if token in words:
            words = words.replace(token, shown())
    return words


def rule_of(parameters: dict, score: np.ndarray) -> tuple[tuple[int, ...], TiePolicy, np.ndarray | None]:
    """Sizes of the bands, tie policy and segments that a mode means.

    Args:
        parameters: as of ``loading.parameters_of``.
        score: int32[n], dispatch score in hundredths of a mark.

    Returns:
        sizes of bands; the policy; int16[n] segments, or None.
    """
    mode, tier = parameters["mode"], None
    sizes = {
        Batch.Mode.CHOICE_FIRST: (1,),
        Batch.Mode.TIERS: (1,),
        Batch.Mode.PARALLEL: tuple(parameters.get("bands") or (1,)),
    }.get(mode, (max(parameters["choices"], 1),))
    if mode == Batch.Mode.TIERS:
        bounds = np.array(sorted(parameters["tiers"]), np.int64)
        tier = (len(bounds) - np.searchsorted(bounds, score, side="right")).astype(np.int16)
    return sizes, TiePolicy(parameters["tie_policy"]), tier


def eligible_of(score: np.ndarray, need: np.ndarray, barred: np.ndarray | None, shape: tuple) -> np.ndarray:
    """bool[n, k]: who reaches the lines of a choice and is not barred from it.

    Args:
        score: int32[n]; need: int32[n, k] or int32[n, 1]; barred: uint16[n, k] or None; shape: (n, k).
    """
    eligible = np.empty(shape, np.bool_)
    eligible[:] = score[:, None] >= need
    if barred is not None:
        eligible &= barred == 0
    return eligible
