"""What stands in a roster: registered students only (粤招办〔2021〕28号 二（四）1), major by major."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from functools import cache
from itertools import count, groupby

from django.db.models import Count, Max, Min

from admissions import reference
from admissions.lifecycle import State
from admissions.models import EthnicGroup, Region, School, Season
from registration.models import Enrolment
from registration.words import score_words

from ..documents.roster import RosterRow, RosterSection

_MAJOR = ("plan_line__major_code", "plan_line__track", "plan_line__length", "plan_line__major_name")
_FIELDS = (
    *_MAJOR,
    "candidate__number",
    "candidate__name",
    "candidate__sex",
    "candidate__born_on",
    "candidate__ethnic_group_id",
    "candidate__political_status",
    "candidate__id_number",
    "candidate__id_type",
    "candidate__feeder_school__name",
    "candidate__total",
    "candidate__city",
)
CHUNK = 2000
SEXES = {"1": "男", "2": "女"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A student of a roster with what only the checks need.

    Attributes:
        row: as printed.
        id_type: kind of his document.
        sex: code.
        born: eight digits.
        major_code: of the plan line.
    """

    row: RosterRow
    id_type: str
    sex: str
    born: str
    major_code: str


def registered_in(season: Season, school: School, stage: int):
    """Enrolments that stand in a roster, in printing order."""
    return Enrolment.objects.filter(
        season=season, school=school, stage=stage, candidate__dossier__state=State.REGISTERED
    ).order_by(*_MAJOR, "candidate__number")


def roster_sections(
    season: Season, school: School, stage: int
) -> Iterator[tuple[RosterSection, Iterator[Entry]]]:
    """The sections of a roster with their students, streamed: read each before the next.

    Args:
        season: of the admissions.
        school: whose roster.
        stage: of the season.
    """
    rows = registered_in(season, school, stage)
    sources = {
        tuple(row[field] for field in _MAJOR): (row["first"], row["last"])
        for row in rows.order_by()
        .values(*_MAJOR)
        .annotate(first=Min("candidate__city"), last=Max("candidate__city"), number=Count("pk"))
    }
    names = dict(Region.objects.filter(code__startswith=season.province).values_list("code", "name"))
    ethnic = dict(EthnicGroup.objects.values_list("code", "name"))
    serials = count(1)
    stream = rows.values_list(*_FIELDS).iterator(chunk_size=CHUNK)
    for major, values in groupby(stream, key=lambda value: value[:4]):
        code, track, length, name = major
        first, last = sources[major]
        mixed = first != last
        section = RosterSection(
            major_code=code,
            major_name=f"{name}（{track}）" if track else name,
            study_length=years(length),
            source_region="多个地市（见备注）" if mixed else names.get(first, first),
        )
        yield section, (_entry(value, section, next(serials), names, ethnic, mixed) for value in values)


def _entry(value, section, serial, names, ethnic, mixed) -> Entry:
    number, name, sex, born, group, political, id_number, id_type, feeder, total, city = value[4:]
    row = RosterRow(
        serial=serial,
        candidate_number=number,
        name=name,
        sex=SEXES.get(sex, sex),
        birth=f"{born:%Y-%m-%d}",
        ethnic=ethnic.get(group, group),
        political=political_words(political),
        id_number=id_number,
        feeder_school=feeder or "",
        total=score_words(total),
        major=section.major_name,
        study_length=section.study_length,
        remark=names.get(city, city) if mixed else "",
    )
    return Entry(row, id_type, sex, f"{born:%Y%m%d}", section.major_code)


def content_digest(sections) -> tuple[str, int]:
    """Digest of everything that a roster says of its students, and their number.

    Args:
        sections: as ``roster_sections`` gives them; they are used up.
    """
    digest, students = hashlib.sha256(), 0
    for section, entries in sections:
        digest.update(_line(section))
        for entry in entries:
            digest.update(_line(entry.row))
            students += 1
    return digest.hexdigest(), students


def _line(row) -> bytes:
    return json.dumps(astuple(row), ensure_ascii=False).encode() + b"\n"


def years(length: str) -> str:
    """A length of study in words: 3 is 3年."""
    return f"{length}年" if length.replace(".", "").isdigit() else length


@cache
def _political() -> dict[str, str]:
    return {row.code: row.name for row in reference.political_statuses()}


def political_words(code: str) -> str:
    """Name of a political status; the value itself if it is no code."""
    return _political().get(code, code)
