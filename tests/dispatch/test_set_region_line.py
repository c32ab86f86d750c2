"""设置区域分数线: for the city or one county, all plans or one kind; and the province's lowest line."""

import pytest
from django.urls import reverse

from accounts.models import Deed
from accounts.refusals import Refusal
from dispatch.models import RegionLine
from dispatch.services import control
from tests import factories

CONFIRMED = {"confirmed": "1"}


def address(batch) -> str:
    return reverse("dispatch:set_region_line__change", args=[batch.pk])


def test_a_line_is_set_and_set_again(cast, batch, client_of):
    client = client_of(cast.city)
    for marks in ("380", "400.5"):
        assert client.post(address(batch), {"county": "", "score": marks} | CONFIRMED).status_code == 302
    assert RegionLine.objects.get(batch=batch, county="", kind="").score == 40050
    assert "380 → 400.5" in Deed.objects.filter(function="dispatch.set_region_line").first().note
    assert "400.5" in client.get(reverse("dispatch:set_region_line__one", args=[batch.pk])).content.decode()
    assert "全市 400.5" in client.get(reverse("dispatch:set_region_line")).content.decode()
    assert client.post(address(batch), {"county": "", "remove": "on"} | CONFIRMED).status_code == 302
    assert not RegionLine.objects.exists()


def test_whom_it_touches_is_shown_before_it_is_set(
    cast, batch, schools, plan_line, make_candidates, client_of
):
    factories.make_choices(make_candidates(2, total=30000), batch, schools[:1])
    factories.make_choices(make_candidates(1, total=20000, county="440104"), batch, schools[:1])
    make_candidates(1, total=100)  # has no choice
    control.set_region_line(actor=cast.city, batch=batch, county="", score=10000)
    shown = client_of(cast.city).post(address(batch), {"county": "", "score": "250"}).content.decode()
    assert "在库且填报的考生 3 名，总分低于该线的由 0 名变为 1 名" in shown
    assert "涉及 1 所院校、3 名" in shown
    shown = (
        client_of(cast.city).post(address(batch), {"county": "440103", "score": "300.01"}).content.decode()
    )
    assert "在库且填报的考生 2 名，总分低于该线的由 0 名变为 2 名" in shown
    assert RegionLine.objects.get().score == 10000


@pytest.mark.parametrize(
    "data",
    [{"score": "-1"}, {"score": "abc"}, {"county": "440303", "score": "1"}, {"kind": "77", "score": "1"}, {}],
)
def test_bad_input_changes_nothing(cast, batch, client_of, data):
    assert client_of(cast.city).post(address(batch), data | CONFIRMED).status_code == 422
    assert not RegionLine.objects.exists()


def test_a_county_of_another_city_is_refused_by_the_service_too(cast, batch):
    with pytest.raises(Refusal, match="县区"):
        control.set_region_line(actor=cast.city, batch=batch, county="440303", score=1)


def test_needs_the_permission_and_the_own_city(cast, batch, client_of):
    assert client_of(cast.school).get(address(batch)).status_code == 403
    assert client_of(cast.other_city).post(address(batch), {"score": "1"} | CONFIRMED).status_code == 404
