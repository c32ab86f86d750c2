"""批量导入补录考生档案: all errors at once, then a request for the audit from each row, or nothing."""

from datetime import timedelta

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import Deed
from accounts.refusals import Refusal
from admissions.imports.pipeline import wrong_path
from admissions.models import ImportedFile, Request
from admissions.services.imports import job_of, path_of
from quotas.models import PlanLine
from registration.models import LateCandidate
from tests import factories, sheets
from tests.factories_registration import admit, make_window
from tests.registration.conftest import LATE

PAGE = "registration:import_late_candidates"
PROFILE = "late_candidates"


def row(late, serial: int, **changes) -> dict:
    """A faultless row."""
    values = late.values(serial)
    same = (
        "name",
        "sex",
        "id_type",
        "id_number",
        "ethnic_group",
        "graduated_from",
        "graduated_in",
        "handler",
    )
    return {name: values[name] for name in same} | {
        "birth_date": values["born_on"], "county_code": values["county"], "category": "往届初中毕业生",
        "major_code": late.line.major_code,
    } | changes  # fmt: skip


@pytest.fixture
def bring(late, importing):
    def bring(*rows, actor=None, **kwargs):
        return importing(actor or late.school, PROFILE, sheets.sheet(PROFILE, rows), **kwargs)

    return bring


def test_rows_become_requests_for_the_audit(late, bring, importing, client_of):
    file = bring(row(late, 1), row(late, 2, category="L03", handler="李老师"))
    assert (file.state, file.rows_read, file.rows_new) == ("checked", 2, 2), file.findings
    assert not Request.objects.exists()
    importing.confirm(late.school, file)
    assert (file.state, job_of(file).words) == ("written", "已写入：新增 2，变更 0，不变 0，消失 0。")
    first, second = Request.objects.order_by("pk")
    assert (first.state, first.kind, first.reason, second.reason) == ("submitted", LATE, "L01", "L03")
    assert second.payload["handler"] == "李老师"
    assert [party.organisation.region for party in first.parties.all()] == ["4401"]
    client = client_of(late.reviewer)
    page = client.get(reverse("registration:review_late_candidates")).content.decode()
    assert "检查全部通过的 2 件" in page


def test_the_pages_are_the_schools_own(late, client_of, importing):
    client = client_of(late.school)
    page = client.get(reverse(PAGE)).content.decode()
    assert "补录考生信息" in page
    answer = client.get(reverse(f"{PAGE}__template", args=[PROFILE]))
    words = " ".join(str(cell) for line in _book(answer)["说明"].values for cell in line if cell)
    for word in ("经办人", "L03 复员退伍军人", "440103 荔湾区", "11 满族"):
        assert word in words
    upload = sheets.SimpleUploadedFile("名单.xlsx", sheets.sheet(PROFILE, [row(late, 1)]))
    with importing.capture(execute=True):
        client.post(reverse(f"{PAGE}__upload"), {"profile": PROFILE, "upload": upload, "form_key": "a" * 32})
    file = ImportedFile.objects.get()
    assert file.organisation == late.school.organisation
    shown = client.get(reverse(f"{PAGE}__file", args=[file.pk])).content.decode()
    assert "检查通过，待确认" in shown
    assert late.values(1)["id_number"] not in shown


def _book(answer):
    from io import BytesIO

    return load_workbook(BytesIO(answer.content))


def test_all_errors_at_once(late, schools, batch, make_candidates, bring):
    make_candidates(1, id_number=late.values(2)["id_number"])
    admit(
        make_candidates(1, id_number=late.values(3)["id_number"]), factories.make_plan_line(schools[1], batch)
    )
    late.enter(4)
    file = bring(
        row(late, 2),
        row(late, 3),
        row(late, 4),
        row(late, 5, id_number="440103200005010010"),
        row(late, 6, handler=""),
        row(late, 7, major_code="999999"),
        row(late, 8, category="L09"),
        row(late, 9, county_code="370102"),
        row(late, 10, category="宇航员"),
        row(late, 11, graduated_in="16"),
        row(late, 12, birth_date="1950-01-01"),
        row(late, 13, id_number=late.values(2)["id_number"]),
    )
    assert file.state == "faulty"
    words = sheets.words_of(file)
    for word in (
        "本年度考生库中已有该证件号码的考生",
        "该考生已在本省投档、录取或注册，或不参加本次录取",
        "同一证件号码已有学校补录，正在审核",
        "身份证号校验码不对",
        "必填项为空",
        "本校没有面向该生源地市的这个专业（方向）的计划",
        "该考生类别须在“情况说明”中写明具体情况",
        "代码不在代码表中",
        "毕业年份应为四位年份",
        "补录考生应为 14 至 60 周岁",
        "证件号码在文件中重复",
    ):
        assert word in words, word
    assert schools[1].name not in str(file.findings)
    book = load_workbook(wrong_path(path_of(file)))
    assert next(book.active.values)[-1] == "错误原因"
    assert Request.objects.count() == 1


def test_more_rows_than_seats(late, bring):
    file = bring(row(late, 1), row(late, 2), row(late, 3))
    (finding,) = [one for one in file.findings if one["level"] == "error"]
    assert (finding["message"], finding["places"][0]["row"]) == ("该专业面向该生源地市的计划只余 2 个", 4)


def test_lines_of_one_major_are_filled_one_after_the_other(late, batch, bring, importing):
    PlanLine.objects.filter(pk=late.line.pk).update(seats_taken=1)
    other = factories.make_plan_line(late.line.school, batch, seats=1, track="网络")
    file = bring(row(late, 1), row(late, 2))
    importing.confirm(late.school, file)
    lines = [one.payload["line"] for one in Request.objects.order_by("pk")]
    assert lines == [late.line.pk, other.pk]


def test_outside_of_the_stage_nothing_comes_in(late, season, bring):
    make_window(season, "dispatch", 2, opens=timedelta(days=3), closes=timedelta(days=9))
    file = bring(row(late, 1))
    assert any("第二阶段（学校自行组织生源）投档录取尚未开始" in words for words in sheets.words_of(file))


def test_what_has_changed_since_the_check_is_not_written(late, cast, bring, importing):
    file = bring(row(late, 1))
    late.enter(1)
    importing.confirm(late.school, file)
    assert file.state == "uploaded"
    assert "没有写入" in job_of(file).words
    assert Request.objects.count() == 1


def test_needs_the_function(late, cast, bring, client_of):
    for actor in (cast.member, cast.registrar, cast.city):
        assert client_of(actor).get(reverse(PAGE)).status_code == 403
    with pytest.raises(Refusal, match="没有该功能的权限"):
        bring(row(late, 1), actor=cast.member)


def test_another_schools_file_is_not_there(late, cast, bring, client_of):
    file = bring(row(late, 1))
    client = client_of(cast.other_school)
    for tail in ("file", "file__wrong"):
        assert client.get(reverse(f"{PAGE}__{tail}", args=[file.pk])).status_code == 404
    assert client.post(reverse(f"{PAGE}__file__confirm", args=[file.pk])).status_code == 404
    assert file.file_name not in client.get(reverse(f"{PAGE}__files")).content.decode()


def test_another_schools_plan_cannot_be_named(late, schools, batch, cast, bring):
    file = bring(row(late, 1), actor=cast.other_school)
    assert "本校没有面向该生源地市的这个专业（方向）的计划" in sheets.words_of(file)


def test_too_many_rows_are_refused_as_a_whole(late, bring, monkeypatch):
    monkeypatch.setattr("registration.imports.MOST", 2)
    file = bring(row(late, 1), row(late, 2), row(late, 3))
    assert (file.state, sheets.words_of(file)) == ("refused", {"一份文件最多 2 名考生，本文件有 3 行。"})


def test_it_leaves_a_trace(late, bring, importing):
    importing.confirm(late.school, bring(row(late, 1)))
    assert Deed.objects.filter(actor=late.school, subject="导入补录考生信息", count=1).exists()
    made = Request.objects.get()
    assert [event.deed for event in made.events.all()] == ["drafted", "submitted"]
    assert made.asked_by == late.school
    assert not LateCandidate.objects.exists()
