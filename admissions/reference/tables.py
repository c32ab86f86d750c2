"""Code lists as frozen rows, read from the files in `data/`; no Django, no database.

Each file has its standard, edition and source in `data/manifest.toml`, with the file's SHA-256, which is
compared when the list is loaded: a list that was changed without its manifest is refused.
"""

from __future__ import annotations

import csv
import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"


class ReferenceDataError(ValueError):
    """A reference file is missing, changed without its manifest, or contradicts itself."""


@dataclass(frozen=True, slots=True)
class Region:
    """A province, city or county of GB/T 2260.

    Attributes:
        code: six digits; `440000` province, `440100` city, `440103` county.
        name: official name.
        level: `province`, `city` or `county`.
        parent: code of the region above, empty for a province.
        is_own_county: the city has no counties (东莞, 中山) and stands in the place of one: wherever a county
            code is asked for, the city's own code is right.
    """

    code: str
    name: str
    level: str
    parent: str = ""
    is_own_county: bool = False

    @property
    def prefix(self) -> str:
        """The digits shared by everything inside: `44`, `4401`, `440103`."""
        return {"province": self.code[:2], "city": self.code[:4]}.get(self.level, self.code)


@dataclass(frozen=True, slots=True)
class Coded:
    """An entry of a plain code list: code, name, and other spellings met in files."""

    code: str
    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EthnicGroup(Coded):
    """An entry of GB/T 3304; `letters` is the two-letter code, empty for 97 and 98."""

    letters: str = ""


@dataclass(frozen=True, slots=True)
class Major:
    """A major of the catalogue of vocational education, secondary part.

    Attributes:
        code: six digits: 大类 (61–79) 2, 类 2, 专业 2.
        name: official name.
        category_code: first two digits.
        category: name of the 专业大类.
        class_code: first four digits.
        is_cross_checked: code and name stand alike in two publications of the Ministry of Education.
    """

    code: str
    name: str
    category_code: str
    category: str
    class_code: str
    is_cross_checked: bool


@dataclass(frozen=True, slots=True)
class ReturnReason:
    """A reason for returning a dossier.

    Attributes:
        code: number of the Shandong list of 2020, or `Z..` for reasons that are ours.
        name: wording for school, office and candidate.
        group: heading under which it is offered.
        origin: `shandong_2020`, `shandong_2016` or `ours`.
        needs_text: the school must explain.
        needs_attachment: a document must be attached (a written waiver, for one).
        is_visible_to_candidate: the candidate may read it.
        modes: dispatch modes in which it is allowed; empty for all.
    """

    code: str
    name: str
    group: str
    origin: str
    needs_text: bool
    needs_attachment: bool
    is_visible_to_candidate: bool
    modes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestReason:
    """Why something is asked for, refused, returned for correction, or sent back to be decided anew.

    Attributes:
        code, name: as shown and stored.
        use: `ask`, `refuse`, `return` or `reconsider`.
        kinds: keys of the functions that ask, for `reconsider` of those that decide; empty for all requests.
        needs_text, needs_attachment: what must go with it.
    """

    code: str
    name: str
    use: str
    kinds: tuple[str, ...]
    needs_text: bool
    needs_attachment: bool


@dataclass(frozen=True, slots=True)
class PlanKind:
    """A kind of plan: ordinary, 三二分段, 五年制 and so on.

    Attributes:
        code: ours, the Shandong code where there is one.
        name: official name.
        group: family of kinds.
        study_years: years of study in total.
        stages: institutions on one plan line: 2 where a college follows.
        copies: copies of the roster (鲁招考〔2019〕46号 六).
        shandong_code: code in 附件4, else empty.
        origin: notice, or `ours`.
        note: explanation.
    """

    code: str
    name: str
    group: str
    study_years: int
    stages: int
    copies: int
    shandong_code: str
    origin: str
    note: str


@dataclass(frozen=True, slots=True)
class Concession:
    """A 照顾特征: `effect` is `bonus` (points are added) or `priority` (first among equals)."""

    code: str
    name: str
    effect: str
    points: int
    note: str


@cache
def manifest() -> dict[str, dict]:
    """Standard, edition, source and digest of each file, by file name."""
    with (DATA / "manifest.toml").open("rb") as file:
        return tomllib.load(file)["file"]


def _rows(name: str) -> list[dict[str, str]]:
    raw = (DATA / name).read_bytes()
    entry = manifest().get(name)
    if entry is None:
        raise ReferenceDataError(f"{name} is not in the manifest")
    if hashlib.sha256(raw).hexdigest() != entry["sha256"]:
        raise ReferenceDataError(f"{name} is not the file its manifest describes; see data/README.md")
    rows = list(csv.DictReader(raw.decode("utf-8").splitlines()))
    codes = [row["code"] for row in rows]
    if len(set(codes)) != len(codes):
        raise ReferenceDataError(f"{name} has a code twice")
    return rows


@cache
def regions(province: str | None = None) -> tuple[Region, ...]:
    """Regions of GB/T 2260, parents before children.

    Args:
        province: first two digits, such as `44`; all if None.
    """
    rows = _rows("regions.csv")
    parents = {row["parent"] for row in rows}
    found = tuple(
        Region(
            r["code"], r["name"], r["level"], r["parent"], r["level"] == "city" and r["code"] not in parents
        )
        for r in rows
    )
    known = {r.code for r in found}
    for region in found:
        if region.parent and region.parent not in known:
            raise ReferenceDataError(f"regions.csv: {region.code} has an unknown parent {region.parent}")
    return tuple(r for r in found if province is None or r.code.startswith(province))


@cache
def counties_of(city: str) -> tuple[Region, ...]:
    """Counties of a city (six-digit code); the city itself where it has none."""
    found = tuple(r for r in regions() if r.parent == city and r.level == "county")
    return found or tuple(r for r in regions() if r.code == city)


@cache
def ethnic_groups() -> tuple[EthnicGroup, ...]:
    """GB/T 3304: 01 to 56, 97 and 98."""
    rows = _rows("ethnic_groups.csv")
    return tuple(EthnicGroup(r["code"], r["name"], tuple(r["aliases"].split()), r["letters"]) for r in rows)


@cache
def political_statuses() -> tuple[Coded, ...]:
    """GB/T 4762."""
    return _coded("political_statuses.csv")


@cache
def sexes() -> tuple[Coded, ...]:
    """GB/T 2261.1."""
    return _coded("sexes.csv")


def _coded(name: str) -> tuple[Coded, ...]:
    return tuple(Coded(r["code"], r["name"], tuple(r["aliases"].split())) for r in _rows(name))


@cache
def majors() -> tuple[Major, ...]:
    """The catalogue of vocational education of 2021, secondary part, as far as it is certain.

    What is missing stands in the manifest; the table is no proof that a code does not exist.
    """
    categories = {r["code"]: r["name"] for r in _rows("major_categories.csv")}
    return tuple(
        Major(
            r["code"],
            r["name"],
            r["code"][:2],
            categories[r["code"][:2]],
            r["code"][:4],
            len(r["sources"].split()) > 1,
        )
        for r in _rows("majors.csv")
    )


@cache
def return_reasons() -> tuple[ReturnReason, ...]:
    """Reasons for returning a dossier: Shandong's numbering of 2020, and ours."""
    return tuple(
        ReturnReason(
            r["code"], r["name"], r["group"], r["origin"], r["needs_text"] == "1",
            r["needs_attachment"] == "1", r["visible_to_candidate"] == "1", tuple(r["modes"].split()),
        )
        for r in _rows("return_reasons.csv")
    )  # fmt: skip


@cache
def request_reasons() -> tuple[RequestReason, ...]:
    """Grounds of requests, and reasons for refusing or returning them or a school's decision."""
    return tuple(
        RequestReason(
            r["code"], r["name"], r["use"], tuple(r["kinds"].split()), r["needs_text"] == "1",
            r["needs_attachment"] == "1",
        )
        for r in _rows("request_reasons.csv")
    )  # fmt: skip


@cache
def plan_kinds() -> tuple[PlanKind, ...]:
    """Kinds of plans; those of Shandong with the codes of 附件4."""
    return tuple(
        PlanKind(
            r["code"], r["name"], r["group"], int(r["study_years"]), int(r["stages"]), int(r["copies"]),
            r["shandong_code"], r["origin"], r["note"],
        )
        for r in _rows("plan_kinds.csv")
    )  # fmt: skip


@cache
def concessions() -> tuple[Concession, ...]:
    """Examples of 照顾特征; cities publish their own each year."""
    return tuple(
        Concession(r["code"], r["name"], r["effect"], int(r["points"]), r["note"])
        for r in _rows("concessions.csv")
    )
