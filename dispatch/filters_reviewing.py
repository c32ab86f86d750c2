"""Filters of the queues of audit."""

import django_filters as filters

from admissions.models import ReturnReason

from .filters import SchoolAndBatch
from .models import Placement

GREEN = (("1", "全部通过"), ("0", "有未通过"))
MINE = (("1", "本人领取"), ("0", "无人领取"))


class QueueFilters(SchoolAndBatch, filters.FilterSet):
    """What both queues are filtered by."""

    number = filters.CharFilter(field_name="candidate__number", lookup_expr="begins", label="考生号")
    school = filters.CharFilter(method="by_school", label="院校代码或名称")
    batch = filters.ChoiceFilter(field_name="batch", label="批次", empty_label="全部")
    green = filters.ChoiceFilter(method="by_green", choices=GREEN, label="系统检查", empty_label="全部")
    mine = filters.ChoiceFilter(method="by_mine", choices=MINE, label="领取", empty_label="全部")

    class Meta:
        model = Placement
        fields: list[str] = []

    def by_green(self, rows, name, value):
        return rows.filter(green=value == "1")

    def by_mine(self, rows, name, value):
        return (
            rows.filter(taken_here=True)
            if value == "1"
            else rows.filter(taken_here=False, taken_by__isnull=True)
        )


class AdmissionFilters(QueueFilters):
    method = filters.ChoiceFilter(choices=Placement.Method, label="方式", empty_label="全部")


class ReturnFilters(QueueFilters):
    reason = filters.ModelChoiceFilter(
        queryset=ReturnReason.objects.all(), label="退档原因", empty_label="全部"
    )
