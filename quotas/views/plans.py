"""院校计划管理: the plan lines one may see, with their seats and totals; imports hang below."""

from django.db.models import Sum

from accounts.views.lists import ListView

from ..filters import PlanChangeFilter, PlanLineFilter
from ..models import PlanChange, PlanLine
from ..tables import PlanChangeTable, PlanLineTable


class ManagePlansView(ListView):
    """Plan lines of the current season: of one's source region, and of schools one supervises."""

    model = PlanLine
    table_class = PlanLineTable
    filterset_class = PlanLineFilter

    def get_queryset(self):
        rows = super().get_queryset().filter(season__current=True)
        return (
            rows.with_left()
            .select_related("batch", "school")
            .order_by("batch", "school__code", "major_code", "pk")
        )

    def get_context_data(self, **kwargs):
        names = ("seats_planned", "seats_changed", "seats_over", "seats_taken", "left")
        sums = self.object_list.order_by().aggregate(**{f"sum_{name}": Sum(name) for name in names})
        titles = ("计划数", "增减", "同分超额", "已占用", "余额")
        figures = [
            {"title": title, "value": sums[f"sum_{name}"] or 0, "of": None}
            for name, title in zip(names, titles, strict=True)
        ]
        return super().get_context_data(figures=figures, **kwargs)

    @property
    def list_actions(self):
        return (
            {"title": "批量导入", "url": self.page("upload"), "icon": "upload", "primary": True},
            {"title": "导入记录", "url": self.page("files"), "icon": "clock-history"},
            {"title": "指标分配", "url": self.page("allotments"), "icon": "diagram-3"},
            {"title": "计划变动", "url": self.page("changes"), "icon": "arrow-left-right"},
        )


class PlanChangesView(ListView):
    """How the plans one sees came to their numbers: every change that took effect, the last first."""

    model = PlanChange
    table_class = PlanChangeTable
    filterset_class = PlanChangeFilter
    template_name = "quotas/plan_changes.html"

    def get_queryset(self):
        rows = super().get_queryset().filter(line__season__current=True)
        return rows.select_related("line__batch", "line__school", "other", "request", "made_by")
