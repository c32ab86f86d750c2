"""录取考生信息: one's own, masked, exported as shown."""

from io import BytesIO

from openpyxl import load_workbook

from accounts.models import Deed

URL = "/rosters/view-admitted/"


def test_lists_masked(cast, client_of, students):
    page = client_of(cast.member).get(URL).content.decode()
    for placement in students:
        assert placement.candidate.number in page
        assert placement.candidate.id_number not in page


def test_exports_the_same(cast, client_of, students):
    answer = client_of(cast.school).get(URL, {"export": "xlsx", "state": "registered"})
    rows = list(load_workbook(BytesIO(answer.content)).active.values)
    assert "考生号" in rows[0]
    assert len(rows) == 6
    cells = {str(cell) for row in rows for cell in row}
    assert {"已注册", "䶮小华"} <= cells
    assert not cells & {placement.candidate.id_number for placement in students}
    assert Deed.objects.filter(subject="导出录取考生信息", count=5).exists()


def test_anothers_are_not_there(cast, client_of, students):
    assert students[0].candidate.number not in client_of(cast.other_school).get(URL).content.decode()


def test_needs_the_function(cast, client_of, students):
    assert client_of(cast.city).get(URL).status_code == 403
