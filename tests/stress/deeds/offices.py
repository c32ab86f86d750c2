"""The city audits, takes back, holds, and sets what candidates are."""

from random import Random

from admissions.models import Dossier
from dispatch.services import (
    keeping,
    reviewing,
    status,
)  # fmt: skip
from dispatch.services.passing import auto_review_everywhere

from ..world import CITIES, World, desk, some_dossier
from .registry import at_a_school, deed, some


@deed(14)
def audit(world: World, rng: Random):
    admitted = rng.random() < 0.7
    dossier = some(some_dossier(rng, "admit_submitted" if admitted else "return_submitted"))
    actor = rng.choice(world.reviewers[dossier.city])
    others = Dossier.objects.filter(state=dossier.state, city=dossier.city).values_list(
        "placement_id", flat=True
    )
    keys = {dossier.placement_id, *list(others)[: rng.choice([0, 0, 4])]} - {None}
    kind = "admissions" if admitted else "returns"
    with desk(actor, f"dispatch.review_{kind}"):
        if rng.random() < 0.7:
            if rng.random() < 0.5:
                getattr(reviewing, f"{kind}_approve")(actor=actor, placements=keys)
            else:
                reviewing.rows_approve_each(actor=actor, state=dossier.state, placements=keys)
        else:
            refuse, code = getattr(reviewing, f"{kind}_refuse"), "A05" if admitted else "C01"
            refuse(actor=actor, placements=keys, reason=code, words="请重新审阅")


@deed(3)
def take_from_the_queue(world: World, rng: Random):
    actor = rng.choice(world.reviewers[rng.choice(CITIES)])
    with desk(actor, "dispatch.review_admissions"):
        if rng.random() < 0.5:
            reviewing.rows_take(actor=actor, state=rng.choice(list(reviewing.QUEUES)), number=3)
        else:
            reviewing.rows_lay_back(actor=actor, state=rng.choice(list(reviewing.QUEUES)))


@deed(10)
def take_back(world: World, rng: Random):
    """取消投档, 强制回收, 取消投档单."""
    states = ("sent", "reading", "propose_admit", "propose_return", "admit_submitted", "return_submitted")
    dossier, placement = at_a_school(rng, *states)
    actor = rng.choice(world.officers[dossier.city])
    others = list(
        Dossier.objects.filter(state__in=states, city=dossier.city).values_list("pk", flat=True)[:30]
    )
    chosen = sorted({dossier.pk, *rng.sample(others, min(len(others), rng.choice([0, 0, 2])))})
    way = rng.choice(["cancel_dispatch", "recall_dossier", "recall_dossier", "cancel_sheet"])
    with desk(actor, f"dispatch.{way}"):
        if way == "cancel_sheet":
            keeping.cancel_sheet(actor=actor, sheet=placement.sheet, reason="演练")
        else:
            getattr(keeping, way)(actor=actor, candidates=chosen, reason="演练")


@deed(6)
def hold_or_release(world: World, rng: Random):
    held = rng.random() < 0.6
    dossier = Dossier.objects.filter(held=held).order_by("?").first()
    actor = rng.choice(world.officers[some(dossier).city])
    name = "release_dossier" if held else "hold_dossier"
    with desk(actor, f"dispatch.{name}"):
        getattr(keeping, name)(actor=actor, candidates=[dossier.pk], reason="演练")


@deed(3)
def set_a_status(world: World, rng: Random):
    out = rng.random() < 0.5
    dossier = some(some_dossier(rng, "pool" if out else "excluded"))
    first, second = rng.sample(world.officers[dossier.city], 2)
    with desk(first, "dispatch.set_candidate_status"):
        asked = status.status_request(
            actor=first,
            status="absent" if out else "restored",
            words="演练",
            numbers=[dossier.candidate.number],
        )
    with desk(second, "dispatch.set_candidate_status"):
        status.status_decide(actor=second, request=asked, agree=rng.random() < 0.9, answer="演练")


@deed(2)
def let_rules_pass(world: World, rng: Random):
    auto_review_everywhere()
