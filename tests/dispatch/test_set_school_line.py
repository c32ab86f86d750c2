"""设置院校区域分数线: a school's own line, for the city or one county, not below that of the region."""

import pytest
from django.urls import reverse

from accounts.models import Deed
from dispatch.models import Run, SchoolLine
from dispatch.services import control
from tests import factories

CONFIRMED = {"confirmed": "1"}


def address(batch) -> str:
    return reverse("dispatch:set_school_line__change", args=[batch.pk])


def test_a_line_is_set_for_several_schools_at_once(cast, batch, schools, plan_line, client_of):
    factories.make_plan_line(schools[1], batch)
    client = client_of(cast.city)
    both = {"school": "10001 20001", "county": "", "score": "410"}
    assert client.post(address(batch), both | CONFIRMED).status_code == 302
    assert set(SchoolLine.objects.values_list("school", "county", "score")) == {
        (schools[0].pk, "", 41000), (schools[1].pk, "", 41000),
    }  # fmt: skip
    page = client.get(reverse("dispatch:set_school_line__one", args=[batch.pk]) + "?q=荔湾").content.decode()
    assert "广州市荔湾职业学校" in page
    assert "罗湖" not in page
    assert Deed.objects.get(function="dispatch.set_school_line").count == 2
    assert (
        client.post(address(batch), {"school": "10001", "county": "", "remove": "on"} | CONFIRMED).status_code
        == 302
    )
    assert SchoolLine.objects.get().school == schools[1]


def test_all_that_a_list_finds_are_chosen(cast, batch, schools, plan_line, client_of):
    factories.make_plan_line(schools[1], batch)
    form = client_of(cast.city).get(address(batch) + "?all=1").context["form"]
    assert form["school"].value().split() == ["10001", "20001"]
    form = client_of(cast.city).get(address(batch) + "?all=1&q=罗湖").context["form"]
    assert form["school"].value().split() == ["20001"]
    form = client_of(cast.city).get(address(batch) + "?chosen=10001|440103").context["form"]
    assert (form["school"].value(), form["county"].value()) == ("10001", "440103")


def test_rows_of_different_counties_are_not_set_together(cast, batch, plan_line, client_of):
    """What was chosen for one county would have been set for another."""
    answer = client_of(cast.city).get(address(batch) + "?chosen=10001|440103&chosen=10001|")
    assert answer.status_code == 409
    assert "生源范围不同，不能一起设置" in answer.content.decode()


def test_below_the_line_of_the_region_it_would_do_nothing(cast, batch, plan_line, client_of):
    control.set_region_line(actor=cast.city, batch=batch, county="440103", score=40000)
    asked = {"school": "10001", "county": "440103", "score": "399"} | CONFIRMED
    answer = client_of(cast.city).post(address(batch), asked)
    assert "低于区域分数线 400 分" in answer.content.decode()
    assert client_of(cast.city).post(address(batch), asked | {"county": "440104"}).status_code == 302


@pytest.mark.parametrize(
    "data", [{"school": "20001", "score": "1"}, {"school": "", "score": "1"}, {"school": "10001", "score": ""},
             {"school": "10001", "county": "440303", "score": "1"}],
)  # fmt: skip
def test_bad_input_changes_nothing(cast, batch, plan_line, client_of, data):
    """20001 has no plan in the batch."""
    assert client_of(cast.city).post(address(batch), data | CONFIRMED).status_code == 422
    assert not SchoolLine.objects.exists()


def test_refused_permission_tenant_and_state(cast, batch, plan_line, client_of):
    asked = {"school": "10001", "county": "", "score": "410"} | CONFIRMED
    assert client_of(cast.school).post(address(batch), asked).status_code == 403
    assert client_of(cast.other_city).post(address(batch), asked).status_code == 404
    Run.objects.create(
        batch=batch, round=1, created_by=cast.city, confirmed_by=cast.second, state="confirmed"
    )
    assert "不能修改参数" in client_of(cast.city).post(address(batch), asked).content.decode()
    assert not SchoolLine.objects.exists()
