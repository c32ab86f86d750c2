"""Filters of dossiers at schools and of dossiers held."""

import django_filters as filters

from admissions.lifecycle import AT_SCHOOL, WAITING_FOR_OFFICE, WORDS
from admissions.models import Dossier

from .filters import SchoolAndBatch
from .models import Placement

AT_SCHOOLS = AT_SCHOOL | WAITING_FOR_OFFICE


class AtSchoolFilters(SchoolAndBatch, filters.FilterSet):
    number = filters.CharFilter(field_name="candidate__number", lookup_expr="startswith", label="考生号")
    name = filters.CharFilter(field_name="candidate__name", lookup_expr="startswith", label="姓名")
    batch = filters.ChoiceFilter(field_name="batch", label="批次", empty_label="全部")
    school = filters.CharFilter(method="by_school", label="院校代码或名称")
    sheet = filters.CharFilter(field_name="sheet__number", lookup_expr="startswith", label="投档单编号")
    state = filters.ChoiceFilter(
        field_name="candidate__dossier__state",
        choices=[(state.value, WORDS[state]) for state in WORDS if state in AT_SCHOOLS],
        label="状态",
        empty_label="全部",
    )

    class Meta:
        model = Placement
        fields: list[str] = []


class HeldFilters(filters.FilterSet):
    number = filters.CharFilter(field_name="candidate__number", lookup_expr="startswith", label="考生号")
    name = filters.CharFilter(field_name="candidate__name", lookup_expr="startswith", label="姓名")

    class Meta:
        model = Dossier
        fields: list[str] = []
