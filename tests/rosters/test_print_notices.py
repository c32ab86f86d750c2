"""录取通知书: printed by a job, numbered for good, downloaded by the school alone."""

from uuid import uuid4

import pytest

from accounts.models import Deed
from admissions.models import Job
from rosters.models import NoticeNumber, Roster

URL = "/rosters/print-notices/"


def form(**more):
    said = {
        "stage": 1,
        "principal": "李校长",
        "report_date": "2021年9月1日",
        "report_place": "学校礼堂",
        "school_phone": "020-12345678",
        "materials": "录取通知书\n居民身份证",
        "issued_on": "2021年8月30日",
        "form_key": str(uuid4()),
    }
    return said | more


@pytest.fixture
def printed(cast, client_of, students, django_capture_on_commit_callbacks):
    client = client_of(cast.registrar)
    assert "将打印 6 份" in client.post(URL, form()).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(URL, form(confirmed="1")).status_code == 302
    return Roster.objects.get(kind="notices")


def test_prints_for_all_admitted(cast, client_of, printed):
    assert (printed.state, printed.students, printed.pages) == ("printed", 6, 6)
    assert Job.objects.get().words == "已打印 6 份录取通知书，6 页。"
    assert NoticeNumber.objects.count() == 6
    client = client_of(cast.school)
    assert "下载" in client.get(URL).content.decode()
    answer = client.get(f"{URL}{printed.pk}/pdf/?download")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert b"".join(answer.streaming_content).startswith(b"%PDF")
    assert Deed.objects.filter(function="rosters.print_notices", actor=cast.registrar).exists()


def test_nobody_admitted_is_refused(cast, client_of, season):
    answer = client_of(cast.school).post(URL, form(confirmed="1"))
    assert answer.status_code == 422
    assert "没有已录取" in answer.content.decode()


def test_needs_the_function(cast, client_of, season):
    assert client_of(cast.member).get(URL).status_code == 403
    assert client_of(cast.city).get(URL).status_code == 403


def test_anothers_is_not_there(cast, client_of, printed):
    assert client_of(cast.other_school).get(f"{URL}{printed.pk}/pdf/").status_code == 404
