"""恢复未注册考生: counts before, the job after, once."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import DatabaseError
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from admissions.models import DossierEvent, Job, Window
from registration.services import deadlines
from registration.tasks import deadlines_keep
from tests import factories
from tests.factories_registration import admit, make_window, register, state_of

URL = "/registration/reset-unregistered/"
LATER = timedelta(days=11)


@pytest.fixture
def reviewer(cast):
    return cast.reviewer


@pytest.fixture
def students(cast, season, plan_line, make_candidates):
    make_window(season)
    placements = admit(make_candidates(3), plan_line)
    register(placements[:1], cast.school)
    return placements


def test_shows_who_is_left_before(cast, client_of, reviewer, students):
    page = client_of(reviewer).get(URL).content.decode()
    assert "注册中" in page
    assert "截止后可以办理" in page
    assert students[0].school.name in page
    answer = client_of(reviewer).post(URL, {"stage": 1, "form_key": str(uuid4()), "confirmed": "1"})
    assert answer.status_code == 422
    assert "截止前不能" in answer.content.decode()


def test_resets_after(cast, client_of, reviewer, students, django_capture_on_commit_callbacks):
    with time_machine.travel(timezone.now() + LATER, tick=False):
        client = client_of(reviewer)
        asked = client.post(URL, {"stage": 1})
        assert "2 名未注册考生恢复" in asked.content.decode()
        data = {"stage": 1, "form_key": asked.context["form_key"], "confirmed": "1"}
        with django_capture_on_commit_callbacks(execute=True):
            assert client.post(URL, data).status_code == 302
        job = Job.objects.get()
        run(job)
        page = client.get(URL).content.decode()
    job.refresh_from_db()
    assert (job.state, job.words) == ("done", "已将 2 名未注册考生恢复到未录取状态。")
    assert "没有未注册的录取考生" in page
    assert "执行记录" in page
    assert [state_of(p.candidate) for p in students] == ["registered", "pool", "pool"]
    assert DossierEvent.objects.filter(step="reset_unregistered").count() == 2


def run(job):
    """Run the job again: a second delivery finds it closed."""
    from registration.tasks import unregistered_reset

    unregistered_reset(str(job.pk))


def test_the_clock_resets_by_itself_as_a_job(cast, client_of, students, django_capture_on_commit_callbacks):
    deadlines_keep()
    assert state_of(students[1].candidate) == "admitted"
    with time_machine.travel(timezone.now() + LATER, tick=False):
        with django_capture_on_commit_callbacks(execute=True):
            deadlines_keep()
            deadlines_keep()  # the first is still under way
        with django_capture_on_commit_callbacks(execute=True):
            deadlines_keep()  # nobody is left
        looks = factories.make_user("gd-reviewer", cast.province.organisation, "reviewing")
        page = client_of(looks).get(URL).content.decode()
    assert state_of(students[1].candidate) == "pool"
    job = Job.objects.get()
    assert (job.state, job.owner, job.organisation) == ("done", None, cast.province.organisation)
    assert "平台按期限自动执行" in page
    assert "已将 2 名未注册考生恢复到未录取状态" in page
    assert not Job.objects.visible_to(cast.foreign).exists()
    assert PeriodicTask.objects.filter(task="registration.tasks.deadlines_keep", enabled=True).exists()


def test_the_fault_of_one_province_holds_up_no_other(
    students, other_season, monkeypatch, django_capture_on_commit_callbacks
):
    """Windows are taken in the order they were set: that of the other province fails first."""
    Window.objects.all().delete()
    first, second = make_window(other_season, stage=2), make_window(students[0].season)
    plain = deadlines.unregistered

    def failing(window, region):
        if window == first:
            raise DatabaseError
        return plain(window, region)

    monkeypatch.setattr(deadlines, "unregistered", failing)
    with (
        time_machine.travel(second.closes_at, tick=False),
        django_capture_on_commit_callbacks(execute=True),
        pytest.raises(DatabaseError),
    ):
        deadlines_keep()
    assert state_of(students[1].candidate) == "pool"


def test_a_city_resets_its_own(cast, season, client_of, schools, students):
    from registration.services.deadlines import unregistered_reset

    window = make_window(season, closes=timedelta(days=-1))
    assert unregistered_reset(actor=None, window=window, region="4403") == 0
    assert state_of(students[1].candidate) == "admitted"


def test_needs_the_function(cast, client_of, students):
    assert client_of(cast.city).get(URL).status_code == 403
    assert client_of(cast.school).get(URL).status_code == 403
