"""指定录退档案: open a sheet, decide on its dossiers, seats and versions."""

import pytest
from django.db import connection
from django.urls import reverse

from accounts.context import walled
from accounts.models import Deed, User
from accounts.refusals import Refusal
from admissions.lifecycle import State
from admissions.models import Candidate, DossierEvent
from dispatch.models import SchoolControl, Sheet
from dispatch.services import deciding
from quotas.models import PlanLine
from quotas.services import SeatsExhausted
from tests import factories
from tests.concurrency import in_threads
from tests.factories_dispatch import placement_of, sheet_released, state_of, version_of

PAGE = "dispatch:decide_dossiers"


@pytest.fixture
def candidates(make_candidates):
    return make_candidates(4)


@pytest.fixture
def sheet(cast, batch, schools, plan_line, candidates):
    """Four dossiers on a sheet of the first school, opened."""
    sheet = sheet_released(cast.city, batch, schools[0], candidates)
    deciding.sheet_open(actor=cast.member, sheet=sheet)
    return sheet


def admit(actor, sheet, candidate, **kwargs):
    return deciding.dossier_propose_admit(
        actor=actor, sheet=sheet, candidate=candidate.pk, version=version_of(candidate), **kwargs
    )


def refuse(actor, sheet, candidate, **kwargs):
    deciding.dossier_propose_return(
        actor=actor, sheet=sheet, candidate=candidate.pk, version=version_of(candidate), **kwargs
    )


def decide(client, sheet, candidate, **fields):
    values = {"candidate": candidate.pk, "version": version_of(candidate)} | fields
    return client.post(reverse(f"{PAGE}__decide", args=[sheet.pk]), values)


def taken(line) -> int:
    return PlanLine.objects.get(pk=line.pk).seats_taken


def test_opening_is_written_once_and_dossiers_are_read(
    cast, batch, schools, plan_line, candidates, client_of
):
    sheet = sheet_released(cast.city, batch, schools[0], candidates)
    client = client_of(cast.member)
    client.get(reverse(f"{PAGE}__one", args=[sheet.pk]))
    assert Sheet.objects.get(pk=sheet.pk).opened_at is None
    client.post(reverse(f"{PAGE}__open", args=[sheet.pk]))
    opened = Sheet.objects.get(pk=sheet.pk).opened_at
    assert opened is not None
    assert {state_of(c) for c in candidates} == {State.READING}
    client.post(reverse(f"{PAGE}__open", args=[sheet.pk]))
    assert Sheet.objects.get(pk=sheet.pk).opened_at == opened
    assert DossierEvent.objects.filter(step="read").count() == 4


def test_admit_takes_a_seat_and_undecide_gives_it_back(cast, sheet, candidates, plan_line, client_of):
    client = client_of(cast.member)
    response = decide(client, sheet, candidates[0], decision="admit", plan_line=plan_line.pk)
    assert response.status_code == 302
    assert (state_of(candidates[0]), taken(plan_line)) == (State.PROPOSE_ADMIT, 1)
    assert placement_of(candidates[0]).plan_line_id == plan_line.pk
    decide(client, sheet, candidates[0], decision="undecide")
    assert (state_of(candidates[0]), taken(plan_line)) == (State.READING, 0)
    assert placement_of(candidates[0]).plan_line_id is None


def test_the_major_follows_the_choices_of_the_candidate(cast, sheet, candidates, plan_line):
    assert admit(cast.member, sheet, candidates[0]) == plan_line


def test_changing_the_major_moves_the_seat(cast, sheet, candidates, plan_line, batch, schools):
    other = factories.make_plan_line(schools[0], batch, major="730301", seats=1)
    admit(cast.member, sheet, candidates[0])
    admit(cast.member, sheet, candidates[0], plan_line=other.pk)
    assert (taken(plan_line), taken(other)) == (0, 1)
    with pytest.raises(SeatsExhausted):
        admit(cast.member, sheet, candidates[1], plan_line=other.pk)
    assert state_of(candidates[1]) == State.READING


def test_return_after_admit_gives_the_seat_back(cast, sheet, candidates, plan_line):
    admit(cast.member, sheet, candidates[0])
    refuse(cast.member, sheet, candidates[0], reason="Z99", words="考生书面放弃")
    placement = placement_of(candidates[0])
    assert (placement.reason_id, placement.reason_words, placement.plan_line_id) == (
        "Z99",
        "考生书面放弃",
        None,
    )
    assert taken(plan_line) == 0


def test_a_reason_that_needs_words_is_refused_without(cast, sheet, candidates, client_of):
    response = decide(client_of(cast.member), sheet, candidates[0], decision="return", reason="Z99")
    assert response.status_code == 422
    assert "须另作文字说明" in response.content.decode()
    assert state_of(candidates[0]) == State.READING


def test_nobody_is_returned_for_naming_no_major(cast, batch, schools, plan_line, make_candidates):
    from admissions.models import ReturnReason

    ReturnReason.objects.create(code="02", name="所报专业已满不服从调剂")
    one = make_candidates(1)
    sheet = sheet_released(cast.city, batch, schools[0], one, majors=())
    deciding.sheet_open(actor=cast.member, sheet=sheet)
    with pytest.raises(Refusal, match="没有填报专业志愿，不能以此为由退档"):
        refuse(cast.member, sheet, one[0], reason="02")
    with pytest.raises(Refusal, match="请先与考生确认"):
        admit(cast.member, sheet, one[0])


def test_a_stale_version_is_a_conflict_told_in_both_versions(cast, sheet, candidates, client_of):
    before = version_of(candidates[0])
    admit(cast.member, sheet, candidates[0])
    response = decide(
        client_of(cast.school), sheet, candidates[0], decision="return", reason="01", version=before
    )
    words = response.content.decode()
    assert response.status_code == 409
    assert "院校在阅" in words
    assert "预录取" in words
    assert cast.member.name in words
    assert state_of(candidates[0]) == State.PROPOSE_ADMIT


def test_a_fragment_answers_with_row_header_and_pane(cast, sheet, candidates, plan_line, client_of):
    response = client_of(cast.member).post(
        reverse(f"{PAGE}__decide", args=[sheet.pk]),
        {"candidate": candidates[0].pk, "version": version_of(candidates[0]), "decision": "admit"},
        headers={"HX-Request": "true"},
    )
    words = response.content.decode()
    assert words.lstrip().startswith("<tr data-row=")
    assert 'id="sheet-head"' in words
    assert "innerHTML:#dossier" in words


def test_the_school_sees_masked_numbers_and_its_own_choice_only(
    cast, sheet, candidates, batch, schools, client_of
):
    from admissions.models import Choice

    Choice.objects.create(
        candidate=candidates[0], batch=batch, position=2, school=schools[1], majors=["730301"]
    )
    url = reverse(f"{PAGE}__dossier", args=[sheet.pk, candidates[0].pk])
    words = client_of(cast.member).get(url).content.decode()
    assert candidates[0].id_number not in words
    assert candidates[0].id_number[:6] in words
    assert "第 1 志愿" in words
    assert "第 2 志愿" not in words


def test_permission(cast, sheet, client_of):
    for page in (PAGE, f"{PAGE}__one"):
        args = [sheet.pk] if page != PAGE else []
        assert client_of(cast.registrar).get(reverse(page, args=args)).status_code == 403


def test_another_schools_sheet_does_not_exist(cast, sheet, candidates, client_of):
    client = client_of(cast.other_school)
    assert client.get(reverse(f"{PAGE}__one", args=[sheet.pk])).status_code == 404
    assert decide(client, sheet, candidates[0], decision="admit").status_code == 404


def test_a_sheet_not_released_does_not_exist(cast, batch, schools, plan_line, make_candidates, client_of):
    sheet = sheet_released(cast.city, batch, schools[0], make_candidates(1), released=False)
    assert client_of(cast.member).get(reverse(f"{PAGE}__one", args=[sheet.pk])).status_code == 404


def test_a_paused_school_decides_nothing(cast, sheet, candidates, batch, schools):
    SchoolControl.objects.create(batch=batch, school=schools[0], status=SchoolControl.Status.PAUSED)
    with pytest.raises(Refusal, match="暂停"):
        admit(cast.member, sheet, candidates[0])


def test_it_leaves_a_trace(cast, sheet, candidates):
    admit(cast.member, sheet, candidates[0])
    event = DossierEvent.objects.filter(candidate=candidates[0]).last()
    assert (event.step, event.note, event.deed.actor) == ("propose_admit", "专业：计算机应用", cast.member)
    assert Deed.objects.filter(subject=f"投档单 {sheet.number}").exists()


def test_a_dossier_is_found_by_its_number(cast, sheet, candidates, client_of):
    client = client_of(cast.member)
    assert candidates[0].name in client.get(reverse(PAGE), {"q": candidates[0].number}).content.decode()
    other = client.get(reverse(PAGE), {"q": "不存在"}).content.decode()
    assert "没有这名考生" in other


def test_it_works_behind_the_wall(cast, sheet, candidates):
    with walled(cast.member.scope):
        assert Candidate.objects.filter(pk=candidates[0].pk).exists()
        admit(cast.member, sheet, candidates[0])
    assert state_of(candidates[0]) == State.PROPOSE_ADMIT


@pytest.mark.django_db(transaction=True)
def test_ten_seats_take_exactly_ten_of_thirty(cast, batch, schools, plan_line, make_candidates):
    many = make_candidates(30)
    sheet = sheet_released(cast.city, batch, schools[0], many)
    deciding.sheet_open(actor=cast.member, sheet=sheet)
    connection.close()

    def deed(index):
        actor = User.objects.get(pk=cast.member.pk)
        admit(
            actor, Sheet.objects.select_related("batch").get(pk=sheet.pk), many[index], plan_line=plan_line.pk
        )

    results = in_threads(30, deed)
    assert (results.count("done"), results.count("SeatsExhausted")) == (10, 20)
    assert taken(plan_line) == 10
    assert sum(state_of(c) == State.PROPOSE_ADMIT for c in many) == 10


@pytest.mark.django_db(transaction=True)
def test_of_two_members_at_one_dossier_one_is_told(cast, sheet, candidates, plan_line, client_of):
    version = version_of(candidates[0])
    clients = [client_of(cast.member), client_of(cast.school)]
    fields = [{"decision": "admit"}, {"decision": "return", "reason": "01"}]
    codes = []

    def deed(index):
        response = decide(clients[index], sheet, candidates[0], version=version, **fields[index])
        codes.append(response.status_code)

    assert in_threads(2, deed) == ["done", "done"]
    assert sorted(codes) == [302, 409]
    assert version_of(candidates[0]) == version + 1
