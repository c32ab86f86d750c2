"""Filters of the lists of sheets."""

import django_filters as filters
from django.db.models import Q

from .filters import SchoolAndBatch
from .models import Sheet
from .queries.finding import still_open

STATES = (
    ("waiting", "待发布"),
    ("released", "待阅"),
    ("opened", "院校在阅"),
    ("submitted", "已提交"),
    ("cancelled", "已撤销"),
)
_STATES = {
    "waiting": Q(released_at__isnull=True, cancelled_at__isnull=True),
    "released": still_open() & Q(opened_at__isnull=True),
    "opened": still_open() & Q(opened_at__isnull=False),
    "submitted": Q(submitted_at__isnull=False, cancelled_at__isnull=True),
    "cancelled": Q(cancelled_at__isnull=False),
}


class SheetFilters(SchoolAndBatch, filters.FilterSet):
    number = filters.CharFilter(lookup_expr="startswith", label="投档单编号")
    batch = filters.ChoiceFilter(field_name="batch", label="批次", empty_label="全部")
    round = filters.NumberFilter(field_name="run__round", label="轮次")
    school = filters.CharFilter(method="by_school", label="院校代码或名称")
    state = filters.ChoiceFilter(method="by_state", choices=STATES, label="状态", empty_label="全部")

    class Meta:
        model = Sheet
        fields: list[str] = []

    def by_state(self, rows, name, value):
        return rows.filter(_STATES[value])
