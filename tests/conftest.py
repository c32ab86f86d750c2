"""The cast, always the same: one province officer, two city officers, one county officer, two schools.

Fixtures are small and lean on ``tests.factories``; a test that needs more makes it from there.
"""

from dataclasses import dataclass

import pytest
from django.test import Client

from accounts.models import User
from admissions.imports.importer import registry
from admissions.project import celery_app
from admissions.services import imports
from tests import concurrency, factories, sheets  # noqa: F401 - concurrency lets tables be emptied

celery_app.loader.import_default_modules()  # as a worker does at its start: tasks run in this process


@dataclass(frozen=True)
class Cast:
    """Who plays.

    Attributes:
        province: 广东省, every office role but reviewing.
        city: 广州市, the same.
        reviewer: 广州市, reviewing only (whoever sends may not review).
        second: 广州市, like ``city``: the second person of a confirmation.
        idle: 广州市, no role at all: for 403.
        other_city: 深圳市, like ``city``: for 404.
        county: 荔湾区 in 广州市, like ``city``.
        school: leader of the first school, supervised by 广州市.
        member: member of the first school.
        registrar: registrar of the first school.
        other_school: leader of the second school, supervised by 深圳市.
        foreign: 济南市 in another province.
    """

    province: User
    city: User
    reviewer: User
    second: User
    idle: User
    other_city: User
    county: User
    school: User
    member: User
    registrar: User
    other_school: User
    foreign: User


OFFICE = ("administrator", "head", "data", "sending", "printing", "auditor")


@pytest.fixture
def reference(db):
    """Public code tables, a few rows of each."""
    factories.make_reference()


@pytest.fixture
def media(settings, tmp_path):
    """Files of this test alone."""
    settings.MEDIA_ROOT = str(tmp_path / "files")
    return tmp_path / "files"


@pytest.fixture
def season(reference, media):
    """The current season of Guangdong, with subjects and concessions of 广州 and 深圳."""
    season = factories.make_season("44")
    for city in ("4401", "4403"):
        factories.make_subjects(season, city)
        factories.make_concessions(season, city)
    return season


@pytest.fixture
def other_season(reference):
    """The current season of Shandong."""
    return factories.make_season("37")


@pytest.fixture
def batch(season):
    """A batch of 广州."""
    return factories.make_batch(season, "4401")


@pytest.fixture
def other_batch(season):
    """A batch of 深圳."""
    return factories.make_batch(season, "4403")


@pytest.fixture
def schools(reference):
    """Two schools: the first supervised by 广州, the second by 深圳."""
    return [
        factories.make_school("10001", name="广州市荔湾职业学校", supervisor="4401"),
        factories.make_school("20001", name="深圳市罗湖职业学校", supervisor="4403", region="440303"),
    ]


@pytest.fixture
def plan_line(schools, batch):
    """Ten seats of the first school for 广州."""
    return factories.make_plan_line(schools[0], batch, seats=10)


@pytest.fixture
def cast(schools):
    office, make = factories.make_organisation, factories.make_user
    guangzhou, first, second = office("4401"), schools[0].organisation, schools[1].organisation
    return Cast(
        province=make("gd", office("44"), *OFFICE),
        city=make("gz", guangzhou, *OFFICE),
        reviewer=make("gz-reviewer", guangzhou, "reviewing"),
        second=make("gz-second", guangzhou, *OFFICE),
        idle=make("gz-idle", guangzhou),
        other_city=make("sz", office("4403"), *OFFICE),
        county=make("liwan", office("440103"), *OFFICE),
        school=make("school1", first, "leader"),
        member=make("school1-member", first, "member"),
        registrar=make("school1-registrar", first, "registrar"),
        other_school=make("school2", second, "leader"),
        foreign=make("jinan", office("3701"), *OFFICE),
    )


@pytest.fixture
def make_candidates(season, other_season):
    """Make candidates with dossiers in the pool: ``make_candidates(3, county="440303")``.

    ``city`` may be given instead of ``county``: its first county of the cast is meant.
    """
    counties = {"4401": "440103", "4403": "440303", "3701": "370102"}

    def make(n: int, *, city: str = "4401", county: str = "", **kwargs):
        county = county or counties[city]
        of = season if county.startswith("44") else other_season
        return factories.make_candidate_rows(of, n, county=county, **kwargs)

    return make


@pytest.fixture
def client_of():
    """A test client in which a user is logged in: ``client_of(cast.city)``."""

    def login(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="accounts.authenticators.password.PasswordBackend")
        return client

    return login


@pytest.fixture
def importing(season, django_capture_on_commit_callbacks):
    """Bring a file in as an officer does, jobs included.

    ``importing(actor, profile, content)`` gives the ImportedFile after its dry run;
    ``importing.confirm(actor, file)`` writes it and gives it again.
    """
    return Importing(django_capture_on_commit_callbacks)


class Importing:
    """See the fixture ``importing``."""

    def __init__(self, capture):
        self.capture = capture

    def __call__(self, actor, profile: str, content: bytes, *, name: str = "数据.xlsx", **kwargs):
        function = registry.importers[profile].function
        with self.capture(execute=True):
            file = sheets.upload(actor, function, profile, content, name=name, **kwargs)
        file.refresh_from_db()
        return file

    def confirm(self, actor, file, **kwargs):
        with self.capture(execute=True):
            sheets.confirm(actor, file, **kwargs)
        file.refresh_from_db()
        return file

    def check(self, actor, file):
        """The dry run once more."""
        with self.capture(execute=True):
            imports.import_check(actor=actor, file=file)
        file.refresh_from_db()
        return file

    def through(self, actor, profile: str, content: bytes, **kwargs):
        """Bring in and confirm a file that must be faultless."""
        file = self(actor, profile, content, **kwargs)
        assert file.state == "checked", file.findings
        self.confirm(actor, file)
        assert file.state == "written", imports.job_of(file).words
        return file
