"""The lock screen hides everything, and comes back with the page kept."""

import pytest

from tests.browser.desk import PASSWORD


@pytest.mark.usefixtures("candidates")
def test_lock_screen_hides_all_and_gives_the_page_back(desk, people):
    at = desk(people["city"])
    at.tab.goto("/admissions/manage-candidates/?state=pool")
    kept = at.tab.url
    assert "张𬱖䶮" in at.words()
    twin = at.context.new_page()
    at.press("锁定", exact=True)
    assert at.heading() == "系统已锁定"
    for tab in (at.tab, twin):
        for address in ("/admissions/manage-candidates/?state=pool", "/accounts/workbench/", "/"):
            tab.goto(address)
            assert tab.url.endswith("/accounts/unlock/")
            assert "张𬱖䶮" not in tab.content()
            assert tab.locator("#menu").count() == 0
    at.tab.go_back()
    assert "张𬱖䶮" not in at.tab.content(), "nor does the history show it"
    at.tab.goto("/accounts/unlock/")
    at.tab.get_by_label("密码").fill("Cuo-wu-2021")
    at.tab.keyboard.press("Enter")
    at.tab.wait_for_selector("text=密码不正确")
    at.expect_refusal(422)
    at.tab.get_by_label("密码").fill(PASSWORD)
    at.tab.keyboard.press("Enter")
    at.tab.wait_for_url(kept)
    assert "张𬱖䶮" in at.words()
