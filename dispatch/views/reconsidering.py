"""退回复议登记: what offices sent back, why, how often; for the offices of the source region and the schools."""

import django_filters as filters
import django_tables2 as tables
from django import forms
from django.db.models import Count

from accounts.views.lists import ListView
from admissions.coded import code_said, reasons_of
from admissions.tables import RegionColumn, StateColumn

from ..filters import SchoolAndBatch
from ..models import Reconsideration
from ..tables_finding import MomentColumn

Step = Reconsideration.Step
KINDS = {
    "dispatch.review_admissions": (Step.ADMISSION, Step.POOL),
    "dispatch.review_returns": (Step.RETURN,),
}
CLIP = {"td": {"class": "clip", "title": lambda value: value}}


class ReconsiderationTable(tables.Table):
    """One row a round."""

    at = MomentColumn(verbose_name="退回")
    step = tables.Column(orderable=False)
    round = tables.Column(orderable=False)
    number = tables.Column("考生号", accessor="candidate__number", orderable=False)
    name = tables.Column("姓名", accessor="candidate__name", orderable=False)
    county = RegionColumn(verbose_name="生源", orderable=False)
    batch = tables.Column("批次", accessor="batch__name", orderable=False)
    school = tables.Column("院校", accessor="school__name", order_by="school", attrs=CLIP)
    proposed = tables.Column(orderable=False, attrs=CLIP)
    reason = tables.Column(
        "退回原因",
        accessor="reason_words",
        orderable=False,
        attrs={"td": {"class": "wide"}, "th": {"class": "wide"}},
    )
    officer = tables.Column("审核人", accessor="officer__name", orderable=False)
    state = StateColumn(verbose_name="目前", accessor="candidate__dossier", orderable=False)

    class Meta:
        model = Reconsideration
        fields = ()
        attrs = {"aria-label": "退回复议登记", "class": "table-close"}
        empty_text = "没有退回复议的考生"


class ReconsiderationFilters(SchoolAndBatch, filters.FilterSet):
    code = filters.ChoiceFilter(label="退回原因", empty_label="全部")
    school = filters.CharFilter(method="by_school", label="院校代码或名称")
    number = filters.CharFilter(field_name="candidate__number", lookup_expr="begins", label="考生号")
    batch = filters.ChoiceFilter(field_name="batch", label="批次", empty_label="全部")
    again = filters.ChoiceFilter(
        field_name="round", lookup_expr="gte", choices=(("2", "两次以上"),), label="次数", empty_label="全部"
    )
    since = filters.DateFilter(
        field_name="at",
        lookup_expr="date__gte",
        label="日期自",
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    class Meta:
        model = Reconsideration
        fields: list[str] = []

    def __init__(self, *args, functions, **kwargs):
        super().__init__(*args, **kwargs)
        found = [row for key in functions for row in reasons_of(key, "reconsider")]
        self.filters["code"].extra["choices"] = [(row.code, f"{row.code} {row.name}") for row in found]


class ReconsiderationsView(ListView):
    """What was sent back, the last first, and how often for which reason within the query.

    Attributes:
        hidden: columns left out: a school is not told which officer it was.
        functions: whose decisions are listed; both for a school.
    """

    model = Reconsideration
    table_class = ReconsiderationTable
    filterset_class = ReconsiderationFilters
    template_name = "dispatch/reconsiderations.html"
    hidden: tuple[str, ...] = ()
    functions: tuple[str, ...] = tuple(KINDS)

    def get_queryset(self):
        steps = [step for key in self.functions for step in KINDS[key]]
        rows = self.visible(Reconsideration).filter(season__current=True, step__in=steps)
        scope = self.actor.scope
        rows = rows.filter(school__in=scope.schools) if scope.schools else rows.filter(scope.sources())
        return rows.select_related("candidate__dossier", "school", "batch", "officer").order_by("-pk")

    def get_filterset_kwargs(self, filterset_class):
        return super().get_filterset_kwargs(filterset_class) | {"functions": self.functions}

    def get_table_kwargs(self):
        return {"exclude": self.hidden}

    def get_context_data(self, **kwargs):
        rows = self.object_list.order_by().values("code").annotate(n=Count("pk")).order_by("-n", "code")
        tally = [(row["code"], code_said(row["code"]), row["n"]) for row in rows]
        return super().get_context_data(tally=tally, home=self.page(), **kwargs)
