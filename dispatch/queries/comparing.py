"""Two outcomes side by side: who moves, and which schools change. Arrays only, joined by key.

Source: interface.md, page 2 ③ (difference from the previous rehearsal); performance.md, what-if.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

Kept = Mapping[str, np.ndarray]
LARGEST = np.iinfo(np.int64).max
BY_SCHOOL = ("schools", "left", "seats", "sent", "lowest", "lowest_rank", "lowest_keys")
COMPARED_BY_SCHOOL = ("plan", "offered", "sent", "lowest", "keys")


class Move(IntEnum):
    """What becomes of a candidate from one outcome (before) to another (after)."""

    SAME = 0
    NEWLY = 1
    DISPLACED = 2
    BETTER = 3
    WORSE = 4
    OTHER = 5
    JOINED = 6
    LEFT = 7


MOVE_WORDS = {
    Move.NEWLY: "新投出",
    Move.DISPLACED: "落空",
    Move.BETTER: "升志愿",
    Move.WORSE: "降志愿",
    Move.OTHER: "改投同序志愿",
    Move.JOINED: "新参加并投出",
    Move.LEFT: "不再参加（原已投出）",
}


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Two outcomes over the n candidates that take part in either.

    Attributes:
        candidates: int64[n], primary keys.
        move: uint8[n], a `Move`.
        school_before, school_after: int64[n], key of the school; 0 if none.
        choice_before, choice_after: int16[n], number of the choice from 1; 0 if none.
        score: int32[n], dispatch score after (before, where he no longer takes part), hundredths of a mark.
        rank_before, rank_after: int32[n], place in the order; 0 where he takes no part.
    """

    candidates: np.ndarray
    move: np.ndarray
    school_before: np.ndarray
    school_after: np.ndarray
    choice_before: np.ndarray
    choice_after: np.ndarray
    score: np.ndarray
    rank_before: np.ndarray
    rank_after: np.ndarray

    def counts(self) -> dict[str, int]:
        """How many there are of each move, by its name in small letters."""
        numbers = np.bincount(self.move, minlength=len(Move)).tolist()
        return {move.name.lower(): numbers[move] for move in Move}

    def moved(self) -> np.ndarray:
        """Indices of whoever moves, in the order after (those who no longer take part in that before)."""
        who = np.flatnonzero(self.move)
        rank = np.where(self.rank_after[who] > 0, self.rank_after[who], self.rank_before[who])
        return who[np.argsort(rank, kind="stable")]


def compare(before: Kept, after: Kept) -> Comparison:
    """Put two outcomes side by side.

    Args:
        before, after: as of ``runs.outcome_arrays``: candidates, schools, rank, score, position, unit.

    Cost: 40 ms for two of a million over the same candidates, 0.3 s where they must be joined.
    """
    keys, one, other = _aligned(before["candidates"], after["candidates"])
    school_before, choice_before, rank_before, score_before = _columns(before, one, len(keys))
    school_after, choice_after, rank_after, score_after = _columns(after, other, len(keys))
    was, now = choice_before > 0, choice_after > 0
    move = np.zeros(len(keys), np.uint8)
    both = was & now
    move[both & (choice_after < choice_before)] = Move.BETTER
    move[both & (choice_after > choice_before)] = Move.WORSE
    move[both & (choice_after == choice_before) & (school_after != school_before)] = Move.OTHER
    move[now & ~was] = Move.NEWLY
    move[was & ~now] = Move.DISPLACED
    if one is not None:
        move[now & (rank_before == 0)] = Move.JOINED
        move[was & (rank_after == 0)] = Move.LEFT
        score_after = np.where(rank_after > 0, score_after, score_before)
    return Comparison(
        keys, move, school_before, school_after, choice_before, choice_after, score_after, rank_before, rank_after
    )  # fmt: skip


def schools_compared(before: Kept, after: Kept, comparison: Comparison | None = None) -> list[dict]:
    """The tables of two outcomes school by school, the greatest change first.

    Args:
        before, after: as of ``runs.outcome_arrays``; ``BY_SCHOOL`` of it is enough.
        comparison: of the same two; with it, how many come to each school and how many go.

    Returns:
        for each school of either, key ``school``; ``plan``, ``offered``, ``sent``, ``lowest``, ``rank``,
        ``keys`` each as a pair (before, after), None where there is none; ``sent_by`` and ``lowest_by``
        (difference, the latter None if either has nobody); ``came``, ``went``; ``changed``.
    """
    keys = np.union1d(before["schools"], after["schools"])
    came, went = _to_and_fro(keys, comparison)
    old, new = _rows(before), _rows(after)
    rows = []
    for at, school in enumerate(keys.tolist()):
        one, two = old.get(school), new.get(school)
        row = {"school": school, "came": came[at], "went": went[at]}
        for name in ("plan", "offered", "sent", "lowest", "rank", "keys"):
            row[name] = (one and one[name], two and two[name])
        row["sent_by"] = _of(two, "sent") - _of(one, "sent")
        row["lowest_by"] = _difference(*row["lowest"])
        row["changed"] = bool(
            came[at] or went[at] or any(row[name][0] != row[name][1] for name in COMPARED_BY_SCHOOL)
        )
        rows.append(row)
    rows.sort(key=lambda row: (-row["came"] - row["went"], -abs(row["sent_by"]), -abs(row["lowest_by"] or 0)))
    return rows


def lowest_changed(before: Kept, after: Kept) -> int:
    """In how many schools the lowest one sent differs, by score or tie values."""
    old, new = _rows(before), _rows(after)
    return sum(
        any(
            _of(old.get(school), name, None) != _of(new.get(school), name, None)
            for name in ("lowest", "keys")
        )
        for school in old.keys() | new.keys()
    )


def _aligned(before: np.ndarray, after: np.ndarray):
    """Keys of either, and where each stands in both (-1 nowhere); None twice where both are the same.

    Keys that lie close together are looked up in a table of their whole range, which needs no sorting.
    """
    if np.array_equal(before, after):
        return before, None, None
    lowest = min(before.min(initial=LARGEST), after.min(initial=LARGEST))
    span = max(before.max(initial=0), after.max(initial=0)) - lowest + 1
    if span <= 8 * (len(before) + len(after)):
        there = np.zeros(span, np.bool_)
        there[before - lowest] = there[after - lowest] = True
        keys, found = np.flatnonzero(there) + lowest, []
        for own in (before, after):
            place = np.full(span, -1)
            place[own - lowest] = np.arange(len(own))
            found.append(place[there])
        return keys, *found
    keys, found = np.union1d(before, after), []
    for own in (before, after):
        place = np.full(len(keys), -1)
        place[np.searchsorted(keys, own)] = np.arange(len(own))
        found.append(place)
    return keys, *found


def _columns(kept: Kept, place: np.ndarray | None, number: int):
    """School, number of the choice, rank and score of each candidate; zeros where he takes no part."""
    schools = np.append(kept["schools"], 0).astype(np.int64)  # unit -1 is no school
    columns = schools[kept["unit"]], kept["position"] + np.int16(1), kept["rank"], kept["score"]
    if place is None:
        return columns
    there, spread = place >= 0, []
    for column in columns:
        wide = np.zeros(number, column.dtype)
        wide[there] = column[place[there]]
        spread.append(wide)
    return spread


def _to_and_fro(keys: np.ndarray, comparison: Comparison | None) -> tuple[list[int], list[int]]:
    """How many come to each school, and how many go from it."""
    if comparison is None:
        return [0] * len(keys), [0] * len(keys)
    elsewhere = comparison.school_before != comparison.school_after
    found = []
    for column in (comparison.school_after, comparison.school_before):
        schools = column[elsewhere & (column > 0)]
        found.append(np.bincount(np.searchsorted(keys, schools), minlength=len(keys)).tolist())
    return found[0], found[1]


def _rows(kept: Kept) -> dict[int, dict]:
    """The table of one outcome, by key of the school."""
    columns = (kept[name].tolist() for name in BY_SCHOOL)
    return {
        school: {
            "plan": left,
            "offered": seats,
            "sent": sent,
            "lowest": lowest if sent else None,
            "rank": rank if sent else None,
            "keys": keys if sent else None,
        }
        for school, left, seats, sent, lowest, rank, keys in zip(*columns, strict=True)
    }


def _of(row: dict | None, name: str, nothing=0):
    return row[name] if row else nothing


def _difference(before: int | None, after: int | None) -> int | None:
    return None if before is None or after is None else after - before
