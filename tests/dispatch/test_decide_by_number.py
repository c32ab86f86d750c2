"""指定录退档案 by a list; 批量投入录取 from a sheet: each line is answered, what was shown is done or nothing."""

import pytest
from django.db import connection
from django.urls import reverse

from accounts.context import walled
from accounts.models import User
from accounts.refusals import Refusal
from admissions.lifecycle import State
from admissions.models import Dossier, DossierEvent, ReturnReason
from dispatch.models import SchoolControl, Sheet
from dispatch.services import deciding, handing, keeping, naming, sheet_bulk
from dispatch.services.answering import Entry, answers_digest
from dispatch.services.handing import Deal
from quotas.models import PlanLine
from tests import factories
from tests.concurrency import in_threads
from tests.factories_dispatch import placement_of, sheet_released, state_of, version_of

PAGE = "dispatch:decide_dossiers__by_number"
BULK = "dispatch:admit_in_bulk__sheet"


@pytest.fixture
def candidates(make_candidates):
    return sorted(make_candidates(4), key=lambda c: -c.total)


@pytest.fixture
def sheet(cast, batch, schools, plan_line, candidates):
    sheet = sheet_released(cast.city, batch, schools[0], candidates)
    deciding.sheet_open(actor=cast.school, sheet=sheet)
    return sheet


def entries(*candidates, major="") -> list[Entry]:
    return [Entry(row, c.number, major) for row, c in enumerate(candidates, 1)]


def decide(actor, rows, *, admit=True, **kwargs):
    seen = answers_digest(naming.decisions_check(actor=actor, entries=rows, admit=admit, **kwargs))
    return naming.dossiers_decide(actor=actor, entries=rows, admit=admit, seen=seen, **kwargs)


def words_of(answers) -> list[str]:
    return [answer.words for answer in answers]


def taken() -> int:
    return sum(PlanLine.objects.values_list("seats_taken", flat=True))


# ---- by number ----------------------------------------------------------------------------------


def test_pasted_checked_and_confirmed(cast, sheet, candidates, client_of):
    client, url = client_of(cast.member), reverse(PAGE)
    lines = "\n".join(c.number for c in candidates[:2]) + "\n999"
    shown = client.post(url, {"decision": "admit", "lines": lines})
    words = shown.content.decode()
    assert "可办理 <strong>2</strong> 名" in words
    assert "没有该考生" in words
    assert {state_of(c) for c in candidates} == {State.READING}, "asked first"
    seen = shown.context["request"].POST["seen"]
    done = client.post(url, {"decision": "admit", "lines": lines, "seen": seen, "confirmed": "1"})
    assert "另有 1 名未办理" in done.content.decode()
    assert [state_of(c) for c in candidates] == [State.PROPOSE_ADMIT] * 2 + [State.READING] * 2
    assert taken() == 2


def test_also_late_ones_on_another_sheet_not_yet_opened(cast, batch, schools, sheet, make_candidates):
    late = make_candidates(1)
    sheet_released(cast.city, batch, schools[0], late)
    decide(cast.member, entries(*late))
    assert state_of(late[0]) == State.PROPOSE_ADMIT


def test_each_line_says_why_not(cast, batch, schools, sheet, candidates, make_candidates):
    Dossier.objects.filter(pk=candidates[1].pk).update(held=True)
    elsewhere = make_candidates(1)
    sheet_released(cast.city, batch, schools[1], elsewhere)
    rows = [
        *entries(*candidates[:2], *elsewhere),
        Entry(4, candidates[0].number),
        *entries(candidates[2], major="9"),
    ]
    words = words_of(decide(cast.member, rows))
    assert words[0] == ""
    for found, wanted in zip(words[1:], ("挂起", "没有该考生", "重复", "不在贵校"), strict=True):
        assert wanted in found
    assert taken() == 1


def test_seats_are_counted_along_the_list_and_a_change_of_major_frees_one(
    cast, batch, schools, sheet, candidates
):
    PlanLine.objects.update(seats_planned=1)
    other = factories.make_plan_line(schools[0], batch, major="730301", seats=1)
    answers = decide(cast.member, entries(*candidates[:2], major="710201"))
    assert "已满" in answers[1].words
    moved = decide(
        cast.member, [Entry(1, candidates[0].number, "730301"), Entry(2, candidates[1].number, "710201")]
    )
    assert words_of(moved) == ["", ""]
    assert [placement_of(c).plan_line.major_code for c in candidates[:2]] == ["730301", "710201"]
    assert taken() == 2
    assert other.pk == placement_of(candidates[0]).plan_line_id


def test_returns_free_seats_and_need_their_reason(cast, sheet, candidates):
    decide(cast.member, entries(*candidates[:2]))
    for reason, words, wrong in (("", "", "请选择"), ("Z99", " ", "文字说明")):
        with pytest.raises(Refusal, match=wrong):
            decide(cast.member, entries(*candidates), admit=False, reason=reason, words=words)
    decide(cast.member, entries(*candidates[:3]), admit=False, reason="Z99", words="书面放弃")
    assert [state_of(c) for c in candidates[:3]] == [State.PROPOSE_RETURN] * 3
    assert (taken(), placement_of(candidates[0]).reason_words) == (0, "书面放弃")


def test_nobody_is_returned_for_naming_no_major(cast, batch, schools, plan_line, make_candidates):
    ReturnReason.objects.create(code="02", name="所报专业已满不服从调剂")
    made = make_candidates(1)
    sheet_released(cast.city, batch, schools[0], made, majors=())
    answers = naming.decisions_check(actor=cast.member, entries=entries(*made), admit=False, reason="02")
    assert "不能以此为由" in answers[0].words
    assert (
        "没有填报专业"
        in naming.decisions_check(actor=cast.member, entries=entries(*made), admit=True)[0].words
    )


def test_what_changed_since_it_was_shown_stops_all(cast, sheet, candidates):
    rows = entries(*candidates)
    seen = answers_digest(naming.decisions_check(actor=cast.member, entries=rows, admit=True))
    deciding.dossier_propose_return(
        actor=cast.school,
        sheet=sheet,
        candidate=candidates[3].pk,
        version=version_of(candidates[3]),
        reason="01",
    )
    with pytest.raises(deciding.Stale, match="未作任何改动"):
        naming.dossiers_decide(actor=cast.member, entries=rows, admit=True, seen=seen)
    assert [state_of(c) for c in candidates[:3]] == [State.READING] * 3


def test_what_was_handed_to_somebody_else_is_not_his(cast, sheet, candidates):
    deal = Deal(chosen=(cast.member, [candidates[0].number]))
    handing.dossiers_hand_out(actor=cast.school, sheet=sheet, deal=deal)
    words = words_of(decide(cast.member, entries(*candidates[:2])))
    assert words[0] == ""
    assert "没有分给您" in words[1]


def test_a_paused_school_decides_on_nobody(cast, batch, schools, sheet, candidates):
    SchoolControl.objects.create(batch=batch, school=schools[0], status=SchoolControl.Status.PAUSED)
    with pytest.raises(Refusal, match="没有可以办理"):
        decide(cast.member, entries(*candidates))


def test_wrong_lines_are_named(cast, sheet, client_of):
    client = client_of(cast.member)
    wrong = [{"decision": "admit", "lines": "1 2 3"}, {"decision": "return", "lines": "1 2", "reason": "01"}]
    wrong += [{"decision": "return", "lines": "1"}, {"decision": "admit", "lines": " \n"}, {"decision": "x"}]
    for fields in wrong:
        assert client.post(reverse(PAGE), fields).status_code == 422, fields
    with pytest.raises(Refusal, match="500"):
        naming.decisions_check(actor=cast.member, entries=[Entry(1, "1")] * 501, admit=True)


def test_permission_and_trace(cast, sheet, candidates, client_of):
    assert client_of(cast.registrar).get(reverse(PAGE)).status_code == 403
    assert client_of(cast.city).get(reverse(PAGE)).status_code == 403
    assert client_of(cast.member).get(reverse("dispatch:decide_as_leader__by_number")).status_code == 403
    answers = naming.decisions_check(actor=cast.other_school, entries=entries(*candidates), admit=True)
    assert {a.words for a in answers} == {"贵校的投档单上没有该考生。"}
    with walled(cast.member.scope):
        decide(cast.member, entries(*candidates))
    events = DossierEvent.objects.filter(step="propose_admit", deed__actor=cast.member)
    assert events.count() == 4


# ---- from a sheet -------------------------------------------------------------------------------


def admit_sheet(actor, sheet, candidates):
    keys = [c.pk for c in candidates]
    seen = answers_digest(sheet_bulk.sheet_check(actor=actor, sheet=sheet, candidates=keys))
    return sheet_bulk.sheet_admit_in_bulk(actor=actor, sheet=sheet, candidates=keys, seen=seen)


def test_ticked_dossiers_are_admitted_and_submitted_at_once(cast, sheet, candidates, client_of):
    deciding.dossier_propose_admit(
        actor=cast.school, sheet=sheet, candidate=candidates[0].pk, version=version_of(candidates[0])
    )
    client, url = client_of(cast.school), reverse(BULK, args=[sheet.pk])
    assert sheet.number in client.get(reverse("dispatch:admit_in_bulk")).content.decode()
    assert client.get(url).content.decode().count('name="candidates"') == 4
    fields = {"candidates": [c.pk for c in candidates[:3]]}
    shown = client.post(url, fields)
    assert "可录取 <strong>3</strong> 名" in shown.content.decode()
    assert state_of(candidates[1]) == State.READING, "asked first"
    client.post(url, fields | {"seen": shown.context["request"].POST["seen"], "confirmed": "1"})
    assert [state_of(c) for c in candidates] == [State.ADMIT_SUBMITTED] * 3 + [State.READING]
    assert (taken(), Sheet.objects.get(pk=sheet.pk).submitted_at) == (3, None)
    admit_sheet(cast.school, sheet, candidates[3:])
    assert Sheet.objects.get(pk=sheet.pk).submitted_at, "nothing of it is left"


def test_rows_that_cannot_be_admitted_say_why_and_are_left(cast, batch, schools, sheet, candidates):
    PlanLine.objects.update(seats_planned=2)
    Dossier.objects.filter(pk=candidates[0].pk).update(held=True)
    answers, submission = admit_sheet(cast.school, sheet, candidates)
    assert "挂起" in answers[0].words
    assert "已满" in answers[3].words
    assert (submission.admissions, taken()) == (2, 2)
    assert [state_of(c) for c in candidates] == [
        State.READING,
        State.ADMIT_SUBMITTED,
        State.ADMIT_SUBMITTED,
        State.READING,
    ]


def test_where_no_audit_is_needed_they_are_admitted(cast, batch, schools, sheet, candidates):
    SchoolControl.objects.create(batch=batch, school=schools[0], reviews_admissions=False)
    with walled(cast.school.scope):
        _, submission = admit_sheet(cast.school, sheet, candidates)
    assert submission.passed_admissions == 4
    assert {state_of(c) for c in candidates} == {State.ADMITTED}


def test_a_recall_after_it_was_shown_stops_all(cast, sheet, candidates):
    keys = [c.pk for c in candidates]
    seen = answers_digest(sheet_bulk.sheet_check(actor=cast.school, sheet=sheet, candidates=keys))
    keeping.recall_dossier(actor=cast.city, candidates=keys[:1], reason="投诉")
    with pytest.raises(deciding.Stale, match="未作任何改动"):
        sheet_bulk.sheet_admit_in_bulk(actor=cast.school, sheet=sheet, candidates=keys, seen=seen)
    assert [state_of(c) for c in candidates[1:]] == [State.READING] * 3


def test_from_a_sheet_permission_tenant_and_state(cast, sheet, candidates, client_of):
    url = reverse(BULK, args=[sheet.pk])
    assert client_of(cast.member).get(url).status_code == 403
    assert client_of(cast.other_school).get(url).status_code == 404
    assert client_of(cast.school).post(url, {}).status_code == 422, "nobody ticked"
    admit_sheet(cast.school, sheet, candidates)
    with pytest.raises(Refusal, match="没有可以办理"):
        admit_sheet(cast.school, sheet, candidates)
    assert DossierEvent.objects.filter(step="submit_admission", deed__actor=cast.school).count() == 4


def test_the_pages_ask_a_bounded_number_of_questions(
    cast, batch, schools, plan_line, make_candidates, client_of, django_assert_max_num_queries
):
    many = make_candidates(60)
    sheet = sheet_released(cast.city, batch, schools[0], many)
    client = client_of(cast.school)
    lines = {"decision": "admit", "lines": "\n".join(c.number for c in many)}
    client.get(reverse(PAGE))
    with django_assert_max_num_queries(25):
        client.get(reverse(BULK, args=[sheet.pk]))
    with django_assert_max_num_queries(25):
        client.post(reverse(PAGE), lines)


@pytest.mark.django_db(transaction=True)
def test_two_lists_at_once_take_each_dossier_once(cast, sheet, candidates):
    """Lists the other way round cannot wait for each other; whoever is second is told."""
    rows = [entries(*candidates), entries(*reversed(candidates))]
    seen = [
        answers_digest(naming.decisions_check(actor=cast.member, entries=some, admit=True)) for some in rows
    ]
    connection.close()

    def deed(index):
        actor = User.objects.get(pk=(cast.member.pk, cast.school.pk)[index])
        naming.dossiers_decide(actor=actor, entries=rows[index], admit=True, seen=seen[index])

    assert sorted(in_threads(2, deed)) == ["Stale", "done"]
    assert taken() == 4
