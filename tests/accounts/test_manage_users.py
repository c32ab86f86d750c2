"""用户管理: who may make whom, passwords once, out at the next request."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Deed, Membership, User
from accounts.refusals import Refusal
from accounts.services import users
from tests import factories


def test_a_city_administrator_makes_a_user_who_must_change_his_password(cast, client_of):
    answer = client_of(cast.city).post(
        reverse("accounts:manage_users__create"),
        {
            "username": "gz-new",
            "name": "张三",
            "organisation": cast.county.organisation_id,
            "roles": ["data"],
        },
    )
    password = re.search(r"<code>(.+?)</code>", answer.content.decode())[1]
    client = Client()
    first = client.post(reverse("accounts:log_in"), {"username": "gz-new", "password": password})
    assert first.status_code == 302
    assert client.get(reverse("accounts:workbench")).url == reverse("accounts:change_password")
    made = User.objects.get(username="gz-new")
    assert "admissions.manage_candidates" in made.functions
    assert Deed.objects.filter(actor=cast.city, subject="新建用户 gz-new").exists()


def test_sent_twice_it_is_made_once(cast, client_of):
    data = {
        "username": "gz-new", "name": "张三", "organisation": cast.city.organisation_id, "roles": ["data"],
        "form_key": "7a0c1f0e-6f1f-4d52-9b47-000000000001",
    }  # fmt: skip
    client, url = client_of(cast.city), reverse("accounts:manage_users__create")
    assert client.post(url, data).status_code == 200
    assert client.post(url, data).status_code == 302
    assert User.objects.filter(username="gz-new").count() == 1


@pytest.mark.parametrize(
    ("organisation", "roles", "words"),
    [
        ("4403", ["data"], "管辖范围"),
        ("3701", ["data"], "管辖范围"),
        ("4401", ["leader"], "不适用"),
        ("4401", ["sending", "reviewing"], "既投档又审核"),
        ("4401", ["emperor"], "没有名为"),
    ],
)
def test_what_may_not_be_handed_out(cast, organisation, roles, words):
    office = factories.make_organisation(organisation)
    with pytest.raises(Refusal, match=words):
        users.user_create(actor=cast.city, username="x", name="李四", organisation=office, roles=roles)
    assert not User.objects.filter(username="x").exists()


def test_each_supervised_school_gets_one_leader(cast, schools):
    Membership.objects.filter(user=cast.school).delete()
    made = users.school_leaders_open(actor=cast.city)
    assert [(user.username, user.organisation_id) for user, _ in made] == [("4410001", schools[0].pk)]
    with pytest.raises(Refusal, match="都已有"):
        users.school_leaders_open(actor=cast.city)


def test_whoever_is_switched_off_is_out_at_the_next_request(cast, client_of):
    client = client_of(cast.county)
    assert client.get(reverse("accounts:workbench")).status_code == 200
    users.user_switch(actor=cast.city, user=cast.county, active=False)
    assert client.get(reverse("accounts:workbench")).status_code == 302


def test_lists_hold_ones_own_users_only(cast, client_of):
    page = client_of(cast.city).get(reverse("accounts:manage_users")).content.decode()
    assert "liwan" in page
    assert "school1" in page
    assert ">sz<" not in page


def test_another_citys_user_does_not_exist_and_without_the_function_there_is_no_page(cast, client_of):
    url = reverse("accounts:manage_users__reset", args=[cast.other_city.pk])
    assert client_of(cast.city).post(url).status_code == 404
    assert client_of(cast.idle).get(reverse("accounts:manage_users")).status_code == 403
