"""The city sends, in batches and by itself."""

from contextlib import suppress
from random import Random

from accounts.refusals import Refusal
from admissions.models import Dossier
from admissions.services import requests
from dispatch.models import Run, Sheet
from dispatch.services import (
    executing,
    sending,
    verifying,
)  # fmt: skip
from tests.factories_single import point_values, special_values
from tests.runs import NOBODY

from ..world import CITIES, MAJORS, World, desk, some_dossier
from .registry import Nothing, ask, deed, some
from .schools import settle


@deed(5)
def dispatch_a_round(world: World, rng: Random):
    city = rng.choice(CITIES)
    first, second = rng.sample(world.officers[city], 2)
    for sheet in Sheet.objects.filter(batch=world.batches[city], submitted_at=None, cancelled_at=None):
        with suppress(Refusal):
            settle(world, sheet)
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


@deed(3)
def ask_for_one(world: World, rng: Random):
    """点投, above and below the line, with and without admission."""
    dossier = some(some_dossier(rng, "pool"))
    city = dossier.city
    actor, school = rng.choice(world.officers[city]), rng.choice(world.schools)
    verb, where = rng.choice(["dispatch", "admit"]), rng.choice(["above", "below"])
    key = f"dispatch.{verb}_{where}_line"
    values = point_values(
        dossier.candidate, world.batches[city], school, major=rng.choice(MAJORS),
        reason=rng.choice(["D01", "D02"]) if where == "above" else rng.choice(["D04", "D05"]),
    )  # fmt: skip
    ask(actor, key, values, with_paper=True)


@deed(1)
def ask_for_some(world: World, rng: Random):
    """批件投档."""
    city, school = rng.choice(CITIES), rng.choice(world.schools)
    actor, key = world.leaders[school.pk], "dispatch.request_special_dispatch"
    found = list(Dossier.objects.filter(state="pool", city=city).select_related("candidate")[:20])
    if len(found) < 2:
        raise Nothing
    values = special_values([one.candidate for one in rng.sample(found, 2)], world.batches[city])
    ask(actor, key, values, with_paper=True)


@deed(8)
def send_some(world: World, rng: Random):
    """批件投档, asked and agreed at once: the way to sheets that no run can be disturbed on."""
    city, school = rng.choice(CITIES), rng.choice(world.schools)
    actor, key = world.leaders[school.pk], "dispatch.request_special_dispatch"
    found = list(Dossier.objects.filter(state="pool", city=city, held=False).select_related("candidate"))
    if len(found) < 4:
        raise Nothing
    chosen = [one.candidate for one in rng.sample(found, 4)]
    row = ask(actor, key, special_values(chosen, world.batches[city]), with_paper=True)
    second = rng.choice(world.reviewers[city])
    with desk(second, "dispatch.review_special_dispatch"):
        requests.request_approve(actor=second, request=row.pk)
