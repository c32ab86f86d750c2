"""Coming in, the lock screen, guessing, and whom the doors let through."""

import pytest
from django.test import Client
from django.urls import reverse

PASSWORD = "Right-Horse-7"


@pytest.fixture
def officer(cast):
    cast.city.set_password(PASSWORD)
    cast.city.save()
    return cast.city


def log_in(client, password=PASSWORD, username="gz"):
    return client.post(reverse("accounts:log_in"), {"username": username, "password": password})


def test_nobody_comes_in_without_logging_in(db):
    answer = Client().get(reverse("accounts:workbench"))
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("accounts:log_in"))


def test_five_failures_close_the_account_for_a_quarter_of_an_hour(officer, time_machine_travel):
    client = Client()
    for _ in range(5):
        answer = log_in(client, "wrong")
    assert answer.status_code == 429
    assert log_in(client).status_code == 429
    assert log_in(Client(), username="sz", password="wrong").status_code == 422, (
        "a neighbour is not locked out"
    )
    time_machine_travel.shift(16 * 60)
    assert log_in(Client()).status_code == 302


@pytest.fixture
def time_machine_travel():
    import time_machine

    with time_machine.travel("2021-08-20T09:00:00+08:00", tick=False) as traveller:
        yield traveller


def test_a_locked_screen_answers_only_to_the_password(officer):
    client = Client()
    log_in(client)
    client.post(reverse("accounts:lock_screen"), {"page": "/dispatch/dispatch-batch/?page=2"})
    assert client.get(reverse("dispatch:dispatch_batch")).url == reverse("accounts:unlock")
    assert client.post(reverse("accounts:unlock"), {"password": "wrong"}).status_code == 422
    back = client.post(reverse("accounts:unlock"), {"password": PASSWORD})
    assert back.url == "/dispatch/dispatch-batch/?page=2"
    assert client.get(reverse("dispatch:dispatch_batch")).status_code == 200


def test_a_lock_does_not_lead_elsewhere(officer):
    client = Client()
    log_in(client)
    client.post(reverse("accounts:lock_screen"), {"page": "//example.org/"})
    assert client.post(reverse("accounts:unlock"), {"password": PASSWORD}).url == reverse(
        "accounts:workbench"
    )


def test_an_idle_session_locks_itself(officer, time_machine_travel):
    client = Client()
    log_in(client)
    client.get(reverse("accounts:workbench"))
    time_machine_travel.shift(16 * 60)
    assert client.get(reverse("accounts:workbench")).url == reverse("accounts:unlock")


def test_a_new_password_must_be_good_and_then_holds(officer):
    client = Client()
    log_in(client)
    url = reverse("accounts:change_password")
    weak = {"old_password": PASSWORD, "new_password1": "short", "new_password2": "short"}
    assert client.post(url, weak).status_code == 422
    good = {"old_password": PASSWORD, "new_password1": "Good-Horse-88", "new_password2": "Good-Horse-88"}
    assert client.post(url, good).status_code == 302
    assert log_in(Client(), "Good-Horse-88").status_code == 302
    assert log_in(Client()).status_code == 422


def test_logging_out_ends_the_session(officer):
    client = Client()
    log_in(client)
    client.post(reverse("accounts:log_out"))
    assert client.get(reverse("accounts:workbench")).status_code == 302


def test_a_session_ends_after_eight_hours_however_busy(officer, time_machine_travel):
    client = Client()
    log_in(client)
    for _ in range(50):
        time_machine_travel.shift(10 * 60)
        answer = client.get(reverse("accounts:workbench"))
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("accounts:log_in"))


def test_guessing_at_the_lock_ends_the_session(officer):
    client = Client()
    log_in(client)
    client.post(reverse("accounts:lock_screen"))
    for _ in range(4):
        assert client.post(reverse("accounts:unlock"), {"password": "wrong"}).status_code == 422
    assert client.post(reverse("accounts:unlock"), {"password": "wrong"}).status_code == 302
    assert client.get(reverse("accounts:workbench")).url.startswith(reverse("accounts:log_in"))
