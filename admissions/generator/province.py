"""Make a whole province, city by city, and say what was made."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from ..imports.formats import load_profile
from ..reference import City, ProvincePack, counties_of, load_pack, regions
from .mistakes import write_mistakes
from .people import Feeder, People, SignupPoint, make_feeders, make_people, make_points
from .results import days, dispatch
from .schools import Line, School, make_general_schools, make_lines, make_schools
from .sheets import (
    candidate_rows,
    choice_profile,
    choice_rows,
    digest,
    general_rows,
    plan_rows,
    result_rows,
    school_rows,
    score_profile,
    score_rows,
    write_shandong,
    write_sheet,
)
from .wishes import Choices, general_admitted, make_choices

VERSION = 1  # of the generator: another number, other bytes for the same seed


@dataclass(slots=True)
class Manifest:
    """What was made; also written as `manifest.json`.

    Attributes:
        pack: name of the rule pack.
        seed: the seed.
        candidates: number of candidates in all.
        version: of the generator.
        counts: for each city, rows of each kind of file, seats, and expected admissions.
        files: path relative to the folder → SHA-256.
    """

    pack: str
    seed: int
    candidates: int
    version: int = VERSION
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class CityData:
    """All that was made for one city, before it is written."""

    city: City
    feeders: list[Feeder]
    points: list[SignupPoint]
    people: People
    lines: list[Line]
    general: np.ndarray
    choices: list[Choices]


def generate(
    province_pack: str | ProvincePack,
    folder: str | Path,
    candidates: int = 20_000,
    seed: int = 1,
    *,
    cities: Iterable[str] | None = None,
    mistakes: bool = True,
) -> Manifest:
    """Write a province as files.

    Args:
        province_pack: a pack, or the name of one.
        folder: where to; made if missing, files of the same names are replaced.
        candidates: of the whole province, shared out to cities by the pack.
        seed: the same gives the same bytes.
        cities: codes of the cities to write; all if None. A city's files do not depend on the others.
        mistakes: also write the folder `mistakes/` with faulty files.

    Returns:
        Counts and digests.
    """
    pack = load_pack(province_pack) if isinstance(province_pack, str) else province_pack
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    made = Manifest(pack.name, seed, candidates)
    rng = np.random.RandomState([seed, 0])
    schools = make_schools(rng, pack)
    general_schools = make_general_schools(rng, pack)
    written: list[Path] = []
    county_names = {r.code: r.name for r in regions()}
    rows = school_rows([*schools, *general_schools], county_names.__getitem__)
    written += write_sheet(root / "schools.xlsx", load_profile("schools"), rows, 0)
    wanted = set(cities) if cities is not None else {c.code for c in pack.cities}
    sizes = city_sizes(pack, candidates)
    feeders: list[Feeder] = []
    points: list[SignupPoint] = []
    examples: list[CityData] = []
    for index, city in enumerate(pack.cities):
        if city.code not in wanted:
            continue
        data = make_city(pack, city, sizes[city.code], schools, seed=seed, index=index)
        feeders += data.feeders
        points += data.points
        local = [s for s in general_schools if s.city == city.code]
        written += _write_city(root / city.code, pack, data, local, seed, index, made.counts)
        is_common = not city.has_own_system or all(c.has_own_system for c in pack.cities)
        if mistakes and is_common and len(data.people.names) >= 100 and len(examples) < 2:
            examples.append(data)
    rows = ((f.code, f.name, f.county) for f in feeders)
    written += write_sheet(root / "feeder_schools.xlsx", load_profile("feeder_schools"), rows, 0)
    rows = ((p.code, p.name, p.county) for p in points)
    written += write_sheet(root / "signup_points.xlsx", load_profile("signup_points"), rows, 0)
    if examples:
        others = examples[-1].people
        written += write_mistakes(root / "mistakes", examples[0].city, examples[0].people, others)
    made.files = {p.relative_to(root).as_posix(): digest(p) for p in written}
    text = json.dumps(asdict(made), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    (root / "manifest.json").write_text(text, "utf-8")
    return made


def city_sizes(pack: ProvincePack, candidates: int) -> dict[str, int]:
    """Candidates of each city by its share, summing to the whole."""
    parts = np.array([c.share for c in pack.cities]) * candidates
    whole = np.floor(parts).astype(int)
    for i in np.argsort(whole - parts, kind="stable")[: candidates - int(whole.sum())].tolist():
        whole[i] += 1
    return {c.code: n for c, n in zip(pack.cities, whole.tolist(), strict=True)}


def make_city(
    pack: ProvincePack, city: City, count: int, schools: list[School], *, seed: int, index: int
) -> CityData:
    """Everything of one city, from a source of chance of its own."""
    rng = np.random.RandomState([seed, 1, index])
    counties = counties_of(city.code)
    feeders = make_feeders(rng, city, counties, int(np.clip(count // 100, 10, 40)))
    points = make_points(counties, feeders)
    people = make_people(
        rng, city, count, year=pack.season_year, counties=counties, feeders=feeders, points=points,
        pattern=pack.candidate_number,
    )  # fmt: skip
    general = general_admitted(rng, city, people)
    lines = make_lines(rng, city, schools, count - int(general.sum()))
    return CityData(
        city, feeders, points, people, lines, general, make_choices(rng, city, people, lines, general)
    )


def _write_city(
    folder: Path,
    pack: ProvincePack,
    data: CityData,
    general_schools: list[School],
    seed: int,
    index: int,
    counts: dict[str, dict[str, int]],
) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    city, people, lines = data.city, data.people, data.lines
    n, general = len(people.names), int(data.general.sum())
    listed = sum(len(c.who) for c in data.choices)
    files = write_sheet(folder / "candidates.xlsx", load_profile("candidates"), candidate_rows(people), n)
    files += write_sheet(folder / "scores.xlsx", score_profile(city), score_rows(people), n)
    choices = choice_rows(people, data.choices, city)
    files += write_sheet(folder / "choices.xlsx", choice_profile(city), choices, listed)
    files += write_sheet(folder / "plans.xlsx", load_profile("plans"), plan_rows(lines, city), len(lines))
    rows = general_rows(people, data.general, general_schools)
    files += write_sheet(folder / "general_admissions.xlsx", load_profile("general_admissions"), rows, 0)
    counts[city.code] = {
        "candidates": n,
        "general_admissions": general,
        "choices": listed,
        "plan_lines": len(lines),
        "seats": sum(x.seats for x in lines),
        "feeder_schools": len(data.feeders),
        "signup_points": len(data.points),
    }
    if not city.has_own_system:
        return files
    rng = np.random.RandomState([seed, 2, index])
    admitted = dispatch(people, lines, data.choices, data.general)
    first, second = days(rng, admitted, lines, pack.stages[0].starts)
    counts[city.code] |= {"results_day1": len(first), "results_day2": len(second)}
    profile = load_profile("daily_results")
    if city.result_profile == "shandong_2019":
        final = [r for r in second if r.status == "1"]
        paths, unfit = write_shandong(folder, city, people, lines, final)
        files += paths
        counts[city.code]["results_not_in_dbf"] = len(unfit)
        rows = result_rows(people, lines, unfit)
        return files + write_sheet(folder / "results_not_in_dbf.xlsx", profile, rows, 0)
    for day, results in ((1, first), (2, second)):
        rows = result_rows(people, lines, results)
        files += write_sheet(folder / f"daily_results_day{day}.xlsx", profile, rows, 0)
    return files
