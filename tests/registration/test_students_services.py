"""Services of registration: all or none, inside their windows, with seats and placements kept."""

from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from accounts.context import walled
from accounts.models import Deed
from accounts.refusals import Refusal
from admissions.models import DossierEvent
from dispatch.models import Placement
from registration.models import Enrolment
from registration.services.deadlines import deadlines_keep, unregistered_reset
from registration.services.registered import major_change, registrations_cancel
from registration.services.students import admissions_cancel, students_register
from tests import factories
from tests.factories_registration import admit, make_window, register, state_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def students(cast, season, plan_line, make_candidates):
    """Three admitted students of the first school, the window open."""
    make_window(season)
    candidates = make_candidates(3)
    admit(candidates, plan_line)
    return candidates


def test_registers_all(cast, students, plan_line):
    with transaction.atomic(), walled(cast.school.scope):
        assert students_register(actor=cast.school, candidates=[c.pk for c in students]) == 3
    assert {state_of(c) for c in students} == {"registered"}
    enrolments = Enrolment.objects.all()
    assert {(e.school_id, e.plan_line_id, e.stage) for e in enrolments} == {
        (plan_line.school_id, plan_line.pk, 1)
    }
    assert DossierEvent.objects.filter(step="register").count() == 3
    assert Deed.objects.filter(subject="注册新生 3 名", actor=cast.school, count=3).exists()


def test_refuses_one_refuses_all(cast, students):
    with transaction.atomic():
        students_register(actor=cast.school, candidates=[students[0].pk])
    with pytest.raises(Refusal, match="不在“录取”状态"):
        students_register(actor=cast.school, candidates=[c.pk for c in students])
    assert state_of(students[1]) == "admitted"


def test_refuses_another_schools(cast, students):
    with pytest.raises(Refusal, match="不在本校录取名单"):
        students_register(actor=cast.other_school, candidates=[students[0].pk])
    with pytest.raises(Refusal, match="没有“注册”的权限"):
        students_register(actor=cast.member, candidates=[students[0].pk])


def test_refuses_after_the_window(cast, students):
    with time_machine.travel(timezone.now() + timedelta(days=11), tick=False):
        with pytest.raises(Refusal, match=r"第一阶段.*新生注册已于 .*月.*日 .* 截止"):
            students_register(actor=cast.school, candidates=[students[0].pk])
        with pytest.raises(Refusal, match="截止"):
            admissions_cancel(actor=cast.school, candidates=[students[0].pk], reason="未报到")
    with (
        time_machine.travel(timezone.now() - timedelta(days=11), tick=False),
        pytest.raises(Refusal, match="尚未开始"),
    ):
        students_register(actor=cast.school, candidates=[students[0].pk])


def test_refuses_without_a_major(cast, season, schools, make_candidates):
    make_window(season)
    (candidate,) = make_candidates(1)
    admit([candidate], None, school=schools[0])
    with pytest.raises(Refusal, match="没有录取专业"):
        students_register(actor=cast.school, candidates=[candidate.pk])


def test_cancels_and_gives_back(cast, students, plan_line):
    with transaction.atomic(), walled(cast.school.scope):
        cancelled = admissions_cancel(
            actor=cast.school, candidates=[students[0].pk], reason="Z99", words="未报到"
        )
    assert cancelled == 1
    assert state_of(students[0]) == "pool"
    plan_line.refresh_from_db()
    assert plan_line.seats_taken == 2
    placement = Placement.objects.get(candidate=students[0])
    assert placement.closed_at is not None
    assert placement.reason_words == "其他：未报到"
    event = DossierEvent.objects.get(step="cancel_admission")
    assert (event.reason_id, event.note) == ("Z99", "其他：未报到")


def test_cancelling_needs_a_reason(cast, students):
    with pytest.raises(Refusal, match="须注明"):
        admissions_cancel(actor=cast.school, candidates=[students[0].pk], reason="Z99")
    with pytest.raises(Refusal, match="原因"):
        admissions_cancel(actor=cast.school, candidates=[students[0].pk], reason="")


def test_changes_the_major(cast, students, batch, schools, plan_line):
    students_register(actor=cast.school, candidates=[students[0].pk])
    other = factories.make_plan_line(schools[0], batch, major="730301", seats=1)
    with transaction.atomic(), walled(cast.school.scope):
        major_change(actor=cast.school, candidate=students[0].pk, plan_line=other.pk, reason="M01")
    assert Enrolment.objects.get(pk=students[0].pk).plan_line == other
    plan_line.refresh_from_db()
    other.refresh_from_db()
    assert (plan_line.seats_taken, other.seats_taken) == (2, 1)
    assert DossierEvent.objects.get(step="change_major").note.endswith("会计事务：M01 考生及家长申请")
    students_register(actor=cast.school, candidates=[students[1].pk])
    with pytest.raises(Refusal, match="只剩 0 个"):
        major_change(actor=cast.school, candidate=students[1].pk, plan_line=other.pk, reason="M01")


def test_cancels_a_registration(cast, students, plan_line):
    students_register(actor=cast.school, candidates=[students[0].pk])
    with transaction.atomic(), walled(cast.school.scope):
        registrations_cancel(actor=cast.school, candidates=[students[0].pk], reason="转学")
    assert state_of(students[0]) == "pool"
    assert not Enrolment.objects.exists()
    plan_line.refresh_from_db()
    assert plan_line.seats_taken == 2


def test_resets_once_and_only_after(cast, season, students, plan_line, django_capture_on_commit_callbacks):
    students_register(actor=cast.school, candidates=[students[0].pk])
    window = make_window(season)
    with pytest.raises(Refusal, match="截止前不能"):
        unregistered_reset(actor=cast.province, window=window, region="44")
    with time_machine.travel(timezone.now() + timedelta(days=11), tick=False):
        with django_capture_on_commit_callbacks(execute=True):
            assert deadlines_keep() == 1
        assert deadlines_keep() == 0
    assert [state_of(c) for c in students] == ["registered", "pool", "pool"]
    plan_line.refresh_from_db()
    assert plan_line.seats_taken == 1
    assert Placement.objects.filter(closed_at__isnull=True).count() == 1
    assert DossierEvent.objects.filter(step="reset_unregistered").count() == 2
    deed = Deed.objects.get(function="registration.reset_unregistered")
    assert (deed.actor, deed.count) == (None, 2)


def test_resets_the_stage_only(cast, season, students):
    """Who was admitted after the second stage had begun is not the first stage's."""
    window = make_window(season, closes=timedelta(days=-1))
    begun = make_window(season, "dispatch", 2, opens=timedelta(hours=-1))
    assert unregistered_reset(actor=None, window=window, region="44") == 0
    begun.opens_at = timezone.now() + timedelta(hours=1)
    begun.save()
    assert unregistered_reset(actor=None, window=window, region="4403") == 0
    assert unregistered_reset(actor=None, window=window, region="4401") == 3


def test_leaves_the_held(cast, season, students):
    from admissions.models import Dossier

    Dossier.objects.filter(pk=students[0].pk).update(held=True)
    window = make_window(season, closes=timedelta(days=-1))
    assert unregistered_reset(actor=None, window=window, region="44") == 2
    Dossier.objects.filter(pk=students[0].pk).update(held=False)
    assert unregistered_reset(actor=None, window=window, region="44") == 1


def test_thousands_at_once(cast, season, batch, schools, make_candidates):
    make_window(season)
    line = factories.make_plan_line(schools[0], batch, major="740201", seats=2000)
    candidates = make_candidates(1500)
    register(admit(candidates[:1], line), cast.school)
    admit(candidates[1:], line)
    with transaction.atomic(), walled(cast.school.scope):
        assert students_register(actor=cast.school, candidates=[c.pk for c in candidates[1:]]) == 1499
