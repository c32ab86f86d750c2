"""A school reads, decides, hands out, submits; and takes from the pool."""

from random import Random

from admissions.models import Dossier
from dispatch.models import Placement, Sheet
from dispatch.services import (
    answering,
    deciding,
    handing,
    naming,
    pool,
    pool_bulk,
    sheet_bulk,
    submitting,
)  # fmt: skip
from tests.factories_dispatch import admitted_from_pool
from tests.factories_papers import stored

from ..world import MAJORS, World, desk, some_dossier, some_line, some_sheet
from .registry import Nothing, at_a_school, deed, some


def _reader(world: World, rng: Random, school: int):
    return rng.choice([world.leaders[school], world.members[school]])


@deed(9)
def open_a_sheet(world: World, rng: Random):
    sheet = some(some_sheet(rng))
    actor = _reader(world, rng, sheet.school_id)
    with desk(actor, "dispatch.decide_dossiers"):
        deciding.sheet_open(actor=actor, sheet=sheet)


@deed(30)
def decide_on_one(world: World, rng: Random):
    dossier, placement = at_a_school(rng, "reading", "propose_admit", "propose_return")
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
    sheet = some(some_sheet(rng))
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
    sheet = some(some_sheet(rng))
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


@deed(6)
def submit_a_sheet(world: World, rng: Random):
    sheet = some(some_sheet(rng))
    actor = world.leaders[sheet.school_id]
    with desk(actor, "dispatch.decide_as_leader"):
        submitting.sheet_submit(actor=actor, sheet=sheet)


@deed(4)
def settle_a_sheet(world: World, rng: Random):
    settle(world, some(some_sheet(rng, submitted_at=None)))


def settle(world: World, sheet: Sheet) -> None:
    """All that a leader does with a sheet, one after the other: majors, returns for the rest, submission."""
    actor = world.leaders[sheet.school_id]
    with desk(actor, "dispatch.decide_as_leader"):
        deciding.sheet_open(actor=actor, sheet=sheet)
    with desk(actor, "dispatch.decide_as_leader"):
        submitting.majors_assign(actor=actor, sheet=sheet)
    open_here = Placement.objects.open().filter(sheet=sheet).values("candidate")
    left = Dossier.objects.filter(state="reading", held=False, candidate__in=open_here)
    for pk, version in left.values_list("pk", "version"):
        at = {"actor": actor, "sheet": sheet, "candidate": pk, "version": version}
        with desk(actor, "dispatch.decide_as_leader"):
            deciding.dossier_propose_return(**at, reason="01")
    with desk(actor, "dispatch.decide_as_leader"):
        submitting.sheet_submit(actor=actor, sheet=sheet)


@deed(3)
def withdraw_a_sheet(world: World, rng: Random):
    sheet = some(some_sheet(rng, submitted_at__isnull=False))
    actor = world.leaders[sheet.school_id]
    with desk(actor, "dispatch.decide_as_leader"):
        submitting.sheet_withdraw(actor=actor, sheet=sheet)


@deed(3)
def hand_out(world: World, rng: Random):
    sheet = some(some_sheet(rng))
    leader, member = world.leaders[sheet.school_id], world.members[sheet.school_id]
    way = rng.random()
    with desk(leader, "dispatch.decide_as_leader"):
        if way < 0.4:
            deal = handing.Deal(evenly=[leader, member], again=rng.random() < 0.5)
            handing.dossiers_hand_out(actor=leader, sheet=sheet, deal=deal)
        elif way < 0.7:
            handing.dossiers_call_back(
                actor=leader, sheet=sheet, member=member.pk, decided=rng.random() < 0.5
            )
        else:
            handing.hand_out_end(actor=leader, sheet=sheet)


@deed(3)
def admit_from_the_pool(world: World, rng: Random):
    dossier = some(some_dossier(rng, "pool"))
    line = some(some_line(rng, city=dossier.city))
    actor = world.leaders[line.school_id]
    with desk(actor, "dispatch.admit_from_pool"):
        admitted_from_pool(actor, dossier.candidate, line)


@deed(1)
def admit_a_list_from_the_pool(world: World, rng: Random):
    found = list(Dossier.objects.filter(state="pool").select_related("candidate")[:30])
    if not found:
        raise Nothing
    actor = world.leaders[rng.choice(world.schools).pk]
    chosen = rng.sample(found, min(4, len(found)))
    lines = [
        pool_bulk.Line(row, one.candidate.number, one.candidate.name, rng.choice(MAJORS))
        for row, one in enumerate(chosen, 1)
    ]
    with desk(actor, "dispatch.admit_in_bulk"):
        pool_bulk.admit_in_bulk(actor=actor, lines=lines, paper=stored())


@deed(2)
def withdraw_from_the_pool(world: World, rng: Random):
    dossier = some(some_dossier(rng, "admit_submitted"))
    placement = Placement.objects.filter(pk=dossier.placement_id, method="pool").first()
    actor = world.leaders[some(placement).school_id]
    with desk(actor, "dispatch.admit_from_pool"):
        pool.pool_withdraw(actor=actor, placement=placement)
