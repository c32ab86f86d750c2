"""The table of schools of a run: searched, page by page, with totals, as a workbook; and why, for both persons."""

from io import BytesIO

import pytest
from django.urls import reverse
from python_calamine import CalamineWorkbook

from accounts.models import Deed
from admissions.models import Job
from dispatch.models import RunSchool
from dispatch.services import executing, sending
from dispatch.views import outcomes
from tests import factories
from tests.runs import NOBODY


@pytest.fixture
def run(cast, batch, schools, plan_line, make_candidates):
    """Fifteen want the first school, which has ten seats; nobody wants the second, which has three."""
    factories.make_plan_line(schools[1], batch, seats=3)
    factories.make_choices(make_candidates(15), batch, schools[:1])
    made = sending.run_open(actor=cast.city, batch=batch)
    sending.run_rehearse(actor=cast.city, run=made, progress=NOBODY)
    made.refresh_from_db()
    return made


@pytest.fixture(params=["own", "second"])
def asked(request, cast, run, client_of):
    """A page of the run by the one who opened it, and by the second person."""
    user, page = {
        "own": (cast.city, "dispatch:dispatch_batch__run"),
        "second": (cast.reviewer, "dispatch:confirm_dispatch__run"),
    }[request.param]
    client, url = client_of(user), reverse(page, args=[run.pk])
    return lambda **query: client.get(url, query)


def listed(answer) -> list[str]:
    return [row.school.code for row in answer.context["schools"]]


def test_all_schools_with_their_totals(asked, schools):
    answer = asked()
    assert sorted(listed(answer)) == sorted(school.code for school in schools[:2])
    sums = {"plan": 13, "offered": 13, "wanted": 15, "sent": 10, "short": 3}
    assert sums.items() <= answer.context["summary"].items()
    assert "列出的院校合计" not in answer.content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"school": "10001"}, [0]),
        ({"only": "short"}, [1]),
        ({"only": "nobody"}, [1]),
        ({"school": "99999"}, []),
        ({"only": "nonsense"}, [0, 1]),
    ],
)
def test_some_schools(asked, schools, query, found):
    answer = asked(**query)
    assert sorted(listed(answer)) == sorted(schools[at].code for at in found)
    assert ("没有符合条件的院校" in answer.content.decode()) == (not found)
    assert answer.context["summary"]["sent"] == 10, "totals of all stay"


def test_two_thousand_schools_come_page_by_page(asked, run, schools, monkeypatch):
    monkeypatch.setattr(outcomes, "PER_PAGE", 1)
    first, second = asked(), asked(page=2)
    assert len(listed(first)) == len(listed(second)) == 1
    assert listed(first) != listed(second)
    assert "第 1 页，共 2 页" in first.content.decode()


def test_the_workbook_has_all_schools_and_the_totals(asked, run, schools):
    answer = asked(export="schools", school="10001")
    rows = CalamineWorkbook.from_filelike(BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert rows[0][:7] == ["代码", "院校", "计划余额", "可投", "填报", "投出", "缺额"]
    assert {row[0]: row[2:7] for row in rows[1:-1]} == {
        schools[0].code: [10, 10, 15, 10, 0],
        schools[1].code: [3, 3, 0, 0, 3],
    }
    assert rows[-1][:7] == ["合计", "2 所院校", 13, 13, 15, 10, 3]
    assert Deed.objects.filter(subject=f"导出院校投档结果 {run}", count=2).count() == 1


def test_the_second_person_may_ask_why_too(asked, run):
    lowest = RunSchool.objects.get(run=run, sent__gt=0)
    answer = asked(candidate="0")
    assert "没有找到考生 0" in answer.content.decode()
    number = run.batch.season.candidate_set.order_by("pk").first().number
    assert "第1志愿" in asked(candidate=number).content.decode()
    assert lowest.lowest is not None


def test_the_sheets_of_an_executed_run_are_beside_their_schools(cast, run, schools, client_of):
    sending.run_confirm(actor=cast.reviewer, run=run, fingerprint=run.fingerprint)
    page = reverse("dispatch:dispatch_batch__run", args=[run.pk])
    client = client_of(cast.city)
    assert "投档单</th>" not in client.get(page).content.decode()
    executing.run_execute(actor=cast.city, run=run, progress=NOBODY)
    sheet = run.sheets.get()
    words = client.get(page).content.decode()
    assert reverse("dispatch:find_past_sheets__one", args=[sheet.pk]) in words
    assert "待发布" in words


def test_nothing_is_offered_while_a_job_works_on_the_run(cast, run, client_of):
    sending.run_confirm(actor=cast.reviewer, run=run, fingerprint=run.fingerprint)
    page = reverse("dispatch:dispatch_batch__run", args=[run.pk])
    execute = reverse("dispatch:dispatch_batch__run__execute", args=[run.pk])
    client = client_of(cast.city)
    assert execute in client.get(page).content.decode()
    job = Job.objects.create(
        function=run.function, title=f"执行 {run}", task="dispatch.tasks.execute", subject_id=run.pk,
        owner=cast.city, organisation=cast.city.organisation,
    )  # fmt: skip
    words = client.get(page).content.decode()
    assert "排队中" in words
    assert execute not in words
    assert "下一步" not in words
    Job.objects.filter(pk=job.pk).update(
        state=Job.State.RUNNING
    )  # and nobody works on it: its worker has died
    words = client.get(page).content.decode()
    assert "已中断" in words
    assert execute in words


def test_who_presses_second_is_told_that_it_is_done(cast, run, client_of):
    sending.run_confirm(actor=cast.reviewer, run=run, fingerprint=run.fingerprint)
    executing.run_execute(actor=cast.city, run=run, progress=NOBODY)
    url = reverse("dispatch:dispatch_batch__run__execute", args=[run.pk])
    answer = client_of(cast.city).post(url, {"confirmed": "1"})
    assert answer.status_code == 422
    assert "不会重复执行" in answer.content.decode()
