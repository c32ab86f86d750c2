"""Deadlines: told of 7, 3 and 1 days before, marked when they have passed, put off for all at once.

The clock decides at each asking; whoever wakes it late or twice changes nothing. What a deadline touches is
said by the app that registered its kind (``admissions.deadlines``).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from accounts.context import deed_context, deed_record
from accounts.models import Organisation, User
from accounts.refusals import Refusal

from ..deadlines import Deadline, deadline_of_kind, each_by_itself, kinds_registered
from ..models import Postponement, Season, Window, WindowNotice
from .dossiers import dossiers_mark
from .windows import said, season_of, window_words

FUNCTION = "admissions.set_windows"
BEFORE = (1, 3, 7)  # days
LATE = timedelta(days=7)  # a clock that stood still for longer than this does not tell of what has passed
MAX_DAYS = 60


def windows_keep() -> int:
    """Tell of every deadline that is near, and mark what those that have passed have left undone.

    Returns:
        the number of notices written.
    """
    now = timezone.now()
    near = Window.objects.filter(
        season__current=True,
        kind__in=kinds_registered(),
        closes_at__gt=now - LATE,
        closes_at__lte=now + timedelta(days=max(BEFORE)),
    )
    return sum(each_by_itself(near.order_by("pk").values_list("pk", flat=True), window_tell))


@transaction.atomic
def window_tell(key: int) -> bool:
    """Tell of one deadline, if that has not been done; the window cannot be put off meanwhile.

    Args:
        key: primary key of the window.

    Returns:
        whether there was something to tell.
    """
    rows = Window.objects.select_for_update(of=("self",), no_key=True).select_related("season", "batch")
    window = rows.get(pk=key)
    kind, days = deadline_of_kind(window.kind), days_told(window.closes_at)
    if days is None or (days == 0 and not kind.tells_after):
        return False
    if WindowNotice.objects.filter(window=window, due_at=window.closes_at, days=days).exists():
        return False
    found = kind.touched(window).aggregate(schools=Count("school", distinct=True), candidates=Count("pk"))
    WindowNotice.objects.create(window=window, due_at=window.closes_at, days=days, **found)
    with deed_context(function=FUNCTION):
        if days == 0:
            _mark(window, kind)
        else:
            note = (
                f"{said(window.closes_at)} 截止，涉及 {found['schools']} 所院校 {found['candidates']} 名考生"
            )
            deed_record(actor=None, subject=f"{window_words(window)}：提前 {days} 天提醒", note=note)
    return True


def days_told(due_at: datetime) -> int | None:
    """How many days before a deadline a notice told now would be: 7, 3, 1; 0 after it; None if it is far."""
    left = due_at - timezone.now()
    if left <= timedelta(0):
        return 0
    return next((days for days in BEFORE if left <= timedelta(days=days)), None)


def _mark(window: Window, kind: Deadline) -> None:
    rule = f"{window_words(window)}于 {said(window.closes_at)} 截止"
    if kind.mark:
        dossiers_mark(step=kind.mark, dossiers=kind.touched(window), subject=rule, note=rule)
    else:
        deed_record(actor=None, subject=rule, count=kind.touched(window).count())


def windows_to_postpone(actor: User):
    """Windows that an officer may put off: of the province all of it, of a city its own; none that has closed.

    Args:
        actor: of an office.
    """
    rows = Window.objects.visible_to(actor).filter(season__current=True, closes_at__gt=timezone.now())
    if actor.organisation.kind == Organisation.Kind.CITY:
        rows = rows.filter(city=actor.organisation.region, kind__in=Window.CITY_KINDS)
    elif actor.organisation.kind != Organisation.Kind.PROVINCE:
        rows = rows.none()
    return rows.select_related("season", "batch").order_by("stage", "closes_at", "pk")


@transaction.atomic
def windows_postpone(
    *,
    actor: User,
    windows: Sequence[int],
    days: int,
    reason: str,
    seen: Mapping[int, datetime] | None = None,
) -> list[Postponement]:
    """Put deadlines off for everybody by the same number of days, all or none; all are told.

    Args:
        actor: of the province or a city.
        windows: primary keys.
        days: from 1 on.
        reason: in words, for all.
        seen: the deadlines as they were shown to him: two who put off the same do not add up.

    Raises:
        Refusal: if nothing was chosen, one has closed, is not his or has been set anew meanwhile, or the reason
            is missing.
    """
    if not windows:
        raise Refusal("请选择要顺延的期限。")
    if not 1 <= days <= MAX_DAYS:
        raise Refusal(f"顺延天数须为 1 至 {MAX_DAYS}。")
    if not reason.strip():
        raise Refusal("请写明顺延的原因，所有院校和招办都会看到。")
    season = season_of(actor)
    Season.objects.select_for_update(of=("self",), no_key=True).get(pk=season.pk)
    locked = Window.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=windows).order_by("pk")
    list(locked.values_list("pk"))
    found = list(windows_to_postpone(actor).filter(pk__in=windows, season=season))
    if len(found) != len(set(windows)):
        raise Refusal("所选期限中有的已经截止，或不由您单位设置，未作任何改动。")
    if seen is not None and any(seen.get(window.pk) != window.closes_at for window in found):
        raise Refusal("所选期限刚刚已被他人改动，请重新核对。")
    told = [
        f"{window_words(w)} {said(w.closes_at)} → {said(w.closes_at + timedelta(days=days))}" for w in found
    ]
    deed = deed_record(
        actor=actor,
        subject=f"整体顺延 {days} 天：{len(found)} 项期限",
        count=len(found),
        note=f"{reason.strip()}：{'；'.join(told)}",
    )
    made = []
    for window in found:
        before, window.closes_at = window.closes_at, window.closes_at + timedelta(days=days)
        window.save(update_fields=["closes_at"])
        made.append(
            Postponement(
                window=window,
                before=before,
                after=window.closes_at,
                reason=reason.strip()[:200],
                deed=deed,
                made_by=actor,
            )
        )
    return Postponement.objects.bulk_create(made)
