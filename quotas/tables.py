"""Lists of plans, on screen and as exports."""

import django_tables2 as tables

from admissions.tables import RegionColumn

from .models import PlanChange, PlanLine

NUM = {"td": {"class": "num"}, "th": {"class": "num"}}


class PlanLineTable(tables.Table):
    """院校计划管理."""

    batch = tables.Column(accessor="batch__name", verbose_name="批次", orderable=False)
    code = tables.Column(accessor="school__code", verbose_name="学校代码")
    school = tables.Column(accessor="school__name", verbose_name="院校", orderable=False)
    major_code = tables.Column()
    major_name = tables.Column(orderable=False)
    kind = tables.Column(orderable=False)
    length = tables.Column(orderable=False)
    seats_planned = tables.Column(attrs=NUM)
    seats_changed = tables.Column(attrs=NUM)
    seats_over = tables.Column(attrs=NUM, orderable=False)
    seats_taken = tables.Column(attrs=NUM)
    left = tables.Column(verbose_name="余额", attrs=NUM)
    tuition = tables.Column(attrs=NUM, orderable=False)

    class Meta:
        model = PlanLine
        fields = (
            "batch",
            "code",
            "school",
            "major_code",
            "major_name",
            "kind",
            "length",
            "seats_planned",
            "seats_changed",
            "seats_over",
            "seats_taken",
            "left",
            "tuition",
        )
        attrs = {"data-freeze": "", "aria-label": "院校计划"}
        empty_text = "没有符合条件的计划"


class PlanChangeTable(tables.Table):
    """How plans came to their numbers."""

    made_at = tables.DateTimeColumn(verbose_name="时间", format="Y-m-d H:i")
    city = RegionColumn(accessor="line__city", verbose_name="生源地市", orderable=False)
    batch = tables.Column(accessor="line__batch__name", verbose_name="批次", orderable=False)
    school = tables.Column(accessor="line__school", verbose_name="院校", orderable=False)
    major = tables.Column(accessor="line__major_name", verbose_name="专业", orderable=False)
    way = tables.Column(orderable=False)
    seats = tables.Column(attrs=NUM, orderable=False)
    before = tables.Column(attrs=NUM, orderable=False)
    after = tables.Column(attrs=NUM, orderable=False)
    other = RegionColumn(accessor="other__city", verbose_name="对方市", orderable=False)
    request = tables.Column(accessor="request__number", verbose_name="申请编号", orderable=False)
    made_by = tables.Column(accessor="made_by__name", verbose_name="经办人", orderable=False)

    class Meta:
        model = PlanChange
        fields = ()
        attrs = {"data-freeze": "", "aria-label": "计划变动"}
        empty_text = "没有符合条件的计划变动"

    def render_seats(self, value):
        return f"{value:+d}"
