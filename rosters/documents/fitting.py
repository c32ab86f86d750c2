"""How a value is set into a fixed place: whole, then smaller, then in two lines, or not at all.

Nothing is ever cut. Widths are the real advances of the print fonts, in thousandths of the font size.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

#: 七号, the smallest size that Chinese type has a name for; nothing is printed smaller.
SMALLEST = 5.5
LEADING = 1.1
CLEAR = 2.2
_BREAK_AFTER = frozenset("·•，、；：）)》」 　-—/")
_BREAK_BEFORE = frozenset("（(《「")


@dataclass(frozen=True, slots=True)
class Box:
    """A place for a value; points, from the lower left corner of the page.

    Attributes:
        left, bottom, width, height: the place itself, padding already taken off.
        size: font size wanted.
        align: "left", "center" or "right".
        lines: how many lines at most.
        weight: "regular" or "bold".
    """

    left: float
    bottom: float
    width: float
    height: float
    size: float
    align: str = "left"
    lines: int = 1
    weight: str = "regular"


@dataclass(frozen=True, slots=True)
class Fitted:
    """A value as it is set: font size in points, and its lines, which joined give the value again."""

    size: float
    lines: tuple[str, ...]


@cache
def _sizes(largest, smallest):
    steps = round((largest - smallest) * 10)
    return tuple(round(largest - step / 10, 1) for step in range(steps + 1))


def _rank(text, place):
    before, after = text[place - 1], text[place]
    if before in _BREAK_AFTER or after in _BREAK_BEFORE:
        return 0
    if before.isascii() and after.isascii():
        return 2
    return 1


def _halves(text, measure, room):
    """The best break into two lines of at most `room`: at a mark if any, else the most even one."""
    best = None
    for place in range(1, len(text)):
        first, second = measure(text[:place]), measure(text[place:])
        if first <= room and second <= room:
            cost = (_rank(text, place), max(first, second), place)
            best = min(best, (cost, place)) if best else (cost, place)
    return (text[:best[1]], text[best[1]:]) if best else None


def fit(text, box: Box, measure: Callable[[str], float]) -> Fitted | None:
    """Set a text into a box.

    Args:
        text: the value, one line.
        box: where it goes.
        measure: width of a text in thousandths of the font size.

    Returns:
        One line at the wanted size, or smaller down to four fifths of it, or two lines down to 七号;
        None if it does not fit even so.
    """
    width = measure(text)
    room = box.width * 1000
    if width * box.size <= room:
        return Fitted(box.size, (text,))
    floor = SMALLEST if box.lines == 1 else max(SMALLEST, round(box.size * 0.8, 1))
    for size in _sizes(box.size, floor):
        if width * size <= room:
            return Fitted(size, (text,))
    if box.lines < 2:
        return None
    largest = min(box.size, int((box.height - CLEAR) / (1 + LEADING) * 10) / 10)
    if largest < SMALLEST or width * SMALLEST > 2 * room:
        return None
    for size in _sizes(largest, SMALLEST):
        if lines := _halves(text, measure, room / size):
            return Fitted(size, lines)
    return None
