"""修改注册考生专业: within the school's plan, before the roster is filed."""

from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import Deed
from admissions.models import Dossier, DossierEvent
from dispatch.models import Run
from registration.models import Enrolment
from tests import factories
from tests.factories_registration import admit, make_window, register

URL = "/registration/change-major/"


@pytest.fixture
def student(cast, season, plan_line, make_candidates):
    make_window(season)
    placements = admit(make_candidates(1), plan_line)
    register(placements, cast.school)
    return placements[0].candidate


def form(line, **more):
    return {"plan_line": line.pk, "reason": "M01", "form_key": str(uuid4()), **more}


def test_changes(cast, client_of, student, schools, batch):
    other = factories.make_plan_line(schools[0], batch, major="730301", seats=1)
    client = client_of(cast.school)
    assert f"{URL}{student.pk}/" in client.get(URL).content.decode()
    assert "会计事务" in client.get(f"{URL}{student.pk}/").content.decode()
    asked = client.post(f"{URL}{student.pk}/", form(other)).content.decode()
    assert "改为“会计事务”" in asked
    assert "<dd>730301 会计事务　余 1 名</dd>" in asked
    assert client.post(f"{URL}{student.pk}/", form(other, confirmed="1")).status_code == 302
    assert Enrolment.objects.get().plan_line == other
    assert Deed.objects.filter(function="registration.change_major", actor=cast.school).exists()
    event = DossierEvent.objects.get(step="change_major", candidate=student)
    assert event.note.endswith(" → 会计事务：M01 考生及家长申请")


def test_a_code_that_needs_words_gets_them(cast, client_of, student, schools, batch):
    other = factories.make_plan_line(schools[0], batch, major="730301", seats=1)
    client = client_of(cast.school)
    asked = client.post(f"{URL}{student.pk}/", form(other, reason="M02"))
    assert asked.status_code == 422
    assert "原因“体检结论不宜就读原专业”须注明具体情况" in asked.content.decode()
    assert client.post(f"{URL}{student.pk}/", form(other, reason="W01")).status_code == 422
    sent = form(other, reason="M02", words="色弱", confirmed="1")
    assert client.post(f"{URL}{student.pk}/", sent).status_code == 302
    note = DossierEvent.objects.get(step="change_major").note
    assert note.endswith("M02 体检结论不宜就读原专业：色弱")
    assert (
        note
        in client_of(cast.city).get("/admissions/find-track/", {"number": student.number}).content.decode()
    )


def test_refused_when_held(cast, client_of, student, schools, batch):
    other = factories.make_plan_line(schools[0], batch, major="730301", seats=1)
    Dossier.objects.filter(pk=student.pk).update(held=True)
    answer = client_of(cast.school).post(f"{URL}{student.pk}/", form(other))
    assert answer.status_code == 422
    assert "档案已挂起" in answer.content.decode()


def test_refuses_a_line_of_another_city_or_school(cast, client_of, student, schools, other_batch, batch):
    client = client_of(cast.school)
    foreign = factories.make_plan_line(schools[0], other_batch, major="730301")
    others = factories.make_plan_line(schools[1], batch, major="730301")
    for line in (foreign, others):
        assert client.post(f"{URL}{student.pk}/", form(line, confirmed="1")).status_code == 422


def test_needs_the_function(cast, client_of, student):
    assert client_of(cast.member).get(URL).status_code == 403
    assert client_of(cast.member).get(f"{URL}{student.pk}/").status_code == 403


def test_another_schools_student_is_not_there(cast, client_of, student):
    assert client_of(cast.other_school).get(f"{URL}{student.pk}/").status_code == 404


def test_refused_while_a_dispatch_of_the_batch_is_under_way(cast, client_of, student, schools, batch):
    other = factories.make_plan_line(schools[0], batch, major="730301", seats=1)
    run = Run.objects.create(
        batch=batch, round=1, state=Run.State.CONFIRMED, parameters={"ratio_percent": 100}, created_by=cast.city,
        confirmed_by=cast.reviewer, confirmed_at=timezone.now(),
    )  # fmt: skip
    answer = client_of(cast.school).post(f"{URL}{student.pk}/", form(other, confirmed="1"))
    assert answer.status_code == 422
    assert "中职批正在投档，院校操作已暂停" in answer.content.decode()
    asked = client_of(cast.school).post(f"{URL}{student.pk}/", form(other)).content.decode()
    assert "院校操作已暂停" in asked, "it is told before one confirms"
    Run.objects.filter(pk=run.pk).update(state=Run.State.RELEASED)
    assert client_of(cast.school).post(f"{URL}{student.pk}/", form(other, confirmed="1")).status_code == 302
