"""Lists of sheets."""

import django_tables2 as tables
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from admissions.tables import NUM, MarksColumn, RegionColumn

from .models import Sheet


class MomentColumn(tables.Column):
    """A moment: month, day and minute on screen, the whole in an export."""

    def render(self, value):
        return f"{timezone.localtime(value):%m-%d %H:%M}"

    def value(self, value):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M:%S}"


class SheetTable(tables.Table):
    """What both queries show of a sheet."""

    number = tables.Column("投档单")
    city = RegionColumn(verbose_name="生源地", accessor="batch__city", orderable=False)
    batch = tables.Column("批次", accessor="batch__name", orderable=False)
    round = tables.Column("轮次", accessor="run__round", orderable=False, attrs=NUM)
    school = tables.Column("院校", accessor="school__name", order_by="school__code")
    state = tables.Column("状态", accessor="word", orderable=False)

    class Meta:
        model = Sheet
        fields = ()
        attrs = {"data-freeze": ""}
        empty_text = "没有符合条件的投档单"

    def render_number(self, value, record):
        return format_html(
            '<a href="{}">{}</a>', reverse("dispatch:find_past_sheets__one", args=[record.pk]), value
        )

    def value_number(self, value):
        return value

    def render_state(self, record):
        return render_to_string("dispatch/sheet_state.html", {"sheet": record})

    def value_state(self, record):
        return record.word


class DispatchTable(SheetTable):
    """投档情况查询: plan, sent, lowest, how it stands."""

    plan = tables.Column("计划", attrs=NUM, orderable=False)
    size = tables.Column("投档", attrs=NUM)
    lowest = MarksColumn(verbose_name="最低分", orderable=False)
    lowest_rank = tables.Column("最低位次", attrs=NUM, orderable=False)
    undecided = tables.Column("未定", accessor="figures__undecided", attrs=NUM, orderable=False)
    proposed = tables.Column("拟录待审", accessor="figures__proposed", attrs=NUM, orderable=False)
    admitted = tables.Column("已录取", accessor="figures__admitted", attrs=NUM, orderable=False)
    returned = tables.Column("已退档", accessor="figures__returned", attrs=NUM, orderable=False)
    short = tables.Column("计划缺额", attrs=NUM, orderable=False)

    class Meta(SheetTable.Meta):
        attrs = SheetTable.Meta.attrs | {"aria-label": "投档情况"}
        sequence = (
            "number", "city", "batch", "round", "school", "plan", "size", "lowest", "lowest_rank", "undecided",
            "proposed", "admitted", "returned", "short", "state",
        )  # fmt: skip


class PastSheetTable(SheetTable):
    """历史投档单查询: every sheet with its moments, also the cancelled."""

    size = tables.Column("档案数", attrs=NUM)
    released_at = MomentColumn(verbose_name="发布")
    opened_at = MomentColumn(verbose_name="院校打开", orderable=False)
    submitted_at = MomentColumn(verbose_name="院校提交", orderable=False)
    cancelled_at = MomentColumn(verbose_name="撤销", orderable=False)
    mode_version = tables.Column(
        "参数版本", accessor="run__parameters__mode_version", orderable=False, attrs=NUM
    )

    class Meta(SheetTable.Meta):
        attrs = SheetTable.Meta.attrs | {"aria-label": "历史投档单"}
        sequence = (
            "number", "city", "batch", "round", "school", "size", "released_at", "opened_at", "submitted_at",
            "cancelled_at", "mode_version", "state",
        )  # fmt: skip
