"""注销已注册考生: back to the pool, with a reason, before the roster is filed."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

from accounts.models import Deed
from admissions.models import DossierEvent, ReturnReason
from registration.models import Enrolment
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
