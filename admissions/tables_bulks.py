"""Lists of deeds in bulk: the bulks of a queue, and the rows of one with what came of each."""

import django_tables2 as tables
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html


class BulkTable(tables.Table):
    """Bulks of a queue; rows carry the counts ``done``, ``left`` and ``open``."""

    made_at = tables.DateTimeColumn(format="Y-m-d H:i")
    officer = tables.Column("发起人", accessor="officer__name", orderable=False)
    state = tables.Column("作业", accessor="job__get_state_display", orderable=False)
    done = tables.Column("已办", orderable=False)
    left = tables.Column("未办", orderable=False)
    open = tables.Column("待办", orderable=False)
    words = tables.Column("结果", accessor="job__words", orderable=False)

    class Meta:
        empty_text = "还没有批量办理过"

    def __init__(self, *args, url: str, title: str, **kwargs):
        self.url = url
        super().__init__(*args, attrs={"aria-label": f"{title}记录"}, **kwargs)

    def render_made_at(self, value, record):
        shown = f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
        return format_html('<a href="{}">{}</a>', reverse(self.url, args=[record.pk]), shown)

    def value_made_at(self, value):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M:%S}"


class BulkRowTable(tables.Table):
    """Rows of a bulk, in the order in which they are decided; what they are is told by each kind."""

    outcome = tables.Column(orderable=False, empty_values=())
    words = tables.Column(orderable=False, attrs={"td": {"class": "wide"}, "th": {"class": "wide"}})

    class Meta:
        attrs = {"class": "table-close"}

    def __init__(self, *args, url: str, title: str, **kwargs):
        self.url = url
        shown = {"attrs": {"aria-label": title} | self.Meta.attrs, "empty_text": "没有符合条件的"}
        super().__init__(*args, sequence=("...", "outcome", "words"), **shown, **kwargs)

    def address(self, record) -> str:
        """Of the page that decides on a row by itself; empty where there is none (any more)."""
        raise NotImplementedError

    def render_number(self, value, record):
        url = self.address(record)
        return format_html('<a href="{}">{}</a>', url, value) if url else value

    def value_number(self, value):
        return value

    def render_outcome(self, record):
        return render_to_string("components/bulk_outcome.html", {"row": record})

    def value_outcome(self, record):
        return record.get_outcome_display()


class RequestBulkRowTable(BulkRowTable):
    """Requests of a bulk."""

    number = tables.Column("申请编号", accessor="request__number", orderable=False)
    organisation = tables.Column("申请单位", accessor="request__organisation__name", orderable=False)
    summary = tables.Column("申请事项", accessor="request__summary", orderable=False)

    def address(self, record):
        return reverse(self.url, args=[record.request_id])
