"""Filters of the pages about deeds in bulk."""

import django_filters as filters
from django import forms

from .models import Outcome


class BulkFilter(filters.FilterSet):
    """Bulks of a queue: by day."""

    since = filters.DateFilter(
        label="日期自",
        field_name="made_at",
        lookup_expr="date__gte",
        widget=forms.DateInput(attrs={"type": "date"}),
    )


class BulkRowFilter(filters.FilterSet):
    """Rows of a bulk: by what came of them. Open ones have no value of their own in the address."""

    outcome = filters.ChoiceFilter(label="结果", method="by_outcome", empty_label="全部")
    words = filters.CharFilter(label="说明", lookup_expr="contains")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        labels = self.queryset.model._meta.get_field("outcome").choices
        self.filters["outcome"].extra["choices"] = [(value or "open", label) for value, label in labels]

    def by_outcome(self, rows, name, value):
        return rows.filter(outcome=Outcome.OPEN if value == "open" else value)
