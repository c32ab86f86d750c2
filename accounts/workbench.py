"""The workbench is filled by the apps above: each registers what it has to show an actor.

The registry turns the line of imports round: this app knows none of those above it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ToDo:
    """Something that waits for the actor.

    Attributes:
        title: in words, e.g. 审核录取.
        count: how many wait.
        url: the list behind the number.
        since: how long the oldest has waited, if known.
        until: the deadline, if there is one.
    """

    title: str
    count: int
    url: str
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of progress, a link to the list behind it."""

    title: str
    value: int
    url: str = ""
    of: int | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """A table of progress: one row per region or school."""

    title: str
    header: tuple[str, ...]
    rows: list[tuple] = field(default_factory=list)
    total: tuple = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """A line worth reading today: a window, a missing upload, something odd."""

    words: str
    level: str = "info"
    url: str = ""


Part = ToDo | Figure | Progress | Notice
_sources: list[Callable] = []


def workbench_part(source: Callable) -> Callable:
    """Register a function ``source(actor) -> Iterable[Part]``."""
    _sources.append(source)
    return source


def parts_for(actor) -> dict[str, list]:
    """Everything the apps have for an actor, by kind: to_dos, figures, progress, notices."""
    found: dict[str, list] = {"to_dos": [], "figures": [], "progress": [], "notices": []}
    names = {ToDo: "to_dos", Figure: "figures", Progress: "progress", Notice: "notices"}
    for source in _sources:
        parts: Iterable[Part] = source(actor)
        for part in parts:
            found[names[type(part)]].append(part)
    found["to_dos"].sort(key=lambda part: (part.until is None, part.until, -part.count))
    return found
