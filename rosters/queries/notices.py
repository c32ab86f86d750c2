"""Who gets an admission notice: students admitted or registered at the school."""

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce

from accounts.models import User
from admissions.models import Season
from dispatch.models import Placement
from registration.queries.stages import beginnings, stage_case
from registration.queries.students import own_students

from ..models import NoticeNumber, Roster


def with_stage(rows: QuerySet[Placement], season: Season) -> QuerySet[Placement]:
    """Students with the ``stage`` of their admission."""
    case = stage_case(beginnings(season), "candidate__dossier__changed_at")
    return rows.annotate(stage=Coalesce(F("candidate__enrolment__stage"), case))


def notices_due(actor: User, season: Season, stage: int) -> QuerySet[Placement]:
    """Students of the actor's own schools with a major, in the order of their candidate numbers."""
    rows = own_students(actor, season).filter(plan_line__isnull=False)
    return with_stage(rows, season).filter(stage=stage)


def numbers_of(placements) -> dict[int, NoticeNumber]:
    """Notice numbers given so far, by placement."""
    return NoticeNumber.objects.in_bulk(placements)


def printed_notices(actor: User, season: Season) -> QuerySet[Roster]:
    """Notices printed for the actor's own schools, newest first."""
    rows = Roster.objects.visible_to(actor).filter(season=season, kind=Roster.Kind.NOTICES)
    return rows.filter(school__in=actor.scope.schools).order_by("-pk")
