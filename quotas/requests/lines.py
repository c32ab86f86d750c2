"""What requests about plan lines share: the field, the words, the checks."""

from collections.abc import Iterable

from django import forms

from admissions.models import Region
from admissions.reference import limit_of
from admissions.services.requests import Check, Light

from ..models import PlanLine

#: A school's plan for a city is normally no smaller (鲁招考〔2019〕46号 四).
SMALLEST = "seats_per_school_and_city_at_least"


def own_lines(actor):
    """Plan lines of the current season of the actor's own schools."""
    rows = PlanLine.objects.visible_to(actor).filter(school__in=actor.scope.schools, season__current=True)
    return rows.select_related("batch", "school").order_by("city", "batch__position", "major_code", "pk")


def city_names(codes: Iterable[str]) -> dict[str, str]:
    """Names of cities by code."""
    return dict(Region.objects.filter(code__in=set(codes)).values_list("code", "name"))


class LineField(forms.ModelChoiceField):
    """A choice of plan lines, each with its city, batch, major and what is left of it."""

    def __init__(self, **kwargs):
        super().__init__(PlanLine.objects.none(), empty_label="请选择", **kwargs)
        self.names: dict[str, str] = {}

    def offer(self, rows) -> None:
        """Offer these rows."""
        self.names = city_names(rows.order_by().values_list("city", flat=True).distinct())
        self.queryset = rows

    def label_from_instance(self, line):
        track = f"（{line.track}）" if line.track else ""
        city = self.names.get(line.city, line.city)
        left = f"计划 {line.seats}，余 {line.seats_left}"
        return f"{city} · {line.batch.name} · {line.major_code} {line.major_name}{track} · {left}"


def lines_of(keys: Iterable[int]) -> dict[int, PlanLine]:
    """Plan lines as they are now, by key."""
    rows = PlanLine.objects.filter(pk__in=set(keys)).select_related("batch", "school", "season")
    return {line.pk: line for line in rows}


GONE = Check(Light.RED, "招生计划已不存在")


def check_left(line: PlanLine | None, seats: int) -> Check:
    """Whether a line can give or get so many seats without falling below those taken."""
    if line is None:
        return GONE
    if line.seats_left + seats < 0:
        return Check(
            Light.RED, f"计划 {line.seats} 个，已占用 {line.seats_taken} 个，最多减少 {line.seats_left} 个"
        )
    return Check(Light.GREEN, f"{line.seats} → {line.seats + seats}，已占用 {line.seats_taken}")


def check_open(line: PlanLine | None, seats: int, closed: dict[int, str]) -> Check:
    """Whether admission is still open where seats are added."""
    if line is None:
        return GONE
    if seats > 0 and line.pk in closed:
        return Check(Light.RED, f"{closed[line.pk]}，不能增加计划")
    return Check(Light.GREEN, "减少计划不受限制" if seats < 0 else "录取尚未终结")


def check_size(line: PlanLine | None, seats: int) -> Check:
    """Whether what remains is smaller than a plan for a city normally is."""
    if line is None:
        return GONE
    smallest = limit_of(line.season.province, SMALLEST, 0)
    after = line.seats + seats
    if seats < 0 and 0 < after < smallest:
        return Check(Light.YELLOW, f"调整后只剩 {after} 个，一般不少于 {smallest} 个")
    if seats > 0 and seats > line.seats:
        return Check(Light.YELLOW, f"增加 {seats} 个，超过现计划 {line.seats} 个的一倍")
    return Check(Light.GREEN, "")
