"""Deadlines: what each kind of window touches when it closes. Apps above register their kinds.

The registry turns the line of imports round: this app keeps the calendar and tells of it, those above know
whose dossiers a deadline is about.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from .models import Batch, Dossier, Window

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


def batches_under(window: Window) -> QuerySet[Batch]:
    """Batches for which a window of ``CITY_KINDS`` holds: those without a narrower one of the same stage."""
    rows = Batch.objects.filter(season=window.season_id)
    if window.batch_id:
        return rows.filter(pk=window.batch_id)
    same = Window.objects.filter(season=window.season_id, kind=window.kind, stage=window.stage)
    rows = rows.exclude(pk__in=same.filter(batch__isnull=False).values("batch"))
    if window.city:
        return rows.filter(city=window.city)
    return rows.exclude(city__in=same.filter(batch=None).exclude(city="").values("city"))


def window_over(batch: Batch, kind: str) -> Window | None:
    """The window of ``CITY_KINDS`` that holds for a batch now or closes next; the narrowest of each stage."""
    rows = Window.objects.filter(Q(batch=batch) | Q(batch=None), season=batch.season_id, kind=kind)
    narrowest: dict[int, Window] = {}
    for window in sorted(
        rows.filter(city__in=["", batch.city]), key=lambda w: (bool(w.city), bool(w.batch_id))
    ):
        narrowest[window.stage] = window
    left = [window for window in narrowest.values() if not window.has_closed]
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
