"""Two cities, three schools, few seats, few candidates: so small that everybody is in everybody's way."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from django.conf import settings

from accounts.context import deed_context, walled
from accounts.models import User
from admissions.models import Batch, Candidate, Choice, Dossier, School, Season
from dispatch.models import Sheet
from quotas.models import PlanLine, Reserve
from tests import factories
from tests.conftest import OFFICE
from tests.factories_registration import make_window
from tests.factories_single import line_at

CITIES = ("4401", "4403")
COUNTIES = {"4401": "440103", "4403": "440303"}
MAJORS = ("710201", "710202")


@dataclass
class World:
    """Who and what there is.

    Attributes:
        season: the current one, in its second stage.
        batches: one of each city, by the city's code.
        schools: two of 广州, one of 深圳.
        officers: of each city, whoever sends; reviewers: whoever audits; two of each.
        leaders, members: of each school, by key.
        province: an officer above both cities; reviewer of the province likewise.
    """

    season: Season
    batches: dict[str, Batch]
    schools: list[School]
    officers: dict[str, list[User]] = field(default_factory=dict)
    reviewers: dict[str, list[User]] = field(default_factory=dict)
    leaders: dict[int, User] = field(default_factory=dict)
    members: dict[int, User] = field(default_factory=dict)
    province: list[User] = field(default_factory=list)

    @property
    def everybody(self) -> list[User]:
        """Whoever may be a party of a request."""
        offices = [user for users in (*self.officers.values(), *self.reviewers.values()) for user in users]
        return [*offices, *self.leaders.values(), *self.province]


def world_make(candidates: int = 30, seats: int = 5) -> World:
    """Make it.

    Args:
        candidates: of each city, all of whom have chosen all three schools.
        seats: of each plan line; there is one for each school, city and of two majors.
    """
    factories.make_reference()
    season = factories.make_season("44")
    for city in CITIES:
        factories.make_subjects(season, city)
        factories.make_concessions(season, city)
    for kind, stage, opens, closes in (
        ("dispatch", 1, -40, -30), ("registration", 1, -40, -5), ("dispatch", 2, -5, 60), ("registration", 2, -5, 61),
    ):  # fmt: skip
        make_window(season, kind, stage, opens=timedelta(days=opens), closes=timedelta(days=closes))
    schools = [
        factories.make_school("10001", name="广州市荔湾职业学校", supervisor="4401"),
        factories.make_school("10002", name="广州市越秀职业学校", supervisor="4401"),
        factories.make_school("20001", name="深圳市罗湖职业学校", supervisor="4403", region="440303"),
    ]
    batches = {city: factories.make_batch(season, city) for city in CITIES}
    world = World(season, batches, schools)
    for city, batch in batches.items():
        line_at(batch, 3000)
        for school in schools:
            for major in MAJORS:
                factories.make_plan_line(school, batch, major=major, seats=seats)
        _chosen(batch, factories.make_candidate_rows(season, candidates, county=COUNTIES[city]), schools)
    Reserve.objects.bulk_create(
        Reserve(batch=batch, school=school, seats=3) for batch in batches.values() for school in schools
    )
    _people(world)
    return world


def _chosen(batch: Batch, candidates: list[Candidate], schools: list[School]) -> None:
    """Each begins with another school; every fifth named no major."""
    Choice.objects.bulk_create(
        Choice(
            candidate=candidate,
            batch=batch,
            position=position,
            school=schools[(index + position) % len(schools)],
            majors=[] if index % 5 == 0 else list(MAJORS),
            accepts_adjustment=index % 2 == 0,
        )
        for index, candidate in enumerate(candidates)
        for position in range(1, len(schools) + 1)
    )


def _people(world: World) -> None:
    make, office = factories.make_user, factories.make_organisation
    for city in CITIES:
        world.officers[city] = [make(f"{city}-sends{n}", office(city), *OFFICE) for n in (1, 2)]
        world.reviewers[city] = [
            make(f"{city}-reviews{n}", office(city), "reviewing", "head") for n in (1, 2)
        ]
    world.province = [make("gd-reviews", office("44"), "reviewing", "head")]
    for school in world.schools:
        world.leaders[school.pk] = make(f"{school.code}-leads", school.organisation, "leader", "registrar")
        world.members[school.pk] = make(f"{school.code}-reads", school.organisation, "member")


@contextmanager
def desk(actor: User, function: str) -> Iterator[None]:
    """Act as a page does: in the context of a function, within the wall of the actor's scope."""
    with deed_context(function=function), walled(actor.scope):
        yield


def some_dossier(rng: Random, *states: str, **where) -> Dossier | None:
    """A dossier in one of some states, by chance; seen without any wall or lock, so it may be gone at once."""
    rows = Dossier.objects.select_related("candidate").filter(state__in=states, **where)
    found = list(rows.order_by("pk"))
    return rng.choice(found) if found else None


def some_sheet(rng: Random, **where) -> Sheet | None:
    """A released sheet that is not cancelled, the youngest more often."""
    rows = Sheet.objects.filter(released_at__isnull=False, cancelled_at=None, **where)
    found = list(rows.select_related("batch", "school").order_by("-pk")[:8])
    return rng.choice(found[: rng.randint(1, len(found))]) if found else None


def some_line(rng: Random, **where) -> PlanLine | None:
    """A plan line by chance."""
    found = list(PlanLine.objects.filter(**where).order_by("pk"))
    return rng.choice(found) if found else None


def use_files_in(folder) -> None:
    """Keep papers and runs out of the way."""
    settings.MEDIA_ROOT = str(folder)
