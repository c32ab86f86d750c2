"""Seals: what happened to a run, chained by digest, so that a run removed or altered shows."""

import json

from django.db import connection
from django.utils import timezone

from accounts.models import User

from ..models import Run, Seal
from ..seals import FORM, canonical, digest_of, state_of


def seal_add(*, actor: User, run: Run, deed: str, placements: tuple[int, str] | None = None) -> Seal:
    """Seal what was just done to a run; call it last in the transaction of the deed.

    Who seals waits for whoever seals in the same season, until that one's transaction ends.

    Args:
        actor: who did it.
        run: as it now stands in the database.
        deed: ``execute``, ``release`` or ``cancel``.
        placements: number and digest (``second.outcome_rows_digest``) of what the execution wrote; by
            default as sealed at the execution.

    Source: the audit that auditors trust: append-only rows, a chain of digests (decision 0014).
    """
    before = run.seals.order_by("number").last()
    if placements is None and before is not None:
        said = json.loads(before.content)
        placements = said["placements"], said["placements_digest"]
    number, placed = placements or (0, "")
    at = timezone.now()
    batch = run.batch
    content = state_of(run) | {
        "form": FORM,
        "deed": deed,
        "by": actor.pk,
        "by_name": actor.name,
        "at": at.isoformat(),
        "run": run.pk,
        "season": batch.season_id,
        "batch": batch.pk,
        "city": batch.city,
        "batch_code": batch.code,
        "placements": number,
        "placements_digest": placed,
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"seals:{batch.season_id}"])
    last = Seal.objects.filter(season=batch.season_id).order_by("number").last()
    place = (last.number if last else 0) + 1
    previous = last.digest if last else ""
    if deed != "execute":  # an execution is verified only after its seal
        content["verified_at"] = run.verified_at.isoformat() if run.verified_at else None
    said = canonical(content | {"number": place})
    return Seal.objects.create(
        season_id=batch.season_id,
        number=place,
        run=run,
        deed=deed,
        content=said,
        previous=previous,
        digest=digest_of(previous, said),
    )
