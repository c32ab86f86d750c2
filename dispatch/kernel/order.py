"""The order of candidates: dispatch score, tie keys, lottery numbers; and the seats a unit offers."""

import hmac
from collections.abc import Sequence
from typing import Literal

import numpy as np

INT32_MAX = np.iinfo(np.int32).max


def order_candidates(
    score: np.ndarray, keys: Sequence[np.ndarray], last: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Put candidates in order: score, then each tie key, then the strict last key.

    Source: 衡教通〔2021〕127号 九3 「相同志愿情况下,初中毕业考试成绩优先」 for the score; the tie keys of the
    cities differ and are data (domain.md §6.5: 语数外总分 → 单科 → 综合素质 …).

    Args:
        score: integers[n], dispatch score, bigger is better.
        keys: integers[n] each, bigger is better (the caller negates what is better small), first key first.
        last: [n] any sortable dtype, smaller first; different for candidates equal in all else (lottery
            numbers, ranks of candidate numbers).

    Returns:
        order int64[n], candidate indices, best first; and tie_group int32[n] by candidate index: equal
        numbers are equal on score and all keys; 0 is the best group.

    Raises:
        ValueError: if lengths differ, a score or key is not of whole numbers, or `last` leaves two
            candidates equal.

    Cost: O(n) for each 16 bits of a key's range and O(n log n) for `last`; 0.2 s for 1 M with four keys.
    """
    levels = [np.asarray(score), *map(np.asarray, keys)]
    last = np.asarray(last)
    for number, level in enumerate(levels):
        name = f"key {number}" if number else "score"
        if level.dtype.kind not in "iub":
            raise ValueError(f"{name} must be of whole numbers, not {level.dtype}")
        if level.shape != levels[0].shape or level.ndim != 1:
            raise ValueError(f"{name} has shape {level.shape}, score {levels[0].shape}")
    if last.shape != levels[0].shape:
        raise ValueError(f"last has shape {last.shape}, score {levels[0].shape}")
    digits = (digit for level in reversed(levels) for digit in _below_best(level))
    order = np.lexsort((last, *digits)).astype(np.int64, copy=False)
    n = len(order)
    differs = np.zeros(max(n - 1, 0), np.bool_)
    for level in levels:
        along = level[order]
        differs |= along[1:] != along[:-1]
    along = last[order]
    same = np.flatnonzero(~differs & (along[1:] == along[:-1]))
    if same.size:
        raise ValueError(
            f"candidates {order[same[0]]} and {order[same[0] + 1]} are equal even in the last key"
        )
    tie_group = np.zeros(n, np.int32)
    tie_group[order[1:]] = np.cumsum(differs, dtype=np.int32)
    return order, tie_group


def _below_best(level):
    """How far each value is below the best, in 16-bit digits, lowest first: NumPy sorts these by radix."""
    if not level.size:
        return
    best, worst = int(level.max()), int(level.min())
    # Modulo 2**64 the difference is right for every type of whole numbers.
    below = np.uint64(best % 2**64) - level.astype(np.uint64)
    for shift in range(0, (best - worst).bit_length(), 16):
        yield (below >> np.uint64(shift)).astype(np.uint16)


def dispatch_score(total: np.ndarray, concessions: np.ndarray) -> np.ndarray:
    """Dispatch score 投档成绩: exam total plus the best applicable concession, never their sum.

    Source: domain.md §4.2 照顾特征定义 and §6.1 (several features: only the highest counts, P34).

    Args:
        total: integers[n], exam total in hundredths of a mark.
        concessions: integers[n, c], points of each applicable concession in hundredths; 0 where none.

    Returns:
        int32[n], hundredths of a mark.

    Raises:
        ValueError: on fractions, negative concessions, differing lengths, or a score outside int32.
    """
    total, concessions = np.asarray(total), np.asarray(concessions)
    if total.dtype.kind not in "iu" or concessions.dtype.kind not in "iu":
        raise ValueError("total and concessions must be whole hundredths of a mark")
    if total.ndim != 1 or concessions.ndim != 2 or len(total) != len(concessions):
        raise ValueError(f"total has shape {total.shape}, concessions {concessions.shape}")
    if concessions.size and concessions.min() < 0:
        raise ValueError("a concession is negative")
    score = total.astype(np.int64) + concessions.max(axis=1, initial=0)
    if score.size and np.abs(score).max() > INT32_MAX:
        raise ValueError("a dispatch score does not fit int32")
    return score.astype(np.int32)


def place_by_choice(standing: np.ndarray, columns: int) -> np.ndarray:
    """Among equals, who named the unit by an earlier choice goes first; then the tie policy decides.

    Source: 「成绩相同时志愿在前者优先」, practice of provinces (domain.md §6.5 with P74: choice order as last
    key, then all). For `Problem.place`; the tie policy of `bands.solve` then meets only those who are equal
    in the number of the choice too.

    Args:
        standing: int32[n], by candidate index, equal numbers equal on score and all keys, smaller first
            (`tie_group`); or int32[n, columns], the places in units' own orders.
        columns: number of columns of choices.

    Returns:
        int32[n, columns], from 0 up; void choices get a place too, which is ignored.

    Raises:
        ValueError: if the shape or dtype is another, or a place does not fit int32.

    Cost: one pass, 20 ms for 1 M × 10.
    """
    standing = np.asarray(standing)
    if standing.dtype != np.int32 or standing.shape not in ((len(standing),), (len(standing), columns)):
        raise ValueError(
            f"standing must be int32[n] or int32[n, {columns}], not {standing.dtype}{standing.shape}"
        )
    low, high = int(standing.min(initial=0)), int(standing.max(initial=0))
    if (high - low + 1) * columns > INT32_MAX:
        raise ValueError(f"standings from {low} to {high} and {columns} choices do not fit int32")
    standing = (standing if standing.ndim == 2 else standing[:, None]) - np.int32(low)
    return standing * np.int32(columns) + np.arange(columns, dtype=np.int32)


def lottery_numbers(seed: str, candidate_numbers: Sequence[str]) -> np.ndarray:
    """One lottery number 随机号 per candidate, good at all schools; anyone can recompute it.

    The first eight bytes, big-endian, of HMAC-SHA256 with the seed (UTF-8) as key and the candidate number
    (UTF-8) as message. Smaller goes first. Source: domain.md §6.7 (派位: public seed, one number for all
    schools, ascending).

    Args:
        seed: public randomness of the ceremony, digest of the roll and round; not empty.
        candidate_numbers: n different candidate numbers.

    Returns:
        uint64[n]. Two equal numbers (3 in 100 million draws of 1 M) are refused by `order_candidates`;
        draw again with another seed then.

    Raises:
        ValueError: if the seed is empty or a candidate number occurs twice.

    Cost: one HMAC per candidate, about 2 s for 1 M.
    """
    if not seed:
        raise ValueError("a lottery needs a seed")
    if len(set(candidate_numbers)) != len(candidate_numbers):
        raise ValueError("a candidate number occurs twice")
    key = seed.encode()
    drawn = b"".join(hmac.digest(key, number.encode(), "sha256")[:8] for number in candidate_numbers)
    return np.frombuffer(drawn, ">u8").astype(np.uint64)


def seats_offered(
    left: np.ndarray, ratio_percent: np.ndarray | int, rounding: Literal["up", "half_up"]
) -> np.ndarray:
    """Dossiers each unit may take: seats left × ratio, in whole numbers throughout.

    Source: 鲁招考〔2019〕46号 五（三）「按 1：1.2 比例确定面试名单」, 「按 1：1 投档」; rounding by halves
    「四舍五入取整」 after domain.md §6.1 (P29). 3 seats × 120 % = 3.6 is 4 either way; 11 × 120 % = 13.2 is
    14 "up" and 13 "half_up".

    Args:
        left: int32[m], seats left.
        ratio_percent: integer or integers[m], dossiers per hundred seats: 100 is 1:1, 120 is 1:1.2.
        rounding: "up" to the next dossier, or "half_up".

    Returns:
        int32[m].

    Raises:
        ValueError: on fractions, negative numbers, another rounding, or a result outside int32.
    """
    left, ratio = np.asarray(left), np.asarray(ratio_percent)
    if left.dtype.kind not in "iu" or ratio.dtype.kind not in "iu":
        raise ValueError("seats and ratios must be whole numbers")
    if left.ndim != 1 or ratio.shape not in ((), left.shape):
        raise ValueError(f"left has shape {left.shape}, ratio_percent {ratio.shape}")
    if (left < 0).any() or (ratio < 0).any():
        raise ValueError("seats and ratios must not be negative")
    if rounding not in ("up", "half_up"):
        raise ValueError(f"no rounding {rounding!r}")
    hundredths = left.astype(np.int64) * ratio.astype(np.int64)
    offered = (hundredths + (99 if rounding == "up" else 50)) // 100
    if offered.size and offered.max() > INT32_MAX:
        raise ValueError("a number of seats does not fit int32")
    return offered.astype(np.int32)
