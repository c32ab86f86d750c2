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


class SumColumn(tables.Column):
    """A number with the total of the rows shown below it."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, attrs=NUM | {"tf": {"class": "num"}}, orderable=False, **kwargs)

    def render_footer(self, bound_column, table):
        return sum(bound_column.accessor.resolve(row) or 0 for row in table.shown())


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

    def shown(self) -> list:
        """The rows of the page, or of an export all."""
        return [row.record for row in self.paginated_rows]

    def total_word(self) -> str:
        """What its totals are of."""
        page = getattr(self, "page", None)
        return "本页合计" if page is not None and page.has_other_pages() else "合计"

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
    """投档情况查询: plan, sent, lowest, how it stands; the counts of dossiers add up to 投档."""

    number = tables.Column("投档单", footer=lambda table: table.total_word())
    plan = tables.Column("计划", attrs=NUM, orderable=False)
    size = SumColumn("投档")
    lowest = MarksColumn(verbose_name="最低分", orderable=False)
    lowest_rank = tables.Column("最低位次", attrs=NUM, orderable=False)
    undecided = SumColumn("未定", accessor="figures__undecided")
    proposed = SumColumn("拟录取", accessor="figures__proposed")
    returning = SumColumn("拟退档", accessor="figures__returning")
    admitted = SumColumn("已录取", accessor="figures__admitted")
    returned = SumColumn("已退档", accessor="figures__returned")
    taken_back = SumColumn("已收回", accessor="figures__taken_back")
    short = tables.Column("计划缺额", attrs=NUM, orderable=False)

    class Meta(SheetTable.Meta):
        attrs = SheetTable.Meta.attrs | {"aria-label": "投档情况"}
        sequence = (
            "number", "city", "batch", "round", "school", "plan", "size", "lowest", "lowest_rank", "undecided",
            "proposed", "returning", "admitted", "returned", "taken_back", "short", "state",
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
