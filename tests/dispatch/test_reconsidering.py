"""退回复议: coded, kept round by round, shown to the school, listed and counted for both sides."""

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from accounts.context import walled
from accounts.refusals import Refusal
from admissions.coded import reasons_of
from admissions.lifecycle import State
from admissions.models import DossierEvent
from dispatch.models import Reconsideration, ReviewTake
from dispatch.queries.reading import reading_of
from dispatch.queries.sheets import lines_of, rows_of, sent_back
from dispatch.services import deciding, reviewing, submitting
from tests import factories
from tests.factories_dispatch import placement_of, sheet_submitted, state_of, version_of

RETURNS, ADMISSIONS = "dispatch:review_returns", "dispatch:review_admissions"


@pytest.fixture
def candidates(make_candidates):
    return make_candidates(4)


@pytest.fixture
def sheet(cast, batch, schools, plan_line, candidates):
    return sheet_submitted(cast.city, cast.school, batch, schools[0], candidates[:2], candidates[2:])


def keys(*candidates) -> list[int]:
    return [placement_of(candidate).pk for candidate in candidates]


def again(cast, sheet, candidate):
    """The school proposes his return once more, and submits."""
    deciding.dossier_propose_return(
        actor=cast.school,
        sheet=sheet,
        candidate=candidate.pk,
        version=version_of(candidate),
        reason="Z99",
        words="面试未到",
    )
    submitting.sheet_submit(actor=cast.school, sheet=sheet)


def test_both_queues_have_codes_of_their_own():
    of_admissions = {row.code for row in reasons_of("dispatch.review_admissions", "reconsider")}
    of_returns = {row.code for row in reasons_of("dispatch.review_returns", "reconsider")}
    assert {"A01", "A02", "A03", "A04", "A09"} <= of_admissions
    assert {"C01", "C02", "C03", "C04", "C09"} <= of_returns
    assert not of_admissions & of_returns


def test_a_code_of_the_other_queue_is_refused(cast, sheet, candidates):
    with pytest.raises(Refusal, match="请选择原因"):
        reviewing.returns_refuse(actor=cast.reviewer, placements=keys(candidates[2]), reason="A01")
    assert state_of(candidates[2]) == State.RETURN_SUBMITTED
    assert not Reconsideration.objects.exists()


def test_each_round_stays_with_what_the_school_had_decided(cast, sheet, candidates):
    one = candidates[2]
    reviewing.returns_refuse(actor=cast.reviewer, placements=keys(one), reason="C03")
    again(cast, sheet, one)
    reviewing.returns_refuse(actor=cast.reviewer, placements=keys(one), reason="C02", words="专业未满")
    first, second = Reconsideration.objects.filter(candidate=one).order_by("pk")
    assert (first.round, first.code, first.words) == (1, "C03", "")
    assert (second.round, second.code, second.words) == (2, "C02", "专业未满")
    assert "01 总分低录取额满" in first.proposed
    assert "Z99 其他：面试未到" in second.proposed
    assert (second.city, second.school_id, second.officer) == (one.city, sheet.school_id, cast.reviewer)
    notes = DossierEvent.objects.filter(candidate=one, step="reconsider_return").order_by("pk")
    assert [event.note for event in notes] == ["C03 未与考生确认专业志愿", "C02 退档理由与档案不符：专业未满"]


def test_nobody_changes_a_round(cast, sheet, candidates):
    reviewing.returns_refuse(actor=cast.reviewer, placements=keys(candidates[2]), reason="C04")
    with pytest.raises(DatabaseError), transaction.atomic():
        Reconsideration.objects.update(words="改写")


def test_the_school_reads_all_rounds_and_filters_by_them(cast, sheet, candidates, client_of):
    one = candidates[2]
    reviewing.returns_refuse(actor=cast.reviewer, placements=keys(one), reason="C03")
    again(cast, sheet, one)
    reviewing.returns_refuse(actor=cast.reviewer, placements=keys(one), reason="C01")
    sheet.refresh_from_db()
    client = client_of(cast.school)
    page = client.get(reverse("dispatch:decide_as_leader__dossier", args=[sheet.pk, one.pk])).content.decode()
    assert "退回复议（第 2 次）：C01 退档理由不充分" in page
    assert "退回复议（第 1 次）：C03 未与考生确认专业志愿" in page
    assert [row.candidate for row in rows_of(sheet, shown="again")] == [one]
    listed = client.get(reverse("dispatch:decide_as_leader")).content.decode()
    assert "退回复议 1</a>" in listed
    assert "招办退回复议" in client.get(reverse("accounts:workbench")).content.decode()
    again(cast, sheet, one)
    with walled(cast.school.scope):
        assert not reading_of(cast.school, sheet, one.pk, lines_of(sheet)).rounds  # audited now
    assert sent_back([sheet]) == {}
    assert [row.sent_back for row in rows_of(sheet)].count(True) == 1


def test_an_admission_sent_back_keeps_the_major(cast, sheet, plan_line, candidates):
    reviewing.admissions_refuse(actor=cast.reviewer, placements=keys(candidates[0]), reason="A03")
    row = Reconsideration.objects.get()
    assert row.proposed == f"拟录取 {plan_line.major_code} {plan_line.major_name}"
    assert row.step == "reconsider_admission"


def test_the_register_counts_by_reason_and_is_limited(cast, sheet, candidates, client_of):
    reviewing.returns_refuse(actor=cast.reviewer, placements=keys(*candidates[2:]), reason="C02")
    client = client_of(cast.reviewer)
    page = client.get(reverse(f"{RETURNS}__sent_back")).content.decode()
    assert "C02 退档理由与档案不符 <strong>2</strong>" in page
    assert candidates[2].number in page
    assert candidates[2].number not in client.get(reverse(f"{ADMISSIONS}__sent_back")).content.decode()
    assert (
        candidates[2].number
        not in client.get(reverse(f"{RETURNS}__sent_back") + "?code=C01").content.decode()
    )
    assert client.get(reverse(f"{RETURNS}__sent_back") + "?export=xlsx").status_code == 200
    shenzhen = factories.make_user("sz-reviewer", factories.make_organisation("4403"), "reviewing")
    assert (
        candidates[2].number not in client_of(shenzhen).get(reverse(f"{RETURNS}__sent_back")).content.decode()
    )
    own = client_of(cast.school).get(reverse("dispatch:decide_as_leader__sent_back")).content.decode()
    assert candidates[2].number in own
    assert cast.reviewer.name not in own
    other = client_of(cast.other_school).get(reverse("dispatch:decide_as_leader__sent_back"))
    assert candidates[2].number not in other.content.decode()
    assert client_of(cast.city).get(reverse(f"{RETURNS}__sent_back")).status_code == 403


def test_all_of_a_query_go_back_without_a_key_for_each(cast, sheet, candidates, client_of):
    client = client_of(cast.reviewer)
    url = reverse(f"{RETURNS}__refuse")
    asked = client.post(url, {"all": "1", "query": ""}).content.decode()
    assert 'name="all" value="1"' in asked
    assert 'name="chosen"' not in asked
    client.post(url, {"all": "1", "query": "", "reason": "C04", "words": "", "confirmed": "1"})
    assert [state_of(c) for c in candidates[2:]] == [State.READING] * 2


def test_laying_back_one_queue_leaves_the_other(cast, sheet, candidates, client_of):
    reviewing.rows_take(actor=cast.reviewer, state=State.ADMIT_SUBMITTED)
    reviewing.rows_take(actor=cast.reviewer, state=State.RETURN_SUBMITTED)
    client_of(cast.reviewer).post(reverse(f"{RETURNS}__lay_back"))
    assert {row.pk for row in ReviewTake.objects.all()} == set(keys(*candidates[:2]))
