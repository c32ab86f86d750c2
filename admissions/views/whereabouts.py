"""查看考生去向: a school looks where those went who chose it or were at it; every look is written down."""

import django_filters as filters
import django_tables2 as tables
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.context import deed_record
from accounts.masking import mask_name
from accounts.views.lists import KeysFirstListView

from ..models import Region, Whereabouts
from ..reference import limit_of
from ..tables import NUM, RegionColumn

HERE = Whereabouts.Where.HERE


class WhereaboutsFilter(filters.FilterSet):
    number = filters.CharFilter(label="考生号（完整）", method="whole")
    where = filters.ChoiceFilter(label="去向", choices=Whereabouts.Where.choices, empty_label="全部")
    was_here = filters.ChoiceFilter(
        label="曾投本校", choices=(("True", "曾投本校"), ("False", "只填报志愿")), empty_label="全部"
    )
    position = filters.NumberFilter(label="本校志愿序号", min_value=1)
    city = filters.ChoiceFilter(label="生源地市", empty_label="全部")

    class Meta:
        model = Whereabouts
        fields = ()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        cities = Region.objects.filter(parent=self.request.user.scope.province).order_by("code")
        self.filters["city"].extra["choices"] = list(cities.values_list("code", "name"))

    def whole(self, rows, name, value):
        return rows.filter(number=value.strip())


class WhereaboutsTable(tables.Table):
    """Who is not here is named by his family name only, and where only if the province's rules let it be known."""

    number = tables.Column(orderable=False)
    name = tables.Column(orderable=False)
    sex = tables.Column(accessor="get_sex_display", verbose_name="性别", orderable=False)
    city = RegionColumn(verbose_name="生源地市", orderable=False)
    county = RegionColumn(verbose_name="生源县区", orderable=False)
    position = tables.Column(orderable=False, attrs=NUM, default="")
    was_here = tables.Column(orderable=False)
    where = tables.Column(orderable=False)
    at_school = tables.Column("院校", accessor="at_school__name", orderable=False, default="")
    changed_at = tables.Column(orderable=False)

    class Meta:
        model = Whereabouts
        fields = ()
        attrs = {"aria-label": "考生去向", "data-freeze": ""}
        empty_text = "没有符合条件的考生"
        order_by = ()

    def __init__(self, *args, names_schools: bool, **kwargs):
        super().__init__(*args, **kwargs, exclude=() if names_schools else ("at_school",))

    def render_name(self, value, record):
        return value if record.where == HERE else mask_name(value)

    def render_was_here(self, value):
        return "是" if value else "否"

    def render_where(self, record):
        return render_to_string("admissions/whereabouts_state.html", {"row": record})

    def value_where(self, record):
        return record.get_where_display()

    def render_at_school(self, value, record):
        return "" if record.where == HERE else value

    def render_changed_at(self, value):
        return f"{timezone.localtime(value):%m-%d %H:%M}"


class ViewWhereaboutsView(KeysFirstListView):
    """Candidates who named the actor's school or were at it, as they were entered."""

    model = Whereabouts
    table_class = WhereaboutsTable
    filterset_class = WhereaboutsFilter

    @property
    def names_schools(self) -> bool:
        return bool(limit_of(self.actor.scope.province, "shows_other_schools", 0))

    def get_queryset(self):
        rows = self.visible(Whereabouts).filter(season__current=True).order_by("candidate_id")
        return rows.select_related("at_school") if self.names_schools else rows

    def get_table_kwargs(self):
        return {"names_schools": self.names_schools}

    def get(self, request, *args, **kwargs):
        deed_record(actor=self.actor, subject=self.function.title, note=request.GET.urlencode()[:500])
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs):
        return super().get_context_data(names_schools=self.names_schools, **kwargs)
