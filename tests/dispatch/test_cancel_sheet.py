"""指定投档单取消投档: a whole sheet goes back to the pool."""

import pytest

from accounts.refusals import Refusal
from admissions.jobs import Progress
from admissions.lifecycle import State
from admissions.models import DossierEvent
from dispatch.models import Sheet
from dispatch.services import executing, keeping, sending
from quotas.models import PlanLine
from tests.dispatch.keeping import page, taken
from tests.factories import make_choices
from tests.factories_dispatch import placement_of, sheet_released, sheet_submitted, state_of


def test_a_sheet_is_cancelled_on_the_page_after_its_figures(cast, read_sheet, three, client_of):
    client = client_of(cast.city)
    assert read_sheet.number in client.get(page("cancel_sheet")).content.decode()
    one = page("cancel_sheet", "one", read_sheet.pk)
    shown = client.post(one, {"reason": "计划有误"}).content.decode()
    assert "将取消投档单" in shown
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


def test_needs_the_permission(cast, client_of):
    assert client_of(cast.idle).get(page("cancel_sheet")).status_code == 403
    assert client_of(cast.reviewer).get(page("cancel_sheet")).status_code == 403
