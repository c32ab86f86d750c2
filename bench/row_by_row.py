"""The rival of a dispatch: the same moves, one dossier after another, by the ORM."""

from django.db import transaction
from django.utils import timezone

from accounts.models import Deed
from admissions.models import Batch, Candidate, Dossier, DossierEvent, School
from dispatch.models import Placement

from .common import timed


def row_by_row(batch: Batch, number: int) -> float:
    """Seconds for each dossier: read candidate and choices, make a placement, move the state, add the event."""
    school, deed = School.objects.first(), Deed.objects.last()
    keys = list(Dossier.objects.filter(state="pool").values_list("pk", flat=True)[:number])

    def send():
        for rank, key in enumerate(keys, 1):
            candidate = Candidate.objects.get(pk=key)
            list(candidate.choices.filter(batch=batch))
            dossier = Dossier.objects.get(pk=key)
            placement = Placement.objects.create(
                candidate=candidate, season_id=batch.season_id, batch=batch, province=candidate.province,
                city=candidate.city, county=candidate.county, school=school, supervisor=school.supervisor,
                method=Placement.Method.DISPATCH, choice_position=1, dispatch_score=candidate.total, rank=rank,
                tie_values=candidate.scores,
            )  # fmt: skip
            dossier.state, dossier.school, dossier.placement_id = "sent", school, placement.pk
            dossier.version += 1
            dossier.save()
            DossierEvent.objects.create(
                candidate=candidate, at=timezone.now(), step="dispatch", source="pool", target="sent", deed=deed,
                school=school, placement_id=placement.pk,
            )  # fmt: skip

    with transaction.atomic():
        seconds = timed(send)[1]
        transaction.set_rollback(True)
    return seconds / len(keys)
