"""释放考生档案: the list of what is held; the whole way is in test_hold_dossier."""

from admissions.models import Dossier
from dispatch.services import keeping
from tests.dispatch.keeping import keys, page


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


def test_needs_the_permission(cast, client_of):
    assert client_of(cast.idle).get(page("release_dossier")).status_code == 403
    assert client_of(cast.reviewer).get(page("release_dossier")).status_code == 403
