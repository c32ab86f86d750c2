"""Numbers as they are written in a case, compared exactly: 90.2 is 90.2, whatever a processor makes of it."""

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction

import numpy as np

DIGITS = 17
"""More digits than this, together, and the values are compared by rank: the tenfold still fits int64."""
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
LONGEST = 100
"""Characters that one number may have."""
EXACT = Context(prec=LONGEST + 2000)
BEYOND = 1 << 62


class BadCase(ValueError):
    """The case cannot be computed; the message says in one line what is wrong and where."""


def number_of(text: str) -> Decimal | None:
    """The number that a text writes, or None: digits, at most one point, a sign, an exponent of ten."""
    return Decimal(text) if len(text) <= LONGEST and NUMBER.fullmatch(text) else None


def whole(number: Decimal | int) -> int | None:
    """The number as an int if it is whole (2.0 is), otherwise None."""
    return int(number) if number == int(number) else None


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """One score field of all candidates.

    Attributes:
        level: int64[n], orders the candidates as the numbers do; 0 where there is none.
        given: bool[n], who has one.
        scale: a level is the number times ten to the scale; -1 where levels are ranks.
        ranked: the numbers in ascending order where levels are ranks.
    """

    level: np.ndarray
    given: np.ndarray
    scale: int = 0
    ranked: tuple[Decimal, ...] = ()

    @classmethod
    def of(cls, numbers: Sequence[Decimal | int | None]) -> "Scores":
        """From numbers, None where there is none."""
        given = np.array([number is not None for number in numbers], np.bool_)
        exact = [Decimal(0) if number is None else Decimal(number) for number in numbers]
        scale = max((-number.normalize(EXACT).as_tuple().exponent for number in exact), default=0)
        scale = max(scale, 0)
        longest = max((number.adjusted() for number in exact if number), default=0)
        if longest + scale < DIGITS:
            level = np.fromiter((int(number.scaleb(scale, EXACT)) for number in exact), np.int64, len(exact))
            return cls(level, given, scale)
        ranked = sorted({number for number, is_given in zip(exact, given, strict=True) if is_given})
        rank = {number: place for place, number in enumerate(ranked)}
        level = np.fromiter((rank.get(number, 0) for number in exact), np.int64, len(exact))
        return cls(level, given, -1, tuple(ranked))

    @classmethod
    def of_digits(
        cls, digits: np.ndarray, decimals: np.ndarray, given: np.ndarray, odd: Mapping[int, Decimal]
    ) -> "Scores":
        """From parsed columns.

        Args:
            digits: int64[n], the digits of each number without its point.
            decimals: int[n], how many of them stand behind the point.
            given: bool[n], who has one.
            odd: numbers that are not in the arrays, by candidate.
        """
        scale = int(decimals.max(initial=0))
        largest = int(np.abs(digits).max(initial=0))
        if odd or len(str(largest)) + scale > DIGITS:
            pairs = zip(digits.tolist(), decimals.tolist(), given.tolist(), strict=True)
            numbers = [Decimal(d).scaleb(-s) if is_given else None for d, s, is_given in pairs]
            for candidate, number in odd.items():
                numbers[candidate] = number
            return cls.of(numbers)
        return cls(digits * 10 ** (scale - decimals.astype(np.int64)), given, scale)

    def line(self, number: Decimal | int) -> int:
        """The smallest level that reaches a number."""
        if self.scale < 0:
            return bisect_left(self.ranked, Decimal(number))
        scaled = Fraction(number) * 10**self.scale
        return max(-BEYOND, min(BEYOND, -(-scaled.numerator // scaled.denominator)))

    def text(self, candidate: int) -> str:
        """A candidate's number, as short as it can be written."""
        level = int(self.level[candidate])
        return plain(self.ranked[level] if self.scale < 0 else Decimal(level).scaleb(-self.scale))


def plain(number: Decimal | int) -> str:
    """A number in digits, without needless zeros behind the point."""
    said = f"{Decimal(number):f}"
    return said.rstrip("0").rstrip(".") if "." in said else said
