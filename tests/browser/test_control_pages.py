"""投档控制 at the desk: a school chosen in the list, looked at, set; conditions tried; a version taken back."""

import os

import pytest
from django.urls import reverse

from admissions.services.controls import control_restore
from dispatch.models import SchoolCondition, SchoolControl, StatusRequest
from dispatch.services import control, status
from dispatch.services.control import CONTROLS
from quotas.models import Reserve
from tests import factories
from tests.browser.desk import axe_source
from tests.dispatch.test_controls import change

AXE = axe_source()


@pytest.fixture
def ready(batch, schools, plan_line, make_candidates):
    for number in range(12):
        school = factories.make_school(f"3{number:04d}", name=f"广州市第{number}中等职业技术学校")
        factories.make_plan_line(school, batch, seats=30)
    boys, girls = make_candidates(3, sex="1"), make_candidates(4, sex="2")
    factories.make_choices([*boys, *girls], batch, schools[:1])
    return boys, girls


def look(at, name: str) -> None:
    """No barrier; and a picture where one is asked for."""
    if folder := os.environ.get("PICTURES"):
        at.tab.screenshot(path=f"{folder}/{name}.png")
    assert at.barriers(AXE) == [], name


def test_a_school_is_chosen_looked_at_and_paused(desk, people, batch, ready):
    at = desk(people["city"])
    at.open("设置院校状态")
    look(at, "batches")
    at.tab.get_by_role("link", name="设置", exact=True).first.click()
    at.tab.get_by_label("代码或名称").fill("荔湾")
    at.press("查询")
    at.tab.get_by_label("选择 10001").check()
    look(at, "list")
    at.press("设置所选")
    at.tab.get_by_label("院校状态").select_option("paused")
    look(at, "form")
    at.press("提交", exact=True)
    assert "涉及 1 所院校、7 名填报了志愿的考生" in at.words()
    look(at, "confirm")
    assert not SchoolControl.objects.exists()
    at.press("确认提交")
    assert SchoolControl.objects.get().status == "paused"
    at.press("版本")
    look(at, "versions")
    at.press("还原")
    at.press("还原", exact=True)
    at.press("确认还原")
    assert SchoolControl.objects.get().status == "open"


def test_conditions_are_built_and_tried_without_script(desk, people, batch, ready):
    at = desk(java_script_enabled=False)
    at.log_in(people["city"].username)
    at.tab.goto(reverse("dispatch:set_school_conditions__change", args=[batch.pk]) + "?school=10001")
    at.tab.get_by_label("第 1 行项目").select_option("sex")
    at.tab.get_by_label("第 1 行要求").fill("2")
    at.tab.get_by_label("试一名考生").fill(ready[0][0].number)
    at.press("试算")
    assert "性别要求：女，本人男" in at.words()
    at.press("提交", exact=True)
    assert "填报 7 名，符合条件的由 7 名变为 4 名" in at.words()
    at.press("确认提交")
    assert SchoolCondition.objects.get().demand == "2"


@pytest.mark.usefixtures("ready")
def test_no_page_has_a_barrier(desk, people, cast, season, batch):
    factories.make_batch(season, "4401", "43", name="第二批")
    at = desk(people["city"])
    for key, one in CONTROLS.items():
        change(one, cast, batch)
        name = key.replace(".", ":")
        tails = ["one", "import", "versions", *(["change"] if one.keyed else [])]
        for tail in tails:
            at.tab.goto(reverse(f"{name}__{tail}", args=[batch.pk]))
            look(at, f"{one.function.split('.')[1]}-{tail}")
        at.tab.goto(reverse(f"{name}__restore", args=[batch.pk, 1]))
        at.press("还原", exact=True)
        look(at, f"{one.function.split('.')[1]}-restore")
        control_restore(actor=cast.city, control=one, batch=batch, number=1)


def test_reserve_and_status(desk, people, cast, batch, schools, ready):
    Reserve.objects.create(batch=batch, school=schools[0], seats=1)
    control.set_region_line(actor=cast.city, batch=batch, county="", score=30000)
    numbers = [candidate.number for candidate in ready[0]]
    asked = status.status_request(actor=cast.city, status="absent", words="缺考两科", numbers=numbers)
    at = desk(people["city"])
    for address, name in (
        (reverse("quotas:set_reserve__one", args=[batch.pk]), "reserve"),
        (reverse("quotas:set_reserve__use", args=[batch.pk]), "reserve-use"),
        (reverse("dispatch:set_region_line"), "lines"),
        (reverse("dispatch:set_candidate_status"), "status"),
        (reverse("dispatch:set_candidate_status__new"), "status-new"),
        (reverse("dispatch:set_candidate_status__one", args=[asked.pk]), "status-one"),
    ):
        at.tab.goto(address)
        look(at, name)
    at.press("复核")
    at.tab.get_by_label("同意，立即生效").check()
    look(at, "status-decide")
    at.press("复核", exact=True)
    at.press("确认复核")
    assert StatusRequest.objects.get().state == "effective"
