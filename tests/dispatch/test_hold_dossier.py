"""挂起考生档案、释放考生档案: held it takes no step, released it goes on."""

import pytest
from django.urls import reverse

from accounts.refusals import Refusal
from admissions.models import Dossier, DossierEvent
from admissions.queries.track import as_told
from dispatch.services import deciding, keeping
from tests.dispatch.keeping import keys, page, posted, trace, traced, unknown_alike
from tests.factories_dispatch import sheet_released, version_of


def test_held_it_takes_no_step_and_released_it_goes_on(cast, read_sheet, three, client_of):
    client = client_of(cast.city)
    fields = {"numbers": three[2].number, "reason": "数据有争议", "confirmed": "1"}
    client.post(page("hold_dossier"), fields)
    assert Dossier.objects.get(pk=three[2].pk).held
    with pytest.raises(Refusal, match="挂起"):
        keeping.recall_dossier(actor=cast.city, candidates=keys(three[2:]), reason="重投")
    with pytest.raises(Refusal, match="已经挂起"):
        keeping.hold_dossier(actor=cast.city, candidates=keys(three[2:]), reason="再次")
    shown = client.get(page("release_dossier")).content.decode()
    assert "数据有争议" in shown
    assert "gz" in shown
    client.post(page("release_dossier", "by_number"), fields | {"reason": "已核实"})
    assert not Dossier.objects.get(pk=three[2].pk).held
    with pytest.raises(Refusal, match="没有挂起"):
        keeping.release_dossier(actor=cast.city, candidates=keys(three[2:]), reason="再次")
    steps = DossierEvent.objects.filter(candidate=three[2], step__endswith="_dossier").order_by("pk")
    assert [(e.word, e.note, e.source == e.target) for e in steps] == [
        ("挂起", "数据有争议", True),
        ("释放", "已核实", True),
    ]


def test_the_page_counts_and_shows_before_it_is_done(cast, read_sheet, three, client_of):
    shown = posted(client_of(cast.city), "hold_dossier", three, confirmed=False).content.decode()
    assert "将挂起 3 份档案" in shown
    assert "院校在阅 1" in shown
    assert three[0].name in shown
    assert not Dossier.objects.filter(held=True).exists()


def test_who_is_held_already_is_told_before_anything_is_confirmed(cast, three, client_of):
    keeping.hold_dossier(actor=cast.city, candidates=keys(three[:1]), reason="核查")
    answer = posted(client_of(cast.city), "hold_dossier", three, confirmed=False)
    assert answer.status_code == 422
    assert f"{three[0].number} {three[0].name}已经挂起" in answer.content.decode()
    assert Dossier.objects.filter(held=True).count() == 1


def test_without_a_reason_nothing_is_held(cast, three, client_of):
    assert posted(client_of(cast.city), "hold_dossier", three, reason=" ").status_code == 422
    with pytest.raises(Refusal, match="原因"):
        keeping.hold_dossier(actor=cast.city, candidates=keys(three), reason=" ")
    assert not Dossier.objects.filter(held=True).exists()


def test_a_number_of_another_city_is_told_as_one_that_is_none(cast, make_candidates, client_of):
    assert unknown_alike(client_of(cast.city), "hold_dossier", make_candidates(1, city="4403")[0])


def test_a_guest_at_a_school_of_the_city_is_held_by_his_own_city_only(
    cast, other_batch, schools, make_candidates, client_of
):
    """广州 supervises the school and sees him there; it neither holds him nor learns why 深圳 does."""
    guest = make_candidates(1, city="4403")
    sheet_released(cast.other_city, other_batch, schools[0], guest)
    assert posted(client_of(cast.city), "hold_dossier", guest).status_code == 422
    keeping.hold_dossier(actor=cast.other_city, candidates=keys(guest), reason="深圳核查")
    for name in ("hold_dossier", "release_dossier"):
        assert "深圳核查" not in client_of(cast.city).get(page(name)).content.decode()
        assert "深圳核查" in client_of(cast.other_city).get(page(name)).content.decode()
    track = reverse("admissions:find_track")
    assert client_of(cast.city).get(track, {"number": guest[0].number}).status_code == 404
    for user in (cast.other_city, cast.province):
        assert "深圳核查" in client_of(user).get(track, {"number": guest[0].number}).content.decode()


def test_it_leaves_a_trace(cast, read_sheet, three, client_of):
    posted(client_of(cast.city), "hold_dossier", three[:1], reason="数据有争议")
    told = traced(cast.city, "hold_dossier", "数据有争议", "propose_admit", "propose_admit")
    assert trace("hold_dossier", three[0]) == told


def test_needs_the_permission(cast, three, client_of):
    for user in (cast.idle, cast.reviewer, cast.school):
        client = client_of(user)
        assert client.get(page("hold_dossier")).status_code == 403
        assert posted(client, "hold_dossier", three).status_code == 403
    assert not Dossier.objects.filter(held=True).exists()


def test_why_it_is_held_is_told_to_whoever_may_hold_only(cast, read_sheet, three, client_of):
    """Not to the school that reads it, in the track or when it is too late; not to who audits (domain.md §4.7)."""
    one = three[2]
    version = version_of(one)
    keeping.hold_dossier(actor=cast.city, candidates=[one.pk], reason="疑似冒名顶替")
    pane = reverse("dispatch:decide_as_leader__one", args=[read_sheet.pk])
    page_of_school = client_of(cast.school).get(f"{pane}?dossier={one.pk}").content.decode()
    assert "<strong>挂起</strong>" in page_of_school, "that it is held stands in the track"
    assert "疑似冒名顶替" not in page_of_school
    with pytest.raises(Refusal) as refused:
        deciding.dossier_undecide(actor=cast.school, sheet=read_sheet, candidate=one.pk, version=version)
    assert "“挂起”" in str(refused.value)
    assert "疑似冒名顶替" not in str(refused.value)
    events = DossierEvent.objects.filter(candidate=one).order_by("pk")
    assert {event.note for event in as_told(cast.school, events) if event.step == "hold_dossier"} == {""}
    assert {event.note for event in as_told(cast.reviewer, events) if event.step == "hold_dossier"} == {""}
    track = client_of(cast.city).get(reverse("admissions:find_track"), {"number": one.number})
    assert "疑似冒名顶替" in track.content.decode()
