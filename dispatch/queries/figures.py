"""How the dossiers of sheets stand, for lists of sheets: counted for a page at once and kept for a moment.

A page of sheets stands for tens of thousands of dossiers. Their states change with every decision of a school, so
no counter beside them is kept by the writers: each decision would lock it. Instead the figures of a sheet are
counted once in ``KEEP`` seconds, whoever looks; the list tells of which moment they are.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from accounts.models import User
from admissions.lifecycle import AT_SCHOOL, FINAL, TAKES_SEAT, UNDECIDED, State

from ..models import Sheet

RETURNING = frozenset({State.PROPOSE_RETURN, State.RETURN_SUBMITTED})
KEEP = 20
"""Seconds for which figures are kept."""
NAMES = ("undecided", "reading", "proposed", "returning", "admitted", "returned", "taken_back")


def _among(states) -> str:
    """A list of states for SQL."""
    return ", ".join(f"'{state.value}'" for state in sorted(states))


_FIGURES = f"""
    SELECT p.sheet_id, count(*) FILTER (WHERE d.state IN ({_among(UNDECIDED)})),
        count(*) FILTER (WHERE d.state IN ({_among(AT_SCHOOL)})),
        count(*) FILTER (WHERE d.state IN ({_among(TAKES_SEAT - FINAL)})),
        count(*) FILTER (WHERE d.state IN ({_among(RETURNING)})),
        count(*) FILTER (WHERE d.state IN ({_among(FINAL)})),
        count(*) FILTER (WHERE p.closed_at IS NOT NULL AND p.reason_id IS NOT NULL),
        count(*) FILTER (WHERE p.closed_at IS NOT NULL AND p.reason_id IS NULL)
    FROM dispatch_placement p
    LEFT JOIN admissions_dossier d ON d.candidate_id = p.candidate_id AND d.placement_id = p.id
        AND p.closed_at IS NULL
    WHERE p.sheet_id = ANY(%s) GROUP BY p.sheet_id
"""


def figures_of(actor: User, sheets: Sequence[Sheet]) -> dict[int, dict]:
    """Figures of sheets by primary key, of this moment or at most ``KEEP`` seconds old.

    Once a school opens or submits a sheet it is counted anew.

    Args:
        actor: sees the sheets; within his walls they are counted.
        sheets: of a page.

    Returns:
        ``undecided``, ``proposed`` and ``returning`` (decided by the school, not yet audited), ``admitted``,
        ``returned`` and ``taken_back`` (closed without a reason of return), which add up to the sheet; ``reading``
        (not submitted, whatever was proposed); and ``at``: when they were counted.
    """
    keys = {sheet.pk: _key(actor, sheet) for sheet in sheets}
    known = cache.get_many(keys.values())
    lacking = [pk for pk, key in keys.items() if key not in known]
    if lacking:
        with connection.cursor() as cursor:
            cursor.execute(_FIGURES, [lacking])
            counted = {row[0]: row[1:] for row in cursor.fetchall()}
        now = timezone.now()
        fresh = {
            keys[pk]: dict(zip(NAMES, counted.get(pk, (0,) * len(NAMES)), strict=True)) | {"at": now}
            for pk in lacking
        }
        cache.set_many(fresh, KEEP)
        known |= fresh
    return {pk: known[key] for pk, key in keys.items()}


def oldest(figures: Iterable[dict]) -> datetime | None:
    """Of which moment the figures of a page are: the earliest; None where there are none."""
    return min((figure["at"] for figure in figures), default=None)


def _key(actor: User, sheet: Sheet) -> str:
    """A sheet as it stands within an actor's walls."""
    scope = actor.scope
    walls = f"{scope.province}|{scope.regions}|{scope.schools}"
    stands = f"{sheet.number}|{sheet.released_at}|{sheet.opened_at}|{sheet.submitted_at}|{sheet.cancelled_at}"
    return f"sheet-figures:{sheet.pk}:{hashlib.sha256(f'{walls}|{stands}'.encode()).hexdigest()[:32]}"
