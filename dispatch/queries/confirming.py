"""Which admissions the candidates have confirmed at the school."""

from django.db.models import Exists, F, OuterRef

from admissions.lifecycle import State
from admissions.reference import confirms_of

from ..models import Confirmation, Placement, Sheet

Method = Confirmation.Method


def is_confirmed() -> Exists:
    """Condition on placements: the candidate has confirmed the major that he is proposed for."""
    return Exists(Confirmation.objects.filter(pk=OuterRef("pk"), plan_line=OuterRef("plan_line")))


def ways_of(city: str) -> list[tuple[str, str]]:
    """Ways to confirm that a city allows, with their words; none if it does not ask for it."""
    return [(way, Method(way).label) for way in confirms_of(city)]


def unconfirmed_of(sheet: Sheet):
    """Placements of a sheet that are proposed for admission and not confirmed; none where the city does not ask."""
    rows = Placement.objects.open().filter(sheet=sheet, candidate__dossier__placement_id=F("pk"))
    if not confirms_of(sheet.batch.city):
        return rows.none()
    return rows.filter(candidate__dossier__state=State.PROPOSE_ADMIT).exclude(is_confirmed())
