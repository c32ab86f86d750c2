"""挂起考生档案、释放考生档案: held it takes no step, released it goes on."""

import pytest

from accounts.refusals import Refusal
from admissions.models import Dossier, DossierEvent
from dispatch.services import keeping
from tests.dispatch.keeping import keys, page


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
