"""指定考生取消投档: some dossiers go back to the pool before their school has submitted them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.views.workbooks import workbook_bytes
from admissions.lifecycle import State
from admissions.models import DossierEvent
from dispatch.services import deciding, keeping
from tests.dispatch.keeping import keys, page, posted, taken, trace, traced, unknown_alike
from tests.factories_dispatch import placement_of, sheet_released, sheet_submitted, state_of, version_of

NAME = "cancel_dispatch"


def test_some_dispatches_are_cancelled_and_their_seats_freed(cast, read_sheet, three):
    assert taken() == 1
    assert keeping.cancel_dispatch(actor=cast.city, candidates=keys(three[:2]), reason="考生申请") == 2
    assert [state_of(c) for c in three] == [State.POOL, State.POOL, State.READING]
    assert taken() == 0


def test_the_page_counts_shows_and_says_the_way_back_before_it_is_done(cast, read_sheet, three, client_of):
    client = client_of(cast.city)
    shown = posted(client, NAME, three[:2], confirmed=False).content.decode()
    assert "将取消 2 名考生的投档" in shown
    assert "其中预录取 1、预退档 1；涉及 1 所院校" in shown
    assert "可用“指定考生线上点投”" in shown
    assert three[1].name in shown
    assert state_of(three[0]) == State.PROPOSE_ADMIT, "asked first"
    assert posted(client, NAME, three[:2]).status_code == 302
    assert [state_of(c) for c in three] == [State.POOL, State.POOL, State.READING]


def test_a_list_that_was_uploaded_is_carried_to_the_confirmation(cast, read_sheet, three, client_of):
    client = client_of(cast.city)
    rows = [("考生号", "备注"), *((c.number, "") for c in three[1:])]
    file = SimpleUploadedFile("名单.xlsx", workbook_bytes(rows))
    fields = {"numbers": three[0].number, "reason": "重投", "upload": file}
    shown = client.post(page(NAME, "by_number"), fields).content.decode()
    assert "将取消 3 名考生的投档" in shown
    kept = "\n".join(c.number for c in three)
    assert f'name="numbers" value="{kept}"' in shown
    client.post(page(NAME, "by_number"), {"numbers": kept, "reason": "重投", "confirmed": "1"})
    assert {state_of(c) for c in three} == {State.POOL}


def test_chosen_rows_that_left_the_list_meanwhile_are_told(cast, read_sheet, three, client_of):
    chosen = [placement_of(candidate).pk for candidate in three]
    keeping.cancel_dispatch(actor=cast.city, candidates=keys(three[:1]), reason="甲")
    client = client_of(cast.city)
    asked = client.post(page(NAME, "by_number"), {"chosen": chosen}).content.decode()
    assert "有 1 名已不在列表中" in asked
    assert three[0].number not in asked
    assert three[1].number in asked


def test_without_numbers_or_reason_nothing_is_done(cast, read_sheet, three, client_of):
    client = client_of(cast.city)
    assert "请填写考生号或上传名单" in posted(client, NAME, []).content.decode()
    assert posted(client, NAME, three, reason=" ").status_code == 422
    assert state_of(three[0]) == State.PROPOSE_ADMIT


def test_whoever_cannot_be_taken_back_is_named_before_anything_is_confirmed(
    cast, batch, schools, plan_line, three, client_of
):
    sheet_submitted(cast.city, cast.school, batch, schools[0], three[:1], three[1:2])
    answer = posted(client_of(cast.city), NAME, three, confirmed=False)
    told = answer.content.decode()
    assert answer.status_code == 422
    assert f"{three[0].number} {three[0].name}（录取待审）" in told
    assert f"{three[2].number} {three[2].name}（自由可投）不能取消投档，未作任何改动" in told
    assert "可使用“指定考生强制回收档案”" in told


def test_a_return_that_was_only_proposed_does_not_bar_him_from_the_school(
    cast, batch, schools, read_sheet, three, client_of
):
    """The draft of a return ends with the dispatch: the school is told, and he may be sent there again."""
    assert placement_of(three[1]).reason_id == "01"
    keeping.cancel_dispatch(actor=cast.city, candidates=keys(three[1:2]), reason="投错院校")
    placement = placement_of(three[1])
    assert (placement.reason_id, placement.reason_words) == (None, "投错院校")
    assert "投错院校" in client_of(cast.school).get(reverse("accounts:workbench")).content.decode()
    assert DossierEvent.objects.get(candidate=three[1], step="propose_return").reason_id == "01", (
        "it was said"
    )


def test_the_school_reads_why_and_its_late_decision_fails_in_words(cast, read_sheet, three, client_of):
    version = version_of(three[0])
    keeping.cancel_dispatch(actor=cast.city, candidates=keys(three[:1]), reason="计划有误")
    with pytest.raises(deciding.Stale, match="收回"):
        deciding.dossier_undecide(actor=cast.school, sheet=read_sheet, candidate=three[0].pk, version=version)
    assert "计划有误" in client_of(cast.school).get(reverse("accounts:workbench")).content.decode()


def test_needs_the_permission(cast, read_sheet, three, client_of):
    for user in (cast.idle, cast.reviewer, cast.school):
        client = client_of(user)
        assert client.get(page(NAME)).status_code == 403
        assert posted(client, NAME, three).status_code == 403
    assert state_of(three[0]) == State.PROPOSE_ADMIT


def test_a_number_of_another_city_is_told_as_one_that_is_none(
    cast, other_batch, schools, make_candidates, client_of
):
    guest = make_candidates(1, city="4403")
    sheet_released(cast.other_city, other_batch, schools[1], guest)
    assert unknown_alike(client_of(cast.city), NAME, guest[0])


def test_it_leaves_a_trace(cast, read_sheet, three, client_of):
    posted(client_of(cast.city), NAME, three[:1], reason="考生申请")
    assert trace(NAME, three[0]) == traced(cast.city, NAME, "考生申请", "propose_admit", "pool")
