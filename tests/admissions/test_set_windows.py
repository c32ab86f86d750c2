"""时间窗设置: the province sets, everyone sees, the clock decides."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

from accounts.models import Deed
from accounts.refusals import Refusal
from admissions.deadlines import Place
from admissions.models import Window
from admissions.services.windows import window_set, windows_require
from tests.factories_registration import admit, make_window

URL = "/admissions/set-windows/"
SPAN = {"opens_at": "2021-08-20T00:00", "closes_at": "2021-09-22T23:59"}


def test_sets_after_confirmation(cast, client_of, season):
    client = client_of(cast.province)
    asked = client.post(f"{URL}registration/1/", SPAN)
    assert "8月20日 00:00 至 9月22日 23:59" in asked.content.decode()
    assert "自动恢复到未录取" in asked.content.decode()
    assert not Window.objects.exists()
    data = SPAN | {"form_key": str(uuid4()), "confirmed": "1"}
    assert client.post(f"{URL}registration/1/", data).status_code == 302
    window = Window.objects.get(season=season, kind="registration", stage=1)
    assert f"{timezone.localtime(window.closes_at):%m-%d %H:%M}" == "09-22 23:59"
    deed = Deed.objects.get(function="admissions.set_windows")
    assert (deed.actor, deed.note) == (cast.province, "8月20日 00:00 至 9月22日 23:59")


def test_who_would_be_reset_at_once_is_counted_before_it_is_confirmed(
    cast, client_of, season, plan_line, make_candidates
):
    """A year mistyped is a province reset within minutes."""
    make_window(season)
    admit(make_candidates(3), plan_line)
    asked = client_of(cast.province).post(f"{URL}registration/1/", SPAN).content.decode()
    assert "几分钟内将恢复 3 名考生" in asked


def test_lists_all_and_how_they_stand(cast, client_of, season):
    make_window(season)
    make_window(season, "dispatch", closes=timedelta(days=-1))
    for user in (cast.province, cast.city):
        page = client_of(user).get(URL).content.decode()
        assert page.count("未设置") == 4
        assert "开放中" in page
        assert "已截止" in page


def test_the_province_only(cast, client_of, season):
    page = client_of(cast.city).get(URL).content.decode()
    assert "只供查看" in page
    data = SPAN | {"form_key": str(uuid4()), "confirmed": "1"}
    answer = client_of(cast.city).post(f"{URL}registration/1/", data)
    assert answer.status_code == 422
    assert not Window.objects.exists()


def test_needs_the_function(cast, client_of, season):
    assert client_of(cast.idle).get(URL).status_code == 403
    assert client_of(cast.school).get(URL).status_code == 403


def test_no_such_window(cast, client_of, season):
    assert client_of(cast.province).get(f"{URL}party/1/").status_code == 404
    assert client_of(cast.province).get(f"{URL}registration/3/").status_code == 404


def test_another_province_is_not_touched(cast, client_of, season, other_season):
    window = make_window(other_season)
    window_set(
        actor=cast.province,
        kind="registration",
        stage=1,
        opens_at=timezone.now(),
        closes_at=timezone.now() + timedelta(days=1),
    )
    assert Window.objects.get(pk=window.pk).closes_at == window.closes_at
    assert Window.objects.count() == 2


def test_refuses_to_close_before_it_opens(cast, client_of, season):
    data = {"opens_at": SPAN["closes_at"], "closes_at": SPAN["opens_at"], "form_key": str(uuid4())}
    answer = client_of(cast.province).post(f"{URL}registration/1/", data)
    assert answer.status_code == 422
    assert "须晚于" in answer.content.decode()


def test_the_clock_decides(season):
    with pytest.raises(Refusal, match="尚未设置"):
        windows_require(season=season, kind="registration", places=[Place(1)])
    window = make_window(season)
    windows_require(season=season, kind="registration", places=[Place(1)])
    with time_machine.travel(window.closes_at, tick=False), pytest.raises(Refusal, match="截止"):
        windows_require(season=season, kind="registration", places=[Place(1)])
    with time_machine.travel(window.closes_at - timedelta(microseconds=1), tick=False):
        windows_require(season=season, kind="registration", places=[Place(1)])
