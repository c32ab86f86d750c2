"""Registration, cancellation, change of major, transfer and the clock at one moment, on connections of their own."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection

from accounts.models import User
from accounts.refusals import Refusal
from admissions.lifecycle import TAKES_SEAT
from admissions.models import Window
from dispatch.models import Placement
from quotas.models import PlanLine
from registration.models import Enrolment
from registration.services.deadlines import unregistered_reset
from registration.services.registered import major_change, registrations_cancel
from registration.services.students import admissions_cancel, students_register
from registration.services.transfers import candidate_transfer
from registration.services.withdrawals import admission_withdraw
from tests import factories
from tests.concurrency import in_threads, while_another_waits
from tests.factories_registration import admit, make_window, register, state_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def students(cast, season, plan_line, make_candidates):
    make_window(season)
    placements = admit(make_candidates(6), plan_line)
    connection.close()
    return placements


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def keys(placements) -> list[int]:
    return [placement.candidate_id for placement in placements]


def seats_are_true(*lines: PlanLine) -> None:
    for line in PlanLine.objects.filter(pk__in=[line.pk for line in lines]):
        here = Placement.objects.open().filter(plan_line=line, candidate__dossier__state__in=TAKES_SEAT)
        assert (line.seats_taken, line.seats_left >= 0) == (here.count(), True), str(line)


def test_one_is_registered_or_cancelled_not_both(cast, students, plan_line):
    def deed(index):
        if index:
            admissions_cancel(actor=fresh(cast.school), candidates=keys(students[:4]), reason="未报到")
        else:
            students_register(actor=fresh(cast.registrar), candidates=keys(students[2:]))

    assert sorted(in_threads(2, deed)) == ["Refusal", "done"], "each deed is whole"
    states = [state_of(p.candidate) for p in students]
    assert states in (["pool"] * 4 + ["admitted"] * 2, ["admitted"] * 2 + ["registered"] * 4)
    assert Enrolment.objects.count() == states.count("registered")
    seats_are_true(plan_line)


def test_of_six_who_want_the_last_two_seats_two_change(cast, students, batch, schools, plan_line):
    other = factories.make_plan_line(schools[0], batch, major="730301", seats=2)
    register(students, cast.school)
    connection.close()

    def deed(index):
        major_change(
            actor=fresh(cast.school), candidate=students[index].candidate_id, plan_line=other.pk, reason="M01"
        )

    results = in_threads(6, deed)
    assert (results.count("done"), results.count("SeatsExhausted")) == (2, 4)
    assert Enrolment.objects.filter(plan_line=other).count() == 2
    seats_are_true(plan_line, other)


def test_two_who_change_the_other_way_round_do_not_wait_for_each_other(
    cast, students, batch, schools, plan_line
):
    other = factories.make_plan_line(schools[0], batch, major="730301", seats=10)
    register(students, cast.school)
    for placement in students[3:]:
        major_change(actor=cast.school, candidate=placement.candidate_id, plan_line=other.pk, reason="M01")
    connection.close()

    def deed(index):
        line = other if index < 3 else plan_line
        major_change(
            actor=fresh(cast.school), candidate=students[index].candidate_id, plan_line=line.pk, reason="M01"
        )

    assert in_threads(6, deed) == ["done"] * 6
    seats_are_true(plan_line, other)


def test_a_second_change_of_one_student_is_told(cast, students, batch, schools, plan_line):
    lines = [
        factories.make_plan_line(schools[0], batch, major=code, seats=3) for code in ("730301", "740201")
    ]
    register(students[:1], cast.school)
    one = students[0].candidate_id
    connection.close()

    def change(line):
        return lambda: major_change(actor=fresh(cast.school), candidate=one, plan_line=line.pk, reason="M01")

    assert while_another_waits(change(lines[0]), change(lines[1])) in ("Refusal", "done")
    assert [PlanLine.objects.get(pk=line.pk).seats_taken for line in (plan_line, *lines)].count(1) == 1
    seats_are_true(plan_line, *lines)


def test_a_transfer_against_a_withdrawal_of_the_same_student(cast, students, batch, schools, plan_line):
    line = factories.make_plan_line(schools[1], batch, seats=1)
    one = students[0]

    def move():
        candidate_transfer(
            actor=fresh(cast.reviewer),
            candidate=one.candidate_id,
            placement=one.pk,
            plan_line=line.pk,
            words="迁居",
        )

    def withdraw():
        admission_withdraw(
            actor=fresh(cast.reviewer), candidate=one.candidate_id, placement=one.pk, words="家长申请"
        )

    assert while_another_waits(move, withdraw) == "Refusal"
    assert state_of(one.candidate) == "admitted", "he is never without a place"
    assert Placement.objects.open().get(candidate=one.candidate_id).plan_line_id == line.pk
    seats_are_true(plan_line, line)
    two = students[1]
    with pytest.raises(Refusal):
        admission_withdraw(
            actor=cast.reviewer, candidate=two.candidate_id, placement=one.pk, words="错的录取"
        )


def test_who_is_registered_as_the_clock_strikes_is_not_reset(cast, students, season, plan_line):
    """The registration came before the end and is written after it: it stands, and nobody loses his seat twice."""
    window = Window.objects.get(season=season, kind="registration", stage=1)

    def comes():
        students_register(actor=fresh(cast.registrar), candidates=keys(students[:3]))

    def clock():
        with time_machine.travel(window.closes_at + timedelta(minutes=1)):
            unregistered_reset(actor=None, window=window, region="44")

    assert while_another_waits(comes, clock) == "done"
    assert [state_of(p.candidate) for p in students] == ["registered"] * 3 + ["pool"] * 3
    seats_are_true(plan_line)


def test_a_cancelled_registration_against_an_approved_withdrawal(cast, students, plan_line):
    register(students[:1], cast.school)
    one = students[0]
    connection.close()

    def cancel():
        registrations_cancel(actor=fresh(cast.school), candidates=[one.candidate_id], reason="转学")

    def withdraw():
        admission_withdraw(
            actor=fresh(cast.reviewer), candidate=one.candidate_id, placement=one.pk, words="家长申请"
        )

    assert while_another_waits(cancel, withdraw) == "Refusal"
    assert state_of(one.candidate) == "pool"
    assert PlanLine.objects.get(pk=plan_line.pk).seats_taken == 5
