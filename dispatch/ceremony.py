"""What anyone can recompute of a lottery: roster, seed and numbers (domain.md §6.7).

The roster is a text of candidate numbers, sorted byte by byte, each followed by a line feed; its SHA-256 is
published before anything is drawn. The seed joins it with the public randomness and the name of the round.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db import connection

from .models import Run
from .snapshot import Snapshot


def roster_of(snapshot: Snapshot) -> list[str]:
    """Numbers of those who take part in the lottery: who may be sent to one school at least, sorted.

    Args:
        snapshot: of the batch as it stands.
    """
    eligible = snapshot.problem.eligible
    within = snapshot.candidates if eligible is None else snapshot.candidates[eligible.any(axis=1)]
    return [number for number, _ in numbers_of(within)]


def numbers_of(candidates: np.ndarray) -> list[tuple[str, int]]:
    """Candidate numbers with their keys, sorted by number byte by byte.

    Args:
        candidates: int64[n], primary keys.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT number, id FROM admissions_candidate WHERE id = ANY(%s) ORDER BY number COLLATE "C"',
            [candidates.tolist()],
        )
        return cursor.fetchall()


def roster_text(numbers: Iterable[str]) -> str:
    """The roster as it is published: one number a line."""
    return "".join(f"{number}\n" for number in numbers)


def roster_digest(numbers: Iterable[str]) -> str:
    """SHA-256 of the published roster, in hexadecimal."""
    return hashlib.sha256(roster_text(numbers).encode()).hexdigest()


def roster_path(run: Run) -> Path:
    """File of the frozen roster of a run."""
    return Path(settings.MEDIA_ROOT) / "runs" / str(run.pk) / f"roster-{run.roster_digest}.txt"


def seed_of(run: Run) -> str:
    """The public seed of a run: empty until public randomness has been entered for its roster."""
    return seed_made(run.randomness, run.roster_digest, run.round_name) if run.randomness else ""


def seed_made(randomness: str, digest: str, round_name: str) -> str:
    """SHA-256, in hexadecimal, of the three texts written one after the other.

    Args:
        randomness: as drawn and entered.
        digest: of the roster, 64 hexadecimal digits.
        round_name: as of ``Run.round_name``.
    """
    return hashlib.sha256(f"{randomness}{digest}{round_name}".encode()).hexdigest()


def practice_seed(run: Run) -> str:
    """A seed for practising: another one for each rehearsal, so that the numbers are seen to differ."""
    return f"演练-{run.round_name}-{run.rehearsals.filter(asked={}).count() + 1}"
