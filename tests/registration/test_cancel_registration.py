"""注销已注册考生: back to the pool, with a reason, before the roster is filed."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

from accounts.models import Deed
from admissions.models import Dossier, DossierEvent, ReturnReason
from registration.models import Enrolment
from registration.services.registered import registrations_cancel, registrations_undo
from registration.services.students import students_register
from tests.concurrency import while_another_waits
from tests.factories_registration import admit, make_window, register, state_of

URL = "/registration/cancel-registration/"


@pytest.fixture
def student(cast, season, plan_line, make_candidates):
    make_window(season)
    ReturnReason.objects.create(code="Z01", name="考生书面放弃")
    placements = admit(make_candidates(1), plan_line)
    register(placements, cast.school)
    return placements[0].candidate


def form(**more):
    return {"reason": "Z01", "words": "转往外省", "form_key": str(uuid4()), **more}


def test_cancels(cast, client_of, student, plan_line):
    client = client_of(cast.school)
    assert "将注销" in client.post(f"{URL}{student.pk}/", form()).content.decode()
    assert client.post(f"{URL}{student.pk}/", form(confirmed="1")).status_code == 302
    assert state_of(student) == "pool"
    assert not Enrolment.objects.exists()
    assert DossierEvent.objects.get(step="cancel_registration").note == "考生书面放弃：转往外省"
    assert Deed.objects.filter(function="registration.cancel_registration").exists()


def test_refused_after_the_window(cast, client_of, student):
    with time_machine.travel(timezone.now() + timedelta(days=11), tick=False):
        answer = client_of(cast.school).post(f"{URL}{student.pk}/", form(confirmed="1"))
    assert answer.status_code == 422
    assert state_of(student) == "registered"


def test_needs_the_function(cast, client_of, student):
    assert client_of(cast.member).get(f"{URL}{student.pk}/").status_code == 403


def test_another_schools_student_is_not_there(cast, client_of, student):
    assert client_of(cast.other_school).post(f"{URL}{student.pk}/", form()).status_code == 404


@pytest.fixture
def students(cast, season, plan_line, make_candidates):
    """Three registered students and one who is only admitted."""
    make_window(season)
    ReturnReason.objects.create(code="Z01", name="考生书面放弃")
    ReturnReason.objects.create(code="22", name="其他原因", needs_words=True)
    placements = admit(make_candidates(4), plan_line)
    register(placements[:3], cast.school)
    return placements


def states(students):
    return [state_of(placement.candidate) for placement in students]


ALL = ["registered"] * 3 + ["admitted"]


def test_cancels_the_chosen(cast, client_of, students, plan_line):
    client = client_of(cast.school)
    assert "按名单注销" in client.get(URL).content.decode()
    chosen = [placement.pk for placement in students[:2]]
    first = client.post(f"{URL}cancel/", {"chosen": chosen}).content.decode()
    assert "所选 2 名已注册考生" in first
    assert "此字段" not in first
    asked = client.post(f"{URL}cancel/", form(chosen=chosen))
    assert "将注销 2 名考生的注册" in asked.content.decode()
    assert states(students) == ALL
    assert client.post(f"{URL}cancel/", form(chosen=chosen, confirmed="1")).status_code == 302
    assert states(students) == ["pool", "pool", "registered", "admitted"]
    plan_line.refresh_from_db()
    assert plan_line.seats_taken == 2
    events = DossierEvent.objects.filter(step="cancel_registration")
    assert set(events.values_list("reason_id", "note")) == {("Z01", "考生书面放弃：转往外省")}
    deed = Deed.objects.get(function="registration.cancel_registration")
    assert (deed.subject, deed.count, deed.actor) == ("注销已注册考生 2 名", 2, cast.school)


def test_one_that_cannot_keeps_all(cast, client_of, students):
    Dossier.objects.filter(pk=students[1].candidate_id).update(held=True)
    chosen = [placement.pk for placement in students[:2]]
    client = client_of(cast.school)
    for more in ({}, {"confirmed": "1"}):
        answer = client.post(f"{URL}cancel/", form(chosen=chosen, **more))
        assert answer.status_code == 422
        page = answer.content.decode()
        assert f"2 名考生中有 1 名不能办理：{students[1].candidate.number}" in page
        assert "档案已挂起" in page
    assert states(students) == ALL


def test_a_code_that_needs_words_gets_them(cast, client_of, students):
    client = client_of(cast.school)
    answer = client.post(f"{URL}cancel/", form(chosen=[students[0].pk], reason="22", words=" "))
    assert answer.status_code == 422
    assert "原因“其他原因”须注明具体情况" in answer.content.decode()
    plain = form(chosen=[students[0].pk], words="", confirmed="1")
    assert client.post(f"{URL}cancel/", plain).status_code == 302


def test_cancels_by_list(cast, client_of, students):
    numbers = [placement.candidate.number for placement in students]
    client = client_of(cast.school)
    twice = "\n".join([*numbers[:2], numbers[0]])
    asked = client.post(f"{URL}upload/", form(numbers=twice)).content.decode()
    assert "名单共 3 行，将注销其中 2 名考生的注册" in asked
    assert "1 行与前面的行重复" in asked
    assert client.post(f"{URL}upload/", form(numbers=twice, confirmed="1")).status_code == 302
    assert states(students) == ["pool", "pool", "registered", "admitted"]


def test_a_list_with_a_wrong_line_cancels_nobody(cast, client_of, students):
    numbers = [students[0].candidate.number, students[3].candidate.number, "44000000000000"]
    for more in ({}, {"confirmed": "1"}):
        answer = client_of(cast.school).post(f"{URL}upload/", form(numbers="\n".join(numbers), **more))
        assert answer.status_code == 422
        page = answer.content.decode()
        assert "名单共 3 行，其中 2 行不能注销" in page
        assert "尚未注册" in page
        assert "不在本校录取名单中" in page
    assert states(students) == ALL


def test_several_need_the_function_and_the_school(cast, client_of, students):
    data = form(chosen=[students[0].pk], numbers=students[0].candidate.number, confirmed="1")
    for page in ("cancel/", "upload/"):
        assert client_of(cast.member).post(f"{URL}{page}", data).status_code == 403
        assert client_of(cast.other_school).post(f"{URL}{page}", data).status_code == 422
    assert states(students) == ALL


@pytest.mark.django_db(transaction=True)
def test_who_is_registered_anew_while_a_cancellation_waits_is_not_cancelled(cast, student):
    """The row it waited for is gone, another one stands in its place: nobody has looked at that."""
    one = [student.pk]

    def again():
        registrations_undo(actor=cast.school, candidates=one, reason="E01")
        students_register(actor=cast.school, candidates=one)

    def cancel():
        registrations_cancel(actor=cast.school, candidates=one, reason="退学")

    assert while_another_waits(again, cancel) == "Refusal"
    assert state_of(student) == "registered"
    assert Enrolment.objects.filter(pk=student.pk).exists()
