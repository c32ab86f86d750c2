"""指定院校投档 and 指定派位录取 by two officers and a school, and what a paused school is told."""

import pytest

from admissions.models import Dossier
from dispatch.loading import choices_freeze
from dispatch.models import Drawing, RegionLine, Run
from dispatch.services import deciding
from tests import factories
from tests.browser.desk import axe_source
from tests.factories_dispatch import sheet_released

AXE = axe_source()


@pytest.fixture
def ready(people, cast, batch, schools, plan_line, make_candidates):
    """The first school reads a sheet; twelve in the pool want the second, which has five seats."""
    factories.make_plan_line(schools[1], batch, major="740201", seats=5)
    reading, made = make_candidates(3), make_candidates(12)
    factories.make_choices(made, batch, schools[1:])
    RegionLine.objects.create(batch=batch, score=100)
    choices_freeze(batch)
    sheet = sheet_released(cast.city, batch, schools[0], reading)
    deciding.sheet_open(actor=cast.school, sheet=sheet)
    return made


def states() -> dict[str, int]:
    return {state: Dossier.objects.filter(state=state).count() for state in ("pool", "sent", "admitted")}


def choose(at, title: str, school) -> None:
    """From the menu to a run confined to one school."""
    at.open(title)
    at.press("选择院校")
    at.tab.get_by_label("院校代码或名称").fill(school.name[:5])
    at.press("查找")
    at.tab.get_by_role("checkbox", name=school.name).check()
    at.press("检查所选院校")
    assert "③ 检查" in at.words()
    assert not at.barriers(AXE)
    at.press(f"新建{title}（1 所）")


def confirm(second) -> None:
    second.open("投档复核")
    second.press("核对", exact=True)
    second.press("核对无误，确认投档")


def test_some_schools_only_and_the_others_wait(desk, people, schools, ready):
    first, leader = desk(people["city"]), desk(people["leader"])
    choose(first, "指定院校投档", schools[1])
    first.press("预演", exact=True)
    first.tab.wait_for_selector("text=院校投档结果")
    assert "投出 5" in first.words()
    confirm(desk(people["reviewer"]))
    first.tab.reload()
    assert "院校操作已暂停：自" in first.words()
    leader.open("组长录退")
    assert "院校操作已暂停：自" in leader.words()
    assert not leader.barriers(AXE)
    leader.press("阅档", exact=True)
    leader.press("自动分配专业")
    assert "院校操作已暂停（自" in leader.words("body")
    assert states()["sent"] == 0
    first.press("执行投档")
    first.press("确认执行投档")
    first.tab.wait_for_selector("text=发布院校 >> nth=0")
    assert states() == {"pool": 7, "sent": 5, "admitted": 0}
    first.tab.reload()
    first.press("发布院校")
    first.press("确认发布院校")
    leader.tab.reload()
    leader.press("自动分配专业")
    assert "已为 3 名考生分配专业" in leader.words("body")


def test_a_public_draw(desk, people, schools, ready):
    first, second = desk(people["city"]), desk(people["reviewer"])
    choose(first, "指定派位录取", schools[1])
    first.press("演练", exact=True)
    first.tab.wait_for_selector("text=院校派位结果")
    assert "不能复核" in first.words()
    first.press("冻结名单")
    first.tab.wait_for_selector("text=录入公开随机数")
    run = Run.objects.get(kind="admit_by_lottery")
    assert run.roster_digest in first.words()
    assert not first.barriers(AXE)
    first.press("录入公开随机数")
    assert not first.barriers(AXE)
    first.tab.get_by_label("公开随机数").fill("03 07 11 19 24 30 05")
    first.tab.get_by_label("来源").fill("公证处现场摇出的七个号码，依次书写")
    first.tab.get_by_label("见证人").fill("公证员甲、家长代表乙")
    first.press("录入公开随机数", exact=True)
    first.press("确认录入公开随机数")
    assert Drawing.objects.get().seed in first.words()
    first.press("预演", exact=True)
    first.tab.wait_for_selector("text=公开随机数已录入")
    first.tab.reload()
    confirm(second)
    first.tab.reload()
    first.press("执行投档")
    first.press("确认执行投档")
    first.tab.wait_for_selector("text=发布院校 >> nth=0")
    assert states() == {"pool": 7, "sent": 0, "admitted": 5}
    first.tab.reload()
    first.press("发布院校")
    first.press("确认发布院校")
    school = desk(people["other_leader"])
    school.open("组长录退")
    assert "派位录取" in school.words("table")
    school.press("阅档", exact=True)
    assert school.tab.get_by_role("button", name="打开阅档").count() == 0
