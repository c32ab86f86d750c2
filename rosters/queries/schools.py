"""Schools that an office supervises, with their registered students and the last version of their roster."""

from dataclasses import dataclass

from django.db.models import Count, Max

from accounts.models import Organisation, User
from admissions.models import Region, School, Season
from registration.models import Enrolment

from ..models import Roster


@dataclass(frozen=True, slots=True)
class SchoolRoster:
    """A line of the printing page.

    Attributes:
        school: the school.
        region_name: where its supervisor is.
        registered: students registered in the stage.
        changed: whether someone was registered since the last version was printed, or their number differs.
        last: the last version printed, None if there is none.
    """

    school: School
    region_name: str
    registered: int
    changed: bool
    last: Roster | None

    @property
    def due(self) -> bool:
        """Whether there is something to print."""
        return self.registered > 0 and (self.last is None or self.changed)


def schools_printed_by(actor: User):
    """Schools whose rosters the actor's office prints and files.

    The province does so for schools under itself, the city for schools under it and its counties
    (粤招办〔2021〕28号 二（四）1); counties do not.
    """
    office = actor.organisation
    schools = School.objects.visible_to(actor).exclude(kind=School.Kind.GENERAL)
    if office.kind == Organisation.Kind.PROVINCE:
        return schools.filter(supervisor=office.region)
    if office.kind == Organisation.Kind.CITY:
        return schools.filter(supervisor__startswith=office.region)
    return schools.none()


def supervised_rosters(actor: User, season: Season, stage: int, words: str = "") -> list[SchoolRoster]:
    """Schools whose rosters the actor's office prints, by code.

    Args:
        actor: an officer.
        season: of the admissions.
        stage: of the season.
        words: part of a code or name.
    """
    schools = schools_printed_by(actor)
    if words:
        schools = schools.filter(name__contains=words) | schools.filter(code__startswith=words)
    schools = list(schools.order_by("supervisor", "code"))
    counts = {
        row["school_id"]: row
        for row in Enrolment.objects.filter(season=season, stage=stage, school__in=schools)
        .order_by()
        .values("school_id")
        .annotate(registered=Count("pk"), latest=Max("registered_at"))
    }
    last = {
        roster.school_id: roster
        for roster in Roster.objects.visible_to(actor)
        .filter(season=season, stage=stage, kind=Roster.Kind.VOCATIONAL, school__in=schools)
        .exclude(state=Roster.State.QUEUED)
        .order_by("version")
    }
    names = dict(Region.objects.filter(pk__in={s.supervisor for s in schools}).values_list("code", "name"))
    return [
        SchoolRoster(
            school=school,
            region_name=names.get(school.supervisor, school.supervisor),
            registered=counts[school.pk]["registered"] if school.pk in counts else 0,
            changed=_changed(counts.get(school.pk), last.get(school.pk)),
            last=last.get(school.pk),
        )
        for school in schools
    ]


def _changed(counted: dict | None, last: Roster | None) -> bool:
    if last is None or counted is None:
        return False
    return counted["registered"] != last.students or counted["latest"] > last.printed_at
