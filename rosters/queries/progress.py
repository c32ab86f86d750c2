"""Progress of admission, by region and by school: numbers that add up (录取进度统计).

Each is one grouped query over the dossiers of the actor's source regions: where a candidate comes
from decides, not where he goes.
"""

from dataclasses import astuple, dataclass, fields

from django.db.models import Count, Q, Sum
from django.db.models.expressions import F

from accounts.models import User
from admissions.lifecycle import AT_SCHOOL, WAITING_FOR_OFFICE, State
from admissions.models import Dossier, Region, School, Season
from quotas.models import PlanLine

COUNTED = {
    "pool": Q(state=State.POOL),
    "at_school": Q(state__in=sorted(AT_SCHOOL)),
    "waiting": Q(state__in=sorted(WAITING_FOR_OFFICE)),
    "admitted": Q(state=State.ADMITTED),
    "registered": Q(state=State.REGISTERED),
    "excluded": Q(state=State.EXCLUDED),
}
REGION_HEADER = (
    "地区",
    "考生",
    "在库",
    "院校在阅",
    "待审核",
    "录取未注册",
    "已注册",
    "不参加",
    "录取率",
    "注册率",
)
SCHOOL_HEADER = (
    "院校代码",
    "院校",
    "计划",
    "已投档",
    "院校在阅",
    "待审核",
    "录取未注册",
    "已注册",
    "计划余额",
    "完成率",
)


@dataclass(frozen=True, slots=True)
class RegionRow:
    """Candidates of a region by where their dossiers are; the six parts add up to the whole.

    Attributes:
        code, name: of the region.
        candidates: all of them.
        pool, at_school, waiting, admitted, registered, excluded: the parts; ``admitted`` are those not
            registered yet.
    """

    code: str
    name: str
    candidates: int
    pool: int
    at_school: int
    waiting: int
    admitted: int
    registered: int
    excluded: int

    @property
    def rate(self) -> str:
        """Admitted and registered of all who take part."""
        return percent(self.admitted + self.registered, self.candidates - self.excluded)

    @property
    def registered_rate(self) -> str:
        """Registered of all who are admitted."""
        return percent(self.registered, self.admitted + self.registered)

    @property
    def cells(self) -> tuple:
        """As in ``REGION_HEADER``."""
        return (*astuple(self)[1:], self.rate, self.registered_rate)


@dataclass(frozen=True, slots=True)
class SchoolRow:
    """What a school has of a region's candidates, against its plan for the region.

    Attributes:
        key: primary key of the school, 0 for the total.
        code, name: of the school.
        plan: seats in force for the region.
        held: dossiers it has now; the four parts add up to it.
        at_school, waiting, admitted, registered: the parts.
    """

    key: int
    code: str
    name: str
    plan: int
    held: int
    at_school: int
    waiting: int
    admitted: int
    registered: int

    @property
    def left(self) -> int:
        """Seats of the plan not filled by admissions yet."""
        return max(self.plan - self.admitted - self.registered, 0)

    @property
    def rate(self) -> str:
        """Admitted and registered of the plan."""
        return percent(self.admitted + self.registered, self.plan)

    @property
    def cells(self) -> tuple:
        """As in ``SCHOOL_HEADER``."""
        return (*astuple(self)[1:], self.left, self.rate)


def percent(part: int, whole: int) -> str:
    """A share in words: 83.3%; a dash of nothing."""
    return f"{100 * part / whole:.1f}%" if whole else "—"


def dossiers_from(actor: User, season: Season, region: str = ""):
    """Dossiers of candidates from the actor's regions: narrower than ``visible_to``.

    Args:
        actor: an officer.
        season: of the admissions.
        region: one region within, by its code.
    """
    rows = Dossier.objects.filter(actor.scope.sources(), season=season)
    if region:
        rows = rows.filter(**{{2: "province", 4: "city", 6: "county"}[len(region)]: region})
    return rows


def progress_by_region(actor: User, season: Season, region: str = "") -> list[RegionRow]:
    """Progress of the cities of a province, or of the counties of a city, by code.

    Args:
        actor: an officer; sees his own part.
        season: of the admissions.
        region: a city of which the counties are wanted; by default what lies below one's own.
    """
    top = region or min(actor.scope.regions, key=len, default="")
    column = "city" if len(top) == 2 else "county"
    counts = {name: Count("pk", filter=condition) for name, condition in COUNTED.items()}
    rows = list(
        dossiers_from(actor, season, region)
        .order_by(column)
        .values(column)
        .annotate(candidates=Count("pk"), **counts)
    )
    names = dict(Region.objects.filter(pk__in=[row[column] for row in rows]).values_list("code", "name"))
    return [
        RegionRow(code=row[column], name=names.get(row[column], row[column]), **_numbers(row, RegionRow))
        for row in rows
    ]


def progress_by_school(actor: User, season: Season, region: str = "") -> list[SchoolRow]:
    """What each school has of the actor's candidates; schools with a plan for the region and none yet too.

    Args:
        actor: an officer.
        season: of the admissions.
        region: a city or county within his own.
    """
    counts = {
        name: Count("pk", filter=COUNTED[name]) for name in ("at_school", "waiting", "admitted", "registered")
    }
    rows = dossiers_from(actor, season, region).filter(school__isnull=False).order_by()
    found = {row["school_id"]: row for row in rows.values("school_id").annotate(held=Count("pk"), **counts)}
    plans = _plans(actor, season, region)
    schools = School.objects.filter(pk__in={*found, *plans}).order_by("code")
    none = dict.fromkeys(("held", *counts), 0)
    return [
        SchoolRow(
            key=key,
            code=code,
            name=name,
            plan=plans.get(key, 0),
            **_numbers(found.get(key, none), SchoolRow),
        )
        for key, code, name in schools.values_list("pk", "code", "name")
    ]


def total_of(rows: list, name: str = "合计"):
    """The sum of all rows, as a row; None of none."""
    if not rows:
        return None
    kind = type(rows[0])
    values = {f.name: sum(getattr(row, f.name) for row in rows) for f in fields(kind) if f.type is int}
    values |= {"code": "", "name": name} | ({"key": 0} if kind is SchoolRow else {})
    return kind(**values)


def _plans(actor: User, season: Season, region: str) -> dict[int, int]:
    """Seats in force by school, for the cities concerned; plans know no counties."""
    cities = {code[:4] for code in ([region] if region else actor.scope.regions)}
    lines = PlanLine.objects.filter(season=season)
    if all(len(code) == 4 for code in cities):
        lines = lines.filter(city__in=cities)
    seats = Sum(F("seats_planned") + F("seats_changed") + F("seats_over"))
    return dict(lines.order_by().values("school_id").annotate(seats=seats).values_list("school_id", "seats"))


def _numbers(row: dict, kind) -> dict[str, int]:
    names = {f.name for f in fields(kind)} - {"plan", "key"}
    return {name: value for name, value in row.items() if name in names and isinstance(value, int)}
