"""Registers of what was sent by itself: 线下投档登记 for the office above, 批件台账 for city and school."""

import django_filters as filters
import django_tables2 as tables
from django import forms
from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html

from accounts.views.lists import ListView
from admissions.tables import MarksColumn, RegionColumn, StateColumn

from ..filters import SchoolAndBatch
from ..models import SingleDispatch
from ..requests import point, special
from ..requests.point import BELOW
from ..services.single import Step
from ..tables_finding import MomentColumn

DATE = forms.DateInput(attrs={"type": "date"})
DANGER = {"td": {"class": "num danger-words"}, "th": {"class": "num"}}


class SingleTable(tables.Table):
    """What both registers show of a dossier."""

    request = tables.Column(accessor="request__number", verbose_name="申请", orderable=False)
    at = MomentColumn(verbose_name="执行")
    county = RegionColumn(verbose_name="生源", orderable=False)
    number = tables.Column("考生号", accessor="candidate__number", orderable=False)
    name = tables.Column("姓名", accessor="candidate__name", orderable=False)
    batch = tables.Column("批次", accessor="batch__name", orderable=False)
    school = tables.Column("院校", accessor="school__name", order_by="school__code")
    words = tables.Column(
        "理由", orderable=False, attrs={"td": {"class": "clip", "title": lambda value: value}}
    )
    asked_by = tables.Column("申请人", accessor="asked_by__name", orderable=False)
    agreed_by = tables.Column("批准人", accessor="agreed_by__name", orderable=False)
    state = StateColumn(verbose_name="目前", accessor="candidate__dossier", orderable=False)

    class Meta:
        model = SingleDispatch
        fields = ()
        attrs = {"data-freeze": "", "class": "table-close"}
        empty_text = "没有符合条件的记录"
        order_by = ()

    def __init__(self, *args, url: str, **kwargs):
        self.url = url
        super().__init__(*args, **kwargs)

    def render_request(self, value, record):
        if not self.url:
            return value
        return format_html('<a href="{}">{}</a>', reverse(self.url, args=[record.request_id]), value)

    def value_request(self, value):
        return value


class BelowTable(SingleTable):
    """线下投档登记: with the line, the own score and the difference."""

    step = tables.Column(orderable=False)
    line = MarksColumn(verbose_name="控制线", orderable=False)
    score = MarksColumn(verbose_name="投档成绩", orderable=False)
    short = MarksColumn(verbose_name="低于线", orderable=False, attrs=DANGER)
    major = tables.Column(orderable=False)

    class Meta(SingleTable.Meta):
        attrs = SingleTable.Meta.attrs | {"aria-label": "线下投档登记"}
        sequence = (
            "request", "at", "step", "county", "number", "name", "batch", "school", "major", "line", "score",
            "short", "words", "asked_by", "agreed_by", "state",
        )  # fmt: skip


class SpecialTable(SingleTable):
    """批件台账."""

    class Meta(SingleTable.Meta):
        attrs = SingleTable.Meta.attrs | {"aria-label": "批件台账"}


class SingleFilter(SchoolAndBatch, filters.FilterSet):
    """Of a register: who, where, when."""

    candidate = filters.CharFilter(label="考生号或姓名", method="of_candidate")
    school = filters.CharFilter(method="by_school", label="院校代码或名称")
    batch = filters.ChoiceFilter(field_name="batch", label="批次", empty_label="全部")
    region = filters.CharFilter(label="生源区域代码", method="of_region")
    step = filters.ChoiceFilter(label="方式", empty_label="全部")
    since = filters.DateFilter(label="执行日期自", field_name="at", lookup_expr="date__gte", widget=DATE)

    class Meta:
        model = SingleDispatch
        fields = ()

    def of_candidate(self, rows, name, value):
        word = value.strip()
        return rows.filter(Q(candidate__number=word) | Q(candidate__name=word))

    def of_region(self, rows, name, value):
        return rows.filter(county__startswith=value.strip())


class BelowFilter(SingleFilter):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.filters["step"].extra["choices"] = [(step.value, step.label) for step in sorted(BELOW)]


class SpecialFilter(SingleFilter):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        del self.filters["step"]


class RegisterView(ListView):
    """What was sent by itself, the last first.

    Attributes:
        one: tail of the function below which a request of the register stands; None where its own function
            may not show it.
        hidden: columns left out: a school is not told which officer agreed.
    """

    model = SingleDispatch
    template_name = "dispatch/single_register.html"
    steps: frozenset = frozenset()
    heading = ""
    one: str | None = "one"
    hidden: tuple[str, ...] = ()

    def get_queryset(self):
        rows = self.visible(SingleDispatch).filter(season__current=True, step__in=self.steps)
        return rows.select_related(
            "request", "candidate__dossier", "batch", "school", "asked_by", "agreed_by"
        ).order_by("-pk")

    def get_table_kwargs(self):
        url = f"{self.function.url_name}__{self.one}" if self.one else ""
        return {"url": url, "exclude": self.hidden}

    def get_context_data(self, **kwargs):
        return super().get_context_data(heading=self.heading, home=self.page(), **kwargs)


class BelowLineRegisterView(RegisterView):
    """线下投档登记: every dossier sent below the line, for the office above and the one that sent."""

    table_class, filterset_class = BelowTable, BelowFilter
    steps, heading = BELOW, point.REGISTER


class SpecialLedgerView(RegisterView):
    """批件台账: what was executed on the approvals of 批件投档."""

    table_class, filterset_class = SpecialTable, SpecialFilter
    steps, heading = frozenset({Step.SPECIAL}), special.REGISTER
