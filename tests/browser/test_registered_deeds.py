"""What a school does with registered students: change a major, cancel several, take back a mistake."""

import os

import pytest

from admissions.models import ReturnReason
from tests import factories
from tests.browser.desk import axe_source
from tests.factories_registration import admit, make_window, register, state_of

AXE = axe_source()


def looked_at(at, name: str) -> None:
    """No barrier, nothing wider than the window; with PICTURES a picture to be looked at."""
    assert at.barriers(AXE) == [], at.tab.url
    assert at.tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), at.tab.url
    if folder := os.environ.get("PICTURES"):
        at.tab.screenshot(path=f"{folder}/{name}.png")


@pytest.mark.django_db(transaction=True)
def test_deeds_on_registered_students(desk, people, season, batch, schools, plan_line, candidates):
    make_window(season)
    ReturnReason.objects.get_or_create(code="Z01", defaults={"name": "考生书面放弃"})
    own = candidates[:4]
    register(admit(own, plan_line), people["leader"])
    other = factories.make_plan_line(schools[0], batch, major="730301", seats=1)
    at = desk(people["leader"])

    at.open("修改注册考生专业")
    at.press(own[0].number)
    at.tab.get_by_label("改为").select_option(str(other.pk))
    at.tab.get_by_label("原因").select_option("M02")
    at.tab.get_by_label("情况说明").fill("色弱，不宜就读原专业")
    looked_at(at, "change-major")
    at.press("修改专业", exact=True)
    looked_at(at, "change-major-confirm")
    at.press("确认修改专业")
    assert "已修改为“会计事务”" in at.words()

    at.open("注册与注销")
    for box in at.tab.locator("tbody input[type=checkbox]").all()[:2]:
        box.check()
    at.press("撤销注册", exact=True)
    at.tab.get_by_label("原因").select_option("E01")
    looked_at(at, "undo")
    at.press("撤销注册", exact=True)
    looked_at(at, "undo-confirm")
    at.press("确认撤销注册")
    assert "已撤销 2 名考生的注册" in at.words()
    looked_at(at, "undone")

    at.open("注销已注册考生")
    looked_at(at, "cancel-list")
    at.press("按名单注销")
    at.tab.get_by_label("考生号", exact=True).fill("\n".join(candidate.number for candidate in own))
    at.tab.get_by_label("注销原因").select_option("Z01")
    at.press("注销注册", exact=True)
    at.expect_refusal(422)
    assert "尚未注册" in at.words()
    looked_at(at, "cancel-listed-wrong")

    at.open("注销已注册考生")
    for box in at.tab.locator("tbody input[type=checkbox]").all():
        box.check()
    at.press("注销注册", exact=True)
    at.tab.get_by_label("注销原因").select_option("Z01")
    looked_at(at, "cancel-chosen")
    at.press("注销注册", exact=True)
    looked_at(at, "cancel-confirm")
    at.press("确认注销注册")
    assert "已注销 2 名考生的注册" in at.words()
    assert sorted(state_of(candidate) for candidate in own) == ["admitted", "admitted", "pool", "pool"]
