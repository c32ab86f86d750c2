"""释放考生档案: the list of what is held; the whole way is in test_hold_dossier."""

from admissions.models import Dossier
from dispatch.services import keeping
from tests.dispatch.keeping import keys, page, posted, trace, traced, unknown_alike


def test_the_list_shows_what_is_held_and_by_whom(cast, three, client_of):
    keeping.hold_dossier(actor=cast.city, candidates=keys(three[:1]), reason="体检争议")
    shown = client_of(cast.city).get(page("release_dossier")).content.decode()
    assert three[0].number in shown
    assert "体检争议" in shown
    assert three[1].number not in shown


def test_chosen_in_the_list_it_asks_for_the_reason_and_releases(cast, three, client_of):
    keeping.hold_dossier(actor=cast.city, candidates=keys(three[:2]), reason="体检争议")
    client = client_of(cast.city)
    asked = client.post(page("release_dossier", "by_number"), {"chosen": str(three[0].pk)}).content.decode()
    assert three[0].number in asked
    assert three[1].number not in asked
    fields = {"numbers": three[0].number, "reason": "已复查", "confirmed": "1"}
    client.post(page("release_dossier", "by_number"), fields)
    assert [Dossier.objects.get(pk=c.pk).held for c in three] == [False, True, False]


def test_the_list_is_filtered_by_state_and_school(cast, read_sheet, three, make_candidates, client_of):
    free = make_candidates(1)
    keeping.hold_dossier(actor=cast.city, candidates=keys([*three[:2], *free]), reason="核查")
    client = client_of(cast.city)

    def found(**query) -> list[bool]:
        shown = client.get(page("release_dossier"), query).content.decode()
        return [one.number in shown for one in (three[0], three[1], free[0])]

    assert found(state="propose_return") == [False, True, False]
    assert found(state="pool") == [False, False, True]
    assert found(school=read_sheet.school.code) == [True, True, False]


def test_all_pages_are_chosen_as_far_as_the_filters_go(cast, three, client_of):
    keeping.hold_dossier(actor=cast.city, candidates=keys(three), reason="核查")
    query = {"all": "1", "query": f"number={three[1].number}"}
    asked = client_of(cast.city).post(page("release_dossier", "by_number"), query).content.decode()
    assert [one.number in asked for one in three] == [False, True, False]


def test_who_is_not_held_is_told_before_anything_is_confirmed(cast, three, client_of):
    keeping.hold_dossier(actor=cast.city, candidates=keys(three[:1]), reason="核查")
    answer = posted(client_of(cast.city), "release_dossier", three, confirmed=False)
    assert answer.status_code == 422
    assert (
        f"{three[1].number} {three[1].name}没有挂起（另有 1 名考生同样），未作任何改动"
        in answer.content.decode()
    )
    assert Dossier.objects.get(pk=three[0].pk).held


def test_without_a_reason_nothing_is_released(cast, three, client_of):
    keeping.hold_dossier(actor=cast.city, candidates=keys(three), reason="核查")
    assert posted(client_of(cast.city), "release_dossier", three, reason=" ").status_code == 422
    assert Dossier.objects.filter(held=True).count() == 3


def test_a_number_of_another_city_is_told_as_one_that_is_none(cast, make_candidates, client_of):
    foreign = make_candidates(1, city="4403")
    keeping.hold_dossier(actor=cast.other_city, candidates=keys(foreign), reason="核查")
    assert unknown_alike(client_of(cast.city), "release_dossier", foreign[0])
    assert Dossier.objects.get(pk=foreign[0].pk).held


def test_it_leaves_a_trace(cast, read_sheet, three, client_of):
    keeping.hold_dossier(actor=cast.city, candidates=keys(three[:1]), reason="核查")
    posted(client_of(cast.second), "release_dossier", three[:1], reason="已核实")
    told = traced(cast.second, "release_dossier", "已核实", "propose_admit", "propose_admit")
    assert trace("release_dossier", three[0]) == told


def test_needs_the_permission(cast, three, client_of):
    keeping.hold_dossier(actor=cast.city, candidates=keys(three), reason="核查")
    for user in (cast.idle, cast.reviewer, cast.school):
        client = client_of(user)
        assert client.get(page("release_dossier")).status_code == 403
        assert posted(client, "release_dossier", three).status_code == 403
    assert Dossier.objects.filter(held=True).count() == 3
