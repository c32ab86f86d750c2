"""各院校该区域录取进度查询: what each school has of one's own candidates, against its plan."""

from rosters.queries.progress import progress_by_school, total_of
from tests import factories
from tests.factories_registration import admit

URL = "/rosters/find-school-progress/"


def test_counts_ones_own_candidates(cast, season, schools, students, batch, make_candidates):
    line = factories.make_plan_line(schools[1], batch, seats=4)
    admit(make_candidates(1), line)
    rows = progress_by_school(cast.city, season)
    assert [(r.code, r.plan, r.held, r.admitted, r.registered, r.left) for r in rows] == [
        ("10001", 10, 6, 1, 5, 4),
        ("20001", 4, 1, 1, 0, 3),
    ]
    assert (total_of(rows).plan, total_of(rows).held) == (14, 7)
    assert [r.held for r in progress_by_school(cast.other_city, season)] == []


def test_shows_and_exports(cast, client_of, students, schools):
    client = client_of(cast.county)
    page = client.get(URL, {"words": "荔湾"}).content.decode()
    assert schools[0].name in page
    assert client.get(URL, {"export": "xlsx"}).status_code == 200


def test_needs_the_function(cast, client_of, students):
    assert client_of(cast.idle).get(URL).status_code == 403
