"""设置院校状态: open, paused, finished; what schools may then do is tested where they do it."""

from django.urls import reverse

from accounts.models import Deed
from dispatch.models import Run, SchoolControl

CONFIRMED = {"confirmed": "1"}


def address(batch) -> str:
    return reverse("dispatch:set_school_status__change", args=[batch.pk])


def test_a_school_is_paused_and_opened_again(cast, batch, plan_line, client_of):
    client = client_of(cast.city)
    SchoolControl.objects.create(batch=batch, school=plan_line.school, reviews_returns=False)
    assert client.post(address(batch), {"school": "10001", "status": "paused"} | CONFIRMED).status_code == 302
    row = SchoolControl.objects.get()
    assert (row.status, row.reviews_returns) == ("paused", False), "what another function has set stays"
    assert "暂停" in client.get(reverse("dispatch:set_school_status__one", args=[batch.pk])).content.decode()
    assert client.post(address(batch), {"school": "10001", "remove": "on"} | CONFIRMED).status_code == 302
    row.refresh_from_db()
    assert row.status == "open"
    assert Deed.objects.filter(function="dispatch.set_school_status").count() == 2


def test_bad_input_changes_nothing(cast, batch, plan_line, client_of):
    client = client_of(cast.city)
    assert client.post(address(batch), {"school": "20001", "status": "paused"} | CONFIRMED).status_code == 422
    assert client.post(address(batch), {"school": "10001", "status": "asleep"} | CONFIRMED).status_code == 422
    assert not SchoolControl.objects.exists()


def test_refused_permission_tenant_and_state(cast, batch, plan_line, client_of):
    asked = {"school": "10001", "status": "finished"} | CONFIRMED
    assert client_of(cast.member).post(address(batch), asked).status_code == 403
    assert client_of(cast.other_city).post(address(batch), asked).status_code == 404
    Run.objects.create(
        batch=batch, round=1, created_by=cast.city, confirmed_by=cast.second, state="confirmed"
    )
    assert "不能修改参数" in client_of(cast.city).post(address(batch), asked).content.decode()
    assert not SchoolControl.objects.exists()
