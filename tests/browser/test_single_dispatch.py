"""点投 below the line and 批件投档 in the browser: asked, agreed, read by the school, listed."""

import pytest

from tests import factories
from tests.browser.conftest import with_password
from tests.browser.desk import axe_source
from tests.factories_dispatch import state_of
from tests.factories_requests import PDF
from tests.factories_single import line_at, point_asked

AXE = axe_source()


@pytest.fixture
def letter(tmp_path):
    path = tmp_path / "批准文件.pdf"
    path.write_bytes(PDF)
    return path


def looked_at(at) -> None:
    assert at.barriers(AXE) == [], at.tab.url


@pytest.mark.django_db(transaction=True)
def test_below_the_line_the_province_agrees(desk, people, batch, schools, plan_line, make_candidates, letter):
    candidate = make_candidates(1, total=23850)[0]
    line_at(batch, 25000)
    head = with_password(factories.make_user("gd-head", factories.make_organisation("44"), "head"))
    city, province, school = desk(people["city"]), desk(head), desk(people["leader"])

    city.open("指定考生线下点投")
    looked_at(city)
    city.press("新申请")
    looked_at(city)
    city.tab.get_by_label("考生号").fill(candidate.number)
    city.tab.get_by_label("姓名").fill(candidate.name)
    city.tab.get_by_label("批次").select_option(index=1)
    city.tab.get_by_label("院校代码").fill(schools[0].code)
    city.tab.get_by_label("签字人").fill("王一 李二")
    city.tab.get_by_label("申请理由").select_option("D03")
    city.tab.get_by_label("情况说明").fill("申诉裁定应予补投")
    city.tab.get_by_label("两人签字的批准文件").set_input_files(letter)
    city.press("保存草稿")
    assert "低 11.50 分" in city.words()
    looked_at(city)
    city.press("提交申请")
    assert "高风险操作" in city.words()
    looked_at(city)
    city.press("确认提交申请")

    province.open("工作台")
    assert "投档复核：指定考生线下点投" in province.words()
    province.open("投档复核")
    looked_at(province)
    province.press("点投待复核 1 件")
    looked_at(province)
    province.tab.locator("td a").first.click()
    assert "11.50 分" in province.words(".facts-danger")
    looked_at(province)
    province.press("同意", exact=True)
    assert state_of(candidate) == "sent"
    province.open("投档复核")
    province.press("线下投档登记")
    assert candidate.number in province.words()
    looked_at(province)

    school.open("组长录退")
    school.tab.locator("main a", has_text="XX2021").first.click()
    assert candidate.name in school.words()
    looked_at(school)


@pytest.mark.django_db(transaction=True)
def test_the_queue_fits_the_screen(desk, people, cast, batch, schools, plan_line, make_candidates):
    candidates = make_candidates(2)
    line_at(batch, 100)
    for key, candidate in zip(("admit_above_line", "dispatch_above_line"), candidates, strict=True):
        point_asked(cast.city, f"dispatch.{key}", candidate, batch, schools[0])
    reviewer = desk(people["reviewer"])
    reviewer.open("投档复核")
    reviewer.press("点投待复核 2 件")
    assert reviewer.tab.locator("tbody tr").count() == 2
    over = "box => box.scrollWidth - box.clientWidth"
    assert reviewer.tab.locator(".table-scroll").evaluate(over) <= 0, "1366 px, without scrolling sideways"


@pytest.mark.django_db(transaction=True)
def test_a_school_asks_for_two_of_the_pool(desk, people, batch, schools, plan_line, make_candidates, letter):
    two = make_candidates(2)
    line_at(batch, 40000)
    school, reviewer = desk(people["leader"]), desk(people["reviewer"])
    school.open("申请批件投档")
    looked_at(school)
    school.press("新申请")
    looked_at(school)
    school.tab.get_by_label("批次").select_option(index=1)
    names = "\n".join(f"{one.number} {one.name} 院校同意接收" for one in two)
    school.tab.locator("#id_names").fill(names)
    school.tab.get_by_label("申请理由").select_option("B02")
    school.tab.get_by_label("各级签字的批件").set_input_files(letter)
    school.press("保存草稿")
    assert "2 名均在库" in school.words()
    assert "控制线" not in school.words()
    looked_at(school)
    school.press("提交申请")
    school.press("确认提交申请")

    reviewer.open("审核批件投档")
    looked_at(reviewer)
    reviewer.tab.locator("td a").first.click()
    assert "控制线 400.00" in reviewer.words()
    looked_at(reviewer)
    reviewer.press("同意", exact=True)
    assert [state_of(one) for one in two] == ["sent", "sent"]
    reviewer.press("批件台账")
    assert two[1].number in reviewer.words()
    looked_at(reviewer)
    school.open("申请批件投档")
    school.press("批件台账")
    looked_at(school)
