"""Parts of the workbench: who waits for what."""

from datetime import timedelta

from django.utils import timezone

from accounts.workbench import parts_for
from tests.factories_registration import make_window

URL = "/accounts/workbench/"


def test_school_sees_who_is_not_registered(cast, client_of, students):
    to_dos = parts_for(cast.school)["to_dos"]
    assert [(t.title, t.count, t.url) for t in to_dos if t.title == "新生待注册"] == [
        ("新生待注册", 1, "/registration/register-students/?state=admitted")
    ]
    assert "新生待注册" in client_of(cast.school).get(URL).content.decode()


def test_office_sees_what_to_print_and_file(cast, client_of, season, students, print_now):
    window = make_window(season, closes=timedelta(hours=-1))
    titles = {t.title: t.count for t in parts_for(cast.city)["to_dos"]}
    assert titles["名册待打印（第一阶段（统一录取））"] == 1
    print_now()
    assert "名册待备案" not in {t.title for t in parts_for(cast.city)["to_dos"]}
    assert {t.title: t.count for t in parts_for(cast.second)["to_dos"]}["名册待备案"] == 1
    page = client_of(cast.province).get(URL).content.decode()
    assert "录取进度" in page
    today = (
        timezone.localdate(window.closes_at) == timezone.localdate()
    )  # an hour ago was yesterday after midnight
    assert ("新生注册已于今天" in page) == today
