"""What candidates wish: who goes to a general high school, and the choice lists of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..reference import Batch, City
from .people import People
from .schools import Line, School

NO_CHOICES = 0.03  # part of those left in the pool without any choice
NO_MAJORS = 0.08  # part of the choices without a major
ACCEPTS = 0.70  # part of the choices with 服从调剂
_CHUNK = 20_000


@dataclass(frozen=True, slots=True)
class Choices:
    """Choice lists of one batch, one row for each candidate who has one.

    Attributes:
        batch: the batch.
        who: int[r], index of the candidate.
        schools: int[r, k], index into `offers`, -1 where there is no choice.
        majors: int[r, k, m], index of the line within the school's lines, -1 where none.
        accepts: bool[r, k].
        offers: schools of the batch with their lines.
    """

    batch: Batch
    who: np.ndarray
    schools: np.ndarray
    majors: np.ndarray
    accepts: np.ndarray
    offers: tuple[tuple[School, tuple[Line, ...]], ...]


def general_admitted(rng: np.random.RandomState, city: City, people: People) -> np.ndarray:
    """Boolean mask of those whom general high schools take: mostly the better ones."""
    count = len(people.names)
    take = round(city.general_share * count)
    mask = np.zeros(count, bool)
    if take:
        worth = people.totals / city.full_marks + rng.normal(0, 0.03, count)
        mask[np.argsort(-worth, kind="stable")[:take]] = True
    return mask


def make_choices(
    rng: np.random.RandomState, city: City, people: People, lines: Sequence[Line], general: np.ndarray
) -> list[Choices]:
    """Choice lists of a city, batch by batch.

    Everyone left in the pool fills in the last batch, but for three in a hundred; the earlier batches about a
    third, the better ones more often. Of those admitted to general high schools two in five have choices too.
    """
    count = len(people.names)
    active = np.where(general, rng.random_sample(count) < 0.4, rng.random_sample(count) >= NO_CHOICES)
    made = []
    for batch in city.batches:
        here = [line for line in lines if line.batch == batch.code]
        if not here:
            continue
        chance = rng.random_sample(count)
        wants = active if batch is city.batches[-1] else active & (chance < 0.30 + 0.1 * people.ability)
        if batch.line is not None and batch is not city.batches[-1]:
            wants = wants & (people.totals >= batch.line - 30)
        made.append(_lists(rng, batch, here, np.flatnonzero(wants)))
    return made


def _lists(rng: np.random.RandomState, batch: Batch, lines: list[Line], who: np.ndarray) -> Choices:
    by_school: dict[str, list[Line]] = {}
    for line in lines:
        by_school.setdefault(line.school.code, []).append(line)
    offers = tuple((group[0].school, tuple(group)) for group in by_school.values())
    k = min(batch.choices, len(offers))
    seats = np.array([sum(x.seats for x in group) for _, group in offers], float)
    appeal = np.log(seats) * 0.8 + rng.normal(0, 0.7, len(offers))
    rows = len(who)
    schools = np.full((rows, batch.choices), -1, np.int32)
    for start in range(0, rows, _CHUNK):
        part = slice(start, min(rows, start + _CHUNK))
        taste = appeal + rng.gumbel(0, 1, (part.stop - start, len(offers)))
        schools[part, :k] = np.argsort(-taste, axis=1, kind="stable")[:, :k]
    shares = np.array([1, 2, 3, 4, 6, 6, 6, 6, 6, 6][:k], float)
    filled = rng.choice(np.arange(1, k + 1), size=rows, p=shares / shares.sum()) if rows else np.zeros(0, int)
    schools[np.arange(batch.choices)[None, :] >= filled[:, None]] = -1
    sizes = np.array([len(group) for _, group in offers])
    width = max(1, batch.majors)
    first = np.floor(rng.random_sample(schools.shape) * sizes[schools]).astype(np.int32)
    step = 1 + np.floor(rng.random_sample(schools.shape) * np.maximum(1, sizes[schools] - 1)).astype(np.int32)
    majors = np.full((*schools.shape, width), -1, np.int32)
    for m in range(batch.majors):
        fits = sizes[schools] > m
        majors[..., m] = np.where(fits & (m < 2), (first + m * step) % sizes[schools], -1)
    empty = rng.random_sample(schools.shape) < NO_MAJORS
    majors[(schools < 0) | empty] = -1
    if width > 1:
        majors[..., 1][rng.random_sample(schools.shape) < 0.2] = -1
    accepts = (rng.random_sample(schools.shape) < ACCEPTS) & (schools >= 0)
    return Choices(batch, who, schools, majors, accepts, offers)
