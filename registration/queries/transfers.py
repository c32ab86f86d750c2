"""How requests for a transfer stand now: whatever their checks rest on, in one query for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import Organisation
from admissions.models import DossierEvent, Request, RequestParty, Season, Window

STEP = "transfer"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a request stands.

    Attributes:
        state, placement, held: of the candidate's dossier.
        before: how often he was transferred already.
        answer: of the old school, None before submission.
        stage: to which an admission made now belongs.
    """

    state: str | None
    placement: int | None
    held: bool
    before: int
    answer: str | None
    stage: int


def standings_of(requests: Sequence[Request]) -> dict[int, Standing]:
    """How some requests stand, by their keys; call it outside of the wall."""
    party = RequestParty.objects.filter(
        request=OuterRef("pk"), organisation__kind=Organisation.Kind.SCHOOL
    ).order_by("pk")
    rows = with_stage(Request.objects.filter(pk__in=[request.pk for request in requests]).order_by())
    rows = rows.annotate(
        before=Coalesce(Subquery(times("candidate")), 0), answer=Subquery(party.values("decision")[:1])
    )
    dossier = "candidate__dossier__"
    return {
        key: Standing(*values)
        for key, *values in rows.values_list(
            "pk", f"{dossier}state", f"{dossier}placement_id", f"{dossier}held", "before", "answer", "stage"
        )
    }


def times(column: str) -> QuerySet:
    """Subquery: how often the candidate of a column was transferred."""
    events = DossierEvent.objects.filter(candidate=OuterRef(column), step=STEP).order_by()
    return events.values("candidate").annotate(n=Count("pk")).values("n")


def with_stage(rows: QuerySet, column: str = "season") -> QuerySet:
    """Rows with the stage to which an admission made now belongs."""
    windows = Window.objects.of_province().filter(season=OuterRef(column)).order_by("-stage")
    begun = windows.filter(kind=Window.Kind.DISPATCH, stage__gt=1, opens_at__lte=timezone.now())
    return rows.annotate(stage=Coalesce(Subquery(begun.values("stage")[:1]), Value(1)))


def stage_now(season: Season) -> int:
    """The stage to which an admission made now belongs."""
    return with_stage(Season.objects.filter(pk=season.pk), "pk").values_list("stage", flat=True).get()
