"""Rule packs: what differs from province to province, as data in `provinces/*.toml`.

A pack says when a season's stages are, which cities there are and how each dispatches. It is checked as a
whole: every fault is named with its place, and a pack with a fault is not loaded.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path

from .tables import counties_of, plan_kinds, regions

FOLDER = Path(__file__).resolve().parents[2] / "provinces"
MODES = ("choice_first", "score_first", "tiers")
TIE_POLICIES = ("all_in", "all_out", "lottery", "choice_order_then_all_in")
ROUNDINGS = ("half_up", "up", "down")
OWN_KEYS = ("concession_priority", "raw_total", "lottery")
#: Shape of ``late_number``: fixed letters, year and region, and the serial number last.
LATE_NUMBER = re.compile(
    r"(?P<head>(?:[0-9A-Za-z]|\{(?:yy|yyyy|region4|region6)\})*)\{serial:0(?P<width>[1-9])d\}", re.ASCII
)

#: 身份证读卡, 电子签名, 现场拍照.
CONFIRMS = ("card", "signature", "photo")


class PackError(ValueError):
    """A rule pack is wrong.

    Attributes:
        faults: every fault found, each with its place.
    """

    def __init__(self, name: str, faults: list[str]) -> None:
        super().__init__(f"rule pack {name}: {len(faults)} fault(s): " + "; ".join(faults))
        self.faults = tuple(faults)


#: The office above is told and urges; or the request goes back to whoever asked, who may submit it anew.
OVERDUE = ("above", "back")


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of the season.

    Attributes:
        code: `unified` or `self_organised` (or another of the province).
        name: Chinese name.
        starts, ends: first and last day of dispatch and admission, both included.
        register_by: last day of registration; whoever is not registered returns to the pool.
        print_from, print_to: days on which rosters are printed and filed.
        register_kinds_by: last day of registration of the kinds of plan that have another, by code.
    """

    code: str
    name: str
    starts: date
    ends: date
    register_by: date
    print_from: date
    print_to: date
    register_kinds_by: Mapping[str, date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject of a city: `code` names it in formats and tie keys, `full_marks` is its highest score."""

    code: str
    name: str
    full_marks: float


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch of a city and how it is dispatched.

    Attributes:
        code, name: as in plans and choices.
        stage: code of its stage.
        mode: `choice_first` (志愿优先), `score_first` (平行志愿), `tiers` (梯度).
        choices: schools on the sheet.
        majors: majors for each school.
        ratio: dossiers for each seat, as published: 1, 1.05, 1.2.
        rounding: how seats × ratio becomes whole: `half_up`, `up`, `down`.
        tie_policy: what happens to those equal in every key at the last place: `all_in` (plan may be
            exceeded), `all_out`, `lottery`, `choice_order_then_all_in`.
        tie_keys: compared in order after the dispatch score, highest first: subject codes, sums of them
            joined by `+`, or `concession_priority`, `raw_total`, `lottery`.
        line: lowest dispatch score for this batch; None where there is none.
        tiers: lower bounds of the segments, highest first, for `tiers`.
        plan_kinds: codes of the kinds of plan in this batch.
        accepts_adjustment: the sheet has a 服从调剂 column.
        source: notice or practice it follows.
    """

    code: str
    name: str
    stage: str
    mode: str
    choices: int
    majors: int
    ratio: Fraction
    rounding: str
    tie_policy: str
    tie_keys: tuple[str, ...]
    line: float | None
    tiers: tuple[float, ...]
    plan_kinds: tuple[str, ...]
    accepts_adjustment: bool
    source: str = ""


@dataclass(frozen=True, slots=True)
class City:
    """A city (or a county, or a whole autonomous batch district) that dispatches by itself.

    Attributes:
        code: six digits of GB/T 2260.
        name: official name.
        share: part of the province's candidates, for the generator; all shares sum to 1.
        has_own_system: dispatches elsewhere and gives its results each day (粤招办〔2021〕28号 四（一）5).
        result_profile: format of those results; empty if none.
        general_share: part of the candidates admitted to general high schools.
        subjects: in the order of the score sheet.
        batches: in the order of dispatch.
        reviews: 审核 is asked for by default for `admission`, `return`, `withdrawal`, `transfer`.
        late_number: pattern of the numbers that the city issues to 补录考生: {yy} or {yyyy}, {region6} (county)
            or {region4}, fixed letters, and {serial:0nd} last; empty if it issues none.
        confirms: how a candidate proposed for admission confirms at the school before it is submitted, any of
            ``CONFIRMS``; empty if the city does not ask for it.
    """

    code: str
    name: str
    share: float
    has_own_system: bool
    result_profile: str
    general_share: float
    subjects: tuple[Subject, ...]
    batches: tuple[Batch, ...]
    reviews: tuple[str, ...]
    late_number: str = ""
    confirms: tuple[str, ...] = ()

    @property
    def full_marks(self) -> float:
        """Highest total."""
        return sum(s.full_marks for s in self.subjects)


@dataclass(frozen=True, slots=True)
class ProvincePack:
    """All rules of a province for a season.

    Attributes:
        name: name of the file.
        code: six digits of GB/T 2260.
        title: Chinese name of the province.
        season_year: year of admission.
        season_intake: `autumn` or `spring`.
        season_title: Chinese name of the season.
        stages: in the order of time.
        deadlines: other dated duties of the notice, by name.
        limits: numbers such as `withdrawals_per_candidate`.
        overdue: what the clock does with a request that nobody has decided in its days, by the name of the
            function that asks: one of `OVERDUE`.
        cities: in the order of code.
        source: the notice.
        candidate_number: pattern of candidate numbers: {yy}, {region6} (county) or {region4}, {serial}.
        major_scheme: what major codes are: `catalogue_2021`, or `local` where each school numbers its own.
    """

    name: str
    code: str
    title: str
    season_year: int
    season_intake: str
    season_title: str
    stages: tuple[Stage, ...]
    deadlines: Mapping[str, date]
    limits: Mapping[str, int]
    overdue: Mapping[str, str]
    cities: tuple[City, ...]
    source: str
    candidate_number: str
    major_scheme: str = "catalogue_2021"
    notes: tuple[str, ...] = field(default=())

    def city(self, code: str) -> City:
        """The city of a code; KeyError if there is none."""
        for city in self.cities:
            if city.code == code:
                return city
        raise KeyError(code)


def pack_names() -> tuple[str, ...]:
    """Names of all packs."""
    return tuple(sorted(p.stem for p in FOLDER.glob("*.toml")))


@cache
def load_pack(name: str) -> ProvincePack:
    """Load and check `provinces/<name>.toml`.

    Args:
        name: name without suffix, or the path of a file elsewhere.

    Raises:
        PackError: no such pack, or it has faults; all are named.
    """
    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    if not path.is_file():
        raise PackError(name, [f"not found; there are {', '.join(pack_names())}"])
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise PackError(name, [str(error)]) from error
    return parse_pack(path.stem, data)


@cache
def limit_of(province: str, name: str, default: int) -> int:
    """A number that a province's pack sets under `[limits]`.

    Args:
        province: two digits.
        name: of the limit.
        default: what holds where no pack of the province sets it.
    """
    packs = (load_pack(pack) for pack in pack_names())
    found = (pack.limits[name] for pack in packs if pack.code[:2] == province and name in pack.limits)
    return next(found, default)


def overdue_of(province: str, name: str) -> str:
    """What the clock does in a province with a request that nobody has decided in its days.

    Args:
        province: two digits.
        name: of the function that asks.
    """
    packs = (load_pack(pack) for pack in pack_names())
    found = (pack.overdue[name] for pack in packs if pack.code[:2] == province and name in pack.overdue)
    return next(found, OVERDUE[0])


@cache
def late_number_of(city: str) -> str:
    """Pattern of the numbers that a city issues to 补录考生; empty if no pack of its province sets it.

    Args:
        city: four digits.
    """
    for pack in (load_pack(name) for name in pack_names()):
        for found in pack.cities:
            if found.code[:4] == city and found.late_number:
                return found.late_number
    return ""


@cache
def confirms_of(city: str) -> tuple[str, ...]:
    """How candidates of a city confirm at the school that they come, any of ``CONFIRMS``; empty if they need not.

    Args:
        city: four digits.
    """
    for pack in (load_pack(name) for name in pack_names()):
        for found in pack.cities:
            if found.code[:4] == city and found.confirms:
                return found.confirms
    return ()


def parse_pack(name: str, data: dict) -> ProvincePack:
    """Make a pack of parsed TOML, or raise `PackError` with every fault."""
    faults: list[str] = []
    try:
        stages = tuple(Stage(**s) for s in data["stage"])
        subject_sets = {k: tuple(Subject(**s) for s in v) for k, v in data["subjects"].items()}
        batch_sets = {
            k: tuple(_batch({**data.get("batch_defaults", {}), **b}) for b in v)
            for k, v in data["batches"].items()
        }
        cities = tuple(_city(c, data, subject_sets, batch_sets) for c in data["city"])
        pack = ProvincePack(
            name=name,
            code=data["code"],
            title=data["title"],
            season_year=data["season"]["year"],
            season_intake=data["season"]["intake"],
            season_title=data["season"]["title"],
            stages=stages,
            deadlines=dict(data.get("deadlines", {})),
            limits=dict(data.get("limits", {})),
            overdue=dict(data.get("overdue", {})),
            cities=tuple(sorted(cities, key=lambda c: c.code)),
            source=data["source"],
            candidate_number=data["candidate_number"],
            major_scheme=data.get("major_scheme", "catalogue_2021"),
            notes=tuple(data.get("notes", ())),
        )
    except KeyError as error:
        raise PackError(name, [f"{error} is missing or names nothing"]) from None
    except (TypeError, ValueError) as error:
        raise PackError(name, [str(error)]) from None
    _check(pack, faults)
    if faults:
        raise PackError(name, faults)
    return pack


def _batch(entry: dict) -> Batch:
    entry = dict(entry)
    entry["ratio"] = Fraction(str(entry.get("ratio", 1)))
    for key in ("tie_keys", "tiers", "plan_kinds"):
        entry[key] = tuple(entry.get(key, ()))
    entry.setdefault("line", None)
    return Batch(**entry)


def _city(entry: dict, data: dict, subject_sets: dict, batch_sets: dict) -> City:
    entry = {**data.get("city_defaults", {}), **entry}
    return City(
        code=entry["code"],
        name=entry["name"],
        share=float(entry["share"]),
        has_own_system=entry.get("has_own_system", False),
        result_profile=entry.get("result_profile", "daily_results" if entry.get("has_own_system") else ""),
        general_share=float(entry["general_share"]),
        subjects=subject_sets[entry["subjects"]],
        batches=batch_sets[entry["batches"]],
        reviews=tuple(entry.get("reviews", ())),
        late_number=entry.get("late_number", ""),
        confirms=tuple(entry.get("confirms", ())),
    )


def _check(pack: ProvincePack, faults: list[str]) -> None:
    known = {r.code: r for r in regions()}
    kinds = {k.code for k in plan_kinds()}
    stage_codes = [s.code for s in pack.stages]
    for kind, then in pack.overdue.items():
        if then not in OVERDUE:
            faults.append(f"overdue {kind}: {then!r} is none of {', '.join(OVERDUE)}")
    if pack.code not in known or known[pack.code].level != "province":
        faults.append(f"code {pack.code} is no province of GB/T 2260")
    if pack.major_scheme not in ("catalogue_2021", "local"):
        faults.append(f"major_scheme {pack.major_scheme!r} is none of catalogue_2021, local")
    if len(set(stage_codes)) != len(stage_codes):
        faults.append("a stage code occurs twice")
    for s in pack.stages:
        if not s.starts <= s.ends <= s.register_by <= s.print_to or s.print_from > s.print_to:
            faults.append(f"stage {s.code}: starts, ends, register_by, print_from, print_to are out of order")
        for kind, day in s.register_kinds_by.items():
            if kind not in kinds or not s.ends <= day <= s.print_to:
                faults.append(f"stage {s.code}: register_kinds_by {kind} is no kind of plan or out of order")
    if abs(sum(c.share for c in pack.cities) - 1) > 1e-6:
        faults.append(f"the shares of the cities sum to {sum(c.share for c in pack.cities):.6f}, not to 1")
    if len({c.code for c in pack.cities}) != len(pack.cities):
        faults.append("a city occurs twice")
    for city in pack.cities:
        region = known.get(city.code)
        if region is None or region.level != "city" or region.parent != pack.code:
            faults.append(f"city {city.code}: no city of {pack.title} in GB/T 2260")
        elif region.name != city.name:
            faults.append(f"city {city.code}: called {city.name}, in GB/T 2260 {region.name}")
        elif not counties_of(city.code):
            faults.append(f"city {city.code}: has no counties")
        if city.late_number and not LATE_NUMBER.fullmatch(city.late_number):
            faults.append(f"city {city.code}: late_number {city.late_number!r} is no pattern of numbers")
        faults.extend(
            f"city {city.code}: confirms {way!r} is none of {', '.join(CONFIRMS)}"
            for way in city.confirms
            if way not in CONFIRMS
        )
        if not 0 <= city.general_share < 1:
            faults.append(f"city {city.code}: general_share {city.general_share} is not in [0, 1)")
        _check_batches(city, stage_codes, kinds, faults)


def _check_batches(city: City, stage_codes: list[str], kinds: set[str], faults: list[str]) -> None:
    subjects = {s.code for s in city.subjects}
    if len(subjects) != len(city.subjects) or not subjects:
        faults.append(f"city {city.code}: subjects are missing or occur twice")
    if len({b.code for b in city.batches}) != len(city.batches) or not city.batches:
        faults.append(f"city {city.code}: batches are missing or occur twice")
    for batch in city.batches:
        at = f"city {city.code}, batch {batch.code}"
        for what, value, allowed in (
            ("mode", batch.mode, MODES),
            ("tie_policy", batch.tie_policy, TIE_POLICIES),
            ("rounding", batch.rounding, ROUNDINGS),
            ("stage", batch.stage, tuple(stage_codes)),
        ):
            if value not in allowed:
                faults.append(f"{at}: {what} {value!r} is none of {', '.join(allowed)}")
        for key in batch.tie_keys:
            if key not in OWN_KEYS and not set(key.split("+")) <= subjects:
                faults.append(f"{at}: tie key {key!r} names no subject of the city")
        if unknown := set(batch.plan_kinds) - kinds:
            faults.append(f"{at}: unknown plan kinds {', '.join(sorted(unknown))}")
        if not 1 <= batch.choices <= 20 or not 0 <= batch.majors <= 6:
            faults.append(f"{at}: {batch.choices} choices with {batch.majors} majors")
        if not 1 <= batch.ratio <= 2:
            faults.append(f"{at}: ratio {batch.ratio} is not between 1 and 2")
        if (batch.mode == "tiers") != bool(batch.tiers) or list(batch.tiers) != sorted(
            batch.tiers, reverse=True
        ):
            faults.append(f"{at}: tiers must be given, highest first, for mode tiers and for no other")
        if batch.line is not None and not 0 <= batch.line <= city.full_marks:
            faults.append(f"{at}: line {batch.line} is above the full marks {city.full_marks:g}")
        if batch.tie_policy == "lottery" and "lottery" not in batch.tie_keys[-1:]:
            faults.append(f"{at}: tie_policy lottery needs lottery as its last tie key")
