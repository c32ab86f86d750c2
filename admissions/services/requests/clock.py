"""The clock of requests: parties are reminded before their days are over and told after, and what the province has
set for a late one is done.

A request is looked at under the lock of its row, and each telling is an event of its trail: whoever wakes the clock late
or twice tells nothing twice. Nobody agrees or refuses by the clock.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.context import deed_context
from accounts.models import Organisation

from ...models import Request, RequestParty
from ...queries.requests import taken_since
from ...reference import overdue_of
from ...requests import RequestKind, kind_of, kinds
from ..windows import said
from .rows import Deed, State, trail

TASK = "admissions.tasks.requests_keep"
#: A party is reminded a day before, or when half of its time is over if that is later.
AHEAD = timedelta(days=1)
#: How often a late party is reminded again.
AGAIN = timedelta(days=2)
SCHOOL = Organisation.Kind.SCHOOL


def requests_keep() -> int:
    """Tell of every request whose days are nearly or quite over.

    Returns:
        the number of tellings.
    """
    now = timezone.now()
    near = Q(due_at__lte=now + AHEAD)
    near |= Q(kind__in=[kind.key for kind in kinds() if kind.consent_first])
    rows = Request.objects.filter(near, state=State.SUBMITTED, season__current=True)
    return sum(request_tell(key) for key in rows.order_by("due_at", "pk").values_list("pk", flat=True))


@transaction.atomic
def request_tell(key: int) -> int:
    """Tell what is to be told of one request now; one that somebody is at work on is left for the next time.

    Args:
        key: primary key.

    Returns:
        the number of events written.
    """
    rows = Request.objects.select_for_update(of=("self",), no_key=True, skip_locked=True).select_related(
        "season"
    )
    row = rows.filter(pk=key, state=State.SUBMITTED).first()
    if row is None:
        return 0
    kind = kind_of(row.kind)
    silent = list(row.parties.filter(decision="").select_related("organisation").order_by("pk"))
    told = 0
    with deed_context(function=row.kind):
        schools = [party for party in silent if party.organisation.kind == SCHOOL]
        if kind.consent_first and schools:
            told += _tell_schools(kind, row, schools)
        if row.due_at is not None and silent:
            told += _tell_all(kind, row, silent)
    return told


def _tell_schools(kind: RequestKind, row: Request, silent: list[RequestParty]) -> int:
    until = kind.consent_until(row)
    if timezone.now() >= until:
        words = f"{_names(silent)}到 {said(until)} 未答复，可由招办径行审核；径行审核以前仍可答复"
        return _once(row, "consent_late", Deed.OVERDUE, words)
    if timezone.now() >= ahead_of(row.submitted_at, until):
        return _once(row, "consent_soon", Deed.REMINDED, f"{_names(silent)}尚未答复，答复期限 {said(until)}")
    return 0


def _tell_all(kind: RequestKind, row: Request, silent: list[RequestParty]) -> int:
    now, until = timezone.now(), row.due_at
    if now < until:
        if now < ahead_of(row.submitted_at, until):
            return 0
        return _once(row, "soon", Deed.REMINDED, f"{_names(silent)}尚未审核，办理期限 {said(until)}")
    late = f"办理期限 {said(until)} 已过，{_names(silent)}尚未审核"
    if overdue_of(row.season.province, kind.key.split(".")[1]) == "back":
        if any(party.taken_at and party.taken_at >= taken_since() for party in silent):
            return 0  # an officer has it in hand
        return _give_back(row, f"{late}；申请退回申请单位，核对后可以重新提交")
    above = "、".join(dict.fromkeys(filter(None, (office_above(p.organisation) for p in silent))))
    words = f"{late}，已报{above}督办" if above else late
    if told := _once(row, "late", Deed.OVERDUE, words):
        return told
    return _again(row, f"{late}，再次提醒")


def _give_back(row: Request, words: str) -> int:
    row.state, row.due_at = State.DRAFT, None
    row.save(update_fields=["state", "due_at"])
    trail(row, None, Deed.OVERDUE, source=State.SUBMITTED, words=words, content={"told": "back"})
    return 1


def _once(row: Request, stage: str, deed: str, words: str) -> int:
    """Write an event of a stage unless it is there since the request was submitted."""
    since = row.events.filter(at__gte=row.submitted_at)
    if since.filter(content__told=stage).exists():
        return 0
    trail(row, None, deed, source=row.state, words=words, content={"told": stage})
    return 1


def _again(row: Request, words: str) -> int:
    """Remind once more if the last telling that it is late was long ago."""
    told = row.events.filter(at__gte=row.submitted_at, content__told__in=("late", "again"))
    if told.filter(at__gt=timezone.now() - AGAIN).exists():
        return 0
    trail(row, None, Deed.REMINDED, source=row.state, words=words, content={"told": "again"})
    return 1


def ahead_of(start: datetime, until: datetime) -> datetime:
    """From when on a party is reminded of a deadline."""
    return max(until - AHEAD, start + (until - start) / 2)


def office_above(organisation: Organisation) -> str:
    """Name of the office above a city or county; empty for the province and for schools."""
    if organisation.kind == SCHOOL or len(organisation.region) < 4:
        return ""
    level = {2: Organisation.Kind.PROVINCE, 4: Organisation.Kind.CITY}[len(organisation.region) - 2]
    rows = Organisation.objects.filter(kind=level, region=organisation.region[:-2], active=True)
    return rows.order_by("pk").values_list("name", flat=True).first() or ""


def _names(parties: list[RequestParty]) -> str:
    return "、".join(f"{party.role}{party.organisation.name}" for party in parties)
