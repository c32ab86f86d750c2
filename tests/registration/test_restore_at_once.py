"""A reset taken back while others act on the same candidates and seats, on connections of their own."""

import pytest
from django.db import connection

from accounts.models import User
from admissions.lifecycle import TAKES_SEAT
from admissions.models import Dossier, DossierEvent
from dispatch.models import Placement
from dispatch.services.pool import admit_from_pool
from quotas.models import PlanLine
from registration.models import Restoration
from registration.services import restoring
from tests import factories
from tests.concurrency import in_threads, while_another_waits
from tests.factories_papers import stored
from tests.factories_registration import admit, make_window, state_of
from tests.factories_restoring import asked, reset_wrongly

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def second(cast):
    return factories.make_user("gz-reviewer2", cast.reviewer.organisation, "reviewing")


@pytest.fixture
def students(cast, season, plan_line, make_candidates):
    make_window(season)
    return admit(make_candidates(3), plan_line)


@pytest.fixture
def row(cast, season, second, students):
    """Agreed to and not carried out."""
    made = confirmed(second, asked(cast.reviewer, reset_wrongly(season)))
    connection.close()
    return made


def confirmed(second: User, row: Restoration) -> Restoration:
    """Agreed to, and no worker has taken the job: here it would run with the commit."""
    Restoration.objects.filter(pk=row.pk).update(state="confirmed", decided_by=second)
    row.refresh_from_db()
    return row


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def seats_are_true(*lines: PlanLine) -> None:
    for line in PlanLine.objects.filter(pk__in=[line.pk for line in lines]):
        here = Placement.objects.open().filter(plan_line=line, candidate__dossier__state__in=TAKES_SEAT)
        assert (line.seats_taken, line.seats_left >= 0) == (here.count(), True), str(line)
    for dossier in Dossier.objects.all():
        assert Placement.objects.open().filter(candidate=dossier.pk).count() == (dossier.state != "pool")


def undo(second, row):
    return lambda: restoring.unregistered_restore(actor=fresh(second), row=row)


def from_pool(school: User, candidate, line: PlanLine):
    return lambda: admit_from_pool(
        actor=fresh(school), number=candidate.number, proof=candidate.name, plan_line=line.pk, paper=stored()
    )


def test_a_school_that_admits_from_the_pool_first_keeps_him(
    cast, second, students, row, batch, schools, plan_line
):
    line = factories.make_plan_line(schools[1], batch, seats=1)
    one = students[1].candidate
    connection.close()
    assert while_another_waits(from_pool(cast.other_school, one, line), undo(second, row)) == "done"
    assert [state_of(p.candidate) for p in students] == ["admitted", "admit_submitted", "admitted"]
    row.refresh_from_db()
    assert row.outcome == {str(students[0].school_id): {"free": 2, "elsewhere": 1}}
    seats_are_true(plan_line, line)


def test_a_school_that_comes_after_the_undoing_is_refused(
    cast, second, students, row, batch, schools, plan_line
):
    line = factories.make_plan_line(schools[1], batch, seats=1)
    one = students[1].candidate
    connection.close()
    assert while_another_waits(undo(second, row), from_pool(cast.other_school, one, line)) == "Refusal"
    assert [state_of(p.candidate) for p in students] == ["admitted"] * 3
    seats_are_true(plan_line, line)


def test_the_last_seat_is_given_once(cast, second, students, row, plan_line, make_candidates):
    """Three lost their places, three seats are left, and another comes from the pool for one of them."""
    PlanLine.objects.filter(pk=plan_line.pk).update(seats_planned=3)
    other = make_candidates(1)[0]
    connection.close()
    assert while_another_waits(from_pool(cast.school, other, plan_line), undo(second, row)) == "done"
    row.refresh_from_db()
    assert row.outcome == {str(students[0].school_id): {"free": 2, "full": 1}}
    seats_are_true(plan_line)
    assert PlanLine.objects.get(pk=plan_line.pk).seats_left == 0


def test_two_officers_at_once_ask_one_request_and_carry_it_out_once(
    cast, season, second, students, plan_line
):
    deed = reset_wrongly(season)
    officers = [cast.reviewer, second]
    connection.close()
    results = in_threads(2, lambda index: asked(fresh(officers[index]), deed))
    assert sorted(results) == ["Refusal", "done"]
    row = Restoration.objects.get()
    other = next(officer for officer in officers if officer.pk != row.made_by_id)
    third = factories.make_user("gz-reviewer3", cast.reviewer.organisation, "reviewing")
    connection.close()
    agree = [other, third]
    results = in_threads(2, lambda index: restoring.restoration_agree(actor=fresh(agree[index]), row=row))
    assert results.count("done") >= 1
    row.refresh_from_db()
    connection.close()
    assert in_threads(3, lambda index: undo(other, row)()) == ["done"] * 3
    assert DossierEvent.objects.filter(step="restore_unregistered").count() == 3
    seats_are_true(plan_line)


def test_two_requests_about_the_same_candidates_do_not_add_up(cast, season, second, students, plan_line):
    deed = reset_wrongly(season)
    school, keys = students[0].school_id, [p.candidate_id for p in students[:2]]
    parts = ({}, {"school": school}, {"candidates": keys})
    rows = [confirmed(second, asked(cast.reviewer, deed, **part)) for part in parts]
    connection.close()
    assert in_threads(3, lambda index: undo(second, rows[index])()) == ["done"] * 3
    outcomes = [row.outcome[str(school)] for row in Restoration.objects.order_by("pk")]
    assert sum(outcome.get("free", 0) for outcome in outcomes) == 3
    assert [sum(outcome.values()) for outcome in outcomes] == [3, 3, 2]
    seats_are_true(plan_line)
