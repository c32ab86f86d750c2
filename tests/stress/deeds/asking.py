"""Requests of all kinds, and the answers to them."""

from datetime import date
from random import Random

from admissions.models import Request
from admissions.services import requests
from quotas.services.reserve import reserve_use
from tests import factories

from ..world import CITIES, COUNTIES, World, desk, some_line
from .registry import Nothing, ask, deed, some, student


@deed(4)
def ask_to_withdraw(world: World, rng: Random):
    dossier, school = student(rng, rng.choice(["admitted", "registered"]))
    actor, key = world.leaders[school], "registration.request_withdrawal"
    values = {
        "number": dossier.candidate.number,
        "name": dossier.candidate.name,
        "reason": "W01",
        "words": "",
    }
    ask(actor, key, values, with_paper=True)


@deed(5)
def ask_for_a_transfer(world: World, rng: Random):
    dossier, _ = student(rng, rng.choice(["admitted", "registered"]))
    line = some(some_line(rng, city=dossier.city))
    actor, key = world.leaders[line.school_id], "registration.request_transfer"
    candidate = dossier.candidate
    values = {
        "number": candidate.number,
        "proof": candidate.name,
        "line": line.pk,
        "reason": "X01",
        "words": "",
    }
    ask(actor, key, values, with_paper=True)


@deed(5)
def ask_for_seats(world: World, rng: Random):
    line = some(some_line(rng))
    actor = world.leaders[line.school_id]
    if rng.random() < 0.6:
        key, seats = "quotas.request_plan_change", rng.choice([-2, -1, -1, 1, 2])
        values = {"line": line.pk, "seats": seats}
        values |= {"reason": "P01" if seats > 0 else "P02"}
    else:
        key, other = "quotas.request_plan_transfer", {"school": line.school_id, "major_code": line.major_code}
        taker = next(one for one in CITIES if one != line.city)
        values = {"giver": line.pk, "taker": some(some_line(rng, city=taker, **other)).pk, "seats": 1}
        values |= {"reason": "T01"}
    ask(actor, key, values | {"words": "演练"})


@deed(2)
def use_the_reserve(world: World, rng: Random):
    line = some(some_line(rng))
    actor = rng.choice(world.officers[line.city])
    with desk(actor, "quotas.set_reserve"):
        reserve_use(actor=actor, batch=world.batches[line.city], line=line, seats=rng.choice([-1, 1]))


@deed(4)
def enter_somebody_late(world: World, rng: Random):
    """One of a few persons, so that two schools enter the same at once."""
    line = some(some_line(rng))
    actor, key = world.leaders[line.school_id], "registration.enter_late_candidate"
    serial, born = rng.randrange(30), date(2000, 5, 1)
    values = {
        "name": "陈晚" + "一二三四五六七八九十"[serial % 10], "sex": "1", "id_type": "1",
        "id_number": factories.id_number(serial, born=born), "born_on": born.isoformat(), "ethnic_group": "01",
        "county": COUNTIES[line.city], "line": line.pk, "handler": "王老师", "reason": "L01",
        "graduated_from": "荔湾区第一中学", "graduated_in": "2016", "words": "",
    }  # fmt: skip
    ask(actor, key, values)


@deed(22)
def answer_a_request(world: World, rng: Random):
    """Whoever is asked agrees, mostly; or refuses, returns; or the applicant takes it back."""
    found = list(Request.objects.filter(state="submitted").order_by("pk"))
    row = some(rng.choice(found) if found else None)
    parties = set(row.parties.filter(decision="").values_list("organisation", flat=True))
    asked = [user for user in world.everybody if user.organisation_id in parties]
    actor, way, kind = some(rng.choice(asked) if asked else None), rng.random(), requests.kind_of(row.kind)
    with desk(actor, kind.review):
        if way < 0.8:
            requests.request_approve(actor=actor, request=row.pk)
        elif way < 0.88:
            requests.request_return(actor=actor, request=row.pk, reason="U01", words="演练")
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
