"""挂起考生档案、释放考生档案: held it takes no step, released it goes on."""

import pytest
from django.urls import reverse

from accounts.refusals import Refusal
from admissions.models import Dossier, DossierEvent
from admissions.queries.track import as_told
from dispatch.services import deciding, keeping
from tests.dispatch.keeping import keys, page
from tests.factories_dispatch import version_of


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


def test_needs_the_permission(cast, client_of):
    assert client_of(cast.idle).get(page("hold_dossier")).status_code == 403
    assert client_of(cast.reviewer).get(page("hold_dossier")).status_code == 403


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
