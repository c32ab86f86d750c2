"""录取在库考生: by number and proof only, one candidate at a time."""

import re

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.context import walled
from accounts.models import Deed, User
from accounts.refusals import Refusal
from admissions.lifecycle import State
from admissions.models import Candidate, Dossier, DossierEvent, DossierPaper
from dispatch.models import Placement, Run, SchoolControl
from dispatch.services import deciding, pool, reviewing, submitting
from quotas.models import PlanLine
from tests import factories
from tests.concurrency import in_threads
from tests.factories_dispatch import admitted_from_pool, placement_of, sheet_released, state_of
from tests.factories_requests import PDF, paper

PAGE = "dispatch:admit_from_pool"


@pytest.fixture
def candidate(make_candidates):
    return make_candidates(1)[0]


def taken(line) -> int:
    return PlanLine.objects.get(pk=line.pk).seats_taken


def test_the_page_finds_shows_masked_and_admits(cast, candidate, plan_line, client_of):
    client = client_of(cast.school)
    fields = {"number": candidate.number, "proof": candidate.name}
    shown = client.post(reverse(PAGE), fields).content.decode()
    assert candidate.name in shown
    assert candidate.id_number not in shown
    assert state_of(candidate) == State.POOL
    sent = fields | {"plan_line": plan_line.pk, "agreed": "on", "confirmed": "1"}
    assert "请上传考生本人及家长签字的申请" in client.post(reverse(PAGE), sent).content.decode()
    assert state_of(candidate) == State.POOL
    assert client.post(reverse(PAGE), sent | {"paper": paper()}).status_code == 302
    placement = placement_of(candidate)
    assert (placement.method, placement.run_id, placement.plan_line_id) == ("pool", None, plan_line.pk)
    assert (state_of(candidate), taken(plan_line)) == (State.ADMIT_SUBMITTED, 1)


def test_without_consent_or_major_nothing_is_done(cast, candidate, plan_line, client_of):
    fields = {"number": candidate.number, "proof": candidate.name, "confirmed": "1"}
    client = client_of(cast.school)
    assert client.post(reverse(PAGE), fields).status_code == 422
    assert client.post(reverse(PAGE), fields | {"agreed": "on"}).status_code == 422
    assert state_of(candidate) == State.POOL


def test_without_the_signed_application_nobody_is_admitted(cast, candidate, plan_line):
    """A rule of the service, whoever calls it."""
    who = {"number": candidate.number, "proof": candidate.name}
    with pytest.raises(Refusal, match="请上传考生本人及家长签字的申请"):
        pool.admit_from_pool(actor=cast.school, plan_line=plan_line.pk, paper=None, **who)
    assert (state_of(candidate), taken(plan_line)) == (State.POOL, 0)


def test_the_signed_application_is_kept_through_a_mistake_and_shown_to_who_audits(
    cast, candidate, plan_line, client_of
):
    client = client_of(cast.school)
    fields = {
        "number": candidate.number,
        "proof": candidate.name,
        "confirmed": "1",
        "plan_line": plan_line.pk,
    }
    wrong = client.post(reverse(PAGE), fields | {"paper": paper("申请书.pdf")}).content.decode()
    assert "请先确认已取得考生本人及家长同意" in wrong
    assert "已上传“申请书.pdf”，不必重新选择" in wrong
    kept = re.search(r'name="paper_kept" value="([^"]+)"', wrong)[1]
    assert client.post(reverse(PAGE), fields | {"agreed": "on", "paper_kept": kept}).status_code == 302
    row = DossierPaper.objects.get(candidate=candidate)
    placement = placement_of(candidate)
    assert (row.placement_id, row.name, row.reason_id, row.uploaded_by) == (
        placement.pk, "申请书.pdf", None, cast.school,
    )  # fmt: skip
    assert row.said in Deed.objects.get(subject=f"录取在库考生 {candidate.number}").note
    reviewer = client_of(cast.reviewer)
    case = reviewer.get(reverse("dispatch:review_admissions__one", args=[placement.pk])).content.decode()
    url = reverse("dispatch:review_admissions__paper", args=[placement.pk, row.pk])
    assert url in case
    assert reviewer.get(url).content == PDF
    other = factories.make_user("sz-reviewer", factories.make_organisation("4403"), "reviewing")
    assert client_of(other).get(url).status_code == 404
    assert client_of(cast.school).get(url).status_code == 403


def test_the_pool_stays_hidden_from_schools(cast, candidate, plan_line):
    with walled(cast.school.scope):
        assert not Candidate.objects.exists()
        admitted_from_pool(cast.school, candidate, plan_line)
        assert Candidate.objects.count() == 1
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone()[0] == "zhongzhao_web"


def test_a_refusal_puts_the_wall_up_again(cast, candidate, plan_line):
    with walled(cast.school.scope):
        with pytest.raises(Refusal):
            pool.pool_find(actor=cast.school, number=candidate.number, proof="别人")
        assert not Candidate.objects.exists()


def test_number_and_proof_must_agree(cast, candidate, plan_line):
    for number, proof in ((candidate.number, "别人"), ("0", candidate.name)):
        with pytest.raises(Refusal, match="没有找到"):
            pool.pool_find(actor=cast.school, number=number, proof=proof)


def test_a_candidate_of_another_province_does_not_exist(cast, make_candidates, plan_line):
    foreign = make_candidates(1, city="3701")[0]
    with pytest.raises(Refusal, match="没有找到"):
        pool.pool_find(actor=cast.school, number=foreign.number, proof=foreign.name)


def test_who_is_elsewhere_is_refused_without_telling_where(cast, batch, schools, candidate, plan_line):
    factories.make_plan_line(schools[1], batch)
    sheet_released(cast.city, batch, schools[1], [candidate])
    with pytest.raises(Refusal, match="不在库") as refusal:
        pool.pool_find(actor=cast.school, number=candidate.number, proof=candidate.name)
    assert schools[1].name not in str(refusal.value)


def test_who_is_held_is_refused(cast, candidate, plan_line):
    Dossier.objects.filter(pk=candidate.pk).update(held=True)
    with pytest.raises(Refusal, match="已挂起"):
        pool.pool_find(actor=cast.school, number=candidate.number, proof=candidate.name)


def test_no_seats_no_admission(cast, make_candidates, schools, batch):
    line = factories.make_plan_line(schools[0], batch, seats=1)
    first, second = make_candidates(2)
    admitted_from_pool(cast.school, first, line)
    with pytest.raises(Refusal, match="没有可用的剩余计划"):
        admitted_from_pool(cast.school, second, line)


def test_sheets_come_first(cast, batch, schools, make_candidates, plan_line):
    first, second = make_candidates(2)
    sheet = sheet_released(cast.city, batch, schools[0], [first])
    with pytest.raises(Refusal, match="尚未提交"):
        admitted_from_pool(cast.school, second, plan_line)
    deciding.sheet_open(actor=cast.school, sheet=sheet)
    submitting.majors_assign(actor=cast.school, sheet=sheet)
    submitting.sheet_submit(actor=cast.school, sheet=sheet)
    admitted_from_pool(cast.school, second, plan_line)
    assert state_of(second) == State.ADMIT_SUBMITTED


def test_while_a_dispatch_is_confirmed_nobody_takes_from_the_pool(cast, batch, candidate, plan_line):
    run = Run.objects.create(batch=batch, round=1, state=Run.State.REHEARSED, created_by=cast.city)
    pool.pool_find(actor=cast.school, number=candidate.number, proof=candidate.id_number)
    run.state, run.confirmed_by, run.confirmed_at = Run.State.CONFIRMED, cast.reviewer, timezone.now()
    run.save()
    with pytest.raises(Refusal, match="正在投档"):
        admitted_from_pool(cast.school, candidate, plan_line)


def test_a_line_of_another_school_is_refused(cast, batch, schools, candidate, plan_line):
    other = factories.make_plan_line(schools[1], batch)
    with pytest.raises(Refusal, match="请选择"):
        admitted_from_pool(cast.school, candidate, other)


def test_without_audit_he_is_admitted_at_once(cast, batch, schools, candidate, plan_line):
    SchoolControl.objects.create(batch=batch, school=schools[0], reviews_admissions=False)
    admitted_from_pool(cast.school, candidate, plan_line)
    event = DossierEvent.objects.filter(candidate=candidate).last()
    assert (state_of(candidate), event.step, event.note) == (State.ADMITTED, "pass_admission", "免审")
    assert event.deed.actor is None


def test_withdraw_frees_the_seat(cast, candidate, plan_line, client_of):
    placement = admitted_from_pool(cast.school, candidate, plan_line)
    response = client_of(cast.school).post(reverse(f"{PAGE}__withdraw", args=[placement.pk]))
    assert response.status_code == 302
    assert (state_of(candidate), taken(plan_line)) == (State.POOL, 0)
    assert placement_of(candidate).closed_at is not None


def test_withdraw_of_what_the_office_has_just_refused_is_refused_in_words(cast, candidate, plan_line):
    """The dossier lies in the pool again, out of the school's sight."""
    placement = admitted_from_pool(cast.school, candidate, plan_line)
    reviewing.admissions_refuse(
        actor=cast.reviewer, placements=[placement.pk], reason="A05", words="考生未签字"
    )
    with walled(cast.school.scope), pytest.raises(Refusal, match="不是待审"):
        pool.pool_withdraw(actor=cast.school, placement=placement)


def test_another_schools_admission_does_not_exist(cast, candidate, plan_line, client_of):
    placement = admitted_from_pool(cast.school, candidate, plan_line)
    url = reverse(f"{PAGE}__withdraw", args=[placement.pk])
    assert client_of(cast.other_school).post(url).status_code == 404


def test_permission(cast, plan_line, client_of):
    assert client_of(cast.member).get(reverse(PAGE)).status_code == 403


def test_every_look_leaves_a_trace(cast, candidate, plan_line, client_of):
    client_of(cast.school).post(reverse(PAGE), {"number": candidate.number, "proof": "别人"})
    assert Deed.objects.filter(subject=f"查找在库考生 {candidate.number}", actor=cast.school).count() == 1
    admitted_from_pool(cast.school, candidate, plan_line)
    event = DossierEvent.objects.get(candidate=candidate, step="admit_from_pool")
    assert (event.deed.actor, event.note) == (cast.school, "专业：计算机应用")


@pytest.mark.django_db(transaction=True)
def test_two_schools_cannot_both_have_him(cast, batch, schools, candidate, plan_line):
    lines = [plan_line, factories.make_plan_line(schools[1], batch)]
    actors = [cast.school.pk, cast.other_school.pk]
    connection.close()
    results = in_threads(2, lambda i: admitted_from_pool(User.objects.get(pk=actors[i]), candidate, lines[i]))
    assert sorted(results) == ["Refusal", "done"]
    assert Placement.objects.open().filter(candidate=candidate).count() == 1
    assert sum(taken(line) for line in lines) == 1
