"""What registration shows on the workbench: the windows of today, who is not registered yet."""

from collections.abc import Iterator

from django.db.models import Count
from django.urls import reverse
from django.utils import timezone

from accounts.workbench import Notice, Part, ToDo, workbench_part
from admissions.lifecycle import State
from admissions.models import Season, Window
from admissions.services.windows import STAGES, said, windows_of

from .queries.stages import beginnings, of_stage
from .queries.students import own_students

SOON = 24 * 3600


@workbench_part
def windows_today(actor) -> Iterator[Part]:
    """Windows that are open, and those that open or close today."""
    season = Season.objects.visible_to(actor).filter(current=True).first()
    if season is None:
        return
    now = timezone.now()
    today = timezone.localdate()
    for window in season.windows.of_province().exclude(kind__in=Window.CITY_KINDS):
        what = f"{STAGES.get(window.stage, '')}{window.get_kind_display()}"
        if window.is_open:
            soon = (window.closes_at - now).total_seconds() < SOON
            yield Notice(f"{what}进行中，{said(window.closes_at)} 截止", "warning" if soon else "info")
        elif timezone.localdate(window.closes_at) == today:
            yield Notice(f"{what}已于今天 {timezone.localtime(window.closes_at):%H:%M} 截止", "warning")
        elif timezone.localdate(window.opens_at) == today:
            yield Notice(f"{what}今天 {timezone.localtime(window.opens_at):%H:%M} 开始")


@workbench_part
def unregistered_students(actor) -> Iterator[Part]:
    """Of a school: students admitted and not registered, until the deadline."""
    if not actor.may("registration.register_students"):
        return
    season = Season.objects.visible_to(actor).filter(current=True).first()
    if season is None:
        return
    begun = beginnings(season)
    for stage, window in windows_of(season, Window.Kind.REGISTRATION).items():
        if not window.is_open:
            continue
        waiting = own_students(actor, season).filter(
            of_stage(begun, stage, "candidate__dossier__changed_at"), candidate__dossier__state=State.ADMITTED
        )
        count = waiting.order_by().aggregate(count=Count("pk"))["count"]
        if count:
            url = reverse("registration:register_students") + "?state=admitted"
            yield ToDo("新生待注册", count, url, until=window.closes_at)
