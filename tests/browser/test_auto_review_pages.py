"""自动审核管理 and the deadlines at the desk: a rule made, tried, switched on, checked; deadlines put off."""

import os
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from admissions.models import Postponement
from admissions.services.windows import window_set
from admissions.tasks import windows_keep
from dispatch.models import AutoDecision, AutoRule
from dispatch.services import passing, reviewing
from tests import factories
from tests.browser.desk import axe_source
from tests.factories_dispatch import placement_of, sheet_released, sheet_submitted
from tests.factories_registration import make_window

AXE = axe_source()


def look(at, name: str) -> None:
    """No barrier; and a picture where one is asked for."""
    if folder := os.environ.get("PICTURES"):
        at.tab.screenshot(path=f"{folder}/{name}.png", full_page=True)
    assert at.tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    assert at.barriers(AXE) == [], name


def test_a_rule_from_its_making_to_the_check_of_its_sample(
    desk, people, cast, batch, schools, plan_line, make_candidates
):
    sent_back, *others = make_candidates(6, concessions=[])
    sheet_submitted(cast.city, cast.school, batch, schools[0], [sent_back, *others])
    reviewing.admissions_refuse(
        actor=cast.reviewer,
        placements=[placement_of(sent_back).pk],
        reason="A09",
        words="毕业证存疑，请学校核实",
    )
    at = desk(people["reviewer"])
    at.open("自动审核管理")
    look(at, "auto-none")
    at.press("新建录取规则")
    at.tab.get_by_label("抽样复核比例").fill("100")
    look(at, "auto-new")
    at.press("新建规则", exact=True)
    at.press("试运行")
    at.tab.get_by_label("日期").fill(f"{timezone.localdate():%Y-%m-%d}")
    look(at, "auto-try")
    at.press("试运行", exact=True)
    assert "毕业证存疑" in at.words()
    look(at, "auto-rule")
    at.press("启用", exact=True)
    at.tab.get_by_label("原因").fill("试运行无误")
    at.press("启用", exact=True)
    look(at, "auto-switch")
    at.press("确认启用")
    rule = AutoRule.objects.get()
    assert rule.on
    passing.auto_review(season=rule.season_id, city=rule.city)
    assert AutoDecision.objects.count() == 5
    at.open("自动审核管理")
    look(at, "auto-rules")
    colleague = factories.make_user("gz-reviewer-2", cast.reviewer.organisation, "reviewing")
    colleague.set_password("Qiu-feng-2021")
    colleague.save(update_fields=["password"])
    at = desk(colleague)
    look(at, "auto-workbench")
    at.press("自动审核抽样复核")
    look(at, "auto-decisions")
    at.tab.get_by_role("link", name=others[0].number).click()
    look(at, "auto-check")
    at.tab.get_by_label("同意", exact=True).check()
    at.press("提交复核")
    assert AutoDecision.objects.filter(agrees=True).count() == 1


def test_deadlines_are_seen_and_put_off(
    desk, people, cast, season, batch, schools, plan_line, make_candidates
):
    now = timezone.now()
    make_window(season, "dispatch")
    make_window(season)
    span = {"stage": 1, "opens_at": now - timedelta(days=3)}
    window = window_set(
        actor=cast.province, kind="reading", closes_at=now + timedelta(days=2, hours=3), **span
    )
    own = window_set(actor=cast.city, kind="confirming", closes_at=now + timedelta(days=6), **span)
    sheet_released(cast.city, batch, schools[0], make_candidates(4))
    windows_keep()
    at = desk(people["head"])
    look(at, "deadline-workbench")
    at.open("时间窗设置")
    look(at, "deadlines")
    at.tab.goto(reverse("admissions:set_windows__touched", args=[window.pk]))
    look(at, "deadline-touched")
    at.tab.goto(reverse("admissions:set_windows__new_deadline"))
    look(at, "deadline-new")
    at.tab.goto(reverse("admissions:set_windows__postpone"))
    at.tab.get_by_label("预录提交").check()
    at.tab.get_by_label("顺延天数").fill("2")
    at.tab.get_by_label("原因").fill("台风停课")
    look(at, "deadline-postpone")
    at.press("顺延", exact=True)
    look(at, "deadline-confirm")
    at.press("确认顺延")
    assert Postponement.objects.get().window == own
    leader = desk(people["leader"])
    assert "台风停课" in leader.words()
    look(leader, "deadline-school")
