"""Lists of 档案管理: sheets that may be cancelled, dossiers at schools, dossiers held."""

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html

from admissions.tables import NUM, MarksColumn, RegionColumn, StateColumn

from .models import Placement
from .tables_finding import MomentColumn, SheetTable


class CancelSheetTable(SheetTable):
    """指定投档单取消投档: how each sheet stands, and the way to cancel it."""

    size = tables.Column("档案数", attrs=NUM)
    undecided = tables.Column("未定", accessor="figures__undecided", attrs=NUM, orderable=False)
    reading = tables.Column("未提交", accessor="figures__reading", attrs=NUM, orderable=False)
    released_at = MomentColumn(verbose_name="发布")
    opened_at = MomentColumn(verbose_name="院校打开", orderable=False)
    deed = tables.Column("操作", accessor="pk", orderable=False, exclude_from_export=True)

    class Meta(SheetTable.Meta):
        attrs = SheetTable.Meta.attrs | {"aria-label": "可取消的投档单"}
        sequence = (
            "number", "city", "batch", "round", "school", "size", "undecided", "reading", "released_at",
            "opened_at", "state", "deed",
        )  # fmt: skip

    def render_deed(self, value):
        url = reverse("dispatch:cancel_sheet__one", args=[value])
        return format_html('<a class="btn btn-sm btn-outline-danger" href="{}">取消投档</a>', url)


class AtSchoolTable(tables.Table):
    """Dossiers that lie at schools."""

    chosen = tables.CheckBoxColumn(accessor="pk", exclude_from_export=True)
    number = tables.Column("考生号", accessor="candidate__number")
    name = tables.Column("姓名", accessor="candidate__name", orderable=False)
    county = RegionColumn(verbose_name="生源县区", orderable=False)
    school = tables.Column("院校", accessor="school__name", order_by="school__code")
    batch = tables.Column("批次", accessor="batch__name", orderable=False)
    sheet = tables.Column("投档单", accessor="sheet__number", orderable=False, default="在库录取")
    score = MarksColumn(verbose_name="投档成绩", accessor="dispatch_score", default="")
    state = StateColumn(accessor="candidate__dossier")
    opened_at = MomentColumn(verbose_name="投档时间")

    class Meta:
        model = Placement
        fields = ()
        attrs = {"aria-label": "在院校的档案", "data-freeze": "", "class": "table-close"}
        order_by = ()


class HeldTable(tables.Table):
    """Dossiers held, with the reason."""

    chosen = tables.CheckBoxColumn(accessor="pk", exclude_from_export=True)
    number = tables.Column("考生号", accessor="candidate__number")
    name = tables.Column("姓名", accessor="candidate__name", orderable=False)
    county = RegionColumn(verbose_name="生源县区", orderable=False)
    state = tables.Column("所在状态", orderable=False)
    school = tables.Column("院校", accessor="school__name", orderable=False, default="")
    reason = tables.Column("挂起原因", accessor="held_for", orderable=False)
    by = tables.Column("挂起人", accessor="held_by", orderable=False)
    at = MomentColumn(verbose_name="挂起时间", accessor="held_at", orderable=False)

    class Meta:
        attrs = {"aria-label": "挂起的档案"}
        order_by = ()
