"""Two journeys after the first dispatch: a student changes school, and one from outside of the roll comes in."""

import os
from datetime import timedelta

import pytest

from admissions.models import Dossier
from registration.models import Enrolment, LateCandidate
from tests import factories
from tests.browser.desk import axe_source
from tests.factories_registration import admit, make_window
from tests.factories_requests import PDF

AXE = axe_source()


def looked_at(at, name: str) -> None:
    """No barrier; with PICTURES a picture to be looked at."""
    assert at.barriers(AXE) == [], at.tab.url
    if folder := os.environ.get("PICTURES"):
        at.tab.screenshot(path=f"{folder}/{name}.png")


@pytest.mark.django_db(transaction=True)
def test_a_student_changes_school(
    desk, people, cast, season, plan_line, schools, batch, make_candidates, tmp_path
):
    make_window(season)
    student = admit(make_candidates(2), plan_line)[0].candidate
    factories.make_plan_line(schools[1], batch, seats=3)
    new, old, city = desk(people["other_leader"]), desk(people["leader"]), desk(people["reviewer"])
    letter = tmp_path / "转学申请（已签字）.pdf"
    letter.write_bytes(PDF)

    new.open("申请考生转学")
    new.press("新申请")
    looked_at(new, "transfer-form")
    new.tab.get_by_label("考生号").fill(student.number)
    new.tab.get_by_label("证件号码或姓名").fill(student.name)
    new.tab.get_by_label("转入计划").select_option(index=1)
    new.tab.get_by_label("申请理由").select_option("X01")
    new.tab.get_by_label("考生本人及家长签字的申请").set_input_files(letter)
    new.press("保存草稿")
    assert "广州市荔湾职业学校" in new.words()
    new.press("提交申请")
    assert "由原录取学校广州市荔湾职业学校、生源地市广州市招办审核" in new.words()
    looked_at(new, "transfer-confirm")
    new.press("确认提交申请")
    mine = new.tab.url

    city.open("审核转校请求")
    looked_at(city, "transfer-queue")
    city.tab.locator("td a").first.click()
    city.press("同意", exact=True)
    assert "尚未答复" in city.words()
    city.expect_refusal(422)

    old.open("工作台")
    assert "申请考生转学：待本校同意" in old.words()
    old.open("申请考生转学")
    old.press("待本校同意")
    looked_at(old, "transfer-consents")
    old.tab.locator("td a").first.click()
    looked_at(old, "transfer-consent")
    old.press("同意", exact=True)

    city.open("审核转校请求")
    city.press("检查全部通过的 1 件")
    city.press("确认同意")
    assert Dossier.objects.get(pk=student.pk).school_id == schools[1].pk

    new.tab.goto(mine)
    assert "已生效" in new.words()
    looked_at(new, "transfer-done")
    new.open("注册与注销")
    assert student.number in new.words()
    old.open("注册与注销")
    assert student.number not in old.words()


@pytest.mark.django_db(transaction=True)
def test_a_late_candidate_is_entered_numbered_and_registered(desk, people, season, plan_line):
    for kind in ("dispatch", "registration"):
        make_window(season, kind, 1, opens=timedelta(days=-40), closes=timedelta(days=-5))
        make_window(season, kind, 2, opens=timedelta(days=-4), closes=timedelta(days=60))
    school, city = desk(people["leader"]), desk(people["reviewer"])
    number = factories.id_number(1)

    school.open("补录考生档案")
    looked_at(school, "late-own")
    school.press("新申请")
    looked_at(school, "late-form")
    fields = {
        "name": "李春生", "id_number": number[:-1] + "0", "graduated_from": "某部队", "handler": "王老师",
        "born_on": "2006-05-01",
    }  # fmt: skip
    for field, text in fields.items():
        school.tab.locator(f"#id_{field}").fill(text)
    for field, code in {"sex": "1", "county": "440103", "reason": "L03"}.items():
        school.tab.locator(f"#id_{field}").select_option(code)
    school.tab.locator("#id_line").select_option(index=1)
    school.press("保存草稿")
    assert "身份证号校验码不对" in school.words()
    school.expect_refusal(422)
    looked_at(school, "late-form-wrong")
    school.tab.locator("#id_id_number").fill(number)
    school.press("保存草稿")
    assert number not in school.words()
    school.press("提交申请")
    looked_at(school, "late-confirm")
    school.press("确认提交申请")

    city.open("审核补录考生")
    looked_at(city, "late-queue")
    city.tab.locator("td a").first.click()
    assert number in city.words()
    looked_at(city, "late-review")
    city.press("同意", exact=True)
    issued = LateCandidate.objects.get().number
    assert issued == "21440103900001"
    assert issued in city.words()

    school.open("查看补录考生审核结果")
    assert issued in school.words()
    assert number not in school.words()
    looked_at(school, "late-results")
    school.open("批量导入补录考生档案")
    looked_at(school, "late-import")
    school.open("注册与注销")
    assert issued in school.words()
    school.tab.locator("tbody input[type=checkbox]").first.check()
    school.press("注册", exact=True)
    school.press("确认注册")
    assert Enrolment.objects.get().stage == 2
