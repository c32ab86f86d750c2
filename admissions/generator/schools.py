"""Invented schools and their plans: who recruits where, for which majors, with how many seats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..reference import City, Major, ProvincePack, counties_of, majors, plan_kinds

THEMES = (
    "工业", "商贸", "信息", "交通", "卫生", "旅游", "艺术", "建设",
    "财经", "电子", "机电", "农业", "轻工", "体育", "航运", "环保",
)  # fmt: skip
SEAT_SHARE = 0.95  # seats of all plans against the candidates left after general high schools
# Categories of the catalogue that a school of the theme offers first.
_CATEGORIES = {
    "工业": ("66", "63", "67"), "商贸": ("73", "74"), "信息": ("71",), "交通": ("70",),
    "卫生": ("72", "69"), "旅游": ("74",), "艺术": ("75", "76"), "建设": ("64", "65"),
    "财经": ("73",), "电子": ("71", "66"), "机电": ("66", "63"), "农业": ("61", "69"),
    "轻工": ("68", "67"), "体育": ("77", "79"), "航运": ("70", "66"), "环保": ("62", "67"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class School:
    """An invented school.

    Attributes:
        code: five digits (three in Shandong); general high schools begin with 9.
        name: has 示例 in it, so that nobody takes it for a real one.
        kind: 1 vocational, 2 skilled workers', 3 five-year college, 4 general, as in the profile `schools`.
        city: code of the city it lies in.
        county: code of its county.
        supervisor: code of the province, or of the city.
        majors: code and name of what it offers.
        size: weight of the school against others.
        nature: 1 public, 2 private.
    """

    code: str
    name: str
    kind: str
    city: str
    county: str
    supervisor: str
    majors: tuple[tuple[str, str], ...]
    size: float
    nature: str


@dataclass(frozen=True, slots=True)
class Line:
    """A plan line: school × major × source region × kind, in its batch.

    Attributes:
        school: the school.
        major_code, major_name: as in its sheet.
        kind: code of the plan kind.
        batch: code of the batch of the source city.
        seats: places.
        years: years of study.
        tuition, boarding: yuan a year.
    """

    school: School
    major_code: str
    major_name: str
    kind: str
    batch: str
    seats: int
    years: int
    tuition: int
    boarding: int


def make_schools(rng: np.random.RandomState, pack: ProvincePack) -> list[School]:
    """Vocational schools of a province: about 120 for Guangdong, a few of them of the province itself."""
    is_local = pack.major_scheme == "local"
    total = 120 if len(pack.cities) > 5 else 12 * len(pack.cities)
    provincial = max(2, total // 10)
    capital = pack.cities[0]
    schools: list[School] = []
    width = 3 if is_local else 5
    for n in range(provincial):
        theme = THEMES[n % len(THEMES)]
        kind = "3" if is_local else "2" if n % 4 == 3 else "1"
        schools.append(_school(rng, pack, capital, f"{n + 1:0{width}d}", theme, kind, n + 1, pack.code))
    shares = np.array([c.share for c in pack.cities])
    counts = np.maximum(2, np.rint(shares / shares.sum() * (total - provincial))).astype(int)
    number = provincial
    for index, (city, count) in enumerate(zip(pack.cities, counts.tolist(), strict=True)):
        for n in range(count):
            number += 1
            code = f"{number:03d}" if is_local else f"{index + 1:02d}{n + 1:03d}"
            kind = "3" if is_local else "2" if rng.random_sample() < 0.35 else "1"
            theme = THEMES[(n * 5 + index) % len(THEMES)]
            schools.append(_school(rng, pack, city, code, theme, kind, n + 1, city.code))
    return schools


def _school(rng, pack, city: City, code, theme, kind, n, supervisor) -> School:
    short = city.name.removesuffix("市")
    place = pack.title if supervisor == pack.code else f"{short}市"
    tail = {"1": "职业技术学校", "2": "技工学校", "3": "职业学院"}[kind]
    counties = counties_of(city.code)
    return School(
        code=code,
        name=f"{place}示例第{n}{theme}{tail}",
        kind=kind,
        city=city.code,
        county=counties[rng.randint(len(counties))].code,
        supervisor=supervisor,
        majors=_majors(rng, pack, theme),
        size=float(rng.gamma(3.0, 1.0)) * (1.6 if supervisor == pack.code else 1.0),
        nature="2" if rng.random_sample() < 0.2 else "1",
    )


def _majors(rng: np.random.RandomState, pack: ProvincePack, theme: str) -> tuple[tuple[str, str], ...]:
    count = rng.randint(2, 9)
    stock = [m for m in majors() if m.category_code in _CATEGORIES[theme]]
    others: list[Major] = [m for m in majors() if m.category_code in ("71", "73", "66", "70")]
    picked = {stock[i].code: stock[i] for i in rng.permutation(len(stock))[: max(2, count - 2)]}
    for i in rng.permutation(len(others)):
        if len(picked) >= count:
            break
        picked.setdefault(others[i].code, others[i])
    chosen = list(picked.values())[:count]
    if pack.major_scheme == "local":
        return tuple((f"{n:03d}", m.name) for n, m in enumerate(chosen, start=1))
    return tuple((m.code, m.name) for m in sorted(chosen, key=lambda m: m.code))


def make_general_schools(rng: np.random.RandomState, pack: ProvincePack) -> list[School]:
    """General high schools, two for each city; about 40 in Guangdong. Their codes begin with 9."""
    schools = []
    for index, city in enumerate(pack.cities):
        for n in (1, 2):
            code = f"9{index + 1:02d}{n:02d}" if pack.major_scheme != "local" else f"9{index + 1}{n}"
            county = counties_of(city.code)[rng.randint(len(counties_of(city.code)))].code
            name = f"{city.name.removesuffix('市')}市示例第{n}高级中学"
            schools.append(School(code, name, "4", city.code, county, city.code, (), 3.0 - n, "1"))
    return schools


def make_lines(rng: np.random.RandomState, city: City, schools: Sequence[School], demand: int) -> list[Line]:
    """Plan lines for candidates of one city.

    Args:
        rng: source of chance, of this city alone.
        city: the source region.
        schools: all vocational schools of the province.
        demand: candidates left after the general high schools; seats sum to about 95 % of it.

    Schools of the city offer all their majors, those of the province two or three, a third of the others one
    or two. With few candidates fewer lines are made, so that a line has eight seats on average.
    """
    target = max(1, round(demand * SEAT_SHARE))
    drafts: list[tuple[float, School, tuple[str, str], str]] = []
    for school in schools:
        if school.city == city.code and school.supervisor == city.code:
            offered, weight = len(school.majors), 1.0
        elif len(school.supervisor) == 6 and school.supervisor.endswith("0000"):
            offered, weight = rng.randint(2, 4), 0.35
        elif rng.random_sample() < 0.33:
            offered, weight = rng.randint(1, 3), 0.15
        else:
            continue
        order = rng.permutation(len(school.majors))[:offered]
        for i in sorted(order.tolist()):
            drafts.append((weight * school.size * float(rng.gamma(4.0, 0.25)), school, school.majors[i], ""))
    most = max(len(city.batches) * 2, target // 8)
    if len(drafts) > most:
        keep = sorted(sorted(range(len(drafts)), key=lambda i: (-drafts[i][0], i))[:most])
        drafts = [drafts[i] for i in keep]
    seats = _share_out([d[0] for d in drafts], target)
    years = {k.code: k.study_years for k in plan_kinds()}
    lines = []
    for n, ((_, school, (code, name), _), places) in enumerate(zip(drafts, seats, strict=True)):
        kind, batch = _kind_and_batch(rng, city, school, n)
        lines.append(
            Line(
                school, code, name, kind, batch, places,
                years=years[kind], tuition=_tuition(rng, school),
                boarding=int(rng.choice([500, 800, 1200])),
            )
        )  # fmt: skip
    return lines


def _tuition(rng: np.random.RandomState, school: School) -> int:
    return int(rng.choice([0, 0, 3500, 5000] if school.nature == "1" else [7800, 9800]))


def _kind_and_batch(rng: np.random.RandomState, city: City, school: School, n: int) -> tuple[str, str]:
    """Kind of plan that some batch of the city has and the school may offer; every batch gets lines."""
    early, late = city.batches[0], city.batches[-1]
    chance, which = rng.random_sample(), rng.randint(0, 6)
    if early is not late and (n < 2 or (n >= 4 and chance < 0.15)):
        kinds = early.plan_kinds
        return kinds[which % len(kinds)], early.code
    if "12" in late.plan_kinds and chance < 0.15:
        return "12", late.code
    if school.kind == "2" and "11" in late.plan_kinds:
        return "11", late.code
    kinds = [k for k in late.plan_kinds if k not in ("11", "12")] or list(late.plan_kinds)
    return kinds[which % len(kinds)], late.code


def _share_out(weights: list[float], total: int) -> list[int]:
    """Whole numbers in proportion to weights that sum to `total`, at least one each where it goes."""
    if not weights:
        return []
    parts = np.array(weights) / sum(weights) * total
    whole = np.maximum(1, np.floor(parts)).astype(int)
    rest = total - int(whole.sum())
    order = np.argsort(np.floor(parts) - parts, kind="stable").tolist()
    i = 0
    while rest > 0:
        whole[order[i % len(order)]] += 1
        rest, i = rest - 1, i + 1
    while rest < 0 and whole.max() > 1:
        whole[int(whole.argmax())] -= 1
        rest += 1
    return whole.tolist()
