"""录取名册审核备案: printed rosters, verified and filed by a second person."""

import django_filters as filters
import django_tables2 as tables
from django.contrib import messages
from django.shortcuts import redirect
from django.template.loader import get_template
from django.utils import timezone

from accounts.refusals import Refusal
from accounts.views.base import ActionView
from accounts.views.lists import ListView
from admissions.models import Region
from admissions.services.windows import STAGES, season_of

from ..models import Roster
from ..services.filing import roster_file, roster_verify
from .printing import PrintedRosterView

DONE = [choice for choice in Roster.State.choices if choice[0] != Roster.State.QUEUED]


class RosterFilters(filters.FilterSet):
    city = filters.ChoiceFilter(label="主管地市", method="by_city")
    school = filters.CharFilter(label="院校代码或名称", method="by_school")
    state = filters.ChoiceFilter(label="状态", choices=DONE)
    stage = filters.ChoiceFilter(label="阶段", choices=list(STAGES.items()))

    class Meta:
        model = Roster
        fields: list[str] = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        province = self.request.user.scope.province
        cities = Region.objects.filter(parent=province).values_list("code", "name")
        self.filters["city"].extra["choices"] = [(province, "省属"), *cities]

    def by_city(self, rows, name, value):
        if len(value) == 2:
            return rows.filter(school__supervisor=value)
        return rows.filter(school__supervisor__startswith=value)

    def by_school(self, rows, name, value):
        return rows.filter(school__name__contains=value) | rows.filter(school__code__startswith=value)


class RosterTable(tables.Table):
    school_code = tables.Column("院校代码", accessor="school__code")
    school = tables.Column("院校", accessor="school__name")
    stage = tables.Column("阶段")
    version = tables.Column("版本", attrs={"td": {"class": "num"}, "th": {"class": "num"}})
    students = tables.Column("人数", attrs={"td": {"class": "num"}, "th": {"class": "num"}})
    pages = tables.Column("页数", attrs={"td": {"class": "num"}, "th": {"class": "num"}})
    state = tables.Column("状态")
    printed_by = tables.Column("打印人", accessor="printed_by__name")
    printed_at = tables.Column("打印时间")
    filed_by = tables.Column("备案人", accessor="filed_by__name", default="")
    filed_at = tables.Column("备案时间", default="")
    digest = tables.Column("摘要", orderable=False)

    class Meta:
        attrs = {"aria-label": "录取名册", "data-freeze": ""}
        empty_text = "没有符合条件的名册"

    def render_stage(self, value):
        return "第一" if value == 1 else "第二"

    def render_state(self, record):
        return get_template("rosters/roster_state.html").render({"roster": record})

    def value_state(self, record):
        return record.get_state_display()

    def render_printed_at(self, value):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"

    render_filed_at = render_printed_at

    def render_digest(self, value):
        return value[:16]

    def value_digest(self, value):
        return value


class AuditRostersView(ListView):
    """Printed rosters of the schools that the actor's office supervises."""

    model = Roster
    table_class = RosterTable
    filterset_class = RosterFilters

    def get_queryset(self):
        rows = super().get_queryset().filter(season=season_of(self.actor), kind=Roster.Kind.VOCATIONAL)
        rows = rows.exclude(state=Roster.State.QUEUED)
        return rows.select_related("school", "printed_by", "filed_by").order_by(
            "state", "school__code", "-version"
        )

    def get_table_kwargs(self):
        return {
            "extra_columns": [
                (
                    "school",
                    tables.Column(
                        "院校",
                        accessor="school__name",
                        linkify=lambda record: self.page("one", pk=record.pk),
                    ),
                )
            ],
            "sequence": ("school_code", "school", "..."),
        }

    def get_context_data(self, **kwargs):
        rows = self.get_queryset().order_by()
        printed, filed = rows.filter(state="printed").count(), rows.filter(state="filed").count()
        figures = [
            {"title": "待备案", "value": printed, "url": "?state=printed"},
            {"title": "已备案", "value": filed, "of": printed + filed, "url": "?state=filed"},
        ]
        return super().get_context_data(figures=figures, **kwargs)


class AuditRosterView(PrintedRosterView, ActionView):
    """One version: the file, its digest, the ledger; verified or filed."""

    template_name = "rosters/audit_roster.html"
    confirm = True
    submit_label = "备案"
    done = "名册已备案。"

    def post(self, request, *args, **kwargs):
        if "verify" in request.POST:
            if roster_verify(actor=self.actor, roster=self.object):
                messages.success(request, f"文件与打印时的摘要相符：{self.object.digest}")
            else:
                messages.error(request, "文件与打印时的摘要不符，可能已被改动，请重新打印。")
            return redirect(self.get_success_url())
        return super().post(request, *args, **kwargs)

    def preview(self, data):
        roster = self.object
        if roster.printed_by_id == self.actor.pk:
            raise Refusal("打印人不能备案自己打印的名册，请由另一人审核备案。")
        words = (
            f"将备案 {roster}：{roster.students} 人，{roster.pages} 页，摘要 {roster.digest[:16]}。"
            "备案后名册中的考生只能通过更正变动。"
        )
        return {"words": words, "count": roster.students, "unit": "名新生"}

    def act(self, data):
        roster_file(actor=self.actor, roster=self.object)

    def get_success_url(self):
        return self.page("one", pk=self.object.pk)
