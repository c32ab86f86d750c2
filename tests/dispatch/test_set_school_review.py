"""设置院校是否审核: per school and batch, admissions and returns apart."""

from django.urls import reverse

from accounts.models import Deed
from dispatch.models import Run, SchoolControl

CONFIRMED = {"confirmed": "1"}


def address(batch) -> str:
    return reverse("dispatch:set_school_review__change", args=[batch.pk])


def test_a_school_is_freed_from_audit_and_bound_again(cast, batch, plan_line, client_of):
    client = client_of(cast.city)
    asked = {"school": "10001", "admissions": "否", "returns": "是"}
    assert client.post(address(batch), asked | CONFIRMED).status_code == 302
    control = SchoolControl.objects.get()
    assert (control.reviews_admissions, control.reviews_returns) == (False, True)
    client.post(address(batch), asked | {"admissions": "是"} | CONFIRMED)
    control.refresh_from_db()
    assert control.reviews_admissions
    assert Deed.objects.filter(function="dispatch.set_school_review").count() == 2


def test_a_school_without_plan_in_the_batch_is_no_choice(cast, batch, plan_line, schools, client_of):
    asked = {"school": "20001", "admissions": "否", "returns": "否"} | CONFIRMED
    assert client_of(cast.city).post(address(batch), asked).status_code == 422
    assert not SchoolControl.objects.exists()


def test_refused_permission_tenant_and_state(cast, batch, plan_line, client_of):
    asked = {"school": "10001", "admissions": "否", "returns": "否"} | CONFIRMED
    assert client_of(cast.school).post(address(batch), asked).status_code == 403
    assert client_of(cast.other_city).post(address(batch), asked).status_code == 404
    Run.objects.create(batch=batch, round=1, created_by=cast.city, confirmed_by=cast.second, state="executed")
    assert "不能修改参数" in client_of(cast.city).post(address(batch), asked).content.decode()
    assert not SchoolControl.objects.exists()
