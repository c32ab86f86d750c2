"""Tables and filters of students."""

import django_filters as filters
import django_tables2 as tables
from django.utils import timezone

from accounts.masking import mask_id_number
from accounts.templatetags.interface import state_badge
from admissions.lifecycle import FINAL
from admissions.models import Region
from dispatch.models import Placement
from quotas.models import PlanLine

from ..words import score_words

STATES = [(state.value, state.word) for state in sorted(FINAL)]


def own_lines(request):
    """Plan lines of the actor's own schools."""
    return PlanLine.objects.visible_to(request.user).filter(school__in=request.user.scope.schools)


def cities(request):
    """Cities of the actor's province."""
    province = request.user.scope.province
    return Region.objects.filter(parent=province)


class StudentFilters(filters.FilterSet):
    number = filters.CharFilter(field_name="candidate__number", lookup_expr="begins", label="考生号")
    name = filters.CharFilter(field_name="candidate__name", lookup_expr="begins", label="姓名")
    state = filters.ChoiceFilter(field_name="candidate__dossier__state", choices=STATES, label="状态")
    major = filters.ChoiceFilter(label="录取专业", field_name="plan_line__major_code")
    city = filters.ChoiceFilter(label="生源地市", field_name="city")

    class Meta:
        model = Placement
        fields: list[str] = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        lines = own_lines(self.request).order_by("major_code")
        majors = dict(lines.values_list("major_code", "major_name"))
        self.filters["major"].extra["choices"] = [(c, f"{c} {n}") for c, n in majors.items()]
        self.filters["city"].extra["choices"] = list(cities(self.request).values_list("code", "name"))


class StateColumn(tables.Column):
    """State of a dossier: icon and word on the page, the word alone in exports."""

    def __init__(self, dossier: str = "candidate__dossier", **kwargs):
        super().__init__("状态", accessor=f"{dossier}__state", **kwargs)
        self.dossier = tables.A(dossier)

    def render(self, record):
        dossier = self.dossier.resolve(record)
        return state_badge(dossier.state, dossier.held)

    def value(self, record):
        return self.dossier.resolve(record).word


class StudentTable(tables.Table):
    """Students of one's own school."""

    chosen = tables.CheckBoxColumn(accessor="pk", exclude_from_export=True)
    number = tables.Column("考生号", accessor="candidate__number")
    name = tables.Column("姓名", accessor="candidate__name")
    sex = tables.Column("性别", accessor="candidate__get_sex_display", orderable=False)
    id_number = tables.Column("证件号码", accessor="candidate__id_number", orderable=False)
    city = tables.Column("生源地市", accessor="city")
    major = tables.Column("录取专业", accessor="plan_line__major_name")
    choice_position = tables.Column("志愿")
    dispatch_score = tables.Column("投档成绩", attrs={"td": {"class": "num"}, "th": {"class": "num"}})
    state = StateColumn()
    changed_at = tables.Column("变动时间", accessor="candidate__dossier__changed_at")

    class Meta:
        attrs = {"aria-label": "录取考生", "data-freeze": ""}
        empty_text = "没有符合条件的录取考生"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.cities = city_names()

    def render_id_number(self, value):
        return mask_id_number(value)

    def render_city(self, value):
        return self.cities.get(value, value)

    def render_dispatch_score(self, value):
        return score_words(value)

    def render_changed_at(self, value):
        return f"{timezone.localtime(value):%m-%d %H:%M}"


def city_names() -> dict[str, str]:
    """Names of all cities, by code."""
    return dict(Region.objects.filter(code__regex=r"^\d{4}$").values_list("code", "name"))
