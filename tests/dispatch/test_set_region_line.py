"""设置区域分数线: for the city or one county, in marks with two decimals."""

import pytest
from django.urls import reverse

from accounts.models import Deed
from accounts.refusals import Refusal
from dispatch.models import RegionLine
from dispatch.services import control


def test_a_line_is_set_and_set_again(cast, batch, client_of):
    client, url = client_of(cast.city), reverse("dispatch:set_region_line__one", args=[batch.pk])
    for marks in ("380", "400.5"):
        assert client.post(url, {"county": "", "score": marks}).status_code == 302
    assert RegionLine.objects.get(batch=batch, county="").score == 40050
    assert "原为 380 分" in Deed.objects.filter(function="dispatch.set_region_line").first().note
    assert "400.5" in client.get(url).content.decode()


@pytest.mark.parametrize("data", [{"score": "-1"}, {"score": "abc"}, {"county": "440303", "score": "1"}])
def test_bad_input_changes_nothing(cast, batch, client_of, data):
    url = reverse("dispatch:set_region_line__one", args=[batch.pk])
    assert client_of(cast.city).post(url, data).status_code == 422
    assert not RegionLine.objects.exists()


def test_a_county_of_another_city_is_refused_by_the_service_too(cast, batch):
    with pytest.raises(Refusal, match="县区"):
        control.set_region_line(actor=cast.city, batch=batch, county="440303", score=1)


def test_needs_the_permission_and_the_own_city(cast, batch, client_of):
    url = reverse("dispatch:set_region_line__one", args=[batch.pk])
    assert client_of(cast.school).get(url).status_code == 403
    assert client_of(cast.other_city).post(url, {"score": "1"}).status_code == 404
