"""审核退档: back to the pool with the reason kept, or back to the school."""

import pytest
from django.urls import reverse

from accounts.context import walled
from accounts.models import Deed
from accounts.refusals import Refusal
from admissions.lifecycle import State
from admissions.models import DossierEvent, DossierPaper, ReturnReason
from dispatch.models import SchoolControl, Sheet
from dispatch.services import auto, deciding, papers, reviewing, submitting
from quotas.models import PlanLine
from tests import factories
from tests.factories_auto import CODED, full, run, switch_on
from tests.factories_dispatch import placement_of, sheet_released, sheet_submitted, state_of, version_of
from tests.factories_papers import WAIVER, stored, waiver_known
from tests.factories_requests import PDF

PAGE = "dispatch:review_returns"


@pytest.fixture
def candidates(make_candidates):
    return make_candidates(3)


@pytest.fixture
def sheet(cast, batch, schools, plan_line, candidates):
    return sheet_submitted(cast.city, cast.school, batch, schools[0], candidates[:1], candidates[1:])


def keys(candidates) -> list[int]:
    return [placement_of(candidate).pk for candidate in candidates]


def test_approved_he_lies_in_the_pool_and_the_reason_is_kept(cast, sheet, candidates, client_of):
    client = client_of(cast.reviewer)
    assert "总分低录取额满" in client.get(reverse(PAGE)).content.decode()
    client.post(reverse(f"{PAGE}__approve"), {"all": "1", "query": "", "confirmed": "1"})
    assert [state_of(c) for c in candidates] == [State.ADMIT_SUBMITTED, State.POOL, State.POOL]
    placement = placement_of(candidates[1])
    assert placement.closed_at is not None
    assert placement.reason_id == "01"
    event = DossierEvent.objects.get(candidate=candidates[1], step="review_return")
    assert event.reason_id == "01"


def test_a_weak_reason_goes_back_to_the_school(cast, sheet, candidates, client_of):
    page = reverse(f"{PAGE}__one", args=keys(candidates[1:2]))
    client_of(cast.reviewer).post(page, {"decision": "refuse", "reason": "C01"})
    placement = placement_of(candidates[1])
    assert (state_of(candidates[1]), placement.reason_id) == (State.READING, None)
    assert Sheet.objects.get(pk=sheet.pk).submitted_at is None
    version = version_of(candidates[1])
    deciding.dossier_propose_admit(
        actor=cast.member, sheet=sheet, candidate=candidates[1].pk, version=version
    )
    assert submitting.sheet_submit(actor=cast.school, sheet=sheet).admissions == 1


def test_without_words_nothing_goes_back(cast, sheet, candidates):
    with pytest.raises(Refusal, match="须注明"):
        reviewing.returns_refuse(
            actor=cast.reviewer, placements=keys(candidates[1:]), reason="C09", words=" "
        )


def test_permission(cast, sheet, client_of):
    assert client_of(cast.city).get(reverse(PAGE)).status_code == 403
    assert client_of(cast.school).post(reverse(f"{PAGE}__approve")).status_code == 403


def test_another_city_finds_nothing(cast, sheet, candidates, client_of):
    shenzhen = factories.make_user("sz-reviewer", factories.make_organisation("4403"), "reviewing")
    page = reverse(f"{PAGE}__one", args=keys(candidates[1:2]))
    assert client_of(shenzhen).get(page).status_code == 404


def test_an_admission_is_no_return(cast, sheet, candidates):
    with pytest.raises(Refusal, match="已不在待审状态"):
        reviewing.returns_approve(actor=cast.reviewer, placements=keys(candidates[:1]))


def test_it_leaves_a_trace_behind_the_wall(cast, sheet, candidates):
    with walled(cast.reviewer.scope):
        assert reviewing.returns_approve(actor=cast.reviewer, placements=keys(candidates[1:])) == 2
    assert Deed.objects.filter(subject="审核退档", count=2, actor=cast.reviewer).count() == 1


def test_where_no_audit_is_asked_it_passes_at_once(cast, batch, schools, plan_line, candidates):
    SchoolControl.objects.create(
        batch=batch, school=schools[0], reviews_returns=False, reviews_admissions=False
    )
    with walled(cast.school.scope):
        sheet_submitted_by_school = sheet_walled(cast, batch, schools[0], candidates)
    assert [state_of(c) for c in candidates] == [State.ADMITTED, State.POOL, State.POOL]
    assert placement_of(candidates[2]).closed_at is not None
    event = DossierEvent.objects.filter(candidate=candidates[2]).last()
    assert (event.step, event.note, event.reason_id) == ("pass_return", "免审", "01")
    assert str(sheet_submitted_by_school).endswith("其中免审通过 3 名")


def sheet_walled(cast, batch, school, candidates):
    """The school decides and submits behind its wall; the city has sent before."""
    from accounts.context import unwalled

    with unwalled():
        sheet = sheet_released(cast.city, batch, school, candidates)
    deciding.sheet_open(actor=cast.school, sheet=sheet)
    for candidate in candidates[1:]:
        deciding.dossier_propose_return(
            actor=cast.school,
            sheet=sheet,
            candidate=candidate.pk,
            version=version_of(candidate),
            reason="01",
        )
    submitting.majors_assign(actor=cast.school, sheet=sheet)
    return submitting.sheet_submit(actor=cast.school, sheet=sheet)


# ---- papers (退档原因须附材料) -------------------------------------------------------------------


@pytest.fixture
def waived(cast, batch, schools, plan_line, make_candidates, media):
    """Two returns submitted because the candidates waive, each with a paper; of the second it is gone again."""
    waiver_known()
    people = make_candidates(2)
    sheet = sheet_released(cast.city, batch, schools[0], people)
    deciding.sheet_open(actor=cast.school, sheet=sheet)
    for one in people:
        deciding.dossier_propose_return(
            actor=cast.school, sheet=sheet, candidate=one.pk, version=version_of(one), reason=WAIVER
        )
    papers.papers_attach(
        actor=cast.school, sheet=sheet, candidates=[one.pk for one in people], paper=stored()
    )
    submitting.sheet_submit(actor=cast.school, sheet=sheet)
    DossierPaper.objects.filter(candidate=people[1]).delete()  # as it was before papers were asked for
    return people


def test_a_missing_paper_is_red_and_left_out_of_the_bulk(cast, waived, client_of):
    client = client_of(cast.reviewer)
    page = client.get(reverse(PAGE)).content.decode()
    assert page.count("打开书面材料</span>") == 1
    one = client.get(reverse(f"{PAGE}__one", args=keys(waived[1:]))).content.decode()
    assert "缺材料" in one
    assert "材料：未通过" in one
    client.post(reverse(f"{PAGE}__approve"), {"all": "1", "query": "", "confirmed": "1"})
    assert [state_of(c) for c in waived] == [State.POOL, State.RETURN_SUBMITTED]


def test_the_officer_opens_the_paper_on_the_record(cast, waived, client_of):
    key, found = keys(waived)[0], DossierPaper.objects.get()
    url = reverse(f"{PAGE}__paper", args=[key, found.pk])
    assert url in client_of(cast.reviewer).get(reverse(PAGE)).content.decode()
    assert url in client_of(cast.reviewer).get(reverse(f"{PAGE}__one", args=[key])).content.decode()
    answer = client_of(cast.reviewer).get(url)
    assert (answer.content, answer["Content-Type"], answer["X-Content-Type-Options"]) == (
        PDF,
        "application/pdf",
        "nosniff",
    )
    deed = Deed.objects.get(subject=f"打开材料 {waived[0].number} 放弃书.pdf")
    assert (deed.actor, deed.function) == (cast.reviewer, "dispatch.review_returns")
    assert client_of(cast.city).get(url).status_code == 403
    assert client_of(cast.school).get(url).status_code == 403
    shenzhen = factories.make_user("sz-reviewer", factories.make_organisation("4403"), "reviewing")
    assert client_of(shenzhen).get(url).status_code == 404
    other = reverse(f"{PAGE}__paper", args=[keys(waived)[1], found.pk])
    assert client_of(cast.reviewer).get(other).status_code == 404, "of another placement"


def test_track_and_dossier_show_and_open_the_paper(cast, waived, client_of):
    found = DossierPaper.objects.get()
    for name in ("find_track", "view_dossier"):
        url = reverse(f"admissions:{name}__paper", args=[found.pk])
        page = client_of(cast.city).get(reverse(f"admissions:{name}"), {"number": waived[0].number})
        assert url in page.content.decode()
        assert "Z01 考生书面放弃" in page.content.decode()
        assert client_of(cast.city).get(url).content == PDF
        assert client_of(cast.other_city).get(url).status_code == 404
        assert client_of(cast.school).get(url).status_code == 403
    assert Deed.objects.filter(subject__startswith="打开材料", actor=cast.city).count() == 2
    without = client_of(cast.city).get(reverse("admissions:find_track"), {"number": waived[1].number})
    assert "书面材料（" not in without.content.decode()


def test_no_rule_lets_a_return_without_its_paper_pass(cast, sheet, candidates):
    """A code that data can bear out may want a paper one day; the rule asks for it as the queue does."""
    ReturnReason.objects.filter(code="01").update(needs_attachment=True)
    rule = auto.rule_make(actor=cast.second, kind="returns", content=CODED)
    full(PlanLine.objects.get())
    switch_on(rule, cast.second)
    assert run(rule) == 0
    ReturnReason.objects.filter(code="01").update(needs_attachment=False)
    assert run(rule) == 2
