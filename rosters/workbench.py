"""What rosters show on the workbench: what waits to be printed and filed, and the progress table."""

from collections.abc import Iterator

from django.core.cache import cache
from django.db.models import Count, Min
from django.urls import reverse

from accounts.functions import End
from accounts.workbench import Part, Progress, ToDo, workbench_part
from admissions.deadlines import calendar_of
from admissions.models import Season, Window
from admissions.services.windows import STAGES, windows_of

from .models import Roster
from .queries.progress import REGION_HEADER, progress_by_region, total_of
from .queries.schools import supervised_rosters

KEEP = 15  # seconds: the table counts every dossier of a province


def _season(actor) -> Season | None:
    return Season.objects.visible_to(actor).filter(current=True).first()


@workbench_part
def rosters_due(actor) -> Iterator[Part]:
    """Rosters to be printed once registration of the stage has ended, and rosters to be filed."""
    duties = ("rosters.print_vocational_roster", "rosters.audit_rosters")
    season = _season(actor) if any(actor.may(key) for key in duties) else None
    if season is None:
        return
    if actor.may("rosters.print_vocational_roster"):
        registration = calendar_of(season, Window.Kind.REGISTRATION)
        printing = windows_of(season, Window.Kind.PRINTING)
        for stage, word in STAGES.items():
            last = registration.last(stage)
            if last is None or not last.has_closed:
                continue
            due = sum(row.due for row in supervised_rosters(actor, season, stage))
            if due:
                url = f"{reverse('rosters:print_vocational_roster')}?stage={stage}"
                until = printing[stage].closes_at if stage in printing else None
                yield ToDo(f"名册待打印（{word}）", due, url, until=until)
    if actor.may("rosters.audit_rosters"):
        waiting = Roster.objects.visible_to(actor).filter(
            season=season, kind=Roster.Kind.VOCATIONAL, state=Roster.State.PRINTED
        )
        found = waiting.exclude(printed_by=actor).aggregate(count=Count("pk"), since=Min("printed_at"))
        if found["count"]:
            url = reverse("rosters:audit_rosters") + "?state=printed"
            yield ToDo("名册待备案", found["count"], url, since=found["since"])


@workbench_part(to_dos=False)
def progress_table(actor) -> Iterator[Part]:
    """Of an office: progress by city or county."""
    if actor.organisation.end != End.OFFICE or not actor.may("rosters.count_progress"):
        return
    season = _season(actor)
    if season is None:
        return
    regions = ",".join(sorted(actor.scope.regions))
    key = f"progress:{season.pk}:{regions}"
    rows = cache.get(key)
    if rows is None:
        rows = progress_by_region(actor, season)
        cache.set(key, rows, KEEP)
    total = total_of(rows)
    yield Progress(
        "录取进度",
        REGION_HEADER,
        [row.cells for row in rows],
        total.cells if total else (),
    )
