"""Deeds of offices, schools and the clock, each on something picked by chance; a refusal is an answer, no fault.

Each deed gets the world and its own dice. What it picks may be gone by the time it acts: that is the point.
"""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from django.utils import timezone

from accounts.refusals import Refusal
from admissions.models import Dossier, Request, Window
from admissions.services import requests
from dispatch.models import Placement, Run
from dispatch.services import (
    answering, deciding, executing, handing, keeping, naming, pool, pool_bulk, reviewing, sending, sheet_bulk, status,
    submitting, verifying,
)  # fmt: skip
from dispatch.services.passing import auto_review_everywhere
from quotas.services.reserve import reserve_use
from registration.services import deadlines, registered, students
from tests import factories
from tests.factories_requests import submitted
from tests.factories_single import point_values, special_values
from tests.runs import NOBODY

from .world import CITIES, COUNTIES, MAJORS, World, desk, some_dossier, some_line, some_sheet

Deed = Callable[[World, Random], object]
DEEDS: list[tuple[Deed, int]] = []


class Nothing(Exception):
    """There is nothing of the kind that a deed needs."""


def deed(weight: int) -> Callable[[Deed], Deed]:
    """Register a deed; the heavier, the more often it is done."""

    def add(do: Deed) -> Deed:
        DEEDS.append((do, weight))
        return do

    return add


def _some(found):
    if found is None:
        raise Nothing
    return found


# The city sends, in batches and by itself.


@deed(3)
def dispatch_a_round(world: World, rng: Random):
    city = rng.choice(CITIES)
    first, second = rng.sample(world.officers[city], 2)
    kind = rng.choice([Run.Kind.BATCH, Run.Kind.BATCH, Run.Kind.SCHOOL])
    schools = rng.sample(world.schools, 1) if kind == Run.Kind.SCHOOL else ()
    with desk(first, f"dispatch.{kind}"):
        run = sending.run_open(actor=first, batch=world.batches[city], kind=kind, schools=schools)
    try:
        sending.run_rehearse(actor=first, run=run, progress=NOBODY)
        run.refresh_from_db()
        with desk(second, "dispatch.confirm_dispatch"):
            sending.run_confirm(actor=second, run=run, fingerprint=run.fingerprint)
        executing.run_execute(actor=first, run=run, progress=NOBODY)
        run.refresh_from_db()
        verifying.run_verify(actor=first, run=run, progress=NOBODY)
        with desk(first, "dispatch.dispatch_batch"):
            executing.run_release(actor=first, run=run)
    except Refusal:
        with desk(first, "dispatch.dispatch_batch"):
            executing.run_cancel(actor=first, run=run, reason="演练")
        raise
    if rng.random() < 0.2:
        with desk(first, "dispatch.dispatch_batch"):
            executing.run_cancel(actor=first, run=run, reason="演练")


@deed(4)
def ask_for_one(world: World, rng: Random):
    """点投, above and below the line, with and without admission."""
    dossier = _some(some_dossier(rng, "pool"))
    city = dossier.city
    actor, school = rng.choice(world.officers[city]), rng.choice(world.schools)
    verb, where = rng.choice(["dispatch", "admit"]), rng.choice(["above", "below"])
    key = f"dispatch.{verb}_{where}_line"
    values = point_values(
        dossier.candidate, world.batches[city], school, major=rng.choice(MAJORS),
        reason=rng.choice(["D01", "D02"]) if where == "above" else rng.choice(["D05", "D06"]),
    )  # fmt: skip
    with desk(actor, key):
        submitted(actor, key, values, with_paper=True)


@deed(3)
def ask_for_some(world: World, rng: Random):
    """批件投档."""
    city, school = rng.choice(CITIES), rng.choice(world.schools)
    actor, key = world.leaders[school.pk], "dispatch.request_special_dispatch"
    found = list(Dossier.objects.filter(state="pool", city=city).select_related("candidate")[:20])
    if len(found) < 2:
        raise Nothing
    values = special_values([one.candidate for one in rng.sample(found, 2)], world.batches[city])
    with desk(actor, key):
        submitted(actor, key, values, with_paper=True)


# A school reads, decides, hands out, submits.


def _reader(world: World, rng: Random, school: int):
    return rng.choice([world.leaders[school], world.members[school]])


@deed(6)
def open_a_sheet(world: World, rng: Random):
    sheet = _some(some_sheet(rng))
    actor = _reader(world, rng, sheet.school_id)
    with desk(actor, "dispatch.decide_dossiers"):
        deciding.sheet_open(actor=actor, sheet=sheet)


def _at_a_school(rng: Random, *states: str) -> tuple[Dossier, Placement]:
    dossier = _some(some_dossier(rng, *states, placement_id__isnull=False))
    found = Placement.objects.select_related("sheet").filter(pk=dossier.placement_id, sheet__isnull=False)
    return dossier, _some(found.first())


@deed(22)
def decide_on_one(world: World, rng: Random):
    dossier, placement = _at_a_school(rng, "reading", "propose_admit", "propose_return")
    actor = _reader(world, rng, placement.school_id)
    at = {"actor": actor, "sheet": placement.sheet, "candidate": dossier.pk, "version": dossier.version}
    with desk(actor, "dispatch.decide_dossiers"):
        way = rng.random()
        if way < 0.65:
            line = some_line(rng, school=placement.school_id, batch=placement.batch_id)
            deciding.dossier_propose_admit(**at, plan_line=line.pk)
        elif way < 0.85:
            deciding.dossier_propose_return(**at, reason="01")
        else:
            deciding.dossier_undecide(**at)


@deed(3)
def assign_majors(world: World, rng: Random):
    sheet = _some(some_sheet(rng))
    actor = world.leaders[sheet.school_id]
    with desk(actor, "dispatch.decide_as_leader"):
        submitting.majors_assign(actor=actor, sheet=sheet)


@deed(4)
def decide_by_list(world: World, rng: Random):
    school = rng.choice(world.schools)
    actor = _reader(world, rng, school.pk)
    found = list(Dossier.objects.filter(school=school, state="reading").select_related("candidate")[:6])
    entries = [answering.Entry(row, one.candidate.number) for row, one in enumerate(found, 1)]
    if not entries:
        raise Nothing
    admit = rng.random() < 0.7
    with desk(actor, "dispatch.decide_by_number"):
        answers = naming.decisions_check(actor=actor, entries=entries, admit=admit, reason="01")
        seen = answering.answers_digest(answers)
    with desk(actor, "dispatch.decide_by_number"):
        naming.dossiers_decide(actor=actor, entries=entries, admit=admit, seen=seen, reason="01")


@deed(3)
def admit_a_sheet(world: World, rng: Random):
    sheet = _some(some_sheet(rng))
    actor = world.leaders[sheet.school_id]
    with desk(actor, "dispatch.admit_in_bulk"):
        answers = sheet_bulk.sheet_check(actor=actor, sheet=sheet)
        good = [one.placement.candidate_id for one in answers if one.good][:3]
        shown = sheet_bulk.sheet_check(actor=actor, sheet=sheet, candidates=good)
    if not good:
        raise Nothing
    with desk(actor, "dispatch.admit_in_bulk"):
        sheet_bulk.sheet_admit_in_bulk(
            actor=actor, sheet=sheet, candidates=good, seen=answering.answers_digest(shown)
        )


@deed(8)
def submit_a_sheet(world: World, rng: Random):
    sheet = _some(some_sheet(rng))
    actor = world.leaders[sheet.school_id]
    with desk(actor, "dispatch.decide_as_leader"):
        submitting.sheet_submit(actor=actor, sheet=sheet)


@deed(3)
def withdraw_a_sheet(world: World, rng: Random):
    sheet = _some(some_sheet(rng, submitted_at__isnull=False))
    actor = world.leaders[sheet.school_id]
    with desk(actor, "dispatch.decide_as_leader"):
        submitting.sheet_withdraw(actor=actor, sheet=sheet)


@deed(3)
def hand_out(world: World, rng: Random):
    sheet = _some(some_sheet(rng))
    leader, member = world.leaders[sheet.school_id], world.members[sheet.school_id]
    way = rng.random()
    with desk(leader, "dispatch.decide_as_leader"):
        if way < 0.4:
            deal = handing.Deal(evenly=[leader, member], again=rng.random() < 0.5)
            handing.dossiers_hand_out(actor=leader, sheet=sheet, deal=deal)
        elif way < 0.7:
            handing.dossiers_call_back(actor=leader, sheet=sheet, member=member.pk, decided=rng.random() < 0.5)
        else:
            handing.hand_out_end(actor=leader, sheet=sheet)


# A school takes from the pool.


@deed(6)
def admit_from_the_pool(world: World, rng: Random):
    dossier = _some(some_dossier(rng, "pool"))
    line = _some(some_line(rng, city=dossier.city))
    actor = world.leaders[line.school_id]
    with desk(actor, "dispatch.admit_from_pool"):
        pool.admit_from_pool(
            actor=actor, number=dossier.candidate.number, proof=dossier.candidate.name, plan_line=line.pk
        )


@deed(3)
def admit_a_list_from_the_pool(world: World, rng: Random):
    found = list(Dossier.objects.filter(state="pool").select_related("candidate")[:30])
    if not found:
        raise Nothing
    actor = world.leaders[rng.choice(world.schools).pk]
    some = rng.sample(found, min(4, len(found)))
    lines = [
        pool_bulk.Line(row, one.candidate.number, one.candidate.name, rng.choice(MAJORS))
        for row, one in enumerate(some, 1)
    ]
    with desk(actor, "dispatch.admit_in_bulk"):
        pool_bulk.admit_in_bulk(actor=actor, lines=lines)


@deed(2)
def withdraw_from_the_pool(world: World, rng: Random):
    dossier = _some(some_dossier(rng, "admit_submitted"))
    placement = Placement.objects.filter(pk=dossier.placement_id, method="pool").first()
    actor = world.leaders[_some(placement).school_id]
    with desk(actor, "dispatch.admit_from_pool"):
        pool.pool_withdraw(actor=actor, placement=placement)


# The city audits and keeps.


@deed(14)
def audit(world: World, rng: Random):
    admitted = rng.random() < 0.7
    dossier = _some(some_dossier(rng, "admit_submitted" if admitted else "return_submitted"))
    actor = rng.choice(world.reviewers[dossier.city])
    others = Dossier.objects.filter(state=dossier.state, city=dossier.city).values_list("placement_id", flat=True)
    keys = {dossier.placement_id, *list(others)[: rng.choice([0, 0, 4])]} - {None}
    kind = "admissions" if admitted else "returns"
    with desk(actor, f"dispatch.review_{kind}"):
        if rng.random() < 0.7:
            approve = getattr(reviewing, f"{kind}_approve")
            approve(actor=actor, placements=keys, exactly=rng.random() < 0.5)
        else:
            getattr(reviewing, f"{kind}_refuse")(actor=actor, placements=keys, words="请重新审阅")


@deed(3)
def take_from_the_queue(world: World, rng: Random):
    actor = rng.choice(world.reviewers[rng.choice(CITIES)])
    with desk(actor, "dispatch.review_admissions"):
        if rng.random() < 0.5:
            reviewing.rows_take(actor=actor, state=rng.choice(list(reviewing.QUEUES)), number=3)
        else:
            reviewing.rows_lay_back(actor=actor)


@deed(8)
def take_back(world: World, rng: Random):
    """取消投档, 强制回收, 取消投档单."""
    states = ("sent", "reading", "propose_admit", "propose_return", "admit_submitted", "return_submitted")
    dossier, placement = _at_a_school(rng, *states)
    actor = rng.choice(world.officers[dossier.city])
    others = list(Dossier.objects.filter(state__in=states, city=dossier.city).values_list("pk", flat=True)[:30])
    some = sorted({dossier.pk, *rng.sample(others, min(len(others), rng.choice([0, 0, 2])))})
    way = rng.choice(["cancel_dispatch", "recall_dossier", "recall_dossier", "cancel_sheet"])
    with desk(actor, f"dispatch.{way}"):
        if way == "cancel_sheet":
            keeping.cancel_sheet(actor=actor, sheet=placement.sheet, reason="演练")
        else:
            getattr(keeping, way)(actor=actor, candidates=some, reason="演练")


@deed(6)
def hold_or_release(world: World, rng: Random):
    held = rng.random() < 0.6
    dossier = Dossier.objects.filter(held=held).order_by("?").first()
    actor = rng.choice(world.officers[_some(dossier).city])
    name = "release_dossier" if held else "hold_dossier"
    with desk(actor, f"dispatch.{name}"):
        getattr(keeping, name)(actor=actor, candidates=[dossier.pk], reason="演练")


@deed(3)
def set_a_status(world: World, rng: Random):
    out = rng.random() < 0.5
    dossier = _some(some_dossier(rng, "pool" if out else "excluded"))
    first, second = rng.sample(world.officers[dossier.city], 2)
    with desk(first, "dispatch.set_candidate_status"):
        asked = status.status_request(
            actor=first, status="absent" if out else "restored", words="演练", numbers=[dossier.candidate.number]
        )
    with desk(second, "dispatch.set_candidate_status"):
        status.status_decide(actor=second, request=asked, agree=rng.random() < 0.9, answer="演练")


@deed(2)
def let_rules_pass(world: World, rng: Random):
    auto_review_everywhere()


# Registration.


def _student(rng: Random, state: str) -> tuple[Dossier, int]:
    dossier = _some(some_dossier(rng, state, school__isnull=False))
    return dossier, dossier.school_id


@deed(10)
def register(world: World, rng: Random):
    dossier, school = _student(rng, "admitted")
    others = Dossier.objects.filter(state="admitted", school=school).values_list("pk", flat=True)[:3]
    actor, some = world.leaders[school], {dossier.pk, *(others if rng.random() < 0.3 else ())}
    with desk(actor, "registration.register_students"):
        if rng.random() < 0.8:
            students.students_register(actor=actor, candidates=sorted(some))
        else:
            students.admissions_cancel(actor=actor, candidates=sorted(some), reason="未报到")


@deed(6)
def change_a_registration(world: World, rng: Random):
    dossier, school = _student(rng, "registered")
    actor, way = world.leaders[school], rng.random()
    with desk(actor, "registration.cancel_registration"):
        if way < 0.4:
            registered.registrations_cancel(actor=actor, candidates=[dossier.pk], reason="退学")
        elif way < 0.7:
            registered.registrations_undo(actor=actor, candidates=[dossier.pk], reason="E01", words="演练")
        else:
            line = some_line(rng, school=school, city=dossier.city)
            registered.major_change(
                actor=actor, candidate=dossier.pk, plan_line=line.pk, reason="M01", words="演练"
            )


@deed(1)
def the_clock_strikes(world: World, rng: Random):
    """Registration ends, whoever is not registered is reset, and the province opens it again."""
    window = Window.objects.filter(season=world.season, kind="registration", stage=2)
    window.update(closes_at=timezone.now())
    try:
        deadlines.deadlines_keep()
    finally:
        window.update(closes_at=timezone.now() + timedelta(days=61))


# Requests.


@deed(4)
def ask_to_withdraw(world: World, rng: Random):
    dossier, school = _student(rng, rng.choice(["admitted", "registered"]))
    actor, key = world.leaders[school], "registration.request_withdrawal"
    values = {"number": dossier.candidate.number, "name": dossier.candidate.name, "reason": "W01", "words": ""}
    with desk(actor, key):
        submitted(actor, key, values, with_paper=True)


@deed(5)
def ask_for_a_transfer(world: World, rng: Random):
    dossier, school = _student(rng, rng.choice(["admitted", "registered"]))
    line = _some(some_line(rng, city=dossier.city))
    actor, key = world.leaders[line.school_id], "registration.request_transfer"
    candidate = dossier.candidate
    values = {"number": candidate.number, "proof": candidate.name, "line": line.pk, "reason": "X01", "words": ""}
    with desk(actor, key):
        submitted(actor, key, values, with_paper=True)


@deed(5)
def ask_for_seats(world: World, rng: Random):
    line = _some(some_line(rng))
    actor = world.leaders[line.school_id]
    if rng.random() < 0.6:
        key, seats = "quotas.request_plan_change", rng.choice([-2, -1, -1, 1, 2])
        values = {"line": line.pk, "seats": seats}
        values |= {"reason": "P01" if seats > 0 else "P02"}
    else:
        key, other = "quotas.request_plan_transfer", {"school": line.school_id, "major_code": line.major_code}
        taker = [one for one in CITIES if one != line.city][0]
        values = {"giver": line.pk, "taker": _some(some_line(rng, city=taker, **other)).pk, "seats": 1}
        values |= {"reason": "T01"}
    with desk(actor, key):
        submitted(actor, key, values | {"words": "演练"})


@deed(2)
def use_the_reserve(world: World, rng: Random):
    line = _some(some_line(rng))
    actor = rng.choice(world.officers[line.city])
    with desk(actor, "quotas.set_reserve"):
        reserve_use(actor=actor, batch=world.batches[line.city], line=line, seats=rng.choice([-1, 1]))


@deed(4)
def enter_somebody_late(world: World, rng: Random):
    """One of a few persons, so that two schools enter the same at once."""
    line = _some(some_line(rng))
    actor, key = world.leaders[line.school_id], "registration.enter_late_candidate"
    serial, born = rng.randrange(30), date(2000, 5, 1)
    values = {
        "name": "陈晚" + "一二三四五六七八九十"[serial % 10], "sex": "1", "id_type": "1",
        "id_number": factories.id_number(serial, born=born), "born_on": born.isoformat(), "ethnic_group": "01",
        "county": COUNTIES[line.city], "line": line.pk, "handler": "王老师", "reason": "L01",
        "graduated_from": "荔湾区第一中学", "graduated_in": "2016", "words": "",
    }  # fmt: skip
    with desk(actor, key):
        submitted(actor, key, values)


@deed(22)
def answer_a_request(world: World, rng: Random):
    """Whoever is asked agrees, mostly; or refuses, returns; or the applicant takes it back."""
    found = list(Request.objects.filter(state="submitted").order_by("pk"))
    row = _some(rng.choice(found) if found else None)
    parties = set(row.parties.filter(decision="").values_list("organisation", flat=True))
    asked = [user for user in world.everybody if user.organisation_id in parties]
    actor, way, kind = _some(rng.choice(asked) if asked else None), rng.random(), requests.kind_of(row.kind)
    with desk(actor, kind.review):
        if way < 0.8:
            requests.request_approve(actor=actor, request=row.pk)
        elif way < 0.88:
            requests.request_return(actor=actor, request=row.pk, words="演练")
        elif way < 0.93:
            requests.request_refuse(actor=actor, request=row.pk, reason="R09", words="演练")
        else:
            requests.request_withdraw(actor=row.asked_by, request=row)


@deed(3)
def approve_what_is_green(world: World, rng: Random):
    """Several requests at once."""
    actor = rng.choice([user for users in world.reviewers.values() for user in users])
    rows = list(Request.objects.filter(state="submitted").order_by("pk"))
    if not rows:
        raise Nothing
    review = requests.kind_of(rng.choice(rows).kind).review
    kinds = [kind for kind in requests.kinds() if kind.review == review]
    keys = [row.pk for row in rows if row.kind in {kind.key for kind in kinds}]
    with desk(actor, review):
        requests.requests_approve_green(actor=actor, kinds=kinds, requests=keys)
