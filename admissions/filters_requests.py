"""Filters of the lists of requests."""

import django_filters as filters
from django import forms
from django.db.models import Q

from .models import Request

WAITING, DONE, ALL = "waiting", "done", "all"
SHOWN = ((WAITING, "待本单位审核"), (DONE, "本单位已审或已办结"), (ALL, "全部"))
TAKEN = (("1", "本人领取"), ("0", "无人领取"))
LATE = (("1", "已超期"), ("0", "未超期"))


class OwnRequestFilter(filters.FilterSet):
    """我的申请: by state, number and words."""

    state = filters.ChoiceFilter(label="状态", choices=Request.State.choices, empty_label="全部")
    number = filters.CharFilter(label="申请编号", lookup_expr="startswith")
    summary = filters.CharFilter(label="申请事项", lookup_expr="contains")
    since = filters.DateFilter(
        label="提交日期自",
        field_name="submitted_at",
        lookup_expr="date__gte",
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    class Meta:
        model = Request
        fields = ()


class RequestQueueFilter(filters.FilterSet):
    """A party's queue: what waits for it unless something else is asked for."""

    shown = filters.ChoiceFilter(label="范围", choices=SHOWN, method="by_shown", empty_label=None)
    number = filters.CharFilter(label="申请编号", lookup_expr="startswith")
    organisation = filters.CharFilter(label="申请单位代码或名称", method="of_organisation")
    summary = filters.CharFilter(label="申请事项", lookup_expr="contains")
    kind = filters.ChoiceFilter(label="种类", empty_label="全部")
    late = filters.ChoiceFilter(label="期限", choices=LATE, method="by_late", empty_label="全部")
    taken = filters.ChoiceFilter(label="领取", choices=TAKEN, method="by_taken", empty_label="全部")

    class Meta:
        model = Request
        fields = ()

    def __init__(self, data=None, *args, kinds, **kwargs):
        data = data.copy() if data is not None else {}
        if not data.get("shown"):
            data["shown"] = WAITING
        super().__init__(data, *args, **kwargs)
        if len(kinds) > 1:
            self.filters["kind"].extra["choices"] = [(kind.key, kind.title) for kind in kinds]
        else:
            del self.filters["kind"]

    def by_shown(self, rows, name, value):
        if value == ALL:
            return rows
        return rows.filter(mine=True) if value == WAITING else rows.filter(mine=False)

    def of_organisation(self, rows, name, value):
        word = value.strip()
        return rows.filter(Q(organisation__code=word) | Q(organisation__name__contains=word))

    def by_late(self, rows, name, value):
        return rows.filter(late=value)

    def by_taken(self, rows, name, value):
        if value == "1":
            return rows.filter(taken_here=True)
        return rows.filter(taken_here=False, taken_by_other__isnull=True)
