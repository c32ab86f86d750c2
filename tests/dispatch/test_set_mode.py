"""设置投档模式: versions, the difference shown before it is set, refused while a run is open."""

import pytest
from django.urls import reverse

from accounts.models import Deed
from accounts.refusals import Refusal
from dispatch.services import control, sending

VALUES = {
    "mode": "tiers", "ratio_percent": 105, "rounding": "half_up", "tie_policy": "accept_all",
    "tie_keys": "chinese+maths lottery", "tiers": "400 600.5",
}  # fmt: skip


def test_the_difference_is_shown_and_then_set_as_a_new_version(cast, batch, client_of):
    client, url = client_of(cast.city), reverse("dispatch:set_mode__one", args=[batch.pk])
    asked = client.post(url, VALUES)
    assert "105" in asked.content.decode()
    batch.refresh_from_db()
    assert batch.mode_version == 1, "asking is not doing"
    assert client.post(url, VALUES | {"confirmed": "1"}).status_code == 302
    batch.refresh_from_db()
    assert (batch.mode, batch.mode_version, batch.tiers) == ("tiers", 2, [60050, 40000])
    assert batch.tie_keys == ["chinese+maths", "lottery"]
    assert "ratio_percent：100 → 105" in Deed.objects.get(function="dispatch.set_mode").note


def test_bad_parameters_are_refused_in_words(cast, batch, client_of):
    url = reverse("dispatch:set_mode__one", args=[batch.pk])
    client = client_of(cast.city)
    assert client.post(url, VALUES | {"ratio_percent": "90", "confirmed": "1"}).status_code == 422
    wrong = client.post(url, VALUES | {"tie_keys": "astrology", "confirmed": "1"})
    assert "astrology" in wrong.content.decode()
    assert client.post(url, VALUES | {"tiers": "", "confirmed": "1"}).status_code == 422
    batch.refresh_from_db()
    assert batch.mode_version == 1


def test_refused_while_a_run_is_open(cast, batch, plan_line):
    sending.run_open(actor=cast.city, batch=batch)
    with pytest.raises(Refusal, match="正在进行"):
        control.set_mode(
            actor=cast.city, batch=batch, values={"mode": "choice_first", "tie_keys": [], "tiers": []}
        )


def test_needs_the_permission_and_the_own_city(cast, batch, client_of):
    url = reverse("dispatch:set_mode__one", args=[batch.pk])
    assert client_of(cast.reviewer).get(url).status_code == 403
    assert client_of(cast.other_city).get(url).status_code == 404
    assert client_of(cast.city).get(reverse("dispatch:set_mode")).status_code == 200
