"""指定考生取消投档: some dossiers go back to the pool before their school has submitted them."""

from admissions.lifecycle import State
from dispatch.services import keeping
from tests.dispatch.keeping import keys, page, taken
from tests.factories_dispatch import state_of


def test_some_dispatches_are_cancelled_and_their_seats_freed(cast, read_sheet, three):
    assert taken() == 1
    assert keeping.cancel_dispatch(actor=cast.city, candidates=keys(three[:2]), reason="考生申请") == 2
    assert [state_of(c) for c in three] == [State.POOL, State.POOL, State.READING]
    assert taken() == 0


def test_needs_the_permission(cast, client_of):
    assert client_of(cast.idle).get(page("cancel_dispatch")).status_code == 403
    assert client_of(cast.reviewer).get(page("cancel_dispatch")).status_code == 403
