"""The first stage in the browser: dispatch, decisions by members and leader, audit, registration, and on 9/22
whoever is not registered is back (粤招办〔2021〕28号 二（二）（三）, 四（二）1)."""

from datetime import UTC, datetime

import pytest
import time_machine

from admissions.models import Choice, Dossier, Window
from dispatch.models import HandOut, RegionLine
from quotas.models import PlanLine
from registration.tasks import deadlines_keep
from tests import factories
from tests.browser.conftest import with_password
from tests.browser.desk import axe_source

AXE = axe_source()

IN_AUGUST = datetime(2021, 8, 25, 2, tzinfo=UTC)  # 10:00 in Guangzhou
DEADLINE = datetime(2021, 9, 21, 16, tzinfo=UTC)  # 9/22 00:00
AFTER = datetime(2021, 9, 21, 16, 5, tzinfo=UTC)


def states() -> dict[str, int]:
    found: dict[str, int] = {}
    for state in Dossier.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def looked_at(at) -> None:
    assert at.barriers(AXE) == [], at.tab.url


@pytest.fixture
def ready(people, batch, schools, plan_line, make_candidates):
    """Twelve candidates of 广州 want the first school, which has ten seats; registration ends on 9/22."""
    made = make_candidates(12)
    factories.make_choices(made, batch, schools)
    Choice.objects.update(majors=[plan_line.major_code])
    RegionLine.objects.create(batch=batch, score=100)
    for kind in (Window.Kind.DISPATCH, Window.Kind.REGISTRATION):
        span = {"opens_at": datetime(2021, 8, 19, 16, tzinfo=UTC), "closes_at": DEADLINE}
        Window.objects.update_or_create(season=batch.season, kind=kind, stage=1, defaults=span)
    return sorted(made, key=lambda c: -c.total)


@pytest.fixture
def members(cast):
    """Two members of the first school."""
    second = factories.make_user("school1-second", cast.school.organisation, "member")
    return with_password(cast.member), with_password(second)


def dispatch(first, second) -> None:
    first.open("批量投档")
    first.press("新建投档")
    first.press("新建投档", exact=True)
    first.press("预演", exact=True)
    first.tab.wait_for_selector("text=院校投档结果")
    second.open("投档复核")
    second.press("核对", exact=True)
    second.press("核对无误，确认投档")
    first.tab.reload()
    first.press("执行投档")
    first.press("确认执行投档")
    first.press("发布院校")
    first.press("确认发布院校")
    assert states() == {"pool": 2, "sent": 10}


@pytest.mark.django_db(transaction=True)
def test_from_the_dispatch_to_the_reset(desk, people, cast, members, ready, plan_line):
    with time_machine.travel(IN_AUGUST):
        dispatch(desk(people["city"]), desk(people["reviewer"]))
        leader = desk(people["leader"])
        leader.open("组长录退")
        leader.press("打开阅档")
        sheet = leader.tab.url
        leader.press("分发档案")
        looked_at(leader)
        leader.tab.locator("form").filter(has_text="平均分发").get_by_role("button", name="分发").click()
        leader.tab.wait_for_load_state()
        assert HandOut.objects.filter(member__isnull=False).count() == 10
        by_keyboard(desk(members[0]), ready)
        by_list(desk(members[1]), HandOut.objects.filter(member=members[1]).values_list("pk", flat=True))
        assert states() == {"pool": 2, "propose_admit": 9, "reading": 1}
        the_leader_ends(leader, sheet)
        audit(desk(people["reviewer"]), plan_line)
        register(leader)
    with time_machine.travel(AFTER):
        deadlines_keep()
        assert states() == {"pool": 6, "registered": 6}
        assert PlanLine.objects.get(pk=plan_line.pk).seats_taken == 6
        at = desk(people["reviewer"])
        at.open("恢复未注册考生")
        assert "没有未注册的录取考生" in at.words()
        looked_at(at)


def by_keyboard(at, ready) -> None:
    """The first member reads his five, admits four and gives one back to the leader."""
    at.open("指定录退档案")
    assert "分给本人 5" in at.words()
    at.press("阅档", exact=True)
    rows = at.tab.locator("tr[data-row]")
    assert rows.count() == 5
    looked_at(at)
    at.tab.reload()  # axe leaves empty style attributes behind, which a swap would copy
    for place in range(4):
        row = rows.nth(place)
        key = row.get_attribute("data-row")
        at.tab.wait_for_selector(f"tr[data-row='{key}'][aria-selected=true]")
        number = row.locator("[data-open]").inner_text()
        at.tab.wait_for_selector(f"#dossier:not([aria-busy=true]) h2:has-text('{number}')")
        at.tab.keyboard.press("a")
        row.get_by_text("预录取").wait_for()
    last = rows.nth(4).locator("[data-open]").inner_text()
    at.tab.wait_for_selector(f"#dossier:not([aria-busy=true]) h2:has-text('{last}')")
    at.tab.locator(".give-back summary").click()
    at.tab.get_by_label("退回组长的原因").fill("体检表缺页，请定夺")
    at.press("确认退回")
    assert "已将 1 份档案退回组长" in at.words("body")
    assert rows.count() == 4


def by_list(at, placements) -> None:
    """The second member decides on his five by a list."""
    from dispatch.models import Placement

    numbers = Placement.objects.filter(pk__in=list(placements)).values_list("candidate__number", flat=True)
    at.open("指定录退档案")
    at.press("按名单录退")
    looked_at(at)
    at.tab.get_by_label("名单").fill("\n".join([*numbers, "210000"]))
    at.press("检查名单")
    assert "贵校的投档单上没有该考生" in at.words()
    looked_at(at)
    at.press("确认办理 5 名")
    assert "已拟录取 5 名" in at.words("body")


def the_leader_ends(at, sheet: str) -> None:
    """The leader sees how all stand, returns the one that came back, and submits beside the plan."""
    at.tab.goto(sheet)
    at.press("分发与进度")
    assert "体检表缺页，请定夺" in at.words()
    at.tab.goto(sheet + "?member=none")
    looked_at(at)
    at.tab.reload()
    row = at.tab.locator("tr[data-row]")
    assert row.count() == 1
    at.tab.get_by_label("退档原因").select_option("Z99")
    at.tab.get_by_role("textbox", name="说明").fill("体检不合格")
    at.press("拟退档", exact=False)
    row.get_by_text("预退档").wait_for()
    at.press("提交送审")
    assert "与计划的差额" in at.words()
    assert "缺 1" in at.words()
    looked_at(at)
    at.press("确认提交送审")
    assert states() == {"pool": 2, "admit_submitted": 9, "return_submitted": 1}


def audit(at, plan_line) -> None:
    at.open("审核录取")
    at.press("批量通过")
    at.press("确认通过")
    at.open("审核退档")
    at.press("批量通过")
    at.press("确认通过")
    assert states() == {"pool": 3, "admitted": 9}
    assert PlanLine.objects.get(pk=plan_line.pk).seats_taken == 9


def register(at) -> None:
    """Six of nine come."""
    at.open("注册与注销")
    looked_at(at)
    boxes = at.tab.locator("tbody").get_by_role("checkbox")
    assert boxes.count() == 9
    for place in range(6):
        boxes.nth(place).check()
    at.tab.locator("[data-bulk]").get_by_role("button", name="注册", exact=True).click()
    at.tab.wait_for_load_state()
    at.press("确认注册")
    assert states() == {"pool": 3, "admitted": 3, "registered": 6}
