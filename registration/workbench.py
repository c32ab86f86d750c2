"""What registration shows on the workbench: the windows of today, who is not registered yet."""

from collections.abc import Iterator

from django.db.models import Count
from django.urls import reverse
from django.utils import timezone

from accounts.workbench import Notice, Part, ToDo, workbench_part
from admissions.lifecycle import State
from admissions.models import Season, Window
from admissions.services.windows import STAGES, said

from .queries.stages import begun_by, of_stage
from .queries.students import own_students

SOON = 24 * 3600


@workbench_part
def windows_and_students(actor) -> Iterator[Part]:
    """The windows of the season, and a school's students who must be registered before one closes."""
    season = Season.objects.visible_to(actor).filter(current=True).first()
    if season is None:
        return
    windows = list(season.windows.of_province().exclude(kind__in=Window.CITY_KINDS))
    yield from _windows_today(windows)
    if actor.may("registration.register_students"):
        yield from _unregistered_students(actor, season, windows)


def _windows_today(windows: list[Window]) -> Iterator[Notice]:
    """Windows that are open, and those that open or close today."""
    now = timezone.now()
    today = timezone.localdate()
    for window in windows:
        what = f"{STAGES.get(window.stage, '')}{window.get_kind_display()}"
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
    registration = {w.stage: w for w in windows if w.kind == Window.Kind.REGISTRATION}
    for stage, window in sorted(registration.items()):
        if not window.is_open:
            continue
        waiting = own_students(actor, season).filter(
            of_stage(begun, stage, "candidate__dossier__changed_at"), candidate__dossier__state=State.ADMITTED
        )
        count = waiting.order_by().aggregate(count=Count("pk"))["count"]
        if count:
            url = reverse("registration:register_students") + "?state=admitted"
            yield ToDo("新生待注册", count, url, until=window.closes_at)
