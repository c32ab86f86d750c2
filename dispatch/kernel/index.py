"""Ids as numbers: which of many ids each of many more is."""

from collections.abc import Sequence

import numpy as np

LAST = np.uint64(2**64 - 1)


class Index:
    """Numbers by id: ids as rows of words, found again by a hash, compared in full.

    Args:
        words: uint64[n, w], from `Column.words`.
    """

    def __init__(self, words: np.ndarray):
        self.words = words
        hashes = _hashed(words)
        self.by_hash = np.argsort(hashes, kind="stable")
        self.hashes = np.append(hashes[self.by_hash], LAST)  # an end that no search runs over
        bits = max(8, min(20, len(words).bit_length() + 1))
        self.shift = np.uint64(64 - bits)
        self.first = np.searchsorted(self.hashes[:-1], np.arange(1 << bits, dtype=np.uint64) << self.shift)

    @classmethod
    def of(cls, names: Sequence[str]) -> "Index":
        """Of a few names."""
        return cls.of_text(np.array([name.encode() for name in names] or np.empty(0, "S1")))

    @classmethod
    def of_text(cls, text: np.ndarray) -> "Index":
        """Of S[n]."""
        width = -(-text.dtype.itemsize // 8)
        return cls(text.astype(f"S{8 * width}").view("<u8").reshape(len(text), width).astype(np.uint64))

    def text(self) -> np.ndarray:
        """S[n], the ids."""
        n, width = self.words.shape
        return np.ascontiguousarray(self.words, "<u8").view(f"S{8 * width}").reshape(n)

    def find(self, words: np.ndarray) -> np.ndarray:
        """int64[r], the number of each id, -1 if it is not there."""
        found = np.full(len(words), -1)
        width = self.words.shape[1]
        if not len(self.words):
            return found
        asking = np.arange(len(words))
        if words.shape[1] > width:
            asking = np.flatnonzero(~words[:, width:].any(axis=1))
            words = words[:, :width]
        elif words.shape[1] < width:
            words = np.pad(words, ((0, 0), (0, width - words.shape[1])))
        hashes = _hashed(words)
        at = self._search(hashes[asking])
        while asking.size:
            there = (at < len(self.words)) & (self.hashes[at] == hashes[asking])
            asking, at = asking[there], at[there]
            number = self.by_hash[at]
            same = (self.words[number] == words[asking]).all(axis=1)
            found[asking[same]] = number[same]
            asking, at = asking[~same], at[~same] + 1
        return found

    def _search(self, hashes: np.ndarray) -> np.ndarray:
        """int64[r], as `searchsorted`: where each hash is or would be; by the first bits, then step by step."""
        at = self.first[hashes >> self.shift]
        behind = np.flatnonzero(self.hashes[at] < hashes)
        while behind.size:
            at[behind] += 1
            behind = behind[self.hashes[at[behind]] < hashes[behind]]
        return at

    def twice(self) -> int | None:
        """The number of an id that was there before; None if all are different."""
        suspect = np.flatnonzero(np.diff(self.hashes[:-1]) == 0)
        if not suspect.size:
            return None
        again = np.flatnonzero(self.find(self.words) != np.arange(len(self.words)))
        return int(again[0]) if again.size else None


def _hashed(words: np.ndarray) -> np.ndarray:
    """uint64[n], mixed so that the first bits tell ids apart; of one word no two are the same."""
    mixed = np.zeros(len(words), np.uint64)
    for word in range(words.shape[1]):
        mixed += words[:, word]
        mixed *= np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    return mixed
