"""Rows of the exchange formats out of what was made, and the files they go to."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from ..imports.formats import Profile, load_profile
from ..imports.readers import DbfField, write_dbf, write_xlsx
from ..reference import City, ethnic_groups, political_statuses
from .people import People
from .results import Result
from .schools import Line, School
from .wishes import Choices

PART_ROWS = 60_000  # rows of a sheet; more go to further files, so that each stays below the upload limit


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_sheet(path: Path, profile: Profile, rows: Iterator[Sequence[str]], count: int) -> list[Path]:
    """Write rows in a format; above 60 000 rows as `<name>_1.xlsx`, `<name>_2.xlsx` and so on."""
    if count <= PART_ROWS:
        write_xlsx(path, [("数据", profile.header, rows)])
        return [path]
    paths = []
    for part in range(-(-count // PART_ROWS)):
        target = path.with_stem(f"{path.stem}_{part + 1}")
        size = min(PART_ROWS, count - part * PART_ROWS)
        write_xlsx(target, [("数据", profile.header, (next(rows) for _ in range(size)))])
        paths.append(target)
    return paths


def candidate_rows(people: People) -> Iterator[tuple[str, ...]]:
    """Rows of the profile `candidates`."""
    for i, number in enumerate(people.numbers):
        feeder = people.feeders[i]
        yield (
            number, people.names[i], str(people.sex[i]), "1", people.ids[i], people.births[i],
            people.ethnic[i], people.political[i], "G" + people.ids[i], people.exam_numbers[i], feeder.code, feeder.name,
            people.points[i].code, people.counties[i], people.phones[i], people.addresses[i], "",
            people.guardians[i], people.concessions[i],
        )  # fmt: skip


def score_profile(city: City) -> Profile:
    """The profile `scores` with a city's subjects."""
    return load_profile("scores").with_subjects((s.code, s.name, s.full_marks) for s in city.subjects)


def score_rows(people: People) -> Iterator[tuple[str, ...]]:
    """Rows of `score_profile`: marks are whole."""
    for i, marks in enumerate(people.scores.astype(int).tolist()):
        yield (people.numbers[i], people.names[i], *map(str, marks), str(sum(marks)))


def choice_profile(city: City) -> Profile:
    """The profile `choices` wide enough for every batch of a city."""
    return load_profile(
        "choices", max(b.choices for b in city.batches), max(1, *(b.majors for b in city.batches), 1)
    )


def choice_rows(people: People, made: Sequence[Choices], city: City) -> Iterator[tuple[str, ...]]:
    """Rows of `choice_profile`, batch after batch."""
    most, width = max(b.choices for b in city.batches), max(1, *(b.majors for b in city.batches), 1)
    for one in made:
        codes = [school.code for school, _ in one.offers]
        lines = [[line.major_code for line in group] for _, group in one.offers]
        has_flag = one.batch.accepts_adjustment
        for row, who in enumerate(one.who.tolist()):
            cells = [people.numbers[who], people.names[who], one.batch.code]
            schools, majors = one.schools[row].tolist(), one.majors[row].tolist()
            accepts = one.accepts[row].tolist()
            for n in range(most):
                school = schools[n] if n < len(schools) else -1
                if school < 0:
                    cells += [""] * (width + 2)
                    continue
                cells.append(codes[school])
                wanted = [m for m in majors[n] if m >= 0]
                cells += [lines[school][m] for m in wanted] + [""] * (width - len(wanted))
                cells.append(("1" if accepts[n] else "0") if has_flag else "")
            yield tuple(cells)


def plan_rows(lines: Sequence[Line], city: City) -> Iterator[tuple[str, ...]]:
    """Rows of the profile `plans`."""
    for x in lines:
        yield (
            x.school.code, x.school.name, x.major_code, x.major_name, str(x.years), city.code,
            x.batch, x.kind, str(x.seats), str(x.tuition), str(x.boarding),
        )  # fmt: skip


def general_rows(people: People, general: np.ndarray, schools: Sequence[School]) -> Iterator[tuple[str, ...]]:
    """Rows of the profile `general_admissions`; the better half goes to the first school."""
    who = np.flatnonzero(general)
    middle = np.median(people.totals[who]) if len(who) else 0
    for i in who.tolist():
        school = schools[0] if people.totals[i] >= middle else schools[-1]
        yield (people.numbers[i], people.names[i], people.ids[i], school.code, school.name, "01")


def result_rows(
    people: People, lines: Sequence[Line], results: Sequence[Result]
) -> Iterator[tuple[str, ...]]:
    """Rows of the profile `daily_results`."""
    for r in results:
        line = lines[r.line]
        yield (
            people.numbers[r.who], people.names[r.who], people.ids[r.who], line.school.code, line.major_code,
            line.batch, line.kind, r.status, r.at,
        )  # fmt: skip


def school_rows(schools: Sequence[School], county_name: Callable[[str], str]) -> Iterator[tuple[str, ...]]:
    """Rows of the profile `schools`."""
    for n, s in enumerate(schools):
        address = f"{county_name(s.county)}示例大道{n + 1}号"
        yield (s.code, s.name, s.kind, s.supervisor, s.county, s.nature, address, f"0000{n:07d}")


def dbf_fields(profile: Profile) -> list[DbfField]:
    """Layout of a DBF profile, all character fields."""
    return [DbfField(c.header, "C", c.width) for c in profile.columns]


def write_shandong(
    folder: Path, city: City, people: People, lines: Sequence[Line], results: Sequence[Result]
) -> tuple[list[Path], list[Result]]:
    """The results as DBF after 附件4, one file for each school.

    Returns:
        The files, and the results that the layout cannot hold (a name above four characters, or one that GBK
        lacks): nothing is cut, they must go another way.
    """
    profile = load_profile("shandong_2019")
    groups = {g.code: g.name.removesuffix("族") for g in ethnic_groups()}
    statuses = {"03": "团员", "13": "群众"}
    assert set(people.political) <= {s.code for s in political_statuses()}
    by_school: dict[str, list[list[str]]] = {}
    unfit = []
    for r in results:
        line, i = lines[r.line], r.who
        marks = [str(int(m)) for m in people.scores[i][:4]]
        bonus = int(people.bonus[i])
        total = str(int(people.totals[i]) + bonus)
        row = [
            people.exam_numbers[i], people.numbers[i], people.names[i], line.school.code,
            line.school.name,
            line.major_code, line.major_name, people.ids[i], statuses[people.political[i]],
            people.feeders[i].name, groups[people.ethnic[i]], *marks, str(bonus or ""), total,
            people.addresses[i], "", people.phones[i], "G" + people.ids[i], line.kind,
            str(line.seats), r.at[:10],
        ]  # fmt: skip
        if all(_fits(text, c.width) for text, c in zip(row, profile.columns, strict=True)):
            by_school.setdefault(line.school.code, []).append(row)
        else:
            unfit.append(r)
    paths = []
    for code, rows in sorted(by_school.items()):
        path = folder / profile.file_name.format(school=code, city=city.code[:4])
        write_dbf(path, dbf_fields(profile), rows, encoding="gbk")
        paths.append(path)
    return paths, unfit


def _fits(text: str, width: int) -> bool:
    try:
        return len(text.encode("gbk")) <= width
    except UnicodeEncodeError:
        return False
