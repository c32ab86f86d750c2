"""A plan transfer in the browser: the school asks, one city returns it, both agree, the seats move."""

import pytest

from quotas.models import PlanLine
from tests import factories
from tests.browser.conftest import with_password
from tests.browser.desk import axe_source
from tests.factories_requests import PDF, PNG

AXE = axe_source()


@pytest.fixture
def lines(schools, plan_line, other_batch):
    """Ten seats for 广州 and six for 深圳, of one major."""
    return plan_line, factories.make_plan_line(schools[0], other_batch, seats=6)


def seats(lines) -> list[int]:
    return [PlanLine.objects.get(pk=line.pk).seats for line in lines]


def looked_at(at) -> None:
    assert at.barriers(AXE) == [], at.tab.url


@pytest.mark.django_db(transaction=True)
def test_a_transfer_between_two_cities(desk, people, lines, tmp_path):
    shenzhen = factories.make_user("sz-reviewer", factories.make_organisation("4403"), "reviewing")
    school, giver, taker = desk(people["leader"]), desk(people["reviewer"]), desk(with_password(shenzhen))
    letter = tmp_path / "计划调整公函.pdf"
    letter.write_bytes(PDF)

    school.open("申请调整区域间计划")
    looked_at(school)
    school.press("新申请")
    looked_at(school)
    school.tab.get_by_label("调出计划").select_option(index=1)
    school.tab.get_by_label("调入计划").select_option(index=2)
    school.tab.get_by_label("调整数").fill("6")
    school.tab.get_by_label("申请理由").select_option("T01")
    school.tab.get_by_label("计划调整公函").set_input_files(letter)
    school.press("保存草稿")
    assert "计划调整公函.pdf" in school.words()
    looked_at(school)
    chart = tmp_path / "生源表.png"
    chart.write_bytes(PNG)
    school.tab.locator("#id_paper").set_input_files(chart)
    school.press("添加附件")
    assert "生源表.png" in school.words()
    school.press("提交申请")
    assert "由调出市广州市招办、调入市深圳市招办审核" in school.words()
    looked_at(school)
    school.press("确认提交申请")
    assert "审核中" in school.words()
    mine = school.tab.url

    taker.open("审核调整区域间计划")
    looked_at(taker)
    taker.tab.locator("td a").first.click()
    looked_at(taker)
    with taker.tab.expect_download() as download:
        taker.tab.get_by_role("link", name="计划调整公函.pdf").click()
    assert download.value.suggested_filename == "计划调整公函.pdf"
    taker.tab.get_by_label("退回或不同意的理由").select_option("U02")
    taker.tab.get_by_label("意见").fill("我市只需 4 个")
    taker.press("退回修改")
    assert "没有待审核的申请" in taker.words()

    school.tab.goto(mine)
    assert "我市只需 4 个" in school.words()
    school.press("修改", exact=True)
    school.tab.get_by_label("调整数").fill("4")
    school.press("保存修改")
    school.press("提交申请")
    school.press("确认提交申请")

    taker.open("审核调整区域间计划")
    taker.tab.locator("td a").first.click()
    taker.press("同意", exact=True)
    assert seats(lines) == [10, 6]
    giver.open("审核调整区域间计划")
    looked_at(giver)
    giver.press("检查全部通过的 1 件")
    looked_at(giver)
    giver.press("确认同意")
    assert seats(lines) == [6, 10]

    school.tab.goto(mine)
    assert "已生效" in school.words()
    looked_at(school)
    school.open("工作台")
    assert "已生效：计算机应用 4 个计划由广州市调到深圳市" in school.words()
