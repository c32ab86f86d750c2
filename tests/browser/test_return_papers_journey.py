"""A return whose reason needs a paper, from the member's keyboard to the officer's approval."""

import os

import pytest

from admissions.models import DossierPaper
from dispatch.services import deciding
from tests.browser.conftest import with_password
from tests.browser.desk import axe_source
from tests.factories_dispatch import sheet_released, state_of
from tests.factories_papers import dot, waiver_known
from tests.factories_registration import admit, make_window
from tests.factories_registration import state_of as where

AXE = axe_source()


def looked_at(at, name: str) -> None:
    """No barrier, nothing wider than the window; with PICTURES a picture to be looked at."""
    if folder := os.environ.get("PICTURES"):
        at.tab.screenshot(path=f"{folder}/{name}.png")
    assert at.barriers(AXE) == [], at.tab.url
    assert at.tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), at.tab.url
    at.tab.reload()  # axe leaves empty style attributes behind, which a swap would copy


@pytest.fixture
def png(tmp_path):
    """A paper on the desk of the school: one black dot."""
    file = tmp_path / "放弃书.png"
    file.write_bytes(dot())
    return file


@pytest.fixture
def sheet(people, cast, batch, schools, plan_line, make_candidates):
    waiver_known()
    made = sheet_released(cast.city, batch, schools[0], make_candidates(3))
    deciding.sheet_open(actor=cast.school, sheet=made)
    return made


@pytest.mark.django_db(transaction=True)
def test_from_the_keyboard_to_the_approval(desk, people, cast, sheet, png, tmp_path):
    by_keyboard(desk(with_password(cast.member)))
    leader = desk(people["leader"])
    leader.open("组长录退")
    leader.press(sheet.number)
    looked_at(leader, "reading")
    leader.press("提交送审")
    assert "2 名拟退档考生的退档原因须附书面材料，还没有上传" in leader.words("body")
    assert leader.heading() == f"退档材料：投档单 {sheet.number}"
    looked_at(leader, "papers-missing")
    leader.tab.locator("tbody input[type=checkbox]").nth(1).uncheck()
    leader.tab.get_by_label("书面材料").set_input_files(str(png))
    leader.press("上传，用于勾选的考生")
    assert "材料“放弃书.png”已上传，用于 1 名考生" in leader.words("body")
    assert "缺 1 名" in leader.words("body")
    looked_at(leader, "papers-half")
    leader.tab.locator("tr", has_text="缺材料").get_by_role("link").first.click()
    leader.tab.wait_for_load_state()
    looked_at(leader, "dossier-missing")
    wrong = tmp_path / "网页.pdf"
    wrong.write_text("<html></html>")
    leader.tab.get_by_label("选择材料文件").set_input_files(str(wrong))
    leader.press("上传", exact=True)
    assert "按内容识别" in leader.words("body")
    leader.tab.get_by_label("选择材料文件").set_input_files(str(png))
    leader.press("上传", exact=True)
    assert "已附书面材料" in leader.words("#dossier")
    looked_at(leader, "dossier-there")
    leader.press("提交送审")
    leader.press("确认提交送审")
    assert "已提交" in leader.words("body")
    audited(desk(people["reviewer"]), png)


def by_keyboard(at) -> None:
    """t and a digit, twice, without a stop for any paper; then the third is admitted."""
    at.open("指定录退档案")
    at.press("阅档", exact=True)
    rows = at.tab.locator("tr[data-row]")
    for place, keys in enumerate(("t1", "t1", "a")):
        row = rows.nth(place)
        key = row.get_attribute("data-row")
        at.tab.wait_for_selector(f"tr[data-row='{key}'][aria-selected=true]")
        number = row.locator("[data-open]").inner_text()
        at.tab.wait_for_selector(f"#dossier:not([aria-busy=true]) h2:has-text('{number}')")
        for sign in keys:
            at.tab.keyboard.press(sign)
        row.get_by_text("预录取" if keys == "a" else "缺材料").wait_for()
    assert "缺材料" in at.words("#sheet-head")
    looked_at(at, "member")


def audited(at, png) -> None:
    """The mark of the row opens the paper in a tab of its own."""
    at.open("审核退档")
    looked_at(at, "queue")
    with at.context.expect_page() as opened:
        at.tab.get_by_role("link", name="打开书面材料").first.click()
    opened.value.wait_for_load_state()
    assert opened.value.evaluate("document.images[0].naturalWidth") == 1, "the picture itself is shown"
    opened.value.close()
    at.tab.locator("tbody tr").first.get_by_role("link").first.click()
    at.tab.wait_for_load_state()
    assert "放弃书.png" in at.words()
    looked_at(at, "review-one")
    at.open("审核退档")
    at.press("检查全部通过的 2 名，批量通过")
    at.press("确认通过")
    candidates = [paper.candidate for paper in DossierPaper.objects.select_related("candidate")]
    assert [state_of(candidate) for candidate in candidates] == ["pool", "pool"]


@pytest.mark.django_db(transaction=True)
def test_a_cancelled_admission_and_its_track(desk, people, cast, season, plan_line, make_candidates, png):
    make_window(season)
    waiver_known()
    candidates = make_candidates(2)
    admit(candidates, plan_line)
    at = desk(people["leader"])
    at.open("注册与注销")
    for box in at.tab.locator("tbody input[type=checkbox]").all():
        box.check()
    at.press("注销录取", exact=True)
    at.tab.get_by_label("注销原因").select_option("Z01")
    looked_at(at, "cancel")
    at.open("注册与注销")
    for box in at.tab.locator("tbody input[type=checkbox]").all():
        box.check()
    at.press("注销录取", exact=True)
    at.tab.get_by_label("注销原因").select_option("Z01")
    at.press("注销录取", exact=True)
    at.expect_refusal(422)
    assert "须附书面材料，请上传" in at.words()
    at.tab.get_by_label("书面材料").set_input_files(str(png))
    at.press("注销录取", exact=True)
    assert "放弃书.png" in at.words()
    at.press("返回修改")
    assert "已上传“放弃书.png”，不必重新选择" in at.words()
    at.press("注销录取", exact=True)
    at.press("确认注销录取")
    assert [where(candidate) for candidate in candidates] == ["pool", "pool"]
    officer = desk(people["city"])
    officer.open("考生轨迹查询")
    officer.tab.goto(f"{officer.tab.url}?number={candidates[0].number}")
    assert "书面材料（1）" in officer.words()
    looked_at(officer, "track")
    with officer.context.expect_page() as opened:
        officer.press("放弃书.png")
    opened.value.wait_for_load_state()
    assert opened.value.evaluate("document.images[0].naturalWidth") == 1
