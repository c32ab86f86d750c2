"""撤销注册: what was registered by mistake is taken back on the same day, before a roster is printed."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import Deed
from admissions.models import Dossier, DossierEvent
from dispatch.models import Placement
from registration.models import Enrolment
from rosters.models import Roster
from tests.factories_registration import admit, make_window, register, state_of

URL = "/registration/register-students/"
UNDO = f"{URL}undo/"


@pytest.fixture
def students(cast, season, plan_line, make_candidates):
    """Two registered students and one who is only admitted."""
    make_window(season)
    placements = admit(make_candidates(3), plan_line)
    register(placements[:2], cast.school)
    return placements


def form(students, **more):
    chosen = [placement.pk for placement in students]
    return {"chosen": chosen, "reason": "E01", "words": "", "form_key": str(uuid4()), **more}


def states(students):
    return [state_of(placement.candidate) for placement in students]


def test_takes_back_and_registers_again(cast, client_of, students, plan_line):
    client = client_of(cast.registrar)
    assert "撤销注册" in client.get(URL).content.decode()
    assert "所选 2 名已注册考生" in client.post(UNDO, {"chosen": [p.pk for p in students]}).content.decode()
    asked = client.post(UNDO, form(students)).content.decode()
    assert "将撤销 2 名考生的注册" in asked
    assert "所选中另有 1 名不在“已注册”状态" in asked
    assert Enrolment.objects.count() == 2
    assert client.post(UNDO, form(students, confirmed="1")).status_code == 302
    assert states(students) == ["admitted"] * 3
    assert not Enrolment.objects.exists()
    plan_line.refresh_from_db()
    assert plan_line.seats_taken == 3
    assert not Placement.objects.filter(closed_at__isnull=False).exists()
    events = DossierEvent.objects.filter(step="undo_registration")
    assert list(events.values_list("note", flat=True)) == ["E01 误选考生或名单有误"] * 2
    deed = Deed.objects.get(subject="撤销注册 2 名")
    assert (deed.actor, deed.count, deed.function) == (cast.registrar, 2, "registration.register_students")
    again = {"chosen": [students[0].pk], "form_key": str(uuid4()), "confirmed": "1"}
    assert client.post(f"{URL}register/", again).status_code == 302
    assert states(students) == ["registered", "admitted", "admitted"]


def refused(client, students, words):
    for more in ({}, {"confirmed": "1"}):
        answer = client.post(UNDO, form(students, **more))
        assert answer.status_code == 422
        assert words in answer.content.decode()
    assert states(students) == ["registered"] * 2
    assert Enrolment.objects.count() == 2


def test_only_on_the_same_day(cast, client_of, students):
    yesterday = timezone.now() - timedelta(days=1)
    Enrolment.objects.filter(pk=students[1].candidate_id).update(registered_at=yesterday)
    refused(client_of(cast.school), students[:2], "2 名考生中有 1 名不能办理")
    refused(client_of(cast.school), students[:2], "只能在注册当日撤销")


def test_not_once_a_roster_is_printed(cast, client_of, students, season, schools):
    Roster.objects.create(
        season=season,
        school=schools[0],
        kind=Roster.Kind.VOCATIONAL,
        stage=1,
        version=1,
        state=Roster.State.PRINTED,
        printed_at=timezone.now(),
        printed_by=cast.city,
    )
    refused(client_of(cast.school), students[:2], "已列入录取名册第 1 版（已打印），不能撤销")


def test_not_when_held(cast, client_of, students):
    Dossier.objects.filter(pk=students[0].candidate_id).update(held=True)
    refused(client_of(cast.school), students[:2], "档案已挂起")


def test_not_after_the_window(cast, client_of, students, season):
    make_window(season, closes=timedelta(minutes=-1))
    refused(client_of(cast.school), students[:2], "截止")


def test_not_into_the_next_stage(cast, client_of, students, season):
    make_window(season, "dispatch", 2, opens=timedelta(minutes=-1))
    refused(client_of(cast.school), students[:2], "已进入下一阶段")


def test_a_code_that_needs_words_gets_them(cast, client_of, students):
    answer = client_of(cast.school).post(UNDO, form(students[:2], reason="E09"))
    assert answer.status_code == 422
    assert "原因“其他原因”须注明具体情况" in answer.content.decode()


def test_needs_the_function_and_the_school(cast, client_of, students):
    assert client_of(cast.member).post(UNDO, form(students[:2], confirmed="1")).status_code == 403
    answer = client_of(cast.other_school).post(UNDO, form(students[:2], confirmed="1"))
    assert answer.status_code == 422
    assert "已不在列表中" in answer.content.decode()
    assert states(students[:2]) == ["registered"] * 2
