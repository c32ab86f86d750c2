"""用户管理: who may make whom, passwords once, out at the next request."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from guardian.shortcuts import assign_perm, remove_perm

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


def test_a_form_with_a_made_up_key_is_refused_in_words(cast, client_of):
    data = {
        "username": "gz-new",
        "name": "张三",
        "organisation": cast.city.organisation_id,
        "roles": ["data"],
    }
    answer = client_of(cast.city).post(
        reverse("accounts:manage_users__create"), data | {"form_key": "1 OR 1"}
    )
    assert answer.status_code == 422
    assert "表单已失效" in answer.content.decode()
    assert not User.objects.filter(username="gz-new").exists()


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


def test_a_duty_given_or_taken_holds_at_the_next_request(cast, client_of):
    """What follows from duties is worked out once for all who hold them; who holds which is not kept."""
    client, page = client_of(cast.idle), reverse("dispatch:recall_dossier")
    held = Membership.objects.filter(user=cast.idle)
    assert client.get(page).status_code == 403
    held.update(roles=["sending"])
    shown = client.get(page)
    assert shown.status_code == 200
    assert f'href="{page}"' in shown.content.decode()  # in the menu too
    assert "投档管理" in shown.content.decode()
    held.update(roles=["reviewing"])
    assert client.get(page).status_code == 403
    workbench = client.get(reverse("accounts:workbench")).content.decode()
    assert f'href="{page}"' not in workbench
    assert reverse("dispatch:review_admissions") in workbench
    held.delete()
    assert client.get(reverse("accounts:workbench")).status_code == 403


def test_a_grant_given_or_taken_holds_at_the_next_request(cast, client_of):
    client, page = client_of(cast.city), reverse("accounts:manage_users")
    assert f">{cast.other_city.name}<" not in client.get(page).content.decode()
    assign_perm("accounts.act_for_organisation", cast.city, cast.other_city.organisation)
    assert f">{cast.other_city.name}<" in client.get(page).content.decode()
    remove_perm("accounts.act_for_organisation", cast.city, cast.other_city.organisation)
    assert f">{cast.other_city.name}<" not in client.get(page).content.decode()


def test_who_one_is_and_what_one_may_is_one_question(cast, client_of):
    client, page = client_of(cast.city), reverse("accounts:change_password")
    client.get(page)  # notes in the session when he was seen
    with CaptureQueriesContext(connection) as captured:
        assert client.get(page).status_code == 200
    asked = [q["sql"] for q in captured if q["sql"].lstrip().startswith("SELECT")]
    assert len(asked) == 2, asked  # the session; the user with organisation, duties and grants


def test_lists_hold_ones_own_users_only(cast, client_of):
    page = client_of(cast.city).get(reverse("accounts:manage_users")).content.decode()
    assert "liwan" in page
    assert "school1" in page
    assert ">sz<" not in page


def test_another_citys_user_does_not_exist_and_without_the_function_there_is_no_page(cast, client_of):
    url = reverse("accounts:manage_users__reset", args=[cast.other_city.pk])
    assert client_of(cast.city).post(url).status_code == 404
    assert client_of(cast.idle).get(reverse("accounts:manage_users")).status_code == 403
