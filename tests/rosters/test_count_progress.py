"""录取进度统计: by city for the province, by county for a city; everything adds up."""

from dataclasses import astuple
from io import BytesIO

from openpyxl import load_workbook

from rosters.queries.progress import progress_by_region, total_of

URL = "/rosters/count-progress/"


def test_adds_up(cast, season, students, make_candidates):
    make_candidates(2, county="440104")
    make_candidates(3, city="4403")
    make_candidates(4, city="3701")
    rows = progress_by_region(cast.province, season)
    assert [(row.code, row.name, row.candidates) for row in rows] == [
        ("4401", "广州市", 8),
        ("4403", "深圳市", 3),
    ]
    for row in rows:
        assert sum(astuple(row)[3:]) == row.candidates
    assert (rows[0].registered, rows[0].admitted, rows[0].pool) == (5, 1, 2)
    assert total_of(rows).candidates == 11
    counties = progress_by_region(cast.city, season)
    assert [(row.name, row.candidates) for row in counties] == [("荔湾区", 6), ("越秀区", 2)]


def test_shows_and_exports(cast, client_of, students, django_assert_max_num_queries):
    client = client_of(cast.province)
    with django_assert_max_num_queries(25):
        page = client.get(URL).content.decode()
    assert "广州市" in page
    assert "合计" in page
    rows = list(load_workbook(BytesIO(client.get(URL, {"export": "xlsx"}).content)).active.values)
    assert rows[0][:3] == ("地区", "考生", "在库")
    assert rows[-1][:2] == ("合计", 6)


def test_counties_of_one_city(cast, client_of, students):
    assert "荔湾区" in client_of(cast.province).get(URL, {"region": "4401"}).content.decode()


def test_a_city_sees_its_own(cast, client_of, students):
    page = client_of(cast.other_city).get(URL, {"region": "4401"}).content.decode()
    assert "荔湾区" not in page


def test_needs_the_function(cast, client_of, students):
    assert client_of(cast.idle).get(URL).status_code == 403
    assert client_of(cast.school).get(URL).status_code == 403
