"""投档复核: a second person, with another duty, confirms the very fingerprint."""

import pytest
from django.urls import reverse

from admissions.jobs import Progress
from admissions.models import Dossier
from dispatch.models import Run
from dispatch.services import sending
from tests import factories


@pytest.fixture
def run(cast, batch, schools, plan_line, make_candidates):
    factories.make_choices(make_candidates(3), batch, schools)
    made = sending.run_open(actor=cast.city, batch=batch)
    sending.run_rehearse(actor=cast.city, run=made, progress=Progress("00000000-0000-0000-0000-000000000000"))
    made.refresh_from_db()
    return made


def test_the_second_person_confirms_what_he_saw(cast, run, client_of):
    client, url = client_of(cast.reviewer), reverse("dispatch:confirm_dispatch__run", args=[run.pk])
    assert run.fingerprint[:16] in client.get(url).content.decode()
    assert client.post(url, {"fingerprint": run.fingerprint}).status_code == 302
    run.refresh_from_db()
    assert (run.state, run.confirmed_by) == (Run.State.CONFIRMED, cast.reviewer)
    assert Dossier.objects.filter(state="pool").count() == 3


def test_a_stale_fingerprint_is_refused(cast, run, client_of):
    url = reverse("dispatch:confirm_dispatch__run", args=[run.pk])
    answer = client_of(cast.reviewer).post(url, {"fingerprint": "0" * 64})
    assert answer.status_code == 422
    assert "已经变化" in answer.content.decode()


def test_a_new_rehearsal_asks_for_a_new_confirmation(cast, run):
    sending.run_confirm(actor=cast.reviewer, run=run, fingerprint=run.fingerprint)
    sending.run_rehearse(actor=cast.city, run=run, progress=Progress("00000000-0000-0000-0000-000000000000"))
    run.refresh_from_db()
    assert (run.state, run.confirmed_by) == (Run.State.REHEARSED, None)


def test_needs_the_permission_and_the_own_city(cast, run, client_of):
    url = reverse("dispatch:confirm_dispatch__run", args=[run.pk])
    assert client_of(cast.school).get(url).status_code == 403
    foreign = factories.make_user("sz-reviewer", cast.other_city.organisation, "reviewing")
    assert client_of(foreign).get(url).status_code == 404
