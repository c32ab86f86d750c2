"""Lists of requests, on screen and as exports: one's own, and the queue of a party."""

from collections.abc import Mapping, Sequence
from functools import cached_property

import django_tables2 as tables
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from accounts.templatetags.interface import aged, remaining, waited

from .models import Request
from .queries.requests import checks_of
from .services.requests import Check, Light, RequestKind

CELL = {"td": {"class": "check-cell"}, "th": {"class": "check-cell"}}
FEW_LINES = {"td": {"class": "few-lines"}}
MARKS = {Light.GREEN: ("check-yes", "✓", "通过"), Light.YELLOW: ("check-maybe", "!", "须留意"),
         Light.RED: ("check-no", "✗", "未通过")}  # fmt: skip


class RequestTable(tables.Table):
    """What both lists show."""

    number = tables.Column()
    summary = tables.Column(orderable=False, attrs={"td": {"class": "wide"}, "th": {"class": "wide"}})
    state = tables.Column(orderable=False)
    parties = tables.Column("审核方", empty_values=(), orderable=False)
    submitted_at = tables.DateTimeColumn(verbose_name="提交时间", format="m-d H:i")
    due_at = tables.Column("办理期限")

    class Meta:
        model = Request
        fields = ()
        attrs = {"data-freeze": "", "class": "table-close"}
        order_by = ()

    def __init__(self, *args, url: str, **kwargs):
        self.url = url
        super().__init__(*args, **kwargs)

    def render_number(self, value, record):
        return format_html('<a href="{}">{}</a>', reverse(self.url, args=[record.pk]), value)

    def value_number(self, value):
        return value

    def render_state(self, record):
        return render_to_string("components/request_state.html", {"row": record})

    def value_state(self, record):
        return record.get_state_display() + ("（已超期）" if record.overdue else "")

    def render_parties(self, record):
        return render_to_string("components/request_parties.html", {"parties": record.parties.all()})

    def value_parties(self, record):
        return "；".join(
            f"{party.role}{party.organisation.name} {party.get_decision_display()}"
            for party in record.parties.all()
        )

    def render_due_at(self, value, record):
        if record.state != Request.State.SUBMITTED:
            return f"{timezone.localtime(value):%m-%d %H:%M}"
        return format_html(
            '<span class="due{}">{}</span>', " due-late" if record.overdue else "", remaining(value)
        )

    def value_due_at(self, value):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"


class OwnRequestTable(RequestTable):
    """我的申请."""

    closed_at = tables.DateTimeColumn(verbose_name="办结时间", format="m-d H:i", orderable=False)

    class Meta(RequestTable.Meta):
        attrs = RequestTable.Meta.attrs | {"aria-label": "我的申请"}
        empty_text = "还没有申请"


class RequestQueueTable(RequestTable):
    """A party's queue: the checks of each open row beside it."""

    chosen = tables.CheckBoxColumn(accessor="pk", exclude_from_export=True)
    kind = tables.Column(orderable=False, attrs=FEW_LINES)
    organisation = tables.Column("申请单位", orderable=False, attrs=FEW_LINES)
    waited = tables.Column("已等待", accessor="submitted_at", order_by="submitted_at")
    taken = tables.Column("审核人", empty_values=(), orderable=False)

    class Meta(RequestTable.Meta):
        attrs = RequestTable.Meta.attrs | {"aria-label": "待审申请"}
        empty_text = "没有待审核的申请"
        exclude = ("submitted_at",)

    def __init__(
        self,
        *args,
        kinds: Sequence[RequestKind],
        known: Mapping[int, Sequence[Check]],
        consents: bool = False,
        **kwargs,
    ):
        self.kinds, self.known, self.consents = {kind.key: kind for kind in kinds}, known, consents
        checks = enumerate(kinds[0].checks)
        columns = [(f"check_{place}", CheckColumn(place, title)) for place, title in checks]
        names = [name for name, _ in columns]
        head = (
            "chosen",
            "number",
            "kind",
            "organisation",
            "summary",
            *names,
            "parties",
            "state",
            "waited",
            "due_at",
            "taken",
        )
        super().__init__(*args, extra_columns=columns, sequence=head, **kwargs)
        if len(kinds) < 2:
            self.columns.hide("kind")

    @cached_property
    def results(self):
        """Checks of the rows at hand, those not known yet asked for once: of the page, or of an export."""
        rows = self.paginated_rows if hasattr(self, "page") else self.rows
        missing = [row.record for row in rows if row.record.pk not in self.known]
        return {**self.known, **checks_of(missing)}

    def render_kind(self, value):
        kind = self.kinds[value]
        return format_html('<span class="{}">{}</span>', "danger-words" if kind.danger else "", kind.title)

    def value_kind(self, value):
        return self.kinds[value].title

    def render_due_at(self, value, record):
        if not self.consents or record.state != Request.State.SUBMITTED:
            return super().render_due_at(value, record)
        late = " due-late" if record.late else ""
        until = self.kinds[record.kind].consent_until(record)
        return format_html('<span class="due{}">{}</span>', late, remaining(until))

    def render_waited(self, value, record):
        if record.state != Request.State.SUBMITTED:
            return ""
        return format_html('<span class="{}">{}</span>', aged(value), waited(value))

    def value_waited(self, value):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M:%S}"

    def render_taken(self, record):
        return "本人" if record.taken_here else record.taken_by_other or ""


class CheckColumn(tables.Column):
    """One check: a mark with words for readers and as a tip; the words in an export."""

    def __init__(self, place: int, title: str):
        self.place = place
        super().__init__(title, accessor="pk", orderable=False, attrs=CELL)

    def _check(self, record, table):
        found = table.results.get(record.pk)
        return found[self.place] if found else None

    def render(self, record, table):
        check = self._check(record, table)
        if check is None:
            return ""
        name, mark, words = MARKS[check.light]
        return format_html(
            '<span class="{}" title="{}" aria-hidden="true">{}</span><span class="visually-hidden">{}</span>',
            name, check.words or words, mark, check.words or words,
        )  # fmt: skip

    def value(self, record, table):
        check = self._check(record, table)
        return "" if check is None else MARKS[check.light][2] + (f"：{check.words}" if check.words else "")
