"""组长录退: majors for a whole sheet, submission, withdrawal."""

import pytest
from django.urls import reverse

from accounts.context import walled
from accounts.models import Deed
from accounts.refusals import Refusal
from admissions.lifecycle import State
from admissions.models import Batch, Candidate, Choice, Dossier, DossierEvent
from dispatch.models import SchoolControl, Sheet
from dispatch.queries.sheets import counts_of
from dispatch.services import deciding, submitting
from quotas.models import PlanLine
from tests import factories
from tests.concurrency import while_another_waits
from tests.factories_dispatch import placement_of, sheet_released, state_of, version_of

PAGE = "dispatch:decide_as_leader"


@pytest.fixture
def candidates(make_candidates):
    return make_candidates(4)


@pytest.fixture
def lines(plan_line, schools, batch):
    """One seat of the first choice, two of the second, one of a major nobody named."""
    PlanLine.objects.filter(pk=plan_line.pk).update(seats_planned=1)
    second = factories.make_plan_line(schools[0], batch, major="730301", seats=2)
    third = factories.make_plan_line(schools[0], batch, major="740201", seats=1)
    return [plan_line, second, third]


def opened(cast, batch, schools, candidates, **kwargs) -> Sheet:
    sheet = sheet_released(cast.city, batch, schools[0], candidates, **kwargs)
    deciding.sheet_open(actor=cast.school, sheet=sheet)
    return sheet


def majors(candidates) -> list[str | None]:
    ranked = sorted(candidates, key=lambda c: -c.total)
    return [line and line.major_code for line in (placement_of(c).plan_line for c in ranked)]


def test_majors_go_by_score_and_who_adjusts_fills_up(cast, batch, schools, lines, candidates):
    sheet = opened(cast, batch, schools, candidates, majors=("710201", "730301"))
    result = submitting.majors_assign(actor=cast.school, sheet=sheet)
    assert (result.assigned, result.without_majors, result.full) == (4, 0, 0)
    assert majors(candidates) == ["710201", "730301", "730301", "740201"]
    assert [PlanLine.objects.get(pk=line.pk).seats_left for line in lines] == [0, 0, 0]


def test_who_does_not_adjust_stays_undecided_when_his_majors_are_full(
    cast, batch, schools, lines, candidates
):
    sheet = opened(cast, batch, schools, candidates, majors=("710201",), accepts_adjustment=False)
    result = submitting.majors_assign(actor=cast.school, sheet=sheet)
    assert (result.assigned, result.full, result.not_adjusting) == (1, 3, 3)
    assert "可按原因 02 提出退档" in str(result)
    assert [state_of(c) for c in candidates].count(State.READING) == 3


def wish(candidates, lists):
    """Give each candidate, best first, majors of his own."""
    ranked = sorted(candidates, key=lambda c: -c.total)
    for candidate, codes in zip(ranked, lists, strict=True):
        Choice.objects.filter(candidate=candidate).update(majors=codes, accepts_adjustment=False)


@pytest.mark.parametrize(
    ("rule", "gaps", "expected"),
    [
        ("score_clear", [], ["710201", "740201", None, "730301"]),
        ("major_clear", [], ["710201", None, "740201", "730301"]),
        ("level_gap", [0], ["710201", "740201", None, "730301"]),
        ("level_gap", [70000], ["710201", None, "740201", "730301"]),
    ],
)
def test_majors_go_by_the_rule_of_the_batch(cast, batch, schools, lines, candidates, rule, gaps, expected):
    Batch.objects.filter(pk=batch.pk).update(major_rule=rule, major_gaps=gaps)
    sheet = opened(cast, batch, schools, candidates)
    wish(candidates, [["710201"], ["710201", "740201"], ["740201"], ["999999", "730301"]])
    result = submitting.majors_assign(actor=cast.school, sheet=Sheet.objects.get(pk=sheet.pk))
    assert majors(candidates) == expected
    assert (result.assigned, result.without_majors, result.not_adjusting) == (3, 0, 1)


def test_gaps_must_be_set_where_the_batch_goes_by_gaps(cast, batch, schools, lines, candidates):
    Batch.objects.filter(pk=batch.pk).update(major_rule="level_gap")
    sheet = opened(cast, batch, schools, candidates)
    with pytest.raises(Refusal, match="没有设置级差"):
        submitting.majors_assign(actor=cast.school, sheet=Sheet.objects.get(pk=sheet.pk))
    assert {state_of(c) for c in candidates} == {State.READING}


def test_lines_of_the_same_major_fill_up_one_after_the_other(cast, batch, schools, plan_line, candidates):
    PlanLine.objects.filter(pk=plan_line.pk).update(seats_planned=1)
    second = factories.make_plan_line(schools[0], batch, major=plan_line.major_code, seats=2, kind="2")
    sheet = opened(cast, batch, schools, candidates, accepts_adjustment=False)
    assert submitting.majors_assign(actor=cast.school, sheet=sheet).assigned == 3
    ranked = sorted(candidates, key=lambda c: -c.total)
    assert [placement_of(c).plan_line_id for c in ranked] == [plan_line.pk, second.pk, second.pk, None]


def test_who_names_only_what_is_not_offered_is_not_asked(cast, batch, schools, lines, candidates):
    sheet = opened(cast, batch, schools, candidates, majors=("999999",), accepts_adjustment=False)
    result = submitting.majors_assign(actor=cast.school, sheet=sheet)
    assert (result.assigned, result.without_majors, result.not_adjusting) == (0, 0, 4)


def test_who_named_no_major_is_left_to_be_asked(cast, batch, schools, lines, candidates, client_of):
    sheet = opened(cast, batch, schools, candidates, majors=())
    response = client_of(cast.school).post(reverse(f"{PAGE}__assign", args=[sheet.pk]), follow=True)
    assert "须逐一与考生确认" in response.content.decode()
    assert majors(candidates) == [None] * 4


def test_submission_needs_every_decision(cast, batch, schools, plan_line, candidates, client_of):
    sheet = opened(cast, batch, schools, candidates)
    url = reverse(f"{PAGE}__submit", args=[sheet.pk])
    response = client_of(cast.school).post(url, {})
    assert response.status_code == 422
    assert "还有 4 份档案未定" in response.content.decode()
    with pytest.raises(Refusal, match="未定"):
        submitting.sheet_submit(actor=cast.school, sheet=sheet)


def test_submission_is_shown_with_counts_and_then_done(
    cast, batch, schools, plan_line, candidates, client_of
):
    sheet = opened(cast, batch, schools, candidates)
    deciding.dossier_propose_return(
        actor=cast.member,
        sheet=sheet,
        candidate=candidates[3].pk,
        version=version_of(candidates[3]),
        reason="01",
    )
    submitting.majors_assign(actor=cast.school, sheet=sheet)
    client, url = client_of(cast.school), reverse(f"{PAGE}__submit", args=[sheet.pk])
    assert "拟录取 3 名，拟退档 1 名" in client.post(url, {}).content.decode()
    assert client.post(url, {"confirmed": "1"}).status_code == 302
    assert [state_of(c) for c in candidates] == [State.ADMIT_SUBMITTED] * 3 + [State.RETURN_SUBMITTED]
    assert Sheet.objects.get(pk=sheet.pk).submitted_at is not None
    counts = counts_of([sheet])[sheet.pk]
    assert (counts.received, counts.waiting, counts.undecided, counts.left) == (4, 4, 0, 7)


def test_a_held_dossier_does_not_stop_the_others(cast, batch, schools, plan_line, candidates):
    sheet = opened(cast, batch, schools, candidates)
    Dossier.objects.filter(pk=candidates[0].pk).update(held=True)
    submitting.majors_assign(actor=cast.school, sheet=sheet)
    assert submitting.sheet_submit(actor=cast.school, sheet=sheet).admissions == 3
    assert state_of(candidates[0]) == State.READING


def test_withdrawn_the_decisions_are_drafts_again(cast, batch, schools, plan_line, candidates, client_of):
    sheet = opened(cast, batch, schools, candidates)
    with walled(cast.school.scope):
        submitting.majors_assign(actor=cast.school, sheet=sheet)
        submitting.sheet_submit(actor=cast.school, sheet=sheet)
    client = client_of(cast.school)
    client.post(reverse(f"{PAGE}__withdraw", args=[sheet.pk]), {"confirmed": "1"})
    assert {state_of(c) for c in candidates} == {State.PROPOSE_ADMIT}
    assert PlanLine.objects.get(pk=plan_line.pk).seats_taken == 4
    assert Sheet.objects.get(pk=sheet.pk).submitted_at is None


def test_permission(cast, batch, schools, plan_line, candidates, client_of):
    sheet = opened(cast, batch, schools, candidates)
    client = client_of(cast.member)
    assert client.get(reverse(PAGE)).status_code == 403
    assert client.post(reverse(f"{PAGE}__submit", args=[sheet.pk]), {"confirmed": "1"}).status_code == 403


def test_another_schools_sheet_does_not_exist(cast, batch, schools, plan_line, candidates, client_of):
    sheet = opened(cast, batch, schools, candidates)
    for tail in ("submit", "withdraw", "assign", "open"):
        url = reverse(f"{PAGE}__{tail}", args=[sheet.pk])
        assert client_of(cast.other_school).post(url, {"confirmed": "1"}).status_code == 404


def test_a_cancelled_sheet_is_gone(cast, batch, schools, plan_line, candidates, client_of):
    from django.utils import timezone

    sheet = opened(cast, batch, schools, candidates)
    Sheet.objects.filter(pk=sheet.pk).update(cancelled_at=timezone.now())
    assert client_of(cast.school).get(reverse(f"{PAGE}__one", args=[sheet.pk])).status_code == 404
    with pytest.raises(Refusal, match="撤销"):
        submitting.sheet_submit(actor=cast.school, sheet=sheet)


def test_it_leaves_a_trace(cast, batch, schools, plan_line, candidates):
    sheet = opened(cast, batch, schools, candidates)
    submitting.majors_assign(actor=cast.school, sheet=sheet)
    submitting.sheet_submit(actor=cast.school, sheet=sheet)
    assert DossierEvent.objects.filter(step="submit_admission", deed__actor=cast.school).count() == 4
    assert Deed.objects.filter(subject=f"提交投档单 {sheet.number}", count=4).exists()


def test_the_list_shows_the_counts(
    cast, batch, schools, plan_line, candidates, client_of, django_assert_max_num_queries
):
    sheet = opened(cast, batch, schools, candidates)
    client = client_of(cast.school)
    client.get(reverse(PAGE))
    with django_assert_max_num_queries(16):
        words = client.get(reverse(PAGE)).content.decode()
    assert sheet.number in words


def test_the_reading_page_asks_a_bounded_number_of_questions(
    cast, batch, schools, plan_line, make_candidates, client_of, django_assert_max_num_queries
):
    sheet = opened(cast, batch, schools, make_candidates(60))
    client, url = client_of(cast.school), reverse(f"{PAGE}__one", args=[sheet.pk])
    client.get(url)
    with django_assert_max_num_queries(27):
        words = client.get(url).content.decode()
    assert words.count("data-row=") == 60
    one = placement_of(Candidate.objects.first()).candidate_id
    with django_assert_max_num_queries(19):  # the pane alone counts nothing of the sheet
        assert client.get(reverse(f"{PAGE}__dossier", args=[sheet.pk, one])).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_reason_given_while_a_submission_waits_is_the_one_that_stands(
    cast, batch, schools, plan_line, candidates
):
    one = candidates[0]
    SchoolControl.objects.create(batch=batch, school=schools[0], reviews_returns=False)
    sheet = opened(cast, batch, schools, [one])
    at = {"actor": cast.school, "sheet": sheet, "candidate": one.pk}
    deciding.dossier_propose_return(**at, version=version_of(one), reason="01")
    version = version_of(one)

    def other_reason():
        deciding.dossier_propose_return(**at, version=version, reason="Z99", words="考生书面放弃")

    def submit():
        submitting.sheet_submit(actor=cast.school, sheet=sheet)

    assert while_another_waits(other_reason, submit) == "done"
    assert state_of(one) == State.POOL
    assert DossierEvent.objects.get(step="pass_return").reason_id == placement_of(one).reason_id == "Z99"


def test_a_row_escapes_what_people_wrote(cast, batch, schools, plan_line, candidates, client_of):
    sheet = opened(cast, batch, schools, candidates)
    one = candidates[0]
    Candidate.objects.filter(pk=one.pk).update(name='<b>"甲')
    deciding.dossier_propose_return(
        actor=cast.school,
        sheet=sheet,
        candidate=one.pk,
        version=version_of(one),
        reason="Z99",
        words="<i>&",
    )
    page = client_of(cast.school).get(reverse(f"{PAGE}__one", args=[sheet.pk])).content.decode()
    row = page[page.index(f'id="row-{one.pk}"') :].partition("</tr>")[0]
    assert "<td>&lt;b&gt;&quot;甲</td>" in row
    assert 'aria-label="撤销 &lt;b&gt;&quot;甲 的决定"' in row
    assert "其他：&lt;i&gt;&amp;" in row
    assert f'name="version" value="{version_of(one)}"' in row
    assert '<span class="state state-warn">' in row
    assert "&lt;span" not in page
