"""Filters of dossiers at schools and of dossiers held."""

import django_filters as filters
from django.utils import timezone

from admissions.deadlines import deadline_of_kind
from admissions.lifecycle import AT_SCHOOL, WAITING_FOR_OFFICE, WORDS
from admissions.models import Dossier, Window
from admissions.services.windows import said, window_words

from .filters import BySchool, SchoolAndBatch
from .models import Placement

AT_SCHOOLS = AT_SCHOOL | WAITING_FOR_OFFICE


class AtSchoolFilters(SchoolAndBatch, filters.FilterSet):
    number = filters.CharFilter(field_name="candidate__number", lookup_expr="begins", label="考生号")
    name = filters.CharFilter(field_name="candidate__name", lookup_expr="begins", label="姓名")
    batch = filters.ChoiceFilter(field_name="batch", label="批次", empty_label="全部")
    school = filters.CharFilter(method="by_school", label="院校代码或名称")
    sheet = filters.CharFilter(field_name="sheet__number", lookup_expr="startswith", label="投档单编号")
    state = filters.ChoiceFilter(
        field_name="candidate__dossier__state",
        choices=[(state.value, WORDS[state]) for state in WORDS if state in AT_SCHOOLS],
        label="状态",
        empty_label="全部",
    )
    overdue = filters.ChoiceFilter(method="by_overdue", label="超过期限", empty_label="全部")

    class Meta:
        model = Placement
        fields: list[str] = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        closed = Window.objects.visible_to(self.request.user).filter(
            season__current=True, kind__in=Window.CITY_KINDS, closes_at__lte=timezone.now()
        )
        self.windows = {window.pk: window for window in closed.select_related("batch").order_by("closes_at")}
        self.filters["overdue"].extra["choices"] = [
            (key, f"{window_words(window)}（{said(window.closes_at)}）")
            for key, window in self.windows.items()
        ]

    def by_overdue(self, rows, name, value):
        window = self.windows[int(value)]
        return rows.filter(candidate__in=deadline_of_kind(window.kind).touched(window).values("pk"))


class HeldFilters(BySchool, filters.FilterSet):
    number = filters.CharFilter(field_name="candidate__number", lookup_expr="begins", label="考生号")
    name = filters.CharFilter(field_name="candidate__name", lookup_expr="begins", label="姓名")
    state = filters.ChoiceFilter(
        choices=[(state.value, word) for state, word in WORDS.items()], label="所在状态", empty_label="全部"
    )
    school = filters.CharFilter(method="by_school", label="院校代码或名称")

    class Meta:
        model = Dossier
        fields: list[str] = []
