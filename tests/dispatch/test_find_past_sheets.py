"""历史投档单查询: every sheet there was, with what became of its dossiers."""

from io import BytesIO

import pytest
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook

from accounts.models import Deed
from admissions.models import Batch
from dispatch.models import Sheet
from dispatch.services import reviewing
from tests.factories_dispatch import placement_of, sheet_submitted

PAGE = "dispatch:find_past_sheets"


@pytest.fixture
def candidates(make_candidates):
    return make_candidates(2)


@pytest.fixture
def sheet(cast, batch, schools, plan_line, candidates):
    return sheet_submitted(cast.city, cast.school, batch, schools[0], candidates[:1], candidates[1:])


def test_the_cancelled_are_there_too(cast, sheet, client_of):
    Sheet.objects.filter(pk=sheet.pk).update(cancelled_at=timezone.now())
    words = client_of(cast.city).get(reverse(PAGE), {"state": "cancelled"}).content.decode()
    assert sheet.number in words


def test_a_sheet_tells_what_became_of_each_dossier(cast, sheet, candidates, client_of):
    reviewing.returns_approve(actor=cast.reviewer, placements=[placement_of(candidates[1]).pk])
    words = client_of(cast.city).get(reverse(f"{PAGE}__one", args=[sheet.pk])).content.decode()
    assert "已退档" in words
    assert "总分低录取额满" in words
    assert candidates[0].name in words


def test_a_sheet_tells_the_mode_it_was_made_with(cast, batch, sheet, client_of):
    made, now = batch.get_mode_display(), Batch.Mode.TIERS
    assert batch.mode != now
    Batch.objects.filter(pk=batch.pk).update(mode=now, ratio_percent=120, tie_policy="reject_all")
    client = client_of(cast.city)
    for page in (reverse(f"{PAGE}__one", args=[sheet.pk]), reverse("dispatch:dispatch_batch")):
        words = client.get(page).content.decode()
        assert f"<td>{made}</td>" in words or f"<dd>{made}</dd>" in words
        assert f"<dd>{now.label}</dd>" not in words
        assert "<dd>120%</dd>" not in words


def test_a_sheet_is_exported_with_what_became_of_each_dossier(cast, sheet, candidates, client_of):
    reviewing.returns_approve(actor=cast.reviewer, placements=[placement_of(candidates[1]).pk])
    page = reverse(f"{PAGE}__one", args=[sheet.pk])
    answer = client_of(cast.city).get(page, {"export": "xlsx"})
    rows = CalamineWorkbook.from_filelike(BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    found = {row[1]: row for row in rows[1:-1]}
    assert {number: row[6] for number, row in found.items()} == {
        candidates[0].number: "录取待审",
        candidates[1].number: "已退档",
    }
    ended = placement_of(candidates[1]).closed_at
    assert found[candidates[1].number][9] == f"{timezone.localtime(ended):%Y-%m-%d %H:%M:%S}", "local time"
    assert rows[-1][:2] == ["合计", "2 份档案"]
    assert Deed.objects.filter(subject=f"导出投档单 {sheet.number}", count=2).count() == 1
    assert client_of(cast.other_city).get(page, {"export": "xlsx"}).status_code == 404


def test_a_sheet_leads_to_its_run_whoever_may_open_it(cast, sheet, client_of):
    one = reverse(f"{PAGE}__one", args=[sheet.pk])
    assert (
        reverse("dispatch:dispatch_batch__run", args=[sheet.run_id])
        in client_of(cast.city).get(one).content.decode()
    )
    assert "所属投档" not in client_of(cast.reviewer).get(one).content.decode()


def test_another_citys_sheet_does_not_exist(cast, sheet, client_of):
    client = client_of(cast.other_city)
    assert client.get(reverse(f"{PAGE}__one", args=[sheet.pk])).status_code == 404
    assert sheet.number not in client.get(reverse(PAGE)).content.decode()


def test_permission(cast, sheet, client_of):
    assert client_of(cast.idle).get(reverse(PAGE)).status_code == 403
    assert client_of(cast.school).get(reverse(f"{PAGE}__one", args=[sheet.pk])).status_code == 403
