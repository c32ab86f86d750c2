"""Candidates of a city as columns: who they are, and what they scored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from ..reference import City, Region, concessions
from .names import ethnic_codes, full_names, surnames

WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
CHECK = "10X98765432"
CONCESSION_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Feeder:
    """A junior high school, invented."""

    code: str
    name: str
    county: str


@dataclass(frozen=True, slots=True)
class SignupPoint:
    """A signup point, invented."""

    code: str
    name: str
    county: str


@dataclass(slots=True)
class People:
    """Candidates of a city, one entry of each column for each of them.

    Attributes:
        numbers: candidate numbers.
        exam_numbers, names, ids, births, ethnic, political, counties, feeders, points, phones, addresses,
            guardians, concessions: as in the profile `candidates`.
        sex: 1 or 2.
        scores: float[n, subjects].
        totals: float[n], sum of the scores without bonus.
        bonus: float[n], points of the concession, 0 for most.
        ability: float[n], what stands behind scores and wishes.
    """

    numbers: list[str]
    exam_numbers: list[str]
    names: list[str]
    sex: np.ndarray
    ids: list[str]
    births: list[str]
    ethnic: list[str]
    political: list[str]
    counties: list[str]
    feeders: list[Feeder]
    points: list[SignupPoint]
    phones: list[str]
    addresses: list[str]
    guardians: list[str]
    concessions: list[str]
    scores: np.ndarray
    totals: np.ndarray
    bonus: np.ndarray
    ability: np.ndarray


def check_digit(first17: str) -> str:
    """Last character of an identity number after GB 11643.

    Args:
        first17: the first 17 digits.
    """
    return CHECK[sum(int(c) * w for c, w in zip(first17, WEIGHTS.tolist(), strict=True)) % 11]


def identity_numbers(areas: list[str], births: list[date], sex: np.ndarray, start: np.ndarray) -> list[str]:
    """Different identity numbers for candidates of one city.

    Within an area and a day the counter goes on by two from a start of chance, odd for men, so that numbers
    do not repeat before 500 of one sex are born in one place on one day.

    Args:
        areas: six-digit area of each.
        births: birth date of each.
        sex: 1 or 2 of each.
        start: int[n], a start in 0..499, taken from the first person of each area, day and sex.
    """
    seen: dict[tuple[str, date, int], list[int]] = {}
    numbers = []
    for area, born, one, chance in zip(areas, births, sex.tolist(), start.tolist(), strict=True):
        state = seen.setdefault((area, born, one), [chance, 0])
        if state[1] >= 500:
            raise ValueError(f"more than 500 candidates of one sex born in {area} on {born}")
        serial = (state[0] + state[1]) % 500 * 2 + (1 if one == 1 else 0)
        state[1] += 1
        first = f"{area}{born:%Y%m%d}{serial:03d}"
        numbers.append(first + check_digit(first))
    return numbers


def make_feeders(
    rng: np.random.RandomState, city: City, counties: tuple[Region, ...], count: int
) -> list[Feeder]:
    """`count` junior high schools, at least one in each county."""
    serial = dict.fromkeys((c.code for c in counties), 0)
    feeders = []
    for i in range(max(count, len(counties))):
        county = counties[i] if i < len(counties) else counties[rng.randint(len(counties))]
        serial[county.code] += 1
        place = "" if county.is_own_county else county.name
        short = city.name if city.name.endswith("市") else city.name + "市"
        n = serial[county.code]
        feeders.append(
            Feeder(f"{county.code}{n:03d}", f"{place if place else short}示例第{n}初级中学", county.code)
        )
    return feeders


def make_points(counties: tuple[Region, ...], feeders: list[Feeder]) -> list[SignupPoint]:
    """A signup point for every ten schools of a county, at least one."""
    points = []
    for county in counties:
        schools = sum(f.county == county.code for f in feeders)
        for n in range(1, 1 + max(1, -(-schools // 10))):
            points.append(SignupPoint(f"{county.code}9{n:02d}", f"{county.name}示例第{n}报名点", county.code))
    return points


def make_people(
    rng: np.random.RandomState,
    city: City,
    count: int,
    *,
    year: int,
    counties: tuple[Region, ...],
    feeders: list[Feeder],
    points: list[SignupPoint],
    pattern: str,
) -> People:
    """The candidates of a city.

    Args:
        rng: source of chance, of this city alone.
        city: with its subjects.
        count: how many.
        year: season; most were born in the school year sixteen years before.
        counties, feeders, points: where they come from.
        pattern: of the candidate number, from the pack.
    """
    weights = rng.gamma(3.0, 1.0, len(feeders))
    origin = np.sort(rng.choice(len(feeders), size=count, p=weights / weights.sum()))
    schools = [feeders[i] for i in origin.tolist()]
    by_county: dict[str, list[SignupPoint]] = {}
    for point in points:
        by_county.setdefault(point.county, []).append(point)
    names_of = {c.code: c.name for c in counties}
    sex = np.where(rng.random_sample(count) < 0.535, 1, 2)
    births = _births(rng, count, year)
    areas = [s.county for s in schools]
    ids = identity_numbers(areas, births, sex, rng.randint(0, 500, count))
    ethnic = ethnic_codes(rng, count)
    families = surnames(rng, count)
    names = full_names(rng, families, ethnic, sex)
    guardians = [
        f + g for f, g in zip(families, rng.choice(list("建国伟强明华军平海燕丽芳"), count), strict=True)
    ]
    chance = rng.random_sample(count)
    political = ["03" if c < 0.55 else "13" for c in chance.tolist()]
    house = rng.randint(1, 1000, count).tolist()
    extra = rng.randint(0, 10_000_000, count).tolist()
    area_code = "020" if city.code.startswith("44") else "0531"
    serial: dict[str, int] = {}
    numbers, exam_numbers, addresses, phones, where = [], [], [], [], []
    for i, school in enumerate(schools):
        scope = school.county if "{region6}" in pattern else city.code[:4]
        serial[scope] = serial.get(scope, 0) + 1
        numbers.append(
            pattern.format(
                yy=f"{year % 100:02d}", region6=school.county, region4=city.code[:4], serial=serial[scope]
            )
        )
        exam_numbers.append(f"{year % 100:02d}{city.code[:4]}{i + 1:08d}")
        place = names_of[school.county]
        addresses.append(f"{'' if place == city.name else city.name}{place}示例路{house[i]}号")
        phones.append(f"{area_code}0{extra[i]:07d}")
        choices = by_county[school.county]
        where.append(choices[origin[i] % len(choices)])
    scores, ability = _scores(rng, city, count)
    has = _concessions(rng, count)
    points_of = {c.code: c.points for c in concessions()}
    return People(
        numbers=numbers, exam_numbers=exam_numbers, names=names, sex=sex, ids=ids,
        births=[b.isoformat() for b in births], ethnic=ethnic, political=political, counties=areas,
        feeders=schools, points=where, phones=phones, addresses=addresses, guardians=guardians,
        concessions=has, scores=scores, totals=scores.sum(axis=1),
        bonus=np.array([points_of.get(c, 0) for c in has], float), ability=ability,
    )  # fmt: skip


def _births(rng: np.random.RandomState, count: int, year: int) -> list[date]:
    start = date(year - 16, 9, 1)
    span = rng.choice([-365, 0, 365], size=count, p=[0.05, 0.9, 0.05])
    days = rng.randint(0, 365, count) + span
    known = [start + timedelta(days=d) for d in range(-365, 731)]
    return [known[d + 365] for d in days.tolist()]


def _scores(rng: np.random.RandomState, city: City, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Whole marks: one ability behind all subjects and a noise of each, so that totals tie often."""
    ability = rng.normal(0, 1, count)
    full = np.array([s.full_marks for s in city.subjects])
    noise = rng.normal(0, 1, (count, len(full)))
    middle = np.array([0.82 if s.code == "sport" else 0.60 for s in city.subjects])
    spread = np.array([0.09 if s.code == "sport" else 0.19 for s in city.subjects])
    part = middle + spread * (0.85 * ability[:, None] + 0.53 * noise)
    return np.rint(np.clip(part, 0.04, 0.995) * full), ability


def _concessions(rng: np.random.RandomState, count: int) -> list[str]:
    codes = ["S2", "S3", "S4", "S4", "S5", "S1", "S6"]
    has = rng.random_sample(count) < CONCESSION_SHARE
    which = rng.randint(0, len(codes), count)
    return [codes[w] if h else "" for h, w in zip(has.tolist(), which.tolist(), strict=True)]
