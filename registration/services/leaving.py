"""Dossiers that leave their school: state, placement and seat in one transaction, for one or for thousands."""

from collections import Counter
from collections.abc import Sequence

from django.utils import timezone

from accounts.context import deed_record, unwalled
from accounts.models import User
from admissions.models import Dossier
from admissions.services.dossiers import dossiers_move_all
from admissions.services.papers import Paper
from dispatch.models import Placement
from dispatch.services.papers import papers_write
from quotas.services import seats_give_back

RELATION = "SELECT c, NULL::bigint, NULL::bigint, %s::varchar, %s::text FROM unnest(%s::bigint[]) c"


def dossiers_leave(
    *,
    actor: User | None,
    step: str,
    dossiers: Sequence[Dossier],
    reason: str | None = None,
    words: str = "",
    subject: str = "",
    note: str = "",
    paper: Paper | None = None,
) -> int:
    """Take dossiers from their schools back to the pool, close their placements, give back their seats.

    Call it in a transaction that holds locks on the dossiers and has checked that they are the actor's.

    Args:
        actor: who does it, None for the platform's clockwork.
        step: key of a step that leaves the school.
        dossiers: each with its placement, locked.
        reason: code of the reason, if any.
        words: the reason in words, for the track of each candidate.
        subject: what the deed is called in the record.
        note: details of the deed.
        paper: stored; it proves the reason for all of them.

    Returns:
        the number of dossiers moved.

    Raises:
        Refusal: as ``dossiers_move``.
    """
    keys = [dossier.placement_id for dossier in dossiers]
    with unwalled():
        lines = Placement.objects.filter(pk__in=keys, plan_line__isnull=False)
        freed = Counter(lines.values_list("plan_line_id", flat=True))
        moved = dossiers_move_all(
            actor=actor,
            step=step,
            relation=RELATION,
            params=[reason, words, [dossier.pk for dossier in dossiers]],
            subject=subject,
            note=note or words,
        )
        Placement.objects.filter(pk__in=keys, closed_at__isnull=True).update(
            closed_at=timezone.now(), reason_id=reason, reason_words=words
        )
        seats_give_back(freed=freed)
        if paper is not None:
            papers_write(actor, Placement.objects.filter(pk__in=keys), paper)
            deed_record(actor=actor, subject=f"上传注销材料：{subject}", count=len(keys), note=paper.said)
    return moved
