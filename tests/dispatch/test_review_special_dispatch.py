"""审核批件投档: the source city agrees, all named candidates go to the school on one sheet, or none."""

from io import BytesIO

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from accounts.context import walled
from accounts.refusals import Refusal
from admissions.lifecycle import State
from admissions.models import Candidate, DossierEvent, Request
from admissions.services import requests as services
from admissions.services.dossiers import dossiers_hold
from dispatch.models import Placement, Sheet, SingleDispatch
from dispatch.services import keeping
from quotas.models import PlanLine
from tests import factories
from tests.concurrency import in_threads
from tests.factories_dispatch import admitted_from_pool, placement_of, state_of
from tests.factories_requests import posted
from tests.factories_single import agree, line_at, point_asked, special_asked

PAGE = "dispatch:review_special_dispatch"


@pytest.fixture
def three(make_candidates):
    return make_candidates(3, total=20000)


@pytest.fixture
def row(cast, three, batch, plan_line) -> Request:
    line_at(batch, 25000)
    return special_asked(cast.school, three, batch)


def test_all_go_on_one_sheet_that_the_school_reads(cast, three, row, schools, client_of):
    client = client_of(cast.reviewer)
    assert row.number in client.get(reverse(PAGE)).content.decode()
    one = reverse(f"{PAGE}__one", args=[row.pk])
    page = client.get(one).content.decode()
    assert "控制线 250.00，投档成绩 200.00，低 50.00 分；未填报该校" in page
    client.post(one, posted(decision="approve", words="同意"))
    sheet = Sheet.objects.get()
    assert (sheet.number, sheet.size, sheet.released_at is not None) == (row.number, 3, True)
    assert [state_of(one) for one in three] == [State.SENT] * 3
    assert {placement_of(one).method for one in three} == {"special"}
    reading = reverse("dispatch:decide_as_leader__one", args=[sheet.pk])
    assert three[2].name in client_of(cast.school).get(reading).content.decode()


def test_a_school_that_returned_him_may_have_him_again(cast, three, row, batch, schools, client_of):
    """Guard 4: only a 批件 sends to a school that has returned the candidate in this batch."""
    where = {"season": batch.season, "province": "44", "city": "4401", "county": three[0].county}
    Placement.objects.create(
        candidate=three[0], batch=batch, school=schools[0], supervisor="4401", method="dispatch",
        reason_id="01", closed_at="2026-01-01T00:00Z", **where,
    )  # fmt: skip
    page = client_of(cast.reviewer).get(reverse(f"{PAGE}__one", args=[row.pk])).content.decode()
    assert "本批次曾被该校退档" in page
    agree(cast.reviewer, row)
    assert state_of(three[0]) == State.SENT


def test_one_that_is_not_free_holds_up_all(cast, three, row):
    dossiers_hold(actor=cast.city, candidates=[three[1].pk], held=True, reason="争议")
    with pytest.raises(Refusal, match=f"在库：{three[1].number} 该考生档案已挂起"):
        agree(cast.reviewer, row)
    assert [state_of(one) for one in three] == [State.POOL] * 3
    assert (Sheet.objects.count(), Request.objects.get().state) == (0, "submitted")


def test_seats_are_looked_at_again(cast, three, row):
    PlanLine.objects.update(seats_taken=8)
    with pytest.raises(Refusal, match="少于申请的 3 名"):
        agree(cast.reviewer, row)


def test_it_is_never_approved_in_bulk(cast, three, row):
    kinds = services.kinds_of("dispatch.review_special_dispatch")
    assert services.requests_approve_green(actor=cast.reviewer, kinds=kinds, requests=[row.pk])[0] == 0
    assert state_of(three[0]) == State.POOL


def test_needs_the_function(cast, row, client_of):
    for tail, args in (("", []), ("__one", [row.pk]), ("__register", [])):
        assert client_of(cast.city).get(reverse(PAGE + tail, args=args)).status_code == 403
    with pytest.raises(Refusal, match="没有审核"):
        agree(cast.city, row)


def test_another_city_does_not_see_it(cast, row, three, client_of):
    other = factories.make_user("sz-reviewer", cast.other_city.organisation, "reviewing")
    client = client_of(other)
    assert client.get(reverse(f"{PAGE}__one", args=[row.pk])).status_code == 404
    assert row.number not in client.get(reverse(PAGE)).content.decode()
    agree(cast.reviewer, row)
    assert three[0].number not in client.get(reverse(f"{PAGE}__register")).content.decode()


def test_the_school_sees_nobody_before_approval(cast, three, row):
    with walled(cast.school.scope):
        assert not Candidate.objects.exists()
    agree(cast.reviewer, row)
    with walled(cast.school.scope):
        assert Candidate.objects.count() == 3


def test_executed_approvals_are_listed_and_exported(cast, three, row, client_of):
    client, url = client_of(cast.reviewer), reverse(f"{PAGE}__register")
    assert row.number not in client.get(url).content.decode()
    agree(cast.reviewer, row)
    page = client.get(url, {"candidate": three[1].number}).content.decode()
    assert three[1].number in page
    assert three[0].number not in page
    sheet = load_workbook(BytesIO(client.get(url, {"export": "xlsx"}).content)).active
    cells = [str(cell.value) for line in sheet.iter_rows() for cell in line]
    assert cells.count(row.number) == 3
    assert three[2].number in cells
    assert "考生及家长申请且院校同意接收：院校同意接收" in cells


def test_it_leaves_a_trace(cast, three, row):
    agree(cast.reviewer, row)
    events = DossierEvent.objects.filter(step="special_dispatch")
    assert events.count() == 3
    assert events.first().note == f"考生及家长申请且院校同意接收：院校同意接收（申请 {row.number}）"
    assert (
        SingleDispatch.objects.filter(request=row, asked_by=cast.school, agreed_by=cast.reviewer).count() == 3
    )


def test_cancelled_as_a_whole_they_are_back_in_the_pool(cast, three, row):
    agree(cast.reviewer, row)
    keeping.cancel_sheet(actor=cast.city, sheet=Sheet.objects.get(), reason="批件有误")
    assert [state_of(one) for one in three] == [State.POOL] * 3


@pytest.mark.django_db(transaction=True)
def test_a_school_admits_one_of_them_at_the_moment_of_approval(cast, three, row, plan_line):
    def deed(index: int):
        if index:
            return agree(cast.reviewer, row)
        return admitted_from_pool(cast.school, three[1], plan_line)

    results = in_threads(2, deed)
    assert sorted(results) == ["Refusal", "done"]
    states = [state_of(one) for one in three]
    assert states in ([State.SENT] * 3, [State.POOL, State.ADMIT_SUBMITTED, State.POOL])


@pytest.mark.django_db(transaction=True)
def test_an_approval_and_a_point_dispatch_of_the_same_candidate(cast, three, row, batch, schools):
    other = point_asked(cast.city, "dispatch.admit_below_line", three[2], batch, schools[0])
    deeds = (lambda: agree(cast.reviewer, row), lambda: agree(cast.province, other))
    results = in_threads(2, lambda index: deeds[index]())
    assert sorted(results) == ["Refusal", "done"]
    assert Placement.objects.open().filter(candidate=three[2]).count() == 1
