"""The workbench is filled by the apps above: each registers what it has to show an actor.

The registry turns the line of imports round: this app knows none of those above it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from django.core.cache import cache
from django.urls import resolve, reverse


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
KEEP = 20
"""Seconds for which the numbers beside the menu are kept."""
#: Each source, and whether it may have to-dos.
_sources: dict[Callable, bool] = {}


def workbench_part(source: Callable | None = None, *, to_dos: bool = True) -> Callable:
    """Register a function ``source(actor) -> Iterable[Part]``.

    Args:
        source: the function.
        to_dos: whether it may have any; one without is not asked for the numbers beside the menu.
    """

    def register(source: Callable) -> Callable:
        _sources[source] = to_dos
        return source

    return register(source) if source else register


def parts_for(actor) -> dict[str, list]:
    """Everything the apps have for an actor, by kind: to_dos, figures, progress, notices."""
    found = _parts(actor, _sources)
    found["to_dos"].sort(key=lambda part: (part.until is None, part.until, -part.count))
    return found


def waiting_for(actor) -> dict[str, dict]:
    """What waits behind the entries of an actor's menu, counted by his own walls, at most ``KEEP`` seconds old.

    Args:
        actor: whose menu it is.

    Returns:
        by the address of the entry: ``count``, the largest of what waits there (they are of different things and
        do not add up), and ``words``, each with its number.
    """
    key = _waiting_key(actor)
    if (found := cache.get(key)) is None:
        found = {}
        for to_do in _parts(actor, [source for source, has in _sources.items() if has])["to_dos"]:
            name = resolve(to_do.url.partition("?")[0]).view_name.partition("__")[0]
            entry = found.setdefault(reverse(name), {"count": 0, "words": []})
            entry["count"] = max(entry["count"], to_do.count)
            entry["words"].append(f"{to_do.title} {to_do.count}")
        cache.set(key, found, KEEP)
    return found


def waiting_changed(actor) -> None:
    """Forget what was counted for an actor, who has just done something about it."""
    cache.delete(_waiting_key(actor))


def _parts(actor, sources: Iterable[Callable]) -> dict[str, list]:
    found: dict[str, list] = {"to_dos": [], "figures": [], "progress": [], "notices": []}
    names = {ToDo: "to_dos", Figure: "figures", Progress: "progress", Notice: "notices"}
    for source in sources:
        parts: Iterable[Part] = source(actor)
        for part in parts:
            found[names[type(part)]].append(part)
    return found


def _waiting_key(actor) -> str:
    """An actor with the rights he has at this moment."""
    rights = f"{sorted(actor.functions)}{actor.scope}"
    return f"waiting:{actor.pk}:{sha256(rights.encode()).hexdigest()[:32]}"
