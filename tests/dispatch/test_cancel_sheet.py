"""指定投档单取消投档: a whole sheet goes back to the pool."""

import pytest
from django.urls import reverse

from accounts.refusals import Refusal
from admissions.jobs import Progress
from admissions.lifecycle import State
from admissions.models import DossierEvent
from dispatch.models import Sheet
from dispatch.services import executing, keeping, sending
from quotas.models import PlanLine
from tests.dispatch.keeping import page, taken, trace, traced
from tests.factories import make_choices
from tests.factories_dispatch import placement_of, sheet_released, sheet_submitted, state_of


def test_a_sheet_is_cancelled_on_the_page_after_its_figures(cast, read_sheet, three, client_of):
    client = client_of(cast.city)
    assert read_sheet.number in client.get(page("cancel_sheet")).content.decode()
    one = page("cancel_sheet", "one", read_sheet.pk)
    shown = client.post(one, {"reason": "计划有误"}).content.decode()
    assert "将取消投档单" in shown
    assert "其中未定 1、拟录取 1、拟退档 1" in shown
    assert three[1].name in shown
    assert "可用“指定考生线上点投”" in shown
    assert state_of(three[0]) == State.PROPOSE_ADMIT, "asked first"
    client.post(one, {"reason": "计划有误", "confirmed": "1"})
    assert [state_of(c) for c in three] == [State.POOL] * 3
    assert taken() == 0
    assert all(placement_of(c).closed_at for c in three)
    assert Sheet.objects.get(pk=read_sheet.pk).cancelled_at
    assert DossierEvent.objects.filter(step="cancel_sheet", note="计划有误").count() == 3
    assert read_sheet.number not in client.get(page("cancel_sheet")).content.decode()
    assert client.get(one).status_code == 404


def test_a_submitted_sheet_is_not_cancelled_as_a_whole(cast, batch, schools, plan_line, three):
    sheet = sheet_submitted(cast.city, cast.school, batch, schools[0], three)
    with pytest.raises(Refusal, match="已经提交"):
        keeping.cancel_sheet(actor=cast.city, sheet=sheet, reason="误投")
    assert state_of(three[0]) == State.ADMIT_SUBMITTED


def test_what_a_tie_put_above_the_plan_goes_with_its_sheet(cast, batch, schools, plan_line, three):
    sheet = sheet_released(cast.city, batch, schools[0], three)
    sheet.run.schools.update(plan=2, sent=3)
    PlanLine.objects.update(seats_planned=2, seats_over=1)
    keeping.cancel_sheet(actor=cast.city, sheet=sheet, reason="误投")
    assert PlanLine.objects.get().seats_over == 0


def test_a_run_is_undone_after_one_of_its_sheets_was_cancelled(
    cast, batch, schools, plan_line, make_candidates
):
    """What a tie put above the plan goes back once, with the sheet, and not again with the run."""
    for candidate in make_candidates(12):
        candidate.total = 30000
        candidate.save(update_fields=["total"])
        make_choices([candidate], batch, schools[:1])
    batch.tie_policy, batch.tie_keys = "accept_all", []
    batch.save()
    nobody = Progress("00000000-0000-0000-0000-000000000000")
    run = sending.run_open(actor=cast.city, batch=batch)
    sending.run_rehearse(actor=cast.city, run=run, progress=nobody)
    run.refresh_from_db()
    sending.run_confirm(actor=cast.reviewer, run=run, fingerprint=run.fingerprint)
    executing.run_execute(actor=cast.city, run=run, progress=nobody)
    assert PlanLine.objects.get().seats_over == 2
    keeping.cancel_sheet(actor=cast.city, sheet=run.sheets.get(), reason="误投")
    assert PlanLine.objects.get().seats_over == 0
    assert executing.run_cancel(actor=cast.city, run=run, reason="误投") == 0
    assert PlanLine.objects.get().seats_over == 0


def test_what_stands_in_the_way_is_told_before_anything_is_confirmed(cast, read_sheet, three, client_of):
    one = page("cancel_sheet", "one", read_sheet.pk)
    keeping.hold_dossier(actor=cast.city, candidates=[three[2].pk], reason="核查")
    answer = client_of(cast.city).post(one, {"reason": "误投"})
    assert answer.status_code == 422
    assert f"有 1 份档案已挂起（{three[2].number}），未作任何改动" in answer.content.decode()
    assert client_of(cast.city).post(one, {"reason": " ", "confirmed": "1"}).status_code == 422
    assert state_of(three[0]) == State.PROPOSE_ADMIT


def test_another_citys_sheet_is_not_there(cast, read_sheet, three, client_of):
    """Nor is it for the county, which does not dispatch."""
    one = page("cancel_sheet", "one", read_sheet.pk)
    for user in (cast.other_city, cast.county):
        client = client_of(user)
        assert read_sheet.number not in client.get(page("cancel_sheet")).content.decode()
        assert client.get(one).status_code == 404
        assert client.post(one, {"reason": "误投", "confirmed": "1"}).status_code == 404
    assert state_of(three[0]) == State.PROPOSE_ADMIT


def test_the_school_reads_why(cast, read_sheet, three, client_of):
    keeping.cancel_sheet(actor=cast.city, sheet=read_sheet, reason="计划录错")
    assert "计划录错" in client_of(cast.school).get(reverse("accounts:workbench")).content.decode()
    assert {placement_of(one).reason_id for one in three} == {None}, "no draft of a return bars anybody"


def test_it_leaves_a_trace(cast, read_sheet, three, client_of):
    client_of(cast.city).post(
        page("cancel_sheet", "one", read_sheet.pk), {"reason": "误投", "confirmed": "1"}
    )
    for candidate, before in zip(three, ("propose_admit", "propose_return", "reading"), strict=True):
        assert trace("cancel_sheet", candidate) == traced(cast.city, "cancel_sheet", "误投", before, "pool")


def test_needs_the_permission(cast, read_sheet, three, client_of):
    for user in (cast.idle, cast.reviewer, cast.school):
        client = client_of(user)
        assert client.get(page("cancel_sheet")).status_code == 403
        one = page("cancel_sheet", "one", read_sheet.pk)
        assert client.post(one, {"reason": "误投", "confirmed": "1"}).status_code == 403
    assert state_of(three[0]) == State.PROPOSE_ADMIT
