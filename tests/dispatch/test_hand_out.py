"""组长录退: dossiers handed out to members, watched, called back; 退回组长."""

import pytest
from django.db import connection
from django.urls import reverse

from accounts.context import walled
from accounts.models import Deed, User
from accounts.refusals import Refusal
from admissions.lifecycle import State
from admissions.models import Dossier
from dispatch.models import HandOut, Sheet
from dispatch.queries.handing import work_of
from dispatch.services import deciding, handing, keeping, submitting
from dispatch.services.handing import Deal
from tests import factories
from tests.concurrency import in_threads
from tests.factories_dispatch import placement_of, sheet_released, state_of, version_of

PAGE = "dispatch:decide_as_leader"
OWN = "dispatch:decide_dossiers"


@pytest.fixture
def candidates(make_candidates):
    """Six, best total first; the last two of another county."""
    made = [*make_candidates(4), *make_candidates(2, county="440104")]
    return sorted(made, key=lambda c: -c.total)


@pytest.fixture
def second(cast):
    """Another member of the first school."""
    return factories.make_user("school1-second", cast.school.organisation, "member")


@pytest.fixture
def sheet(cast, batch, schools, plan_line, candidates, second):
    sheet = sheet_released(cast.city, batch, schools[0], candidates)
    deciding.sheet_open(actor=cast.school, sheet=sheet)
    return sheet


def hand_out(cast, sheet, **deal):
    return handing.dossiers_hand_out(actor=cast.school, sheet=sheet, deal=Deal(**deal))


def holder(candidate) -> str | None:
    row = HandOut.objects.filter(pk=placement_of(candidate).pk).select_related("member").first()
    return row and row.member and row.member.username


def admit(actor, sheet, candidate):
    return deciding.dossier_propose_admit(
        actor=actor, sheet=sheet, candidate=candidate.pk, version=version_of(candidate)
    )


def test_evenly_everybody_gets_the_same_mix(cast, sheet, candidates, second):
    assert hand_out(cast, sheet, evenly=[cast.member, second]).left == 0
    assert [holder(c) for c in candidates] == ["school1-member", "school1-second"] * 3


def test_later_dossiers_go_to_whoever_has_the_fewest(cast, sheet, candidates, second):
    numbers = [c.number for c in candidates[:3]]
    hand_out(cast, sheet, chosen=(cast.member, numbers))
    hand_out(cast, sheet, evenly=[cast.member, second])
    assert [holder(c) for c in candidates[3:]] == ["school1-second"] * 3


def test_by_score_and_what_lies_between_stays_with_the_leader(cast, sheet, candidates, second):
    best, last = candidates[0].total, candidates[-1].total
    dealt = hand_out(cast, sheet, ranges=[(cast.member, best, best), (second, last, candidates[4].total)])
    same = [c for c in candidates if c.total == best]
    assert [holder(c) for c in same] == ["school1-member"] * len(same)
    assert holder(candidates[-1]) == "school1-second"
    assert dealt.left == sum(candidates[4].total < c.total < best for c in candidates)
    with pytest.raises(Refusal, match="重叠"):
        hand_out(cast, sheet, ranges=[(cast.member, 0, best), (second, best, best)], again=True)


def test_by_county(cast, sheet, candidates, second):
    hand_out(cast, sheet, counties={"440104": second})
    assert {holder(c) for c in candidates if c.county == "440104"} == {"school1-second"}
    assert {holder(c) for c in candidates if c.county == "440103"} == {None}


def test_only_to_members_of_the_school_who_may_decide(cast, sheet):
    for user in (cast.other_school, cast.registrar):
        with pytest.raises(Refusal, match="本校有录退权限"):
            hand_out(cast, sheet, evenly=[user])
    assert not HandOut.objects.exists()


def test_a_number_that_is_not_on_the_sheet_stops_all(cast, sheet, candidates):
    with pytest.raises(Refusal, match="999"):
        hand_out(cast, sheet, chosen=(cast.member, [candidates[0].number, "999"]))
    assert holder(candidates[0]) is None


def test_a_member_reads_his_own_only(cast, sheet, candidates, second, client_of):
    client, page = client_of(cast.member), reverse(f"{OWN}__one", args=[sheet.pk])
    assert client.get(page).content.decode().count("data-row=") == 6, "not handed out: everybody reads all"
    hand_out(cast, sheet, evenly=[cast.member, second])
    words = client.get(page).content.decode()
    assert words.count("data-row=") == 3
    assert "分给本人" in words
    assert candidates[1].name not in words
    other = reverse(f"{OWN}__dossier", args=[sheet.pk, candidates[1].pk])
    assert client.get(other).status_code == 404
    asked = client.get(page, {"dossier": candidates[1].pk}).content.decode()
    assert candidates[1].id_number[-2:] not in asked or candidates[1].name not in asked
    found = client.get(reverse(OWN), {"q": candidates[1].number}).content.decode()
    assert "没有这名考生" in found
    assert (
        client_of(cast.school)
        .get(reverse(f"{PAGE}__one", args=[sheet.pk]))
        .content.decode()
        .count("data-row=")
        == 6
    )


def test_what_is_not_his_he_cannot_decide_on(cast, sheet, candidates, second, client_of):
    hand_out(cast, sheet, chosen=(cast.member, [candidates[0].number]))
    for wrong in (candidates[1], candidates[2]):
        with pytest.raises(deciding.Stale, match="没有分给您"):
            admit(cast.member, sheet, wrong)
    with pytest.raises(deciding.Stale, match="收回或分给"):
        admit(second, sheet, candidates[0])
    admit(cast.member, sheet, candidates[0])
    admit(cast.school, sheet, candidates[1])
    assert state_of(candidates[2]) == State.READING


def test_majors_of_a_sheet_handed_out_are_given_by_the_leader(cast, sheet, candidates):
    hand_out(cast, sheet, chosen=(cast.member, [candidates[0].number]))
    with pytest.raises(Refusal, match="由组长办理"):
        submitting.majors_assign(actor=cast.member, sheet=sheet)
    assert submitting.majors_assign(actor=cast.school, sheet=sheet).assigned == 6


def test_counts_of_each_member(cast, sheet, candidates, second):
    hand_out(cast, sheet, evenly=[cast.member, second])
    admit(cast.member, sheet, candidates[0])
    work = work_of([sheet])[sheet.pk]
    mine = work[cast.member.pk]
    assert (mine.handed, mine.undecided, mine.to_admit, mine.decided) == (3, 2, 1, 1)
    assert work[second.pk].undecided == 3


def test_called_back_the_decision_stays(cast, sheet, candidates, second):
    hand_out(cast, sheet, evenly=[cast.member, second])
    admit(cast.member, sheet, candidates[0])
    back = {"actor": cast.school, "sheet": sheet, "member": cast.member.pk}
    assert handing.dossiers_call_back(**back) == 2
    assert [holder(c) for c in candidates[:3]] == ["school1-member", "school1-second", None]
    assert handing.dossiers_call_back(**back, decided=True) == 1
    assert state_of(candidates[0]) == State.PROPOSE_ADMIT
    with pytest.raises(Refusal, match="没有可收回"):
        handing.dossiers_call_back(**back)
    with pytest.raises(deciding.Stale, match="收回"):
        admit(cast.member, sheet, candidates[2])


def test_a_member_gives_back_with_a_word(cast, sheet, candidates, second, client_of):
    hand_out(cast, sheet, evenly=[cast.member, second])
    url = reverse(f"{OWN}__give_back", args=[sheet.pk])
    client = client_of(cast.member)
    refused = client.post(url, {"candidate": candidates[0].pk, "words": " "}, follow=True)
    assert "须写明原因" in refused.content.decode()
    refused = client.post(url, {"candidate": candidates[1].pk, "words": "体检存疑"}, follow=True)
    assert "未作任何改动" in refused.content.decode()
    client.post(url, {"candidate": candidates[0].pk, "words": "体检存疑"})
    assert holder(candidates[0]) is None
    page = reverse(f"{PAGE}__hand_out", args=[sheet.pk])
    assert "体检存疑" in client_of(cast.school).get(page).content.decode()
    assert Deed.objects.filter(actor=cast.member, note="体检存疑").exists()


def test_undone_all_read_all_again(cast, sheet, candidates, second):
    hand_out(cast, sheet, evenly=[second])
    assert handing.hand_out_end(actor=cast.school, sheet=sheet) == 6
    admit(cast.member, sheet, candidates[0])
    with pytest.raises(Refusal, match="没有分发"):
        handing.hand_out_end(actor=cast.school, sheet=sheet)


def test_held_dossiers_wait_and_decided_ones_are_not_handed_out(cast, sheet, candidates, second):
    Dossier.objects.filter(pk=candidates[0].pk).update(held=True)
    admit(cast.school, sheet, candidates[1])
    hand_out(cast, sheet, evenly=[second])
    assert [holder(c) for c in candidates] == [None, None] + ["school1-second"] * 4


def test_what_the_office_recalled_is_on_no_list(cast, sheet, candidates, second):
    hand_out(cast, sheet, evenly=[second])
    keeping.recall_dossier(actor=cast.city, candidates=[candidates[0].pk], reason="投诉")
    assert work_of([sheet])[sheet.pk][second.pk].handed == 5
    with pytest.raises(deciding.Stale, match="收回"):
        admit(second, sheet, candidates[0])


def test_the_page_hands_out_all_four_ways(cast, sheet, candidates, second, client_of):
    client, url = client_of(cast.school), reverse(f"{PAGE}__hand_out", args=[sheet.pk])
    assert "尚未分发" in client.get(url).content.decode()
    ways = [
        {"way": "evenly", "members": [cast.member.pk, second.pk]},
        {"way": "scores", f"low_{second.pk}": "0", "again": "on"},
        {"way": "counties", "county_440104": cast.member.pk, "again": "on"},
        {"way": "chosen", "member": cast.member.pk, "numbers": candidates[0].number, "again": "on"},
    ]
    for way in ways:
        response = client.post(url, way, follow=True)
        assert "已分发" in response.content.decode(), way
    assert holder(candidates[0]) == "school1-member"
    for wrong in ({"way": "evenly"}, {"way": "scores"}, {"way": "counties"}, {"way": "chosen"}, {}):
        assert client.post(url, wrong).status_code == 422
    client.post(reverse(f"{PAGE}__call_back", args=[sheet.pk]), {"member": second.pk})
    assert not HandOut.objects.filter(member=second).exists()
    client.post(reverse(f"{PAGE}__hand_out__end", args=[sheet.pk]))
    assert not HandOut.objects.exists()


def test_the_submission_shows_the_difference_from_the_plan(cast, sheet, client_of):
    submitting.majors_assign(actor=cast.school, sheet=sheet)
    words = client_of(cast.school).get(reverse(f"{PAGE}__submit", args=[sheet.pk])).content.decode()
    assert "与计划的差额" in words
    assert "缺 4" in words


def test_permission(cast, sheet, client_of):
    client = client_of(cast.member)
    for tail in ("hand_out", "call_back", "hand_out__end"):
        assert client.post(reverse(f"{PAGE}__{tail}", args=[sheet.pk])).status_code == 403
    with pytest.raises(Refusal, match="组长"):
        handing.dossiers_hand_out(actor=cast.member, sheet=sheet, deal=Deal(evenly=[cast.member]))
    assert client_of(cast.registrar).post(reverse(f"{OWN}__give_back", args=[sheet.pk])).status_code == 403


def test_another_schools_sheet_does_not_exist(cast, sheet, client_of):
    client = client_of(cast.other_school)
    for name in (f"{PAGE}__hand_out", f"{PAGE}__call_back", f"{PAGE}__hand_out__end", f"{OWN}__give_back"):
        assert client.post(reverse(name, args=[sheet.pk])).status_code == 404
    with pytest.raises(Refusal, match="不是发给贵校"):
        handing.dossiers_hand_out(actor=cast.other_school, sheet=sheet, deal=Deal(evenly=[cast.member]))


def test_a_submitted_sheet_has_nothing_to_hand_out(cast, sheet):
    submitting.majors_assign(actor=cast.school, sheet=sheet)
    submitting.sheet_submit(actor=cast.school, sheet=sheet)
    with pytest.raises(Refusal, match="没有可分发"):
        hand_out(cast, sheet, evenly=[cast.member])


def test_it_leaves_a_trace_and_works_behind_the_wall(cast, sheet, second):
    with walled(cast.school.scope):
        hand_out(cast, sheet, evenly=[cast.member, second])
    deed = Deed.objects.get(subject=f"分发投档单 {sheet.number}")
    assert (deed.actor, deed.count) == (cast.school, 6)
    assert "3 份" in deed.note


def test_pages_ask_a_bounded_number_of_questions(
    cast, sheet, second, client_of, django_assert_max_num_queries
):
    hand_out(cast, sheet, evenly=[cast.member, second])
    pages = [
        (cast.school, reverse(f"{PAGE}__hand_out", args=[sheet.pk])),
        (cast.member, reverse(OWN)),
        (cast.school, reverse(PAGE)),
        (cast.school, reverse(f"{PAGE}__one", args=[sheet.pk])),
        (cast.member, reverse(f"{OWN}__one", args=[sheet.pk])),
    ]
    for user, url in pages:
        client = client_of(user)
        client.get(url)
        with django_assert_max_num_queries(23, info=url):
            assert client.get(url).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_recall_by_the_leader_against_a_members_decision(cast, sheet, candidates, second):
    """Whoever comes second sees the first: either he has decided, and it stays, or he is told."""
    hand_out(cast, sheet, evenly=[cast.member])
    versions = [version_of(c) for c in candidates]
    connection.close()

    def deed(index):
        fresh = Sheet.objects.select_related("batch").get(pk=sheet.pk)
        if index == 0:
            leader = User.objects.get(pk=cast.school.pk)
            handing.dossiers_call_back(actor=leader, sheet=fresh, member=cast.member.pk)
            return
        deciding.dossier_propose_admit(
            actor=User.objects.get(pk=cast.member.pk),
            sheet=fresh,
            candidate=candidates[index - 1].pk,
            version=versions[index - 1],
        )

    results = in_threads(7, deed)
    assert set(results) <= {"done", "Stale", "Refusal"}
    decided = [c for c in candidates if state_of(c) == State.PROPOSE_ADMIT]
    late = len(decided) == 6  # the member was faster with all of them: nothing was left to call back
    assert results.count("Refusal") == late
    assert results.count("done") == len(decided) + (not late)
    assert [c for c in candidates if holder(c)] == decided, "what he decided first stays with him"
