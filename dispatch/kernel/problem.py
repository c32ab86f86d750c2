"""What a dispatch starts from and what it ends in: arrays and nothing else."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import StrEnum

import numpy as np

OPTIONAL = ("eligible", "place")
LATER = ("place", "via")
"""Fields that came later: without them the digest is the one of before."""


class TiePolicy(StrEnum):
    """What happens to candidates equal on score and all tie keys when the last seats are too few for them.

    Source: the three practices of domain.md §6.5 (末位同分). How each acts in a band: `bands.solve`.
    """

    STRICT = "strict"
    """The strict last key (lottery number, candidate number) decides; seats are never exceeded."""
    ACCEPT_ALL = "accept_all"
    """All equal to the last one are sent; seats may be exceeded (并列录取, 允许突破招生计划)."""
    REJECT_ALL = "reject_all"
    """The last group of equals that does not fit is refused as a group; seats are never exceeded."""


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """What a round starts from: n candidates, k columns of choices, m units.

    A unit is what dossiers are sent to: a school, or a plan line of it. The arrays are kept as read-only
    views; whoever changes the originals afterwards breaks the digest. Compare problems by `digest`.

    Attributes:
        order: int64[n], candidate indices, best first; ties are broken already.
        tie_group: int32[n], by candidate index: equal numbers are equal on score and all tie keys (before
            the strict last key); never falling along `order`.
        choices: int32[n, k], the unit of each choice in the candidate's order; -1 where there is none or
            it is void (it keeps its place).
        seats: int32[m], dossiers each unit may take now: seats left × ratio, rounded by the rule.
        eligible: bool[n, k] or None (all): lines and special conditions, evaluated per choice.
        place: int32[n, k], the standing of the candidate at the unit of that choice in the unit's own order:
            smaller first, equal numbers are equal there, and `order` decides between them where ties are
            strict. None where all units rank by `order`, with equals by `tie_group`. What is in the cells of
            void choices is ignored (but is in the digest).

    Raises:
        ValueError: if a shape, a dtype or a value is not as above.

    Cost: one pass over each array but place, some 10 ms for 1 M × 10.
    """

    order: np.ndarray
    tie_group: np.ndarray
    choices: np.ndarray
    seats: np.ndarray
    eligible: np.ndarray | None = None
    place: np.ndarray | None = None

    def __post_init__(self):
        for name, dtype, dimensions in (
            ("order", np.int64, 1),
            ("tie_group", np.int32, 1),
            ("choices", np.int32, 2),
            ("seats", np.int32, 1),
            ("eligible", np.bool_, 2),
            ("place", np.int32, 2),
        ):
            if name not in OPTIONAL or getattr(self, name) is not None:
                _freeze(self, name, dtype, dimensions)
        n, m = len(self.order), len(self.seats)
        if len(self.tie_group) != n or len(self.choices) != n:
            raise ValueError(
                f"order has {n} candidates, tie_group {len(self.tie_group)}, choices {len(self.choices)}"
            )
        if self.choices.shape[1] > np.iinfo(np.int16).max:
            raise ValueError(f"choices have {self.choices.shape[1]} columns, more than int16 can number")
        for name in OPTIONAL:
            array = getattr(self, name)
            if array is not None and array.shape != self.choices.shape:
                raise ValueError(f"{name} is {array.shape}, choices are {self.choices.shape}")
        if n and not (self.order.min() >= 0 and self.order.max() < n):
            raise ValueError(f"order names a candidate outside 0..{n - 1}")
        seen = np.zeros(n, np.bool_)
        seen[self.order] = True
        if not seen.all():
            raise ValueError(f"order does not name each candidate once; candidate {seen.argmin()} is missing")
        along = self.tie_group[self.order]
        if (along[1:] < along[:-1]).any():
            raise ValueError("tie_group falls along order")
        if self.choices.size and not (self.choices.min() >= -1 and self.choices.max() < m):
            raise ValueError(f"choices name a unit outside -1..{m - 1}")
        if m and self.seats.min() < 0:
            raise ValueError(f"unit {self.seats.argmin()} has {self.seats.min()} seats")


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """Where each candidate's dossier goes. Compare outcomes by `digest`.

    Only shapes and dtypes are checked here; whether the outcome is right is for `check.faults` to say.

    Attributes:
        position: int16[n], the column of the choice taken, from 0; -1 if none.
        unit: int32[n], the unit of that choice; -1 if none.
        via: uint8[n], the round through which he came (`allotment.Via`); None where no seats are allotted.

    Raises:
        ValueError: if a shape or a dtype is not as above.
    """

    position: np.ndarray
    unit: np.ndarray
    via: np.ndarray | None = None

    def __post_init__(self):
        _freeze(self, "position", np.int16, 1)
        _freeze(self, "unit", np.int32, 1)
        if self.via is not None:
            _freeze(self, "via", np.uint8, 1)
        for name in ("unit", "via"):
            array = getattr(self, name)
            if array is not None and len(self.position) != len(array):
                raise ValueError(f"position has {len(self.position)} candidates, {name} {len(array)}")


def digest(value: Problem | Outcome) -> str:
    """Fingerprint of a problem or an outcome, equal on any machine.

    SHA-256 over the class name and, for each field in its order, a header (name, little-endian dtype,
    shape) and the bytes, row by row. `eligible=None` and an all-true array have different digests; a
    problem without `place` and an outcome without `via` have the digest of before there were such fields.

    Returns:
        64 hexadecimal digits.

    Cost: bound by SHA-256, some 62 MB for a problem of 1 M × 10.
    """
    sha = hashlib.sha256(f"{type(value).__name__} 1\n".encode())
    for field in fields(value):
        array = getattr(value, field.name)
        if array is None and field.name in LATER:
            continue
        if array is None:
            sha.update(f"{field.name} none\n".encode())
            continue
        little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        shape = "x".join(map(str, little.shape))
        sha.update(f"{field.name} {little.dtype.kind}{little.dtype.itemsize} {shape}\n".encode())
        sha.update(little.reshape(-1).view(np.uint8))
    return sha.hexdigest()


def band_of_columns(bands: Sequence[int], columns: int) -> np.ndarray:
    """The band of each column of choices: sizes `bands`, of which the last repeats.

    `(1,)` makes each choice a band of its own, `(k,)` makes one band of all, `(1, 2)` one choice and then
    pairs.

    Args:
        bands: sizes of the bands, in choices; at least one, each at least 1.
        columns: number of columns k.

    Returns:
        int16[k], from 0, never falling.

    Raises:
        ValueError: if there is no band or a size is below 1.
    """
    if not len(bands) or min(bands) < 1:
        raise ValueError(f"bands must be sizes of at least one choice, not {tuple(bands)}")
    band = np.empty(columns, np.int16)
    start = number = 0
    while start < columns:
        size = bands[min(number, len(bands) - 1)]
        band[start : start + size] = number
        start, number = start + size, number + 1
    return band


def _freeze(owner, name: str, dtype: type, dimensions: int) -> None:
    array = getattr(owner, name)
    if not isinstance(array, np.ndarray) or array.dtype != dtype or array.ndim != dimensions:
        found = f"{array.dtype}{array.shape}" if isinstance(array, np.ndarray) else type(array).__name__
        raise ValueError(f"{name} must be {np.dtype(dtype)} of {dimensions} dimensions, not {found}")
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    object.__setattr__(owner, name, view)
