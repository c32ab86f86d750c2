"""Transfers at one moment: the old school consents while its time runs out (粤招办〔2021〕28号 四（二）3).

The row of the request is the lock: the school, the office that goes on without it and the clock come one after the
other, and whoever comes second finds what the first has left.
"""

from datetime import timedelta
from threading import Thread

import pytest
from django.db import connections, transaction

from accounts.models import User
from admissions.models import DossierEvent, Request
from admissions.services import requests as services
from admissions.services.requests import clock
from tests.concurrency import in_threads, while_another_waits
from tests.factories_registration import state_of

pytestmark = pytest.mark.django_db(transaction=True)
#: Past the days of the old school and those of the office.
LONG = timedelta(days=30)


@pytest.fixture
def late(transfer, monkeypatch) -> Request:
    """A request to which neither the old school nor the office has answered in its days; such go back."""
    monkeypatch.setattr(clock, "overdue_of", lambda province, name: "back")
    row = transfer.ask()
    Request.objects.filter(pk=row.pk).update(submitted_at=row.submitted_at - LONG, due_at=row.due_at - LONG)
    return row


def agrees(user: User, row: Request):
    """The deed by which somebody agrees, as on a connection of his own."""
    return lambda: services.request_approve(actor=User.objects.get(pk=user.pk), request=row.pk)


def answers(transfer, row) -> tuple[str, str]:
    """What the old school and the office have said."""
    found = dict(row.parties.values_list("organisation", "decision"))
    return found[transfer.old.organisation_id], found[transfer.reviewer.organisation_id]


def moved_once(transfer) -> bool:
    """The student is at the new school, with one seat there and one less at the old."""
    assert (state_of(transfer.student), transfer.seats()) == ("admitted", (2, 1))
    assert DossierEvent.objects.filter(step="transfer").count() == 1
    return Request.objects.get().state == "effective"


def test_consent_while_the_office_goes_on_without_it_comes_too_late(transfer, late):
    assert while_another_waits(agrees(transfer.reviewer, late), agrees(transfer.old, late)) == "Refusal"
    assert answers(transfer, late) == ("lapsed", "approved")
    assert moved_once(transfer)


def test_the_office_that_comes_after_the_consent_passes_nobody_over(transfer, late):
    assert while_another_waits(agrees(transfer.old, late), agrees(transfer.reviewer, late)) == "done"
    assert answers(transfer, late) == ("approved", "approved")
    assert not late.events.filter(deed="lapsed").exists()
    assert moved_once(transfer)


def test_consent_to_what_the_clock_gives_back_comes_too_late(transfer, late):
    assert while_another_waits(clock.requests_keep, agrees(transfer.old, late)) == "Refusal"
    assert answers(transfer, late) == ("", "")
    assert (Request.objects.get().state, transfer.seats()) == ("draft", (3, 0))


def test_the_clock_leaves_alone_what_the_school_is_at(transfer, late):
    """It neither waits for the school nor takes the request from under its hands; it comes again."""
    told = []

    def look():
        try:
            told.append(clock.requests_keep())
        finally:
            connections.close_all()

    with transaction.atomic():
        agrees(transfer.old, late)()
        thread = Thread(target=look)
        thread.start()
        thread.join(timeout=10)
        assert told == [0], "the clock waits for the school, or has told what is not so any more"
    assert (Request.objects.get().state, answers(transfer, late)) == ("submitted", ("approved", ""))
    assert clock.requests_keep() == 1
    assert Request.objects.get().state == "draft", "the office is late all the same"


def test_school_office_and_clock_at_once(transfer, late):
    """Whoever comes first: the student moves whole, or stays whole."""
    deeds = [agrees(transfer.old, late), agrees(transfer.reviewer, late), clock.requests_keep]
    assert set(in_threads(3, lambda index: deeds[index]())) <= {"done", "Refusal"}
    if Request.objects.get().state == "effective":
        assert moved_once(transfer)
    else:
        assert (Request.objects.get().state, transfer.seats()) == ("draft", (3, 0))
        assert not DossierEvent.objects.filter(step="transfer").exists()
