"""Queues of audit: one row a candidate, the platform's checks as ✓ and ✗."""

import django_tables2 as tables
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from accounts.templatetags.interface import aged, icon, waited
from admissions.lifecycle import State
from admissions.tables import MarksColumn, RegionColumn
from admissions.tables_bulks import BulkRowTable

from .models import Placement
from .queries.waiting import CHECKS, RETURN_CHECKS

CLIP = {"td": {"class": "clip", "title": lambda value: value}}


class CheckColumn(tables.Column):
    """Whether a check passed: a mark with words for readers; 是 or 否 in an export."""

    def __init__(self, **kwargs):
        super().__init__(
            orderable=False, attrs={"td": {"class": "check-cell"}, "th": {"class": "check-cell"}}, **kwargs
        )

    def render(self, value):
        name, mark, words = ("check-yes", "✓", "通过") if value else ("check-no", "✗", "未通过")
        return format_html(
            '<span class="{}" aria-hidden="true">{}</span><span class="visually-hidden">{}</span>',
            name,
            mark,
            words,
        )

    def value(self, value):
        return "是" if value else "否"


class PaperColumn(CheckColumn):
    """Whether the paper that the reason needs is there: the mark opens it."""

    def render(self, value, record, table):
        mark = super().render(value)
        if record.first_paper is None or not table.url:
            return mark
        return format_html(
            '<a class="check-paper" href="{}" target="_blank" rel="noopener" title="打开书面材料">{}{}'
            '<span class="visually-hidden">，打开书面材料</span></a>',
            reverse(f"{table.url.removesuffix('__one')}__paper", args=[record.pk, record.first_paper]),
            mark,
            icon("file-earmark-text"),
        )


class QueueTable(tables.Table):
    """What both queues show."""

    chosen = tables.CheckBoxColumn(accessor="pk", exclude_from_export=True)
    number = tables.Column("考生号", accessor="candidate__number")
    name = tables.Column("姓名", accessor="candidate__name", orderable=False)
    county = RegionColumn(verbose_name="县区", orderable=False)
    school = tables.Column(
        "院校",
        accessor="school__name",
        order_by="school",
        attrs=CLIP,
    )
    batch = tables.Column("批次", accessor="batch__name", orderable=False, attrs=CLIP)
    score = MarksColumn(verbose_name="投档成绩", accessor="dispatch_score")
    since = tables.Column("已等待")
    taken = tables.Column("审核人", accessor="taken_by", orderable=False, empty_values=())

    class Meta:
        attrs = {"data-freeze": "", "class": "table-close table-queue"}
        order_by = ()

    def __init__(self, *args, url: str = "", **kwargs):
        self.url = url
        super().__init__(*args, **kwargs)

    def render_number(self, value, record):
        return (
            format_html('<a href="{}">{}</a>', reverse(self.url, args=[record.pk]), value)
            if self.url
            else value
        )

    def value_number(self, value):
        return value

    def render_since(self, value):
        return format_html('<span class="{}">{}</span>', aged(value), waited(value))

    def value_since(self, value):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M:%S}"

    def render_taken(self, record):
        return "本人" if record.taken_here else record.taken_by or ""


class AdmissionQueue(QueueTable):
    """审核录取."""

    way = tables.Column("方式", accessor="get_method_display", orderable=False)
    major = tables.Column("录取专业", accessor="plan_line__major_name", orderable=False, attrs=CLIP)
    within_plan, major_planned, line_met, choice_made, conditions_met, only_once, not_held, not_own = (
        CheckColumn(verbose_name=title) for _, title in CHECKS
    )

    class Meta(QueueTable.Meta):
        model = Placement
        fields = ()
        attrs = QueueTable.Meta.attrs | {"aria-label": "待审录取"}
        empty_text = "没有待审核的录取"
        sequence = (
            "chosen", "number", "name", "county", "school", "batch", "way", "score", "major",
            *(name for name, _ in CHECKS), "since", "taken",
        )  # fmt: skip

    def render_way(self, value, record):
        return f"第 {record.choice_position} 志愿" if record.choice_position else value


class ReturnQueue(QueueTable):
    """审核退档."""

    reason = tables.Column("退档原因", accessor="reason", orderable=False, attrs=CLIP)
    words = tables.Column(
        "说明",
        accessor="reason_words",
        orderable=False,
        attrs=CLIP,
    )
    sheet = tables.Column("投档单", accessor="sheet__number", orderable=False)
    reasoned, papered, not_held, not_own = (
        (PaperColumn if name == "papered" else CheckColumn)(verbose_name=title)
        for name, title in RETURN_CHECKS
    )

    class Meta(QueueTable.Meta):
        model = Placement
        fields = ()
        attrs = QueueTable.Meta.attrs | {"aria-label": "待审退档"}
        empty_text = "没有待审核的退档"
        sequence = (
            "chosen", "number", "name", "county", "school", "batch", "sheet", "score", "reason", "words",
            *(name for name, _ in RETURN_CHECKS), "since", "taken",
        )  # fmt: skip


class ReviewBulkRowTable(BulkRowTable):
    """Candidates of a bulk; whoever still waits is linked to his page."""

    number = tables.Column("考生号", accessor="candidate__number", orderable=False)
    name = tables.Column("姓名", accessor="candidate__name", orderable=False)
    county = RegionColumn(verbose_name="生源县区", orderable=False)
    school = tables.Column(
        "院校",
        accessor="placement__school__name",
        orderable=False,
        attrs=CLIP,
    )
    proposed = tables.Column("学校的决定", empty_values=(), orderable=False)

    def __init__(self, *args, state: State, **kwargs):
        self.state = state
        super().__init__(*args, **kwargs)

    def render_proposed(self, record):
        row = record.placement
        shown = (
            row.reason if self.state == State.RETURN_SUBMITTED else row.plan_line and row.plan_line.major_name
        )
        return shown or "—"

    def address(self, record):
        dossier = record.candidate.dossier
        waits = dossier.state == self.state and dossier.placement_id == record.placement_id
        return reverse(self.url, args=[record.placement_id]) if waits else ""
