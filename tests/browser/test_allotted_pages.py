"""指标到校 at the desk: seats allotted, the mode set, a run rehearsed, confirmed, sent, and told to a family."""

import os

import pytest

from admissions.models import Candidate, FeederSchool
from dispatch.models import Placement, RegionLine
from quotas.models import Allotment
from tests import factories
from tests.browser.desk import axe_source

AXE = axe_source()


@pytest.fixture
def ready(batch, schools, plan_line, make_candidates):
    """Twelve candidates of two junior schools want the first school, which has ten seats."""
    feeders = [
        FeederSchool.objects.create(province="44", city="4401", county=county, code=code, name=name)
        for code, name, county in (("F001", "东山初级中学", "440104"), ("F002", "西关初级中学", "440103"))
    ]
    made = make_candidates(12)
    for at, candidate in enumerate(made):
        total, own = 60000 - 1000 * at, feeders[at >= 6]
        Candidate.objects.filter(pk=candidate.pk).update(total=total, feeder_school=own)
    factories.make_choices(made, batch, schools)
    RegionLine.objects.create(batch=batch, score=100)
    return made


def look(at, name: str) -> None:
    """No barrier; and a picture where one is asked for."""
    if folder := os.environ.get("PICTURES"):
        at.tab.screenshot(path=f"{folder}/{name}.png", full_page=name.startswith("run"))
    assert at.barriers(AXE) == [], name


def test_seats_are_allotted_and_given(desk, people, batch, ready):
    at = desk(people["city"])
    at.open("院校计划管理")
    at.press("指标分配")
    look(at, "batches")
    at.press("设置", exact=True)
    look(at, "empty")
    at.press("按代码设置")
    at.tab.get_by_label("学校代码", exact=True).fill("10001")
    at.tab.get_by_label("毕业学校代码").fill("F002")
    at.tab.get_by_label("指标数").fill("3")
    look(at, "form")
    at.press("提交", exact=True)
    assert "这些院校的指标合计 3 个，占其计划 10 个" in at.words()
    look(at, "confirm")
    at.press("确认提交")
    assert at.heading() == "指标分配"
    look(at, "list")
    assert Allotment.objects.get().seats == 3
    at.press("版本")
    look(at, "versions")

    at.open("设置投档模式")
    at.press("设置", exact=True)
    at.tab.get_by_label("指标到校").select_option("after")
    at.tab.get_by_label("低于统招最低分不超过").fill("30")
    look(at, "mode")
    at.press("提交", exact=True)
    at.press("确认提交")

    at.open("批量投档")
    at.press("新建投档")
    assert "指标不超过计划余额" in at.words()
    look(at, "run-new")
    at.press("新建投档", exact=True)
    at.press("预演", exact=True)
    at.tab.wait_for_selector("text=指标使用情况")
    at.tab.get_by_label("考生号").fill(ready[10].number)
    at.press("查看投档原因")
    why = at.words(".why-list")
    assert "统招：第1志愿" in why
    assert "低于该校指标生最低分510.00分" in why
    look(at, "run-rehearsed")

    second = desk(people["reviewer"])
    second.open("投档复核")
    second.press("核对", exact=True)
    assert "西关初级中学" in second.words()
    look(second, "run-confirm")
    second.press("核对无误，确认投档")
    at.tab.reload()
    at.press("执行投档")
    at.press("确认执行投档")
    assert "核验一致" in at.words()
    look(at, "run-executed")
    placed = Placement.objects.filter(batch=batch)
    assert sorted(placed.values_list("via", flat=True)) == [1] * 7 + [2] * 3
