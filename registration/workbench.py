"""What registration shows on the workbench: the windows of today, who is not registered yet."""

from collections.abc import Iterator

from django.db.models import Count, Min
from django.urls import reverse
from django.utils import timezone

from accounts.workbench import Notice, Part, ToDo, workbench_part
from admissions.lifecycle import State
from admissions.models import Season, Window
from admissions.services.windows import said, window_reach, window_words
from dispatch.queries.keeping import TOLD_FOR

from .models import Restoration
from .queries.restoring import FREE
from .queries.stages import begun_by, of_stage
from .queries.students import admitted_under, own_students

SOON = 24 * 3600


@workbench_part
def windows_and_students(actor) -> Iterator[Part]:
    """The windows of the season, and a school's students who must be registered before one closes."""
    season = Season.objects.visible_to(actor).filter(current=True).first()
    if season is None:
        return
    rows = Window.objects.visible_to(actor).filter(season=season).exclude(kind__in=Window.CITY_KINDS)
    windows = list(rows.select_related("batch").order_by("stage", "opens_at", "pk"))
    yield from _windows_today(windows)
    if actor.may("registration.register_students"):
        yield from _unregistered_students(actor, season, windows)
        yield from _restored_students(actor, season)
    if actor.may("registration.reset_unregistered"):
        yield from _restorations(actor, season)


def _windows_today(windows: list[Window]) -> Iterator[Notice]:
    """Windows that are open, and those that open or close today."""
    now = timezone.now()
    today = timezone.localdate()
    for window in windows:
        what = window_words(window)
        if window.is_open:
            soon = (window.closes_at - now).total_seconds() < SOON
            yield Notice(f"{what}进行中，{said(window.closes_at)} 截止", "warning" if soon else "info")
        elif timezone.localdate(window.closes_at) == today:
            yield Notice(f"{what}已于今天 {timezone.localtime(window.closes_at):%H:%M} 截止", "warning")
        elif timezone.localdate(window.opens_at) == today:
            yield Notice(f"{what}今天 {timezone.localtime(window.opens_at):%H:%M} 开始")


def _unregistered_students(actor, season: Season, windows: list[Window]) -> Iterator[ToDo]:
    """Of a school: students admitted and not registered, until the deadline."""
    begun = begun_by(window for window in windows if window.kind == Window.Kind.DISPATCH)
    for window in windows:
        if window.kind != Window.Kind.REGISTRATION or not window.is_open:
            continue
        waiting = own_students(actor, season).filter(
            admitted_under(window),
            of_stage(begun, window.stage, "candidate__dossier__changed_at"),
            candidate__dossier__state=State.ADMITTED,
        )
        count = waiting.order_by().aggregate(count=Count("pk"))["count"]
        if count:
            url = reverse("registration:register_students") + "?state=admitted"
            apart = window_reach(window)
            title = f"新生待注册（{apart}）" if apart else "新生待注册"
            yield ToDo(title, count, url, until=window.closes_at)


def _restored_students(actor, season: Season) -> Iterator[Notice]:
    """A school is told of students whom an office has given their places back of late."""
    since = timezone.now() - TOLD_FOR
    rows = Restoration.objects.filter(season=season, state=Restoration.State.DONE, done_at__gte=since)
    for row in rows.select_related("window"):
        found = [row.outcome.get(str(school), {}).get(FREE, 0) for school in actor.scope.schools]
        if count := sum(found):
            words = (
                f"招办撤销逾期恢复，{count} 名考生恢复录取到贵校，请在 {said(row.window.closes_at)} 前办理注册。"
                f"原因：{row.words}"
            )
            yield Notice(words, "warning", reverse("registration:register_students") + "?state=admitted")


def _restorations(actor, season: Season) -> Iterator[ToDo]:
    """Requests to take a reset back that wait for somebody else than who made them."""
    rows = Restoration.objects.visible_to(actor).filter(season=season, state=Restoration.State.SUBMITTED)
    found = rows.exclude(made_by=actor).order_by().aggregate(count=Count("pk"), oldest=Min("made_at"))
    if found["count"]:
        url = reverse("registration:reset_unregistered")
        yield ToDo("撤销恢复待复核", found["count"], url, since=found["oldest"])
