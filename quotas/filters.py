"""Filters of the lists of plans."""

import django_filters as filters
from django.db.models import Q

from admissions.models import Batch

from .models import PlanChange, PlanLine

LEFT = [("some", "有余额"), ("none", "已满")]


def batches_seen(request):
    """Batches within the scope of whoever asks."""
    return Batch.objects.visible_to(request.user) if request else Batch.objects.none()


class PlanLineFilter(filters.FilterSet):
    """院校计划管理: by batch, school and major, and whether seats are left."""

    batch = filters.ModelChoiceFilter(label="批次", queryset=batches_seen, empty_label="全部")
    school = filters.CharFilter(label="院校代码或名称", method="of_school")
    major = filters.CharFilter(label="专业代码或名称", method="of_major")
    kind = filters.CharFilter(label="计划类型")
    left = filters.ChoiceFilter(label="余额", choices=LEFT, method="by_left", empty_label="全部")

    class Meta:
        model = PlanLine
        fields = ()

    def of_school(self, rows, name, value):
        return rows.filter(Q(school__code=value.strip()) | Q(school__name__contains=value.strip()))

    def of_major(self, rows, name, value):
        return rows.filter(Q(major_code=value.strip()) | Q(major_name__contains=value.strip()))

    def by_left(self, rows, name, value):
        return rows.filter(left__gt=0) if value == "some" else rows.filter(left__lte=0)


class PlanChangeFilter(filters.FilterSet):
    """Changes of plans: by batch, school, way and request."""

    batch = filters.ModelChoiceFilter(
        label="批次", field_name="line__batch", queryset=batches_seen, empty_label="全部"
    )
    school = filters.CharFilter(label="院校代码或名称", method="of_school")
    way = filters.ChoiceFilter(label="方式", choices=PlanChange.Way.choices, empty_label="全部")
    request = filters.CharFilter(label="申请编号", field_name="request__number", lookup_expr="startswith")

    class Meta:
        model = PlanChange
        fields = ()

    def of_school(self, rows, name, value):
        word = value.strip()
        return rows.filter(Q(line__school__code=word) | Q(line__school__name__contains=word))
