"""指定考生强制回收档案: dossiers are taken back whatever the school has decided."""

import pytest
from django.urls import reverse

from accounts.models import Deed
from accounts.refusals import Refusal
from admissions.lifecycle import State
from admissions.models import DossierEvent
from dispatch.models import ReviewTake
from dispatch.services import deciding, keeping, reviewing, submitting
from tests.concurrency import in_threads, while_another_waits
from tests.dispatch.keeping import (
    WITH_NUMBERS,
    keys,
    page,
    posted,
    taken,
    trace,
    traced,
    unknown_alike,
)
from tests.factories_dispatch import placement_of, sheet_released, sheet_submitted, state_of, version_of


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


def test_the_school_is_told_and_its_late_decision_fails_cleanly(cast, read_sheet, three, client_of):
    version = version_of(three[0])
    keeping.recall_dossier(actor=cast.city, candidates=keys(three[:1]), reason="考生投诉，须重投")
    with pytest.raises(deciding.Stale, match="收回"):
        deciding.dossier_propose_return(
            actor=cast.school, sheet=read_sheet, candidate=three[0].pk, version=version, reason="01"
        )
    client = client_of(cast.school)
    assert "考生投诉，须重投" in client.get(reverse("accounts:workbench")).content.decode()
    reading = client.get(reverse("dispatch:decide_as_leader__one", args=[read_sheet.pk])).content.decode()
    assert "：考生投诉，须重投" in reading
    assert three[0].name not in reading, "out of the school's sight"


def test_chosen_in_the_list_they_are_filled_in(cast, read_sheet, three, client_of):
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


def test_numbers_that_are_none_are_named_and_nothing_is_done(cast, read_sheet, three, client_of):
    fields = {"numbers": f"{three[0].number} 999 888", "reason": "重投", "confirmed": "1"}
    response = client_of(cast.city).post(page("recall_dossier", "by_number"), fields)
    assert response.status_code == 422
    assert "999、888" in response.content.decode()
    assert state_of(three[0]) == State.PROPOSE_ADMIT


def test_another_city_sees_none_of_it(cast, read_sheet, three, client_of):
    client = client_of(cast.other_city)
    for name in ("cancel_sheet", "cancel_dispatch", "recall_dossier", "hold_dossier", "release_dossier"):
        assert three[0].number not in client.get(page(name)).content.decode()
    assert client.get(page("cancel_sheet", "one", read_sheet.pk)).status_code == 404
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


def test_each_deed_leaves_a_trace(cast, read_sheet, three):
    keeping.cancel_dispatch(actor=cast.city, candidates=keys(three[:1]), reason="甲")
    keeping.hold_dossier(actor=cast.city, candidates=keys(three[1:2]), reason="乙")
    keeping.release_dossier(actor=cast.city, candidates=keys(three[1:2]), reason="丙")
    keeping.recall_dossier(actor=cast.city, candidates=keys(three[1:]), reason="丁")
    keeping.cancel_sheet(actor=cast.city, sheet=read_sheet, reason="戊")
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
@pytest.mark.parametrize("way", ["recall", "cancel", "sheet"])
def test_a_seat_taken_while_a_recall_waits_is_given_back(
    cast, batch, schools, plan_line, make_candidates, way
):
    """The school gives a major, and takes a seat, between the look of the office and its lock."""
    one = make_candidates(1)[0]
    sheet = sheet_released(cast.city, batch, schools[0], [one])
    deciding.sheet_open(actor=cast.school, sheet=sheet)
    version = version_of(one)

    def give_a_major():
        at = {"actor": cast.school, "sheet": sheet, "candidate": one.pk, "version": version}
        deciding.dossier_propose_admit(**at, plan_line=plan_line.pk)

    def take_back():
        if way == "sheet":
            return keeping.cancel_sheet(actor=cast.city, sheet=sheet, reason="重投")
        deed = keeping.recall_dossier if way == "recall" else keeping.cancel_dispatch
        return deed(actor=cast.city, candidates=[one.pk], reason="重投")

    assert while_another_waits(give_a_major, take_back) == "done"
    assert (state_of(one), taken()) == (State.POOL, 0)


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


def test_a_submitted_return_that_is_recalled_is_no_return(cast, batch, schools, plan_line, three, client_of):
    """The office took him back before it had decided: the school is told, and he may be sent there again."""
    sheet_submitted(cast.city, cast.school, batch, schools[0], three[:2], three[2:])
    keeping.recall_dossier(actor=cast.city, candidates=keys(three[2:]), reason="投诉属实")
    assert (state_of(three[2]), placement_of(three[2]).reason_id) == (State.POOL, None)
    assert "投诉属实" in client_of(cast.school).get(reverse("accounts:workbench")).content.decode()


def test_it_leaves_a_trace_through_the_page(cast, read_sheet, three, client_of):
    posted(client_of(cast.city), "recall_dossier", three[1:2], reason="考生投诉")
    told = traced(cast.city, "recall_dossier", "考生投诉", "propose_return", "pool")
    assert trace("recall_dossier", three[1]) == told


def test_a_number_of_another_city_is_told_as_one_that_is_none(
    cast, other_batch, schools, make_candidates, client_of
):
    guest = make_candidates(1, city="4403")
    sheet_released(cast.other_city, other_batch, schools[1], guest)
    assert unknown_alike(client_of(cast.city), "recall_dossier", guest[0])
    assert state_of(guest[0]) == State.SENT


def test_needs_the_permission(cast, read_sheet, three, client_of):
    for user in (cast.idle, cast.reviewer, cast.school):
        client = client_of(user)
        assert client.get(page("recall_dossier")).status_code == 403
        assert posted(client, "recall_dossier", three).status_code == 403
    assert state_of(three[0]) == State.PROPOSE_ADMIT
