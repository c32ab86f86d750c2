"""恢复未注册考生 taken back at the desk: asked by one, agreed to by another, told at the school."""

from registration.models import Restoration
from tests import factories
from tests.browser.conftest import with_password
from tests.browser.test_review_pages import look
from tests.factories_registration import admit, make_window, state_of
from tests.factories_restoring import reset_wrongly


def test_a_reset_is_taken_back(desk, people, cast, season, batch, schools, plan_line, make_candidates):
    make_window(season)
    candidates = make_candidates(4)
    admit(candidates, plan_line)
    reset_wrongly(season)
    admit(candidates[:1], factories.make_plan_line(schools[1], batch, seats=1))
    at = desk(people["reviewer"])
    at.open("恢复未注册考生")
    look(at, "reset")
    at.tab.get_by_role("link", name="撤销…").click()
    look(at, "restore")
    at.tab.get_by_label("原因").fill("截止时间设错，省招办已顺延")
    at.press("提交复核")
    look(at, "restore-confirm")
    assert "已在别处投档或录取" in at.words()
    at.press("确认提交复核")
    at.tab.get_by_role("link", name="号").first.click()
    look(at, "restoration-own")
    second = with_password(factories.make_user("gz-reviewer2", cast.reviewer.organisation, "reviewing"))
    at = desk(second)
    look(at, "second-workbench")
    at.open("恢复未注册考生")
    at.tab.get_by_role("link", name="号").first.click()
    look(at, "restoration")
    at.tab.get_by_label("同意，立即执行").check()
    at.press("复核", exact=True)
    look(at, "restoration-confirm")
    at.press("确认复核")
    assert "已恢复 3 名考生的录取" in at.words()
    look(at, "restoration-done")
    assert Restoration.objects.get().state == "done"
    assert [state_of(one) for one in candidates] == ["admitted"] * 4
    school = desk(people["leader"])
    assert "3 名考生恢复录取到贵校" in school.words()
    look(school, "school-workbench")
