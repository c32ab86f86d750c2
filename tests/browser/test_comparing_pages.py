"""A dispatch tried out: a what-if, its comparison and the candidates it moves, with and without scripts."""

import pytest

from dispatch.models import RegionLine, Run
from tests import factories
from tests.browser.desk import axe_source


@pytest.fixture
def ready(people, batch, schools, plan_line, make_candidates):
    """Twelve candidates of 广州 want the first school, which has ten seats, or the second, which has one."""
    factories.make_plan_line(schools[1], batch, seats=1)
    made = make_candidates(12)
    factories.make_choices(made, batch, schools)
    RegionLine.objects.create(batch=batch, score=100)
    return sorted(made, key=lambda c: (-c.total, c.number))


@pytest.mark.parametrize("scripts", [True, False])
def test_a_what_if_from_form_to_candidates(desk, people, batch, ready, scripts):
    at = desk(people["city"], java_script_enabled=scripts)
    at.tab.goto("/dispatch/dispatch-batch/")
    at.press("新建投档")
    at.press("新建投档", exact=True)
    at.press("预演", exact=True)
    at.tab.goto(f"/dispatch/dispatch-batch/run/{Run.objects.get().pk}/")
    assert "本批次首次投档" in at.words()
    at.press("试算", exact=True)
    look(at, scripts)
    at.tab.get_by_label("院校 1", exact=True).fill("99999")
    at.tab.get_by_label("增减计划 1").fill("1")
    at.press("开始试算")
    assert "“99999”不是参加本次投档的院校" in at.words()
    at.expect_refusal(422)
    at.tab.get_by_label("院校 1", exact=True).fill("10001")
    at.press("开始试算")
    at.tab.goto(f"/dispatch/dispatch-batch/run/{Run.objects.get().pk}/")
    assert "计划 +1" in at.words()
    look(at, scripts)
    at.tab.locator(".row-deeds a").first.click()
    at.tab.wait_for_load_state()
    assert "2 所院校中 2 所有变化" in at.words()
    look(at, scripts)
    at.press("全部有变动的考生")
    assert ready[10].number in at.words()
    assert ready[10].name not in at.words()
    look(at, scripts)
    at.press("返回比较")
    at.press("返回投档")
    at.tab.locator(".row-deeds button").click()
    at.tab.wait_for_load_state()
    assert "试算已删除" in at.words()
    assert Run.objects.get().rehearsals.count() == 1


def look(at, scripts: bool) -> None:
    """One heading, no barrier, and nothing wider than the window."""
    assert at.heading()
    if scripts:
        assert at.barriers(axe_source()) == []
        assert at.tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
