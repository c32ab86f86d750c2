"""批量投入录取: each line is answered, whoever can be is admitted."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import load_workbook

from accounts.context import walled
from accounts.models import Deed
from accounts.refusals import Refusal
from accounts.views.workbooks import workbook_bytes
from admissions.lifecycle import State
from admissions.models import Dossier, DossierEvent, DossierPaper
from dispatch.services import pool_bulk
from dispatch.services.pool_bulk import Line
from quotas.models import PlanLine
from tests import factories
from tests.factories_dispatch import sheet_released, state_of
from tests.factories_papers import stored
from tests.factories_requests import paper

PAGE = "dispatch:admit_in_bulk"


@pytest.fixture
def candidates(make_candidates):
    return make_candidates(4)


def text(candidates, major="710201") -> str:
    return "\n".join(f"{c.number} {c.name} {major}" for c in candidates)


def test_paste_check_confirm(cast, candidates, plan_line, client_of):
    client = client_of(cast.school)
    shown = client.post(reverse(PAGE), {"lines": text(candidates)}).content.decode()
    assert shown.count("可录取</span>") == 4
    assert candidates[0].name not in shown.split("逐行结果")[1]
    sent = {"lines": text(candidates), "agreed": "on", "confirmed": "1"}
    lacking = client.post(reverse(PAGE), sent)
    assert lacking.status_code == 422
    assert "请上传名单中考生及家长签字的申请" in lacking.content.decode()
    assert "录取 4 名，送生源地审核" in lacking.content.decode(), "one is still at the confirmation"
    response = client.post(reverse(PAGE), sent | {"paper": paper()})
    assert response.status_code == 200
    assert DossierPaper.objects.values("path").distinct().count() == 1
    assert DossierPaper.objects.count() == 4
    assert {state_of(c) for c in candidates} == {State.ADMIT_SUBMITTED}
    assert PlanLine.objects.get(pk=plan_line.pk).seats_taken == 4


def test_a_workbook_does_as_well(cast, candidates, plan_line, client_of):
    rows = [("考生号", "姓名", "专业代码"), *((c.number, c.name, "710201") for c in candidates)]
    file = SimpleUploadedFile("名单.xlsx", workbook_bytes(rows))
    shown = client_of(cast.school).post(reverse(PAGE), {"lines": "", "file": file}).content.decode()
    assert shown.count("可录取</span>") == 4
    assert f"{candidates[3].number} {candidates[3].name} 710201" in shown


def test_what_cannot_be_done_comes_first_and_as_a_workbook(cast, candidates, plan_line, client_of):
    lines = f"{text(candidates[:2])}\n{candidates[2].number} 错名 710201\n{candidates[3].number} {candidates[3].name} 999999"
    client = client_of(cast.school)
    shown = client.post(reverse(PAGE), {"lines": lines}).content.decode().split("逐行结果")[1]
    assert shown.index(candidates[3].number) < shown.index(candidates[0].number)
    answer = client.post(reverse(PAGE), {"lines": lines, "wrong": "1"})
    head, *rows = load_workbook(BytesIO(answer.content)).active.iter_rows(values_only=True)
    assert head == ("考生号", "姓名", "专业代码", "原因")
    assert [(row[0], row[1]) for row in rows] == [
        (candidates[2].number, "错名"),
        (candidates[3].number, candidates[3].name),
    ]
    assert rows[0][3] == "没有找到考生号与姓名一致的考生。"
    assert {state_of(c) for c in candidates} == {State.POOL}


def test_each_line_says_why_not(cast, batch, schools, candidates, plan_line, make_candidates):
    factories.make_plan_line(schools[1], batch)
    sheet_released(cast.city, batch, schools[1], [candidates[0]])
    Dossier.objects.filter(pk=candidates[1].pk).update(held=True)
    shenzhen = make_candidates(1, city="4403")[0]
    lines = [
        Line(1, candidates[0].number, candidates[0].name, "710201"),
        Line(2, candidates[1].number, candidates[1].name, "710201"),
        Line(3, candidates[2].number, "别人", "710201"),
        Line(4, candidates[2].number, candidates[2].name, "710201"),
        Line(5, candidates[3].number, candidates[3].name, "999999"),
        Line(6, shenzhen.number, shenzhen.name, "710201"),
        Line(7, candidates[3].number, candidates[3].name, "710201"),
    ]
    with walled(cast.school.scope):
        words = [result.words for result in pool_bulk.pool_check(actor=cast.school, lines=lines)]
    assert "不在库" in words[0]
    assert "已挂起" in words[1]
    assert "没有找到" in words[2]
    assert words[3].startswith("与第 3 行重复")
    assert "没有招生计划" in words[4]
    assert "没有招生计划" in words[5]
    assert words[6].startswith("与第 5 行重复")


def test_seats_run_out_in_the_order_of_the_list(cast, candidates, schools, batch):
    line = factories.make_plan_line(schools[0], batch, seats=2)
    lines = [Line(i, c.number, c.name, "710201") for i, c in enumerate(candidates, 1)]
    results = pool_bulk.admit_in_bulk(actor=cast.school, lines=lines, paper=stored())
    assert [result.good for result in results] == [True, True, False, False]
    assert PlanLine.objects.get(pk=line.pk).seats_taken == 2


def test_nobody_to_admit_is_refused(cast, candidates, client_of):
    fields = {"lines": text(candidates), "agreed": "on", "confirmed": "1", "paper": paper()}
    response = client_of(cast.school).post(reverse(PAGE), fields)
    assert response.status_code == 422
    assert "名单中没有可以录取的考生" in response.content.decode()


def test_without_the_signed_applications_nobody_is_admitted(cast, candidates, plan_line):
    """A rule of the service, whoever calls it."""
    lines = [Line(i, c.number, c.name, "710201") for i, c in enumerate(candidates, 1)]
    with pytest.raises(Refusal, match="请上传名单中考生及家长签字的申请"):
        pool_bulk.admit_in_bulk(actor=cast.school, lines=lines, paper=None)
    assert {state_of(c) for c in candidates} == {State.POOL}


def test_sent_twice_it_is_done_once(cast, candidates, plan_line, client_of):
    client = client_of(cast.school)
    fields = {
        "lines": text(candidates),
        "agreed": "on",
        "confirmed": "1",
        "form_key": "11111111-1111-4111-8111-111111111111",
    }
    client.post(reverse(PAGE), fields | {"paper": paper()})
    assert client.post(reverse(PAGE), fields | {"paper": paper()}).status_code == 302
    assert DossierEvent.objects.filter(step="admit_from_pool").count() == 4


def test_permission_and_other_end(cast, plan_line, client_of):
    assert client_of(cast.member).get(reverse(PAGE)).status_code == 403
    assert client_of(cast.city).get(reverse(PAGE)).status_code == 403


def test_candidates_of_another_province_are_not_found(cast, plan_line, make_candidates):
    foreign = make_candidates(1, city="3701")[0]
    lines = [Line(1, foreign.number, foreign.name, "710201")]
    assert "没有找到" in pool_bulk.pool_check(actor=cast.school, lines=lines)[0].words


def test_it_leaves_a_trace(cast, candidates, plan_line):
    lines = [Line(i, c.number, c.name, "710201") for i, c in enumerate(candidates, 1)]
    pool_bulk.admit_in_bulk(actor=cast.school, lines=lines, paper=stored())
    assert Deed.objects.filter(subject="批量投入录取 4 名考生", count=4, actor=cast.school).exists()
