"""审核管理 at the desk: sent back with a code and read again at the school; a whole queue agreed to by a job."""

import os
from datetime import timedelta

from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from admissions.models import Candidate, Request, RequestBulk, School
from admissions.services import requests as services
from admissions.services.requests.clock import requests_keep
from dispatch.models import Reconsideration, ReviewTake
from dispatch.services import review_bulk
from quotas.models import PlanLine
from tests import factories
from tests.browser.desk import axe_source
from tests.factories_dispatch import placement_of, sheet_submitted, state_of
from tests.factories_requests import submitted
from tests.quotas.test_request_plan_change import KEY, asked

AXE = axe_source()


def look(at, name: str) -> None:
    """No barrier; and a picture where one is asked for."""
    at.tab.wait_for_load_state()
    if folder := os.environ.get("PICTURES"):
        at.tab.screenshot(path=f"{folder}/{name}.png", full_page=False)
    assert at.tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    assert at.barriers(AXE) == [], name


def test_a_return_is_sent_back_with_a_code_and_read_again(
    desk, people, cast, batch, schools, plan_line, make_candidates
):
    candidates = make_candidates(5)
    sheet = sheet_submitted(cast.city, cast.school, batch, schools[0], candidates[:3], candidates[3:])
    at = desk(people["reviewer"])
    at.open("审核退档")
    look(at, "returns")
    at.tab.get_by_role("link", name=candidates[3].number).click()
    look(at, "return-one")
    at.tab.get_by_label("原因").select_option("C02")
    at.tab.get_by_label("情况说明").fill("该专业仍有空额")
    at.press("退回复议（须选原因）")
    assert state_of(candidates[3]) == "reading"
    at.open("审核录取")
    look(at, "admissions")
    at.tab.locator("tbody input[type=checkbox]").first.check()
    at.press("退回复议")
    look(at, "refuse")
    at.tab.get_by_label("原因").select_option("A03")
    at.press("退回", exact=True)
    look(at, "refuse-confirm")
    at.press("确认退回")
    assert Reconsideration.objects.count() == 2
    at.tab.get_by_role("link", name="退回复议登记").click()
    look(at, "register")
    assert "A03 录取专业与计划或志愿不符" in at.words()

    school = desk(people["leader"])
    look(school, "school-workbench")
    school.open("组长录退")
    look(school, "school-sheets")
    school.tab.get_by_role("link", name="退回复议 2").click()
    row = school.tab.locator(f"[data-row='{candidates[3].pk}'] a[data-open]")
    row.click()
    school.tab.get_by_text("退回复议：C02 退档理由与档案不符：该专业仍有空额").wait_for()
    look(school, "school-reading")
    assert placement_of(candidates[3]).sheet_id == sheet.pk


def test_a_whole_queue_is_agreed_to_by_a_job(desk, people, cast, batch, schools, plan_line):
    lines = [factories.make_plan_line(schools[0], batch, major=f"7{n:05d}") for n in range(14)]
    rows = [submitted(cast.school, KEY, asked(line, 3)) for line in lines]
    wide = factories.make_plan_line(schools[0], batch, major="799999", seats=3)
    rows.append(submitted(cast.school, KEY, asked(wide, 9)))  # more than doubled: somebody has to look
    late = timezone.now() - timedelta(days=4)
    Request.objects.filter(pk=rows[0].pk).update(submitted_at=late, due_at=late + timedelta(days=3))
    requests_keep()
    at = desk(people["reviewer"])
    look(at, "office-workbench")
    at.open("审核增减计划数")
    look(at, "queue")
    at.press("批量同意")
    look(at, "approve-confirm")
    at.press("确认同意")
    at.tab.wait_for_url("**/bulk/*/")
    look(at, "bulk")
    assert "已同意 14 件" in at.words()
    assert RequestBulk.objects.get().job.state == "done"
    at.tab.get_by_role("link", name="待审列表").click()
    at.tab.get_by_role("link", name=rows[-1].number).click()
    look(at, "request-one")
    at.tab.get_by_label("退回或不同意的理由").select_option("U02")
    at.tab.get_by_label("意见").fill("增加数请与校舍核定数一致")
    at.press("退回修改")

    school = desk(people["leader"])
    school.tab.goto(reverse("quotas:request_plan_change__one", args=[rows[0].pk]))
    look(school, "school-request")
    assert "逾期" in school.words()
    school.tab.goto(reverse("quotas:request_plan_change"))
    look(school, "school-requests")
    assert services.kind_of(KEY).title in school.words()


def test_the_queue_of_admissions_fits_the_screen_and_is_passed_by_a_job(
    desk, people, cast, batch, schools, plan_line, make_candidates, monkeypatch
):
    monkeypatch.setattr(review_bulk, "AT_ONCE", 2)
    School.objects.filter(pk=schools[0].pk).update(name="广州市荔湾区外语外贸职业高级中学")
    PlanLine.objects.filter(pk=plan_line.pk).update(major_name="计算机网络技术（三二分段）")
    candidates = make_candidates(5)
    Candidate.objects.filter(pk=candidates[0].pk).update(name="欧阳明月")
    sheet_submitted(cast.city, cast.school, batch, schools[0], candidates[:4], candidates[4:])
    User.objects.filter(pk=cast.second.pk).update(name="司徒建国")
    ReviewTake.objects.create(placement_id=placement_of(candidates[1]).pk, officer=cast.second)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE admissions_dossier SET changed_at = changed_at - interval '27 hours'")
    at = desk(people["reviewer"])
    over = "box => box.scrollWidth - box.clientWidth"
    for title in ("审核退档", "审核录取"):
        at.open(title)
        look(at, f"fits-{title}")
        assert at.tab.locator(".table-scroll").evaluate(over) <= 0, "1366 px, without scrolling sideways"
    assert at.tab.get_by_text("司徒建国").is_visible()
    at.press("检查全部通过的 3 名")
    look(at, "pass-confirm")
    at.press("确认通过")
    at.tab.wait_for_url("**/bulk/*/")
    look(at, "pass-bulk")
    assert "已通过 3 名。" in at.words()
    at.tab.get_by_role("link", name="待审列表").click()
    entry = at.tab.locator("[data-menu-entry][data-title='审核录取']")
    assert entry.inner_text().split() == ["审核录取", "1", "项待办"]
    at.tab.get_by_role("link", name="批量通过记录").click()
    look(at, "pass-bulks")
    assert [state_of(candidate) for candidate in candidates[:2]] == ["admitted", "admit_submitted"]


def test_one_by_one_by_the_keyboard(desk, people, cast, batch, schools, plan_line, make_candidates):
    candidates = make_candidates(4)
    sheet_submitted(cast.city, cast.school, batch, schools[0], candidates)
    at = desk(people["reviewer"])
    at.open("审核录取")
    at.tab.locator("tbody a").first.click()
    at.tab.wait_for_url("**/review-admissions/*/")
    at.tab.wait_for_load_state()
    at.tab.keyboard.press("?")
    assert at.tab.locator("dialog[open]").is_visible()
    at.tab.keyboard.press("a")  # a dialog is open
    look(at, "one-help")
    at.tab.keyboard.press("Escape")
    reasons, words = at.tab.locator("[data-reasons]"), at.tab.get_by_label("情况说明")
    at.tab.keyboard.press("t")
    look(at, "one-reasons")
    at.tab.keyboard.press("Escape")
    assert not reasons.is_visible()
    words.fill("")
    at.tab.keyboard.press("a")  # typed
    assert words.input_value() == "a"
    at.tab.evaluate("document.activeElement.blur()")
    composing = "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'a', isComposing: true, bubbles: true}))"
    at.tab.evaluate(composing)
    at.tab.get_by_label("键盘操作").uncheck()
    at.tab.keyboard.press("a")
    at.tab.get_by_label("键盘操作").check()
    assert {state_of(candidate) for candidate in candidates} == {"admit_submitted"}

    first = at.tab.url
    at.tab.keyboard.press("n")
    at.tab.wait_for_url(lambda url: url != first)
    at.tab.wait_for_load_state()
    second = at.tab.url
    at.tab.keyboard.press("t")
    at.tab.keyboard.press("4")  # needs words: they are asked for, nothing is sent
    assert at.tab.get_by_label("原因").input_value() == "A04"
    assert words.evaluate("field => field === document.activeElement")
    at.tab.evaluate("document.activeElement.blur()")
    at.tab.keyboard.press("t")
    at.tab.keyboard.press("2")
    assert {state_of(candidate) for candidate in candidates} == {"admit_submitted"}
    at.tab.keyboard.press("Enter")
    at.tab.wait_for_url(lambda url: url != second)
    at.tab.wait_for_load_state()
    assert Reconsideration.objects.get().code == "A02"
    here = at.tab.url
    at.tab.keyboard.press("a")
    at.tab.wait_for_url(lambda url: url != here)
    at.tab.wait_for_load_state()
    states = sorted(state_of(candidate) for candidate in candidates)
    assert states == ["admit_submitted", "admit_submitted", "admitted", "reading"]
