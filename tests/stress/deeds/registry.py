"""The list of deeds, and what several of them pick or do."""

from collections.abc import Callable
from random import Random

from accounts.refusals import Refusal
from admissions.models import Dossier, Request
from admissions.services import requests
from dispatch.models import Placement
from tests.factories_requests import paper

from ..world import World, desk, some_dossier

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


def some(found):
    """What was found; if there is none, the deed is over."""
    if found is None:
        raise Nothing
    return found


def at_a_school(rng: Random, *states: str) -> tuple[Dossier, Placement]:
    """A dossier in one of some states, and the placement on a sheet that it is on."""
    dossier = some(some_dossier(rng, *states, placement_id__isnull=False))
    found = Placement.objects.select_related("sheet").filter(pk=dossier.placement_id, sheet__isnull=False)
    return dossier, some(found.first())


def student(rng: Random, state: str) -> tuple[Dossier, int]:
    """A dossier of a student of some school, and the school's key."""
    dossier = some(some_dossier(rng, state, school__isnull=False))
    return dossier, dossier.school_id


def ask(actor, key: str, values: dict, *, with_paper: bool = False) -> Request:
    """Fill in a form and submit what comes of it; what the form refuses is refused."""
    kind = requests.kind_of(key)
    with desk(actor, key):
        form = kind.form(values, actor=actor, kind=kind)
        if not form.is_valid():
            raise Refusal(" ".join(words for found in form.errors.values() for words in found))
        reason, words = form.cleaned_data["reason"], form.cleaned_data["words"]
        row = requests.request_draft(actor=actor, kind=kind, asked=form.asked(), reason=reason, words=words)
        if with_paper:
            requests.attachment_add(actor=actor, request=row, upload=paper())
    with desk(actor, key):
        return requests.request_submit(actor=actor, request=row)
