"""注册与注销 on the page: works, 403, 404-like, refused, leaves a trace."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

from accounts.models import Deed
from tests.factories_registration import admit, make_window, register, state_of

URL = "/registration/register-students/"


@pytest.fixture
def students(cast, season, plan_line, make_candidates):
    make_window(season)
    candidates = make_candidates(4)
    return admit(candidates, plan_line)


def send(client, page, **data):
    return client.post(f"{URL}{page}/", data)


def test_lists_ones_own(cast, client_of, students):
    page = client_of(cast.school).get(URL).content.decode()
    for placement in students:
        assert placement.candidate.number in page
        assert placement.candidate.id_number not in page
    assert "截止时间" in page
    assert students[0].candidate.number not in client_of(cast.other_school).get(URL).content.decode()


def test_filters_and_exports(cast, client_of, students):
    register(students[:1], cast.school)
    client = client_of(cast.school)
    page = client.get(URL, {"state": "registered"}).content.decode()
    assert students[0].candidate.number in page
    assert students[1].candidate.number not in page
    assert client.get(URL, {"export": "xlsx", "city": "4401"}).status_code == 200


def test_registers_the_chosen_after_confirmation(cast, client_of, students):
    client = client_of(cast.school)
    chosen = [p.pk for p in students[:2]]
    asked = send(client, "register", chosen=chosen)
    assert asked.status_code == 200
    assert "将 2 名录取考生注册" in asked.content.decode()
    assert state_of(students[0].candidate) == "admitted"
    key = asked.context["form_key"]
    for _ in range(2):
        done = send(client, "register", chosen=chosen, form_key=key, confirmed="1")
        assert done.status_code == 302
    assert [state_of(p.candidate) for p in students] == ["registered"] * 2 + ["admitted"] * 2
    deed = Deed.objects.get(function="registration.register_students")
    assert (deed.actor, deed.count) == (cast.school, 2)


def test_registers_all_that_a_query_finds(cast, client_of, students):
    register(students[:1], cast.school)
    client = client_of(cast.registrar)
    asked = send(client, "register", all="1", query="state=admitted")
    assert "<strong>3</strong>" in asked.content.decode()
    send(client, "register", all="1", query="state=admitted", form_key=str(uuid4()), confirmed="1")
    assert {state_of(p.candidate) for p in students} == {"registered"}


def test_what_was_confirmed_is_registered_and_nobody_else(
    cast, client_of, students, plan_line, make_candidates
):
    """Admitted between the confirmation and its sending, one would be registered unseen."""
    client = client_of(cast.school)
    asked = send(client, "register", all="1", query="state=admitted").content.decode()
    assert "请核对后确认：注册</h2>" in asked
    seen = re.search(r'name="seen" value="(\w+)"', asked)[1]
    sent = {"all": "1", "query": "state=admitted", "form_key": str(uuid4()), "confirmed": "1", "seen": seen}
    late = admit(make_candidates(1), plan_line)
    refused = send(client, "register", **sent)
    assert refused.status_code == 422
    assert "您核对之后名单已有变动，未作任何改动" in refused.content.decode()
    assert {state_of(p.candidate) for p in [*students, *late]} == {"admitted"}
    again = send(client, "register", all="1", query="state=admitted").content.decode()
    sent |= {"seen": re.search(r'name="seen" value="(\w+)"', again)[1]}
    assert send(client, "register", **sent).status_code == 302
    assert {state_of(p.candidate) for p in [*students, *late]} == {"registered"}


def test_cancels_with_a_reason(cast, client_of, students, plan_line):
    client = client_of(cast.school)
    first = send(client, "cancel", chosen=[students[0].pk])
    assert first.status_code == 200
    assert "注销原因" in first.content.decode()
    data = {"chosen": [students[0].pk], "form_key": first.context["form_key"], "reason": "Z99"}
    assert send(client, "cancel", **data).status_code == 422  # not a reason for this
    from admissions.models import ReturnReason

    ReturnReason.objects.create(code="Z03", name="未按时报到")
    data |= {"reason": "Z03"}
    assert "计划数释放" in send(client, "cancel", **data).content.decode()
    assert send(client, "cancel", **data, confirmed="1").status_code == 302
    assert state_of(students[0].candidate) == "pool"


def test_nothing_chosen_is_told(cast, client_of, students):
    answer = send(client_of(cast.school), "register", form_key=str(uuid4()))
    assert answer.status_code == 422
    assert "没有选择" in answer.content.decode()


def test_needs_the_function(cast, client_of, students):
    assert client_of(cast.member).get(URL).status_code == 403
    assert client_of(cast.city).get(URL).status_code == 403
    assert send(client_of(cast.member), "register", chosen=[students[0].pk]).status_code == 403


def test_another_schools_student_is_not_there(cast, client_of, students):
    answer = send(client_of(cast.other_school), "register", chosen=[students[0].pk], form_key=str(uuid4()))
    assert answer.status_code == 422
    assert "已不在列表中" in answer.content.decode()
    assert state_of(students[0].candidate) == "admitted"


def test_refused_when_the_window_has_closed(cast, client_of, students):
    data = {"chosen": [students[0].pk], "form_key": str(uuid4()), "confirmed": "1"}
    with time_machine.travel(timezone.now() + timedelta(days=11), tick=False):
        answer = send(client_of(cast.school), "register", **data)
    assert answer.status_code == 422
    assert "截止" in answer.content.decode()
    assert state_of(students[0].candidate) == "admitted"


def test_registers_by_list(cast, client_of, students):
    register(students[:1], cast.school)
    numbers = "\n".join([*(p.candidate.number for p in students[:3]), "44000000000000"])
    client = client_of(cast.school)
    asked = send(client, "upload", numbers=numbers)
    page = asked.content.decode()
    assert "将注册其中 2 名" in page
    assert "不在本校录取名单中" in page
    assert "已经注册" in page
    posted = {"numbers": numbers, "form_key": asked.context["form_key"], "confirmed": "1"}
    assert send(client, "upload", **posted).status_code == 302
    assert [state_of(p.candidate) for p in students] == ["registered"] * 3 + ["admitted"]


def test_registers_by_workbook(cast, client_of, students, tmp_path):
    from django.core.files.uploadedfile import SimpleUploadedFile

    from accounts.views.workbooks import workbook_bytes

    book = workbook_bytes([("序号", "考生号"), ("1", students[0].candidate.number)])
    asked = send(client_of(cast.school), "upload", file=SimpleUploadedFile("名单.xlsx", book))
    assert asked.context["preview"]["count"] == 1
    assert students[0].candidate.number in asked.content.decode()
    wrong = SimpleUploadedFile("x.xlsx", workbook_bytes([("序号",), ("1",)]))
    assert "没有标题为“考生号”的列" in send(client_of(cast.school), "upload", file=wrong).content.decode()
