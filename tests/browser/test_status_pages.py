"""设置考生状态 and the province's lines at the desk: a sheet's worth of statuses, a version taken back by two persons."""

import os

import pytest
from django.urls import reverse

from admissions.services.controls import control_change
from dispatch.models import CandidateStatus, StatusRequest
from dispatch.services import status
from dispatch.services.control import PROVINCE_LINE
from tests import factories
from tests.browser.conftest import with_password
from tests.browser.desk import axe_source

AXE = axe_source()


def look(at, name: str) -> None:
    """No barrier, nothing wider than the window; and a picture where one is asked for."""
    if folder := os.environ.get("PICTURES"):
        at.tab.screenshot(path=f"{folder}/{name}.png", full_page=True)
    assert at.barriers(AXE) == [], name
    assert at.tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


def page(tail="", **kwargs):
    return reverse("dispatch:set_candidate_status" + (f"__{tail}" if tail else ""), kwargs=kwargs or None)


@pytest.fixture
def set_(cast, batch, schools, plan_line, make_candidates):
    """Sixty candidates out of the pool by two requests, ten of them back by a third."""
    absent, out = make_candidates(40), make_candidates(20, county="440104")
    factories.make_choices(absent, batch, schools)
    for kind, some, words in (
        ("absent", absent, "语文、数学两科缺考，考点已核实"),
        ("disqualified", out, "违规，市教育局〔2021〕12号决定"),
        ("restored", absent[:10], "补交准考证明"),
    ):
        numbers = [candidate.number for candidate in some]
        asked = status.status_request(actor=cast.city, status=kind, words=words, numbers=numbers)
        status.status_decide(actor=cast.second, request=asked, agree=True)
    return absent


def test_statuses_are_looked_at_and_a_version_is_asked_back(desk, people, cast, set_):
    at = desk(people["city"])
    at.open("设置考生状态")
    look(at, "requests")
    at.press("现行状态")
    look(at, "in-force")
    at.tab.locator("[name=chosen]").first.check()
    at.press("改变所选")
    look(at, "new")
    at.tab.get_by_label("原因").fill("复核有误")
    at.press("提交复核", exact=True)
    look(at, "new-confirm")
    at.tab.goto(page("import"))
    look(at, "import")
    at.press("版本")
    assert "第 2 版与第 3 版：10 处不同" in at.words()
    look(at, "versions")
    at.tab.get_by_label("第 0 版作旧版").check()
    at.press("比较两个版本")
    assert "第 0 版与第 3 版：50 处不同" in at.words()
    at.tab.goto(page("versions__restore", city="4401", number=1))
    look(at, "restore")
    at.tab.get_by_label("原因").fill("误操作")
    at.press("提交复核", exact=True)
    assert "涉及 2 所院校、10 名填报了志愿的考生" in at.words()
    look(at, "restore-confirm")
    at.press("确认提交复核")
    request = StatusRequest.objects.get(back_to=1)
    at.tab.goto(page("one", pk=request.pk))
    look(at, "one")
    assert CandidateStatus.objects.count() == 50
    status.status_decide(actor=cast.second, request=request, agree=True)
    assert CandidateStatus.objects.count() == 40


def test_the_lines_of_the_province(desk, people, cast, season, set_):
    for rows in (
        {("",): {"score": 24000, "percent": None}},
        {("",): {"score": 25000, "percent": None}, ("22",): {"score": None, "percent": 60}},
    ):
        control_change(actor=cast.province, control=PROVINCE_LINE, batch=season, after=rows)
    at = desk(with_password(cast.province))
    for tail in ("", "__change", "__import", "__versions"):
        at.tab.goto(reverse(f"dispatch:set_region_line__province{tail}"))
        look(at, f"province{tail}")
    at.tab.goto(reverse("dispatch:set_region_line__province__restore", args=[2]))
    at.press("还原", exact=True)
    look(at, "province-restore")
