"""查看补录考生审核结果: what became of those whom the school has entered, with numbers and reasons."""

import django_filters as filters
import django_tables2 as tables
from django.db.models import Prefetch
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from accounts.masking import mask_id_number
from accounts.views.lists import ListView
from admissions.models import Request, RequestParty
from admissions.queries.requests import own_requests
from admissions.requests import kind_of

from ..entries import KEY
from .lists import city_names

STATES = [pair for pair in Request.State.choices if pair[0] != Request.State.DRAFT]


def grounds() -> list[tuple[str, str]]:
    """Categories of late candidates, by code."""
    return [(ground.code, ground.name) for ground in kind_of(KEY).reasons("ask")]


class LateResultFilter(filters.FilterSet):
    """By state, person, number and who entered him."""

    state = filters.ChoiceFilter(label="审核结果", choices=STATES, empty_label="全部")
    name = filters.CharFilter(label="姓名", field_name="payload__name", lookup_expr="startswith")
    id_number = filters.CharFilter(label="证件号码", method="by_id_number")
    number = filters.CharFilter(label="考生号", field_name="late_candidate__number", lookup_expr="startswith")
    category = filters.ChoiceFilter(label="考生类别", field_name="reason", choices=grounds)
    handler = filters.CharFilter(label="经办人", field_name="payload__handler")

    class Meta:
        model = Request
        fields = ()

    def by_id_number(self, rows, name, value):
        return rows.filter(payload__id_number=value.strip().upper())


class LateResultTable(tables.Table):
    """One's own late candidates."""

    request = tables.Column("申请编号", accessor="number", orderable=False)
    name = tables.Column("姓名", accessor="payload__name", orderable=False)
    id_number = tables.Column("证件号码", accessor="payload__id_number", orderable=False)
    category = tables.Column("考生类别", accessor="reason", orderable=False)
    city = tables.Column("生源地市", accessor="payload__county", orderable=False)
    handler = tables.Column("经办人", accessor="payload__handler", orderable=False)
    submitted_at = tables.DateTimeColumn(verbose_name="提交时间", format="m-d H:i")
    state = tables.Column("审核结果", orderable=False)
    late = tables.Column("考生号", accessor="late_candidate__number", orderable=False)
    answer = tables.Column("审核意见", empty_values=(), orderable=False, attrs={"td": {"class": "wide"}})
    closed_at = tables.DateTimeColumn(verbose_name="办结时间", format="m-d H:i")

    class Meta:
        model = Request
        fields = ()
        attrs = {"data-freeze": "", "class": "table-close", "aria-label": "补录考生审核结果"}
        empty_text = "还没有补录考生"
        order_by = ()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.cities, self.grounds = city_names(), dict(grounds())
        self.refusals = {reason.code: reason.name for reason in kind_of(KEY).reasons("refuse")}

    def render_request(self, value, record):
        return format_html(
            '<a href="{}">{}</a>',
            reverse("registration:enter_late_candidate__one", args=[record.pk]),
            value,
        )

    def value_request(self, value):
        return value

    def render_id_number(self, value):
        return mask_id_number(value)

    def render_category(self, value):
        return self.grounds.get(value, value)

    def render_city(self, value):
        return self.cities.get(value[:4], value)

    def render_state(self, record):
        return render_to_string("components/request_state.html", {"row": record})

    def value_state(self, record):
        return record.get_state_display()

    def render_answer(self, record):
        said = ["：".join(filter(None, [self.refusals.get(p.reason, ""), p.words])) for p in record.answers]
        return "；".join(filter(None, said))

    def value_submitted_at(self, value):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"

    def value_closed_at(self, value):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"


class LateResultsView(ListView):
    """What became of one's own late candidates, the last submitted first."""

    model = Request
    table_class = LateResultTable
    filterset_class = LateResultFilter

    def get_queryset(self):
        answers = RequestParty.objects.exclude(decision="")
        rows = own_requests(self.actor, kind_of(KEY)).filter(submitted_at__isnull=False)
        rows = rows.select_related("late_candidate").prefetch_related(None)
        return rows.prefetch_related(Prefetch("parties", answers, to_attr="answers")).order_by(
            "-submitted_at"
        )
