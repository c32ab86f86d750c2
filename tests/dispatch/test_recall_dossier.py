"""档案管理: sheets and dispatches cancelled, dossiers recalled, held and released."""

import pytest
from django.urls import reverse

from accounts.models import Deed
from accounts.refusals import Refusal
from admissions.jobs import Progress
from admissions.lifecycle import State
from admissions.models import Dossier, DossierEvent
from dispatch.models import ReviewTake, Sheet
from dispatch.services import deciding, executing, keeping, reviewing, sending, submitting
from quotas.models import PlanLine
from tests.concurrency import in_threads
from tests.factories import make_choices
from tests.factories_dispatch import (
    placement_of,
    sheet_released,
    sheet_submitted,
    state_of,
    version_of,
)

PAGES = ("cancel_sheet", "cancel_dispatch", "recall_dossier", "hold_dossier", "release_dossier")
WITH_NUMBERS = {"cancel_dispatch": "by_number", "recall_dossier": "by_number", "hold_dossier": ""}


def page(name: str, tail: str = "", *args) -> str:
    return reverse(f"dispatch:{name}" + (f"__{tail}" if tail else ""), args=args)


def keys(candidates) -> list[int]:
    return [candidate.pk for candidate in candidates]


def taken() -> int:
    return PlanLine.objects.get().seats_taken


@pytest.fixture
def three(make_candidates):
    return make_candidates(3)


@pytest.fixture
def sheet(cast, batch, schools, plan_line, three) -> Sheet:
    """A sheet being read: the first candidate is proposed for admission, the second for return."""
    sheet = sheet_released(cast.city, batch, schools[0], three)
    deciding.sheet_open(actor=cast.school, sheet=sheet)
    deciding.dossier_propose_admit(
        actor=cast.school, sheet=sheet, candidate=three[0].pk, version=version_of(three[0])
    )
    deciding.dossier_propose_return(
        actor=cast.school, sheet=sheet, candidate=three[1].pk, version=version_of(three[1]), reason="01"
    )
    return sheet


def test_a_sheet_is_cancelled_on_the_page_after_its_figures(cast, sheet, three, client_of):
    client = client_of(cast.city)
    assert sheet.number in client.get(page("cancel_sheet")).content.decode()
    one = page("cancel_sheet", "one", sheet.pk)
    shown = client.post(one, {"reason": "计划有误"}).content.decode()
    assert "将取消投档单" in shown
    assert state_of(three[0]) == State.PROPOSE_ADMIT, "asked first"
    client.post(one, {"reason": "计划有误", "confirmed": "1"})
    assert [state_of(c) for c in three] == [State.POOL] * 3
    assert taken() == 0
    assert all(placement_of(c).closed_at for c in three)
    assert Sheet.objects.get(pk=sheet.pk).cancelled_at
    assert DossierEvent.objects.filter(step="cancel_sheet", note="计划有误").count() == 3
    assert sheet.number not in client.get(page("cancel_sheet")).content.decode()
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


def test_some_dispatches_are_cancelled_and_their_seats_freed(cast, sheet, three):
    assert taken() == 1
    assert keeping.cancel_dispatch(actor=cast.city, candidates=keys(three[:2]), reason="考生申请") == 2
    assert [state_of(c) for c in three] == [State.POOL, State.POOL, State.READING]
    assert taken() == 0


def test_a_submitted_dossier_is_recalled_but_its_dispatch_not_cancelled(
    cast, batch, schools, plan_line, three
):
    sheet_submitted(cast.city, cast.school, batch, schools[0], three[:2], three[2:])
    with pytest.raises(Refusal, match="录取待审") as refused:
        keeping.cancel_dispatch(actor=cast.city, candidates=keys(three), reason="投诉")
    assert "强制回收" in refused.value.hint
    ReviewTake.objects.create(placement_id=placement_of(three[0]).pk, officer=cast.reviewer)
    assert keeping.recall_dossier(actor=cast.city, candidates=keys(three), reason="投诉") == 3
    assert [state_of(c) for c in three] == [State.POOL] * 3
    assert (taken(), ReviewTake.objects.count()) == (0, 0)


def test_an_admitted_dossier_is_not_recalled(cast, batch, schools, plan_line, three):
    sheet_submitted(cast.city, cast.school, batch, schools[0], three)
    reviewing.admissions_approve(actor=cast.reviewer, placements=[placement_of(three[0]).pk])
    with pytest.raises(Refusal, match="录取") as refused:
        keeping.recall_dossier(actor=cast.city, candidates=keys(three), reason="投诉")
    assert "录后退" in refused.value.hint
    assert state_of(three[1]) == State.ADMIT_SUBMITTED, "nothing is done where one is refused"


def test_the_school_is_told_and_its_late_decision_fails_cleanly(cast, sheet, three, client_of):
    version = version_of(three[0])
    keeping.recall_dossier(actor=cast.city, candidates=keys(three[:1]), reason="考生投诉，须重投")
    with pytest.raises(deciding.Stale, match="收回"):
        deciding.dossier_propose_return(
            actor=cast.school, sheet=sheet, candidate=three[0].pk, version=version, reason="01"
        )
    client = client_of(cast.school)
    assert "考生投诉，须重投" in client.get(reverse("accounts:workbench")).content.decode()
    reading = client.get(reverse("dispatch:decide_as_leader__one", args=[sheet.pk])).content.decode()
    assert "：考生投诉，须重投" in reading
    assert three[0].name not in reading, "out of the school's sight"


def test_chosen_in_the_list_they_are_filled_in(cast, sheet, three, client_of):
    client = client_of(cast.city)
    assert three[0].number in client.get(page("recall_dossier")).content.decode()
    asked = client.post(page("recall_dossier", "by_number"), {"all": "1", "query": "state=reading"})
    assert three[2].number in asked.content.decode()
    assert three[0].number not in asked.content.decode()
    fields = {"numbers": f"{three[0].number}，{three[2].number}", "reason": "重投"}
    shown = client.post(page("recall_dossier", "by_number"), fields).content.decode()
    assert three[0].name in shown
    client.post(page("recall_dossier", "by_number"), fields | {"confirmed": "1"})
    assert [state_of(c) for c in three] == [State.POOL, State.PROPOSE_RETURN, State.POOL]


def test_numbers_that_are_none_are_named_and_nothing_is_done(cast, sheet, three, client_of):
    fields = {"numbers": f"{three[0].number} 999 888", "reason": "重投", "confirmed": "1"}
    response = client_of(cast.city).post(page("recall_dossier", "by_number"), fields)
    assert response.status_code == 422
    assert "999、888" in response.content.decode()
    assert state_of(three[0]) == State.PROPOSE_ADMIT


def test_held_it_takes_no_step_and_released_it_goes_on(cast, sheet, three, client_of):
    client = client_of(cast.city)
    fields = {"numbers": three[2].number, "reason": "数据有争议", "confirmed": "1"}
    client.post(page("hold_dossier"), fields)
    assert Dossier.objects.get(pk=three[2].pk).held
    with pytest.raises(Refusal, match="挂起"):
        keeping.recall_dossier(actor=cast.city, candidates=keys(three[2:]), reason="重投")
    with pytest.raises(Refusal, match="已经挂起"):
        keeping.hold_dossier(actor=cast.city, candidates=keys(three[2:]), reason="再次")
    shown = client.get(page("release_dossier")).content.decode()
    assert "数据有争议" in shown
    assert "gz" in shown
    client.post(page("release_dossier", "by_number"), fields | {"reason": "已核实"})
    assert not Dossier.objects.get(pk=three[2].pk).held
    with pytest.raises(Refusal, match="没有挂起"):
        keeping.release_dossier(actor=cast.city, candidates=keys(three[2:]), reason="再次")
    steps = DossierEvent.objects.filter(candidate=three[2], step__endswith="_dossier").order_by("pk")
    assert [(e.word, e.note, e.source == e.target) for e in steps] == [
        ("挂起", "数据有争议", True),
        ("释放", "已核实", True),
    ]


@pytest.mark.parametrize("name", PAGES)
def test_needs_the_permission(cast, name, client_of):
    assert client_of(cast.idle).get(page(name)).status_code == 403
    assert client_of(cast.reviewer).get(page(name)).status_code == 403


def test_another_city_sees_none_of_it(cast, sheet, three, client_of):
    client = client_of(cast.other_city)
    for name in PAGES:
        assert three[0].number not in client.get(page(name)).content.decode()
    assert client.get(page("cancel_sheet", "one", sheet.pk)).status_code == 404
    for name, tail in WITH_NUMBERS.items():
        fields = {"numbers": three[0].number, "reason": "重投", "confirmed": "1"}
        assert client.post(page(name, tail), fields).status_code == 422
    with pytest.raises(Refusal, match="管辖"):
        keeping.recall_dossier(actor=cast.other_city, candidates=keys(three), reason="重投")
    assert state_of(three[0]) == State.PROPOSE_ADMIT


def test_the_supervisor_of_the_school_alone_takes_nothing_back(cast, other_batch, schools, make_candidates):
    """A candidate of 深圳 at a school of 广州: seen by 广州, but his city's alone to take back."""
    guest = make_candidates(1, city="4403")
    sheet_released(cast.other_city, other_batch, schools[0], guest)
    with pytest.raises(Refusal, match="管辖"):
        keeping.recall_dossier(actor=cast.city, candidates=keys(guest), reason="重投")


def test_each_deed_leaves_a_trace(cast, sheet, three):
    keeping.cancel_dispatch(actor=cast.city, candidates=keys(three[:1]), reason="甲")
    keeping.hold_dossier(actor=cast.city, candidates=keys(three[1:2]), reason="乙")
    keeping.release_dossier(actor=cast.city, candidates=keys(three[1:2]), reason="丙")
    keeping.recall_dossier(actor=cast.city, candidates=keys(three[1:]), reason="丁")
    keeping.cancel_sheet(actor=cast.city, sheet=sheet, reason="戊")
    found = Deed.objects.filter(actor=cast.city, note__in=list("甲乙丙丁戊")).order_by("pk")
    assert [(deed.note, deed.count) for deed in found] == [
        ("甲", 1),
        ("乙", 1),
        ("丙", 1),
        ("丁", 2),
        ("戊", 0),
    ]


@pytest.mark.django_db(transaction=True)
def test_a_recall_against_a_submit_leaves_one_of_both(cast, batch, schools, plan_line, make_candidates):
    candidates = make_candidates(4)
    sheet = sheet_released(cast.city, batch, schools[0], candidates)
    deciding.sheet_open(actor=cast.school, sheet=sheet)
    submitting.majors_assign(actor=cast.school, sheet=sheet)

    def deed(index: int):
        if index:
            return keeping.recall_dossier(actor=cast.city, candidates=keys(candidates[:2]), reason="重投")
        return submitting.sheet_submit(actor=cast.school, sheet=sheet)

    results = in_threads(2, deed)
    assert results == ["done", "done"], "a recall takes what was submitted too"
    assert [state_of(c) for c in candidates[:2]] == [State.POOL] * 2
    assert [state_of(c) for c in candidates[2:]] == [State.ADMIT_SUBMITTED] * 2
    assert taken() == 2


@pytest.mark.django_db(transaction=True)
def test_two_officers_on_one_dossier(cast, batch, schools, plan_line, make_candidates):
    candidates = make_candidates(1)
    sheet_released(cast.city, batch, schools[0], candidates)
    actors = (cast.city, cast.second)
    results = in_threads(
        2,
        lambda index: keeping.recall_dossier(actor=actors[index], candidates=keys(candidates), reason="重投"),
    )
    assert sorted(results) == ["Refusal", "done"]
    assert DossierEvent.objects.filter(step="recall_dossier").count() == 1


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
