"""Lists and filters of 自动审核管理: what rules have let through."""

import django_filters as filters
import django_tables2 as tables
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from admissions.tables import MarksColumn, RegionColumn

from .models import AutoDecision, AutoRule

RESULTS = (("open", "抽中未复核"), ("agreed", "复核同意"), ("objected", "有异议"), ("not_drawn", "未抽中"))
BY_RESULT = {
    "open": Q(sampled=True, agrees=None),
    "agreed": Q(agrees=True),
    "objected": Q(agrees=False),
    "not_drawn": Q(sampled=False),
}


class DecisionTable(tables.Table):
    """One row an automatic decision, with the rule and version that made it."""

    number = tables.Column("考生号", accessor="candidate__number")
    name = tables.Column("姓名", accessor="candidate__name", orderable=False)
    county = RegionColumn(verbose_name="生源县区", orderable=False)
    school = tables.Column(
        "院校",
        accessor="placement__school__name",
        orderable=False,
        attrs={"td": {"class": "clip", "title": lambda value: value}},
    )
    batch = tables.Column("批次", accessor="placement__batch__name", orderable=False)
    kind = tables.Column("审核", accessor="rule__get_kind_display", orderable=False)
    what = tables.Column("专业或退档原因", empty_values=(), orderable=False)
    score = MarksColumn(verbose_name="投档成绩", accessor="placement__dispatch_score", orderable=False)
    version = tables.Column("规则", accessor="version__number", orderable=False)
    at = tables.DateTimeColumn(verbose_name="通过时间", format="m-d H:i")
    result = tables.Column("复核", empty_values=(), orderable=False)

    class Meta:
        model = AutoDecision
        fields = ()
        attrs = {"aria-label": "自动审核决定", "class": "table-close"}
        empty_text = "没有自动审核通过的考生"

    def render_number(self, value, record):
        url = reverse("dispatch:manage_auto_review__decisions__check", args=[record.pk])
        return format_html('<a href="{}">{}</a>', url, value)

    def value_number(self, value):
        return value

    def render_what(self, record):
        placement = record.placement
        if record.rule.kind == AutoRule.Kind.RETURNS:
            return str(placement.reason or "")
        return placement.plan_line.major_name if placement.plan_line else ""

    def render_version(self, value, record):
        return f"{record.rule} 第 {value} 版"

    def value_at(self, value):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M:%S}"

    def render_result(self, record):
        if not record.sampled:
            return "未抽中"
        if record.agrees is None:
            return "待复核"
        return "同意" if record.agrees else "有异议"


class DecisionFilters(filters.FilterSet):
    number = filters.CharFilter(field_name="candidate__number", lookup_expr="begins", label="考生号")
    school = filters.CharFilter(method="by_school", label="院校代码或名称")
    rule = filters.ChoiceFilter(field_name="rule", label="规则", empty_label="全部")
    version = filters.NumberFilter(field_name="version__number", label="版本")
    day = filters.DateFilter(field_name="at", lookup_expr="date", label="日期")
    result = filters.ChoiceFilter(method="by_result", choices=RESULTS, label="复核", empty_label="全部")

    class Meta:
        model = AutoDecision
        fields: list[str] = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        rules = AutoRule.objects.visible_to(self.request.user).select_related("batch", "school")
        self.filters["rule"].extra["choices"] = [(rule.pk, str(rule)) for rule in rules]

    def by_school(self, rows, name, value):
        return rows.filter(Q(placement__school__code=value) | Q(placement__school__name__contains=value))

    def by_result(self, rows, name, value):
        return rows.filter(BY_RESULT[value])
