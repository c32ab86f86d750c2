"""留存与核对 on the page of a run: verified, computed again, its case taken away; and in red what differs."""

import os

import pytest
from django.db import connection

from dispatch.models import Placement, Run
from tests import factories
from tests.browser.desk import axe_source
from tests.runs import run_confirmed


@pytest.fixture
def run(people, batch, schools, plan_line, make_candidates) -> Run:
    """A confirmed run of twelve candidates, of whom ten find a seat."""
    factories.make_choices(make_candidates(12), batch, schools)
    return run_confirmed(people["city"], people["reviewer"], batch)


def picture(at, name: str) -> None:
    """Keep a picture where somebody asked for pictures."""
    if folder := os.environ.get("ZHONGZHAO_PICTURES"):
        at.tab.locator("section[aria-labelledby=record]").scroll_into_view_if_needed()
        at.tab.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_a_run_is_verified_and_its_case_taken_away(desk, people, run):
    at = desk(people["city"])
    at.tab.goto(f"/dispatch/dispatch-batch/run/{run.pk}/")
    assert at.tab.get_by_role("heading", name="留存与核对").count() == 0
    at.press("执行投档")
    at.press("确认执行投档")
    panel = "section[aria-labelledby=record]"
    assert "封条链完整" in at.words(panel)
    assert "数据库第二实现" in at.words(panel)
    run.refresh_from_db()
    assert run.fingerprint in at.words(panel)
    at.press("重算核对")
    assert at.words(panel).count("内核重算") == 1
    assert "不一致" not in at.words(panel)
    at.press("生成案卷")
    with at.tab.expect_download() as taken:
        at.tab.get_by_role("link", name="下载案卷").click()
    assert taken.value.suggested_filename.endswith(".zip")
    picture(at, "agrees")
    assert not at.barriers(axe_source())
    at.press("发布院校")
    at.press("确认发布院校")
    assert at.tab.locator(f"{panel} tbody th", has_text="发布").count() == 1


def test_what_differs_stands_in_red(desk, people, run):
    at = desk(people["city"])
    at.tab.goto(f"/dispatch/dispatch-batch/run/{run.pk}/")
    at.press("执行投档")
    at.press("确认执行投档")
    best = Placement.objects.filter(run=run).order_by("rank").first()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM dispatch_placement WHERE id = %s", [best.pk])
    at.press("重算核对")
    alert = at.tab.get_by_role("alert").filter(has_text="核验不一致")
    assert best.candidate.number in alert.inner_text()
    assert at.tab.get_by_role("link", name="发布院校").count() == 0
    assert at.tab.get_by_role("link", name="撤销").count() == 1
    at.tab.get_by_text("重新核验").wait_for()
    picture(at, "differs")
    assert not at.barriers(axe_source())
