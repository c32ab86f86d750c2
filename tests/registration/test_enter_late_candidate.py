"""补录考生档案: a school enters a person outside of the base roll; what is wrong is told at once."""

from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse

from accounts.context import walled
from accounts.models import Deed
from accounts.refusals import Refusal
from admissions.models import Candidate, Dossier, Request, Season
from admissions.services import requests as services
from dispatch.models import SchoolControl
from quotas.models import PlanLine
from registration.models import Enrolment
from tests import factories
from tests.factories_registration import admit, make_window, register
from tests.factories_requests import paper, posted
from tests.registration.conftest import LATE

PAGE = "registration:enter_late_candidate"


def told(late, client_of, serial=1, **more) -> str:
    """The page after a form that is refused; nothing is kept."""
    answer = client_of(late.school).post(reverse(f"{PAGE}__new"), posted(**late.values(serial, **more)))
    assert answer.status_code == 422
    assert not Request.objects.exists()
    return answer.content.decode()


def test_a_school_enters_a_person_and_submits(late, client_of, media):
    client = client_of(late.school)
    form = client.get(reverse(f"{PAGE}__new")).content.decode()
    for words in ("考生类别", "复员退伍军人", "经办人", "广州市 荔湾区"):
        assert words in form
    answer = client.post(reverse(f"{PAGE}__new"), posted(**late.values(), paper=paper("退伍证.pdf")))
    row = Request.objects.get()
    page = client.get(answer.url).content.decode()
    assert "退伍证.pdf" in page
    number = late.values()["id_number"]
    assert number not in page
    assert f"{number[:6]}**********{number[-2:]}" in page
    submit = reverse(f"{PAGE}__submit", args=[row.pk])
    assert "由生源地市广州市招办审核，期限 3 天" in client.post(submit, {"version": 0}).content.decode()
    client.post(submit, posted(version=0, confirmed="1"))
    row.refresh_from_db()
    assert (row.state, row.number[:2], row.subject) == ("submitted", "BL", f"late:{number}")
    assert not Candidate.objects.exists()


def test_a_draft_can_be_changed(late, client_of):
    row = late.draft()
    client, edit = client_of(late.school), reverse(f"{PAGE}__edit", args=[row.pk])
    page = client.get(edit).content.decode()
    for value in ("王老师", "2000-05-01", late.values()["id_number"]):
        assert value in page
    client.post(edit, posted(**late.values(handler="李老师")))
    assert Request.objects.get().payload["handler"] == "李老师"


def test_needs_the_function(late, cast, client_of):
    client = client_of(cast.member)
    row = late.draft()
    assert client.get(reverse(PAGE)).status_code == 403
    assert client.post(reverse(f"{PAGE}__new"), posted(**late.values())).status_code == 403
    assert client.get(reverse(f"{PAGE}__one", args=[row.pk])).status_code == 403


def test_another_school_sees_nothing(late, cast, client_of):
    row = late.enter()
    client = client_of(cast.other_school)
    assert client.get(reverse(f"{PAGE}__one", args=[row.pk])).status_code == 404
    assert row.number not in client.get(reverse(PAGE)).content.decode()
    with walled(cast.other_school.scope), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM admissions_request")
        assert cursor.fetchone()[0] == 0


def test_another_schools_line_cannot_be_chosen(late, schools, batch, client_of):
    line = factories.make_plan_line(schools[1], batch)
    assert "选择一个有效的选项" in told(late, client_of, line=line.pk)


def test_who_enters_must_be_named(late, client_of):
    assert 'href="#id_handler">经办人</a>：' in told(late, client_of, handler="")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"id_number": "440103200005010010"}, "身份证号校验码不对"),
        ({"id_number": "44010320000501"}, "身份证号应为 17 位数字加 1 位数字或 X"),
        ({"born_on": "2000-05-02"}, "与“出生日期”不一致"),
        ({"sex": "2"}, "与“性别”不一致"),
        ({"name": "测试"}, "不是真实姓名"),
        ({"phone": "电话"}, "不是电话号码"),
        ({"county": "440104", "reason": "L09"}, "须写明具体情况"),
    ],
)
def test_a_person_who_cannot_be_is_refused(late, client_of, values, words):
    assert words in told(late, client_of, **values)


@pytest.mark.parametrize("born", ["2010-05-01", "1950-05-01"])
def test_the_age_is_the_provinces_rule(late, client_of, born):
    from datetime import date

    number = factories.id_number(1, born=date.fromisoformat(born))
    assert "补录考生应为 14 至 60 周岁" in told(late, client_of, born_on=born, id_number=number)


def test_a_small_x_is_an_x(late):
    serial = next(n for n in range(500) if late.values(n)["id_number"].endswith("X"))
    row = late.draft(serial, id_number=late.values(serial)["id_number"].lower())
    assert row.payload["id_number"].endswith("X")


def test_who_is_in_the_roll_is_admitted_from_the_pool(late, make_candidates, client_of):
    number = late.values()["id_number"]
    make_candidates(1, city="4403", id_number=number)
    assert "本年度考生库中已有该证件号码的考生，请用“录取在库考生”办理" in told(late, client_of)


def test_who_is_somewhere_is_not_told_where(late, schools, batch, make_candidates, client_of):
    line = factories.make_plan_line(schools[1], batch)
    admit(make_candidates(1, id_number=late.values()["id_number"]), line)
    page = told(late, client_of)
    assert "已投档、录取或注册在本省其他学校" in page
    assert schools[1].name not in page
    admit(make_candidates(1, id_number=late.values(2)["id_number"]), late.line)
    assert "已投档、录取或注册在贵校" in told(late, client_of, 2)
    out = make_candidates(1, id_number=late.values(3)["id_number"])[0]
    Dossier.objects.filter(pk=out.pk).update(state="excluded")
    assert "已被普通高中录取或不参加本次录取" in told(late, client_of, 3)


def test_the_same_person_with_another_document_is_looked_at(late, make_candidates, client_of):
    """A passport here, an identity card in the roll: the numbers differ, the person may not."""
    values = late.values()
    same = {"name": values["name"], "sex": "1", "born_on": values["born_on"]}
    student = make_candidates(1, city="4403", id_type="3", id_number="E12345678", **same)[0]
    row = late.enter()
    page = client_of(late.reviewer).get(reverse("registration:review_late_candidates__one", args=[row.pk]))
    assert "姓名、性别、出生日期都相同而证件号码不同" in page.content.decode()
    assert student.number not in page.content.decode()
    done, left = services.requests_approve_green(
        actor=late.reviewer, kinds=[services.kind_of(row.kind)], requests=[row.pk]
    )
    assert (done, len(left)) == (0, 1)
    other = late.enter(serial=2)
    page = client_of(late.reviewer).get(reverse("registration:review_late_candidates__one", args=[other.pk]))
    assert "不在考生库中" in page.content.decode()


def test_who_registered_in_an_earlier_year_is_looked_at(late, cast, season, make_candidates, client_of):
    before = Season.objects.create(province="44", year=2020, intake="autumn", name="2020", current=False)
    student = factories.make_candidate_rows(before, 1, id_number=late.values()["id_number"])[0]
    batch = factories.make_batch(before)
    register(admit([student], factories.make_plan_line(late.line.school, batch)), cast.school)
    row = late.enter()
    page = client_of(late.reviewer).get(reverse("registration:review_late_candidates__one", args=[row.pk]))
    assert "2020 年已在本省注册入学，请核实是否退学" in page.content.decode()
    assert Enrolment.objects.count() == 1


def test_one_person_has_one_open_entry(late, cast, schools, batch, client_of):
    late.enter()
    line = factories.make_plan_line(schools[1], batch)
    answer = client_of(cast.other_school).post(reverse(f"{PAGE}__new"), posted(**late.values(line=line.pk)))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "同一证件号码已有学校补录，正在审核" in page
    assert late.line.school.name not in page


def test_only_for_a_line_with_a_seat_and_of_his_city(late, schools, other_batch, client_of):
    factories.make_plan_line(schools[0], other_batch)
    assert "计划不面向该考生的生源地市" in told(late, client_of, county="440303")
    PlanLine.objects.filter(pk=late.line.pk).update(seats_taken=2)
    assert "计算机应用计划 2 个，已满" in told(late, client_of)
    PlanLine.objects.filter(pk=late.line.pk).update(seats_taken=0)
    SchoolControl.objects.create(batch=late.line.batch, school=schools[0], status="finished")
    assert "已设为“录取结束”" in told(late, client_of)


def test_only_in_the_second_stage(late, season, client_of):
    make_window(season, "dispatch", 2, opens=timedelta(days=1), closes=timedelta(days=60))
    assert "第二阶段（学校自行组织生源）投档录取尚未开始" in told(late, client_of)
    make_window(season, "dispatch", 2, opens=timedelta(days=-9), closes=timedelta(minutes=-1))
    assert "已于" in told(late, client_of)
    season.windows.filter(stage=2).delete()
    assert "的时间尚未设置" in told(late, client_of)


def test_a_draft_of_yesterday_is_not_submitted_today(late, season):
    row = late.draft()
    make_window(season, "dispatch", 2, opens=timedelta(days=-9), closes=timedelta(minutes=-1))
    from admissions.services.requests import request_submit

    with pytest.raises(Refusal, match=r"时间：第二阶段.*已于.*截止"):
        request_submit(actor=late.school, request=row)


def test_it_leaves_a_trace_without_the_document(late):
    row = late.enter()
    assert [event.deed for event in row.events.all()] == ["drafted", "submitted"]
    deeds = Deed.objects.filter(actor=late.school)
    assert deeds.filter(subject=f"补录考生档案：提交 {row.number}").exists()
    number = late.values()["id_number"]
    assert not [deed for deed in deeds if number in f"{deed.subject}{deed.note}"]
    assert number not in str(list(row.events.values_list("content", "words")))
    assert row.kind == LATE
