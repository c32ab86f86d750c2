"""Each logs in, and sees only his menu and his data."""

import pytest

from tests.browser.desk import PASSWORD
from tests.factories_dispatch import sheet_released

CANDIDATES = "考生资料管理"


def numbers_of(desk) -> set[str]:
    """Counties of the candidates on the page of a list, from their numbers."""
    cells = desk.tab.locator("tbody td").all_inner_texts()
    return {cell[2:8] for cell in cells if len(cell) >= 14 and cell.isdecimal()}


def refused(desk, address: str) -> None:
    """Who types the address of another's function is refused."""
    desk.tab.goto(address)
    assert desk.heading() == "没有权限"
    desk.expect_refusal(403)


def test_county_officer_changes_his_first_password_and_sees_his_county(desk, people, candidates):
    user = people["county"]
    user.must_change_password = True
    user.save(update_fields=["must_change_password"])
    at = desk(user)
    assert at.heading() == "修改密码"
    at.tab.goto("/admissions/manage-candidates/")
    assert at.heading() == "修改密码", "nothing else is open before"
    assert at.tab.locator("#menu").count() == 0
    at.tab.get_by_label("旧密码").fill(PASSWORD)
    fields = at.tab.locator("input[type=password]")
    for place in (1, 2):
        fields.nth(place).fill("Xin-mi-ma-2026")
    at.tab.keyboard.press("Enter")
    at.tab.wait_for_url("**/workbench/")
    assert "荔湾" in at.words(".top-bar")
    menu = at.menu()
    assert sorted(menu) == sorted(
        ["工作台", "系统管理", "基本资料", "数据查询", "数据统计", "信息交流", "数据上报"]
    )
    assert menu["系统管理"] == ["锁定系统", "修改密码", "退出系统"]
    at.open(CANDIDATES)
    assert "共 4 条" in at.words(".list-count")
    assert numbers_of(at) == {"440103"}
    refused(at, "/dispatch/dispatch-batch/")
    refused(at, "/rosters/audit-rosters/")


def test_city_officer_sees_his_city_and_finds_functions_by_initials(desk, people, candidates, batch, schools):
    at = desk(people["city"])
    menu = at.menu()
    assert menu["投档"] == [
        "批量投档",
        "指定院校投档",
        "指定派位录取",
        "指定考生线上点投",
        "指定考生线上点投并录取",
        "指定考生线下点投",
        "指定考生线下点投并录取",
    ]
    assert "审核管理" not in menu, "whoever sends may not audit"
    at.tab.keyboard.press("/")
    at.tab.keyboard.type("kszlgl")
    at.tab.keyboard.press("Enter")
    at.tab.wait_for_url("**/manage-candidates/")
    assert "共 6 条" in at.words(".list-count")
    assert numbers_of(at) == {"440103", "440104"}
    at.open("批量投档")
    assert "中职批" in at.words()
    refused(at, "/dispatch/review-admissions/")
    refused(at, "/accounts/manage-users/")


def test_leader_of_a_school_sees_his_sheets_only(desk, people, cast, candidates, batch, other_batch, schools):
    mine = sheet_released(cast.city, batch, schools[0], candidates)
    at = desk(people["leader"])
    assert list(at.menu()) == [
        "工作台", "系统管理", "投档", "审核管理", "档案管理", "数据统计", "信息交流", "招生日报",
    ]  # fmt: skip
    at.open("组长录退")
    assert at.tab.locator("tbody th[scope=row] a").all_inner_texts() == [mine.number]
    refused(at, "/admissions/manage-candidates/")
    other = desk(people["other_leader"])
    other.open("组长录退")
    assert "还没有发给贵校的投档单" in other.words()
    other.tab.goto(f"/dispatch/decide-as-leader/{mine.pk}/")
    assert other.heading() == "没有找到"
    other.expect_refusal(404)


def test_menu_shows_how_much_waits(desk, people, cast, candidates, batch, schools):
    sheet_released(cast.city, batch, schools[0], candidates)
    at = desk(people["leader"])
    entry = at.tab.locator("[data-menu-entry][data-title='组长录退'] .menu-waiting")
    entry.wait_for(state="attached")
    assert entry.text_content() == f"{len(candidates)} 项待办"
    closed = at.tab.locator("details.menu-group:not([open]) > summary > .menu-waiting")
    assert closed.first.text_content() == "1 项待办", "how many entries of the group"
    at.open("组长录退")
    assert "待阅投档单 1" in entry.get_attribute("title")
    at.tab.locator("details.menu-group[open] > summary > .menu-waiting").first.wait_for(state="hidden")


@pytest.mark.usefixtures("candidates")
def test_auditor_of_the_province_sees_its_cities(desk, people):
    at = desk(people["auditor"])
    menu = at.menu()
    assert menu["审核管理"] == ["录取名册审核备案"]
    assert not {"基本资料", "投档控制", "投档", "档案管理", "数据上报"} & set(menu)
    at.open("录取进度统计")
    rows = [row.split()[:2] for row in at.tab.locator("table tr").all_inner_texts()]
    assert ["广州市", "6"] in rows
    assert ["深圳市", "2"] in rows
    assert ["合计", "8"] in rows
    assert "济南" not in at.words()
    at.open("录取名册审核备案")
    refused(at, "/rosters/print-vocational-roster/")
    refused(at, "/admissions/manage-candidates/")


def test_wrong_password_is_told_and_nothing_is_open_without_one(desk, people):
    at = desk()
    at.tab.goto("/dispatch/dispatch-batch/")
    assert at.heading() == "登录"
    at.tab.get_by_label("用户名").fill(people["city"].username)
    at.tab.get_by_label("密码").fill("Cuo-wu-2021")
    at.press("登录")
    at.expect_refusal(422)
    assert "用户名或密码不正确" in at.words()
    assert at.tab.locator("#menu").count() == 0
    at.tab.get_by_label("密码").fill(PASSWORD)
    at.press("登录")
    at.tab.wait_for_url("**/dispatch-batch/")
