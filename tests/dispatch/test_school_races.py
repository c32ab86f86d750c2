"""What several people of schools and an office do at one moment, each with a connection of his own."""

from collections import Counter

import pytest
from django.db import connection

from accounts.models import User
from accounts.refusals import Refusal
from admissions.lifecycle import TAKES_SEAT, State
from admissions.models import Dossier, DossierEvent
from dispatch.models import Placement, Sheet
from dispatch.queries.sheets import counts_of, differences_of
from dispatch.services import deciding, handing, keeping, naming, pool, pool_bulk, submitting
from dispatch.services.answering import Entry, answers_digest
from dispatch.services.handing import Deal
from quotas.models import PlanLine
from tests import factories
from tests.concurrency import in_threads, while_another_waits
from tests.factories_dispatch import admitted_from_pool, sheet_released, state_of, version_of
from tests.factories_papers import stored

pytestmark = pytest.mark.django_db(transaction=True)


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def seats_are_true(*lines: PlanLine) -> None:
    """The counters say what the placements say, and no line has given more than it has."""
    for line in PlanLine.objects.filter(pk__in=[line.pk for line in lines]):
        here = Placement.objects.open().filter(plan_line=line, candidate__dossier__state__in=TAKES_SEAT)
        assert line.seats_taken == here.count(), str(line)
        assert line.seats_left >= 0, str(line)


@pytest.fixture
def sheet(cast, batch, schools, plan_line, make_candidates):
    made = make_candidates(24)
    sheet = sheet_released(cast.city, batch, schools[0], made)
    deciding.sheet_open(actor=cast.school, sheet=sheet)
    sheet.dossiers = made
    connection.close()
    return sheet


def again(sheet: Sheet) -> Sheet:
    return Sheet.objects.select_related("batch").get(pk=sheet.pk)


# ---- from the pool -----------------------------------------------------------------------------


def test_a_hundred_from_the_pool_for_ten_seats_of_three_lines(cast, batch, schools, make_candidates):
    """Two people of two schools each ask for whoever comes; lines are shared by all candidates."""
    lines = [
        factories.make_plan_line(schools[0], batch, major="710201", seats=5),
        factories.make_plan_line(schools[0], batch, major="730301", seats=3),
        factories.make_plan_line(schools[1], batch, major="710201", seats=2),
    ]
    people = [cast.school, cast.school, cast.other_school]
    many = make_candidates(100)
    told: Counter = Counter()
    connection.close()

    def deed(index):
        for place in range(5):
            candidate, kind = many[index * 5 + place], (index + place) % 3
            try:
                admitted_from_pool(fresh(people[kind]), candidate, lines[kind])
                told["done"] += 1
            except Refusal:
                told["refused"] += 1

    assert in_threads(20, deed) == ["done"] * 20
    assert told == {"done": 10, "refused": 90}
    assert [PlanLine.objects.get(pk=line.pk).seats_left for line in lines] == [0, 0, 0]
    assert Dossier.objects.filter(state=State.ADMIT_SUBMITTED).count() == 10
    seats_are_true(*lines)


def test_two_lists_with_the_same_candidates_for_more_than_there_is(cast, batch, schools, make_candidates):
    lines = [factories.make_plan_line(school, batch, seats=4) for school in schools]
    many = make_candidates(12)
    given = [many[:9], list(reversed(many[3:]))]
    actors = [cast.school, cast.other_school]
    connection.close()

    def deed(index):
        rows = [pool_bulk.Line(n, c.number, c.name, "710201") for n, c in enumerate(given[index], 1)]
        pool_bulk.admit_in_bulk(actor=fresh(actors[index]), lines=rows, paper=stored())

    assert in_threads(2, deed) == ["done", "done"]
    taken = Placement.objects.open().filter(candidate__in=many)
    assert taken.count() == taken.values("candidate").distinct().count() == 8
    seats_are_true(*lines)


def test_an_admission_from_the_pool_against_its_withdrawal_and_audit(
    cast, batch, schools, plan_line, make_candidates
):
    """Who takes it back and who decides it: one of them, and the seat is counted once."""
    (candidate,) = make_candidates(1)
    placement = admitted_from_pool(cast.school, candidate, plan_line)
    connection.close()

    def deed(index):
        row = Placement.objects.get(pk=placement.pk)
        if index:
            keeping.recall_dossier(actor=fresh(cast.city), candidates=[candidate.pk], reason="重投")
        else:
            pool.pool_withdraw(actor=fresh(cast.school), placement=row)

    assert sorted(in_threads(2, deed)) == ["Refusal", "done"]
    assert state_of(candidate) == State.POOL
    assert PlanLine.objects.get(pk=plan_line.pk).seats_taken == 0


# ---- on a sheet --------------------------------------------------------------------------------


def test_twelve_decide_and_take_back_and_the_difference_is_true(cast, sheet, batch, schools, plan_line):
    other = factories.make_plan_line(schools[0], batch, major="730301", seats=3)
    majors = [plan_line.pk, other.pk]
    connection.close()

    def deed(index):
        actor = fresh(cast.member)
        for place in range(2):
            candidate = sheet.dossiers[index * 2 + place]
            what = {"actor": actor, "sheet": again(sheet), "candidate": candidate.pk}
            try:
                deciding.dossier_propose_admit(
                    **what, version=version_of(candidate), plan_line=majors[(index + place) % 2]
                )
                deciding.dossier_propose_admit(
                    **what, version=version_of(candidate), plan_line=majors[(index + place + 1) % 2]
                )
            except Refusal:
                pass
            if index % 4 == 0:
                deciding.dossier_propose_return(**what, version=version_of(candidate), reason="01")
            elif index % 4 == 1 and state_of(candidate) != State.READING:
                deciding.dossier_undecide(**what, version=version_of(candidate))

    assert in_threads(12, deed) == ["done"] * 12
    seats_are_true(plan_line, other)
    proposed = Dossier.objects.filter(state=State.PROPOSE_ADMIT).count()
    assert proposed == sum(difference.proposed for difference in differences_of(sheet))
    counts = counts_of([sheet])[sheet.pk]
    assert (counts.to_admit, counts.left) == (proposed, 13 - proposed)
    assert counts.undecided + counts.to_return + counts.to_admit == 24


def test_majors_are_given_out_while_members_decide(cast, sheet, plan_line):
    versions = {c.pk: version_of(c) for c in sheet.dossiers}
    connection.close()

    def deed(index):
        if index == 0:
            submitting.majors_assign(actor=fresh(cast.school), sheet=again(sheet))
            return
        candidate = sheet.dossiers[-index]
        deciding.dossier_propose_admit(
            actor=fresh(cast.member),
            sheet=again(sheet),
            candidate=candidate.pk,
            version=versions[candidate.pk],
            plan_line=plan_line.pk,
        )

    results = in_threads(9, deed)
    assert set(results) <= {"done", "Stale", "SeatsExhausted"}, results
    assert Dossier.objects.filter(state=State.PROPOSE_ADMIT).count() <= 10
    seats_are_true(plan_line)


def test_a_submission_against_a_decision(cast, sheet, plan_line):
    """What is submitted is what was decided; who comes after the submission is told."""
    submitting.majors_assign(actor=cast.school, sheet=sheet)
    for candidate in sheet.dossiers:
        if state_of(candidate) == State.READING:
            deciding.dossier_propose_return(
                actor=cast.school,
                sheet=sheet,
                candidate=candidate.pk,
                version=version_of(candidate),
                reason="01",
            )
    admitted = next(c for c in sheet.dossiers if state_of(c) == State.PROPOSE_ADMIT)
    version = version_of(admitted)
    connection.close()

    def deed(index):
        if index:
            submitting.sheet_submit(actor=fresh(cast.school), sheet=again(sheet))
        else:
            deciding.dossier_undecide(
                actor=fresh(cast.member), sheet=again(sheet), candidate=admitted.pk, version=version
            )

    results = sorted(in_threads(2, deed))
    first = state_of(admitted)
    assert (results, first) in [
        (["Refusal", "done"], State.READING),  # one is undecided now: nothing of the sheet is submitted
        (["Stale", "done"], State.ADMIT_SUBMITTED),
        (["Refusal", "done"], State.ADMIT_SUBMITTED),
    ]
    waiting = Dossier.objects.filter(state=State.ADMIT_SUBMITTED).count()
    assert waiting == (10 if first == State.ADMIT_SUBMITTED else 0)
    seats_are_true(plan_line)


def test_a_list_of_decisions_against_a_recall_by_the_office(cast, sheet, plan_line):
    """The list holds what was shown: with one dossier gone nothing of it is written."""
    some = sheet.dossiers[:6]
    entries = [Entry(n, c.number, "710201") for n, c in enumerate(some, 1)]
    seen = answers_digest(naming.decisions_check(actor=cast.member, entries=entries, admit=True))
    connection.close()

    def deed(index):
        if index:
            keeping.recall_dossier(actor=fresh(cast.city), candidates=[some[2].pk], reason="投诉")
        else:
            naming.dossiers_decide(actor=fresh(cast.member), entries=entries, admit=True, seen=seen)

    results = sorted(in_threads(2, deed))
    assert state_of(some[2]) == State.POOL, "a recall takes what was decided too"
    proposed = sum(state_of(c) == State.PROPOSE_ADMIT for c in some)
    assert (results, proposed) in [(["done", "done"], 5), (["Stale", "done"], 0)]
    seats_are_true(plan_line)


@pytest.mark.parametrize("deed", ["recall_dossier", "cancel_dispatch"])
def test_the_office_takes_back_what_is_being_decided_and_its_seat(cast, sheet, plan_line, deed):
    """The office waits for the decision, and gives back the seat that it has taken."""
    one = sheet.dossiers[0]

    def decide():
        deciding.dossier_propose_admit(
            actor=fresh(cast.member), sheet=again(sheet), candidate=one.pk, version=version_of(one)
        )

    def take_back():
        getattr(keeping, deed)(actor=fresh(cast.city), candidates=[one.pk], reason="投诉")

    assert while_another_waits(decide, take_back) == "done"
    assert state_of(one) == State.POOL
    assert PlanLine.objects.get(pk=plan_line.pk).seats_taken == 0
    seats_are_true(plan_line)


def test_a_cancelled_sheet_gives_back_the_seat_of_a_changed_mind(cast, sheet, batch, schools, plan_line):
    """Proposed for one major, and for another while the office cancels: the last seat is given back."""
    other = factories.make_plan_line(schools[0], batch, major="730301", seats=3)
    one = sheet.dossiers[0]
    what = {"actor": cast.member, "sheet": sheet, "candidate": one.pk}
    deciding.dossier_propose_admit(**what, version=version_of(one), plan_line=plan_line.pk)

    def decide():
        deciding.dossier_propose_admit(
            **what | {"actor": fresh(cast.member)}, version=version_of(one), plan_line=other.pk
        )

    def cancel():
        keeping.cancel_sheet(actor=fresh(cast.city), sheet=again(sheet), reason="计划有误")

    assert while_another_waits(decide, cancel) == "done"
    assert [PlanLine.objects.get(pk=line.pk).seats_taken for line in (plan_line, other)] == [0, 0]


def test_a_submission_sees_what_was_laid_back_while_it_waited(cast, sheet, plan_line):
    submitting.majors_assign(actor=cast.school, sheet=sheet)
    for candidate in sheet.dossiers:
        if state_of(candidate) == State.READING:
            deciding.dossier_propose_return(
                actor=cast.school,
                sheet=sheet,
                candidate=candidate.pk,
                version=version_of(candidate),
                reason="01",
            )
    one = next(c for c in sheet.dossiers if state_of(c) == State.PROPOSE_ADMIT)

    def lay_back():
        deciding.dossier_undecide(
            actor=fresh(cast.member), sheet=again(sheet), candidate=one.pk, version=version_of(one)
        )

    def submit():
        submitting.sheet_submit(actor=fresh(cast.school), sheet=again(sheet))

    assert while_another_waits(lay_back, submit) == "Refusal"
    assert not Dossier.objects.filter(state__in=(State.ADMIT_SUBMITTED, State.RETURN_SUBMITTED)).exists()


def test_a_submission_says_the_reason_that_was_changed_while_it_waited(cast, sheet, plan_line):
    submitting.majors_assign(actor=cast.school, sheet=sheet)
    left = [c for c in sheet.dossiers if state_of(c) == State.READING]
    for candidate in left:
        deciding.dossier_propose_return(
            actor=cast.school, sheet=sheet, candidate=candidate.pk, version=version_of(candidate), reason="01"
        )

    def change():
        deciding.dossier_propose_return(
            actor=fresh(cast.member), sheet=again(sheet), candidate=left[0].pk, version=version_of(left[0]),
            reason="Z99", words="体检不合格",
        )  # fmt: skip

    def submit():
        submitting.sheet_submit(actor=fresh(cast.school), sheet=again(sheet))

    assert while_another_waits(change, submit) == "done"
    event = DossierEvent.objects.get(candidate=left[0], step="submit_return")
    assert (event.reason_id, event.note) == ("Z99", "体检不合格")


def test_two_leaders_hand_out_the_same_sheet(cast, sheet):
    """Each dossier has one reader, whoever was second."""
    second = factories.make_user("school1-second", cast.school.organisation, "leader", "member")
    connection.close()

    def deed(index):
        leader = fresh((cast.school, second)[index])
        handing.dossiers_hand_out(
            actor=leader, sheet=again(sheet), deal=Deal(evenly=[fresh(cast.member), leader], again=True)
        )

    assert in_threads(2, deed) == ["done", "done"]
    held = Counter(sheet.hand_outs.values_list("member__username", flat=True))
    assert held[cast.member.username] == 12
    assert sum(held.values()) == 24
    assert len(held) == 2, "the second deal is whole"
