"""Deadlines: what each kind of window touches when it closes. Apps above register their kinds.

The registry turns the line of imports round: this app keeps the calendar and tells of it, those above know
whose dossiers a deadline is about.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Q, QuerySet

from .models import Batch, Dossier, Season, Window

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Deadline:
    """A kind of deadline.

    Attributes:
        kind: a value of ``Window.Kind``.
        touched: dossiers that it would touch if it passed now; of the whole area of the window.
        words: what it is about, for whoever has to act, e.g. 新生未注册.
        then: what happens when it has passed, in one sentence.
        school_page: name of the page where schools act.
        mark: key of the event that each dossier gets when it has passed; empty if the clock does more, or nothing.
        tells_after: whether offices and schools are told again when it has passed.
        recall: whether the office may then recall the dossiers.
    """

    kind: str
    touched: Callable[[Window], QuerySet[Dossier]]
    words: str
    then: str
    school_page: str
    mark: str = ""
    tells_after: bool = True
    recall: bool = False


_kinds: dict[str, Deadline] = {}


def deadline_kind(deadline: Deadline) -> Deadline:
    """Register a kind."""
    _kinds[deadline.kind] = deadline
    return deadline


def deadline_of_kind(kind: str) -> Deadline | None:
    """The kind of a window; none if nothing hangs on its end."""
    return _kinds.get(kind)


def kinds_registered() -> list[str]:
    """Kinds of windows on whose end something hangs."""
    return sorted(_kinds)


#: What a window may be set for, the narrowest first: that of a batch goes before that of a kind of plan, this
#: before that of a city, and this before that of the province.
REACH = ("batch_id", "plan_kind", "city")


class Place(NamedTuple):
    """What a window may hold for.

    Attributes:
        stage: from 1.
        city: source city, four digits; empty if it does not matter.
        batch: primary key, None if there is none.
        plan_kind: code of the kind of plan; None or empty if there is none.
    """

    stage: int
    city: str = ""
    batch: int | None = None
    plan_kind: str | None = ""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Windows of one kind of a season, and which of them holds: the narrowest (``REACH``).

    Attributes:
        windows: all of the kind, of whatever stages.
    """

    windows: tuple[Window, ...]

    def over(self, place: Place) -> Window | None:
        """The window that holds for a place; None if none is set."""
        return max(
            (window for window in self.windows if _covers(window, place)),
            key=lambda window: [bool(getattr(window, name)) for name in REACH],
            default=None,
        )

    def last(self, stage: int) -> Window | None:
        """The window of a stage that closes last; None if none is set."""
        rows = (window for window in self.windows if window.stage == stage)
        return max(rows, key=lambda window: window.closes_at, default=None)


def _covers(window: Window, place: Place) -> bool:
    return (
        window.stage == place.stage
        and window.batch_id in (None, place.batch)
        and window.plan_kind in ("", place.plan_kind)
        and window.city in ("", place.city)
    )


def under(window: Window, *, batch: str, plan_kind: str, city: str) -> Q:
    """Condition: rows for which a window holds: as ``Calendar.over``, for many.

    Args:
        window: set, or about to be.
        batch, plan_kind, city: columns of the rows; empty if windows of the kind are never set by it.
    """
    same = Window.objects.filter(season=window.season_id, kind=window.kind, stage=window.stage)
    found = Q()
    for name, column in zip(REACH, (batch, plan_kind, city), strict=True):
        if value := getattr(window, name):
            return found & Q(**{column: value})
        none = {name: None if name == "batch_id" else ""}
        if column:
            found &= ~Q(**{f"{column}__in": same.exclude(**none).values(name)})
        same = same.filter(**none)
    return found


def is_divided(window: Window) -> bool:
    """Whether a window holds for some only, or others of its stage go before it."""
    same = Window.objects.filter(season=window.season_id, kind=window.kind, stage=window.stage)
    return any(getattr(window, name) for name in REACH) or same.exclude(pk=window.pk).exists()


def calendar_of(season: Season | int, kind: str) -> Calendar:
    """The calendar of a season (or its key) for one kind of window."""
    rows = Window.objects.filter(season=season, kind=kind).select_related("season", "batch")
    return Calendar(tuple(rows.order_by("stage", "pk")))


def batches_under(window: Window) -> QuerySet[Batch]:
    """Batches for which a window of ``CITY_KINDS`` holds: those without a narrower one of the same stage."""
    return Batch.objects.filter(under(window, batch="pk", plan_kind="", city="city"), season=window.season_id)


def window_over(batch: Batch, kind: str) -> Window | None:
    """The window of ``CITY_KINDS`` that holds for a batch now or closes next; the narrowest of each stage."""
    calendar = calendar_of(batch.season_id, kind)
    found = (
        calendar.over(Place(stage, batch.city, batch.pk))
        for stage in {window.stage for window in calendar.windows}
    )
    left = [window for window in found if window is not None and not window.has_closed]
    return min(left, key=lambda window: window.closes_at, default=None)


def each_by_itself(things: Iterable, deed: Callable) -> list:
    """Do a deed of the clock to each of several things; what goes wrong with one holds up no other.

    Args:
        things: of whatever provinces.
        deed: in a transaction of its own.

    Returns:
        what the deed gave, where it went well.

    Raises:
        Exception: the first of the faults, when all have had their turn.
    """
    done, faults = [], []
    for thing in things:
        try:
            done.append(deed(thing))
        except Exception as fault:
            log.exception("the clock failed at %s", thing)
            faults.append(fault)
    if faults:
        raise faults[0]
    return done
