"""设置院校是否审核: per school and batch, admissions and returns apart."""

from django.urls import reverse

from accounts.models import Deed
from dispatch.models import SchoolControl


def test_a_school_is_freed_from_audit_and_bound_again(cast, batch, plan_line, client_of):
    client, url = client_of(cast.city), reverse("dispatch:set_school_review__one", args=[batch.pk])
    assert client.post(url, {"schools": [plan_line.school_id], "returns": "on"}).status_code == 302
    control = SchoolControl.objects.get()
    assert (control.reviews_admissions, control.reviews_returns) == (False, True)
    client.post(url, {"schools": [plan_line.school_id], "admissions": "on", "returns": "on"})
    control.refresh_from_db()
    assert control.reviews_admissions
    assert Deed.objects.filter(function="dispatch.set_school_review").count() == 2


def test_a_school_without_plan_in_the_batch_is_no_choice(cast, batch, plan_line, schools, client_of):
    url = reverse("dispatch:set_school_review__one", args=[batch.pk])
    assert client_of(cast.city).post(url, {"schools": [schools[1].pk]}).status_code == 422
    assert not SchoolControl.objects.exists()


def test_needs_the_permission_and_the_own_city(cast, batch, client_of):
    url = reverse("dispatch:set_school_review__one", args=[batch.pk])
    assert client_of(cast.school).get(url).status_code == 403
    assert client_of(cast.other_city).get(url).status_code == 404
