"""Lists of plans, on screen and as exports."""

import django_tables2 as tables

from .models import PlanLine

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
