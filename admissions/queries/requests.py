"""Requests as lists: one's own, and those that one's organisation must decide or has decided."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils import timezone

from accounts.models import Organisation, User

from ..models import Request, RequestParty
from ..requests import Check, Light, RequestKind, kind_of

#: As many rows as a bulk approval looks at; the rest wait for the next.
BULK = 100


def acted_for(actor: User) -> Q:
    """Condition on parties: those for which the actor decides, his own organisation and no other's."""
    scope = actor.scope
    if scope is None:
        return Q(pk__in=[])
    school = Organisation.Kind.SCHOOL
    return (~Q(organisation__kind=school) & Q(organisation__region__in=scope.regions)) | Q(
        organisation__kind=school, organisation__in=scope.schools
    )


def taken_since() -> datetime:
    """Before this moment a row that was taken is free again."""
    return timezone.now() - timedelta(minutes=RequestParty.MINUTES)


def own_requests(actor: User, kind: RequestKind) -> QuerySet[Request]:
    """Requests of the actor's own organisation, newest first."""
    rows = Request.objects.visible_to(actor).filter(kind=kind.key, organisation=actor.organisation)
    return _shown(rows).order_by("-pk")


def requests_seen(actor: User, *kinds: RequestKind) -> QuerySet[Request]:
    """Submitted requests that the actor's office sees, with how it stands to them; of a school that is a
    party those it must consent to.

    Each has ``mine`` (his organisation must still decide), ``taken_by`` (name of another officer who has
    it in hand), ``taken_here`` and ``late``.

    Args:
        actor: of an office, or of a school that is a party.
        kinds: of the requests.
    """
    parties = RequestParty.objects.filter(acted_for(actor), request=OuterRef("pk"), decision="")
    taken = parties.filter(taken_at__gte=taken_since())
    keys = [kind.key for kind in kinds]
    rows = Request.objects.visible_to(actor).filter(kind__in=keys, submitted_at__isnull=False)
    if not actor.scope.regions:
        rows = rows.filter(Exists(RequestParty.objects.filter(acted_for(actor), request=OuterRef("pk"))))
    submitted, now = Q(state=Request.State.SUBMITTED), timezone.now()
    late = Q(due_at__lt=now)
    if not actor.scope.regions:  # a school must answer sooner than the whole must be decided
        for kind in kinds:
            days = timedelta(days=kind.consent_days(actor.organisation.region[:2]))
            late |= Q(kind=kind.key, submitted_at__lt=now - days)
    return _shown(rows).annotate(
        mine=Exists(parties) & submitted & ~Q(asked_by=actor),
        taken_by_other=Subquery(taken.exclude(taken_by=actor).values("taken_by__name")[:1]),
        taken_here=Exists(taken.filter(taken_by=actor)),
        late=Case(
            When(submitted & late, then=Value(1)),
            default=Value(0),
            output_field=IntegerField(),
        ),
    )


def waiting_for(actor: User, *kinds: RequestKind) -> QuerySet[Request]:
    """Requests that the actor's organisation must decide: one's own taken first, then the oldest."""
    return in_queue_order(requests_seen(actor, *kinds).filter(mine=True))


def in_queue_order(rows: QuerySet[Request]) -> QuerySet[Request]:
    """One's own taken before all, then those waiting for oneself, the oldest first."""
    return rows.order_by(F("taken_here").desc(), F("mine").desc(), "submitted_at", "pk")


def checks_of(rows: Iterable[Request]) -> dict[int, Sequence[Check]]:
    """The checks of open requests, asked for all those of a kind at once."""
    by_kind: dict[str, list[Request]] = {}
    for row in rows:
        if row.open:
            by_kind.setdefault(row.kind, []).append(row)
    return {key: found for kind, some in by_kind.items() for key, found in kind_of(kind).check(some).items()}


def waiting_checks(rows: QuerySet[Request]) -> dict[int, Sequence[Check]]:
    """The checks of the first ``BULK`` of some rows that wait for the actor and nobody else has in hand."""
    free = rows.filter(mine=True, taken_by_other__isnull=True)
    return checks_of(free.select_related(None).select_related("season").prefetch_related(None)[:BULK])


def green_ones(checks: Mapping[int, Sequence[Check]]) -> list[int]:
    """Keys of the requests that are green in every check."""
    return [key for key, found in checks.items() if all(check.light == Light.GREEN for check in found)]


def _shown(rows: QuerySet[Request]) -> QuerySet[Request]:
    return rows.select_related("organisation", "asked_by", "season").prefetch_related("parties__organisation")
