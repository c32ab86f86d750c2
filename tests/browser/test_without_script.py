"""Scripts switched off by the office's browser: the same work, one form after the other."""

from tests.factories_dispatch import sheet_released, state_of


def test_log_in_and_a_decision_without_scripts(desk, people, cast, batch, schools, plan_line, candidates):
    sheet_released(cast.city, batch, schools[0], candidates)
    at = desk(people["leader"], java_script_enabled=False)
    at.tab.get_by_text("投档", exact=True).first.click()
    at.tab.get_by_role("link", name="组长录退").click()
    at.tab.get_by_role("button", name="打开阅档").click()
    best = max(candidates, key=lambda c: c.total)
    assert best.name in at.words("#dossier")
    at.tab.get_by_role("button", name="拟录取").first.click()
    assert state_of(best) == "propose_admit"
    assert at.tab.locator("h1").count() == 1
    assert best.name not in at.words("#dossier h2"), "the next dossier is open"
    assert at.tab.locator(".needs-js:visible").count() == 0
    row = at.tab.locator(f"#row-{best.pk}")
    row.get_by_role("button").click()
    assert state_of(best) == "reading"
    at.tab.get_by_role("button", name="锁定", exact=True).click()
    assert at.heading() == "系统已锁定"
