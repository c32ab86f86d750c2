"""A city with one batch, filled by SQL: candidates, dossiers, choices, schools, plans.

Nothing of it is a real person. Popularity of schools is uneven; a tenth of the choices is void; there are
seats for nine in ten.
"""

from accounts.models import Organisation
from admissions.models import Batch, School
from dispatch.models import RegionLine
from quotas.models import PlanLine
from tests import factories

from .scratch import ask, execute

CITY, SUPERVISORS = "4401", ("44", "4401", "440103")
TIE_KEYS = ["chinese+maths", "chinese", "maths", "concession_priority"]


def officers():
    """Who dispatches, and who confirms."""
    office = factories.make_organisation(CITY)
    return factories.make_user("bench", office, "sending"), factories.make_user("second", office, "reviewing")


def fill(candidates: int, choices: int, units: int) -> Batch:
    """Fill the database.

    Args:
        candidates: number of them, all in the pool.
        choices: most choices of each.
        units: number of schools with a plan.
    """
    factories.make_reference()
    officers()
    season = factories.make_season()
    factories.make_subjects(season, CITY)
    factories.make_concessions(season, CITY)
    batch = factories.make_batch(season, CITY, choices_allowed=choices, tie_keys=TIE_KEYS)
    RegionLine.objects.create(batch=batch, score=12_000)
    schools = _schools(units)
    PlanLine.objects.bulk_create(
        PlanLine(
            season=season, batch=batch, school=school, city=CITY, major_code="710201", major_name="计算机应用",
            seats_planned=max(1, candidates * 9 // 10 // units),
        )
        for school in schools
    )  # fmt: skip
    execute("SELECT setseed(0.42)")
    execute(_CANDIDATES, season.pk, CITY, CITY, candidates)
    execute(
        "INSERT INTO admissions_dossier (candidate_id, season_id, province, city, county, state, held, version,"
        " changed_at) SELECT id, season_id, province, city, county, 'pool', false, 0, now()"
        " FROM admissions_candidate ORDER BY id"
    )
    execute(_CHOICES, batch.pk, [school.pk for school in schools], units, choices)
    for table in ("candidate", "dossier", "choice"):
        execute(f"VACUUM ANALYZE admissions_{table}")
    return batch


def found() -> tuple[Batch, tuple]:
    """Batch and officers of a filled database."""
    from accounts.models import User

    users = User.objects.select_related("organisation")
    return Batch.objects.get(), (users.get(username="bench"), users.get(username="second"))


def sizes_of() -> dict[str, int]:
    """Rows of what was filled."""
    return {
        name: ask(f"SELECT count(*) FROM {table}")[0]
        for name, table in (
            ("candidates", "admissions_candidate"),
            ("choices", "admissions_choice"),
            ("units", "quotas_planline"),
        )
    }


def _schools(units: int) -> list[School]:
    organisations = Organisation.objects.bulk_create(
        Organisation(kind="school", code=f"{n:05d}", name=f"示例第{n}职业学校", province="44", region=CITY)
        for n in range(1, units + 1)
    )
    return School.objects.bulk_create(
        School(
            organisation=organisation, code=organisation.code, name=organisation.name, kind="vocational",
            province="44", region="440103", supervisor=SUPERVISORS[n % len(SUPERVISORS)],
        )
        for n, organisation in enumerate(organisations)
    )  # fmt: skip


_CANDIDATES = """
    INSERT INTO admissions_candidate (season_id, number, name, sex, id_type, id_number, born_on, ethnic_group_id,
        political_status, student_number, exam_number, province, city, county, phone, address, postcode, guardian,
        scores, total, concessions, updated_at)
    SELECT %s, '21' || county || lpad(n::text, 8, '0'), '考生' || n, 1 + n %% 2, '1',
        '99' || lpad(n::text, 16, '0'), date '2006-01-01' + (n %% 365)::int, '01', '03',
        'G99' || lpad(n::text, 16, '0'), lpad(n::text, 12, '0'), '44', %s, county, '0000' || lpad(n::text, 7, '0'),
        '示例市示例区示例路' || n %% 1000 || '号', '000000', '家长' || n, ARRAY[a, b, c, d], a + b + c,
        CASE WHEN n %% 50 = 0 THEN ARRAY['S4'] WHEN n %% 200 = 1 THEN ARRAY['S1'] ELSE '{}' END::varchar[], now()
    FROM (
        SELECT n, %s || lpad((1 + n %% 11)::text, 2, '0') AS county,
            50 * floor(240 * (ability + random()) / 2)::int AS a, 50 * floor(240 * (ability + random()) / 2)::int AS b,
            50 * floor(240 * (ability + random()) / 2)::int AS c, 50 * floor(180 * random())::int AS d
        FROM (SELECT n, random() AS ability FROM generate_series(1, %s) n) able
    ) marked ORDER BY n
"""

_CHOICES = """
    INSERT INTO admissions_choice (candidate_id, batch_id, position, school_id, majors, accepts_adjustment)
    SELECT c.id, %s, p, (%s::bigint[])[1 + floor(%s * power(random(), 1.7))::int], ARRAY['710201'], true
    FROM admissions_candidate c, generate_series(1, %s) p WHERE random() < 0.9 ORDER BY c.id, p
"""
