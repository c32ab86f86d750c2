"""设置考生状态: requests, and the second person's decision; for the statuses themselves see ``statuses``."""

import django_filters as filters
import django_tables2 as tables
from django import forms
from django.core.paginator import Paginator
from django.urls import reverse
from django.utils.html import format_html

from accounts.context import deed_record
from accounts.forms import ActionForm
from accounts.views.base import ActionView, FunctionView, ObjectMixin, PageView
from accounts.views.lists import ListView
from accounts.views.workbooks import workbook_response
from admissions.services.control_sheets import sheet_rows

from ..models import StatusChange, StatusRequest
from ..models.status import MIXED
from ..services import status as services
from ..services.control.status import STATUS

PER_PAGE = 50


class RequestTable(tables.Table):
    """Requests for a status."""

    pk = tables.Column(verbose_name="编号")
    status = tables.Column(orderable=False)
    count = tables.Column(
        accessor="candidates", verbose_name="考生数", orderable=False,
        attrs={"td": {"class": "num"}, "th": {"class": "num"}},
    )  # fmt: skip
    made_by = tables.Column(accessor="made_by__name", verbose_name="申请人", orderable=False)
    decided_by = tables.Column(accessor="decided_by__name", verbose_name="复核人", orderable=False)
    version = tables.Column(orderable=False, attrs={"td": {"class": "num"}, "th": {"class": "num"}})

    class Meta:
        model = StatusRequest
        fields = (
            "pk",
            "status",
            "count",
            "words",
            "state",
            "made_by",
            "made_at",
            "decided_by",
            "decided_at",
            "version",
        )
        attrs = {"aria-label": "考生状态申请"}
        empty_text = "没有申请"

    def render_pk(self, value):
        url = reverse("dispatch:set_candidate_status__one", args=[value])
        return format_html('<a href="{}">第 {} 号</a>', url, value)

    def value_pk(self, value):
        return value

    def render_count(self, value):
        return len(value)


class RequestFilter(filters.FilterSet):
    state = filters.ChoiceFilter(label="状态", choices=StatusRequest.State.choices, empty_label="全部")
    status = filters.ChoiceFilter(
        label="设为", choices=[*StatusRequest.Status.choices, (MIXED, "多种状态")], empty_label="全部"
    )
    words = filters.CharFilter(label="原因", lookup_expr="contains")

    class Meta:
        model = StatusRequest
        fields = ()


class StatusRequestsView(ListView):
    """Requests of the season, newest first."""

    model = StatusRequest
    table_class = RequestTable
    filterset_class = RequestFilter
    template_name = "dispatch/set_candidate_status.html"

    def get_queryset(self):
        rows = super().get_queryset().filter(season__current=True)
        return rows.select_related("made_by", "decided_by").order_by("-pk")

    @property
    def list_actions(self):
        return (
            {"title": "新建申请", "url": self.page("new"), "icon": "plus-lg", "primary": True},
            {"title": "现行状态", "url": self.page("in_force"), "icon": "list-ul"},
            {"title": "导入", "url": self.page("import"), "icon": "upload"},
            {"title": "版本", "url": self.page("versions"), "icon": "clock-history"},
        )


class OneRequest(ObjectMixin):
    """A page about one request."""

    model = StatusRequest

    def rows(self):
        return super().rows().select_related("made_by", "decided_by")

    def changes(self):
        """What it asks, of the candidates that the actor sees."""
        seen = self.visible(StatusChange).filter(request=self.object)
        return seen.select_related("candidate__dossier").order_by("candidate__number")

    def rows_told(self, changes) -> list[tuple[str, str, str, str]]:
        """Number, name, status as it was, as it is to be."""
        return [
            (
                one.candidate.number, one.candidate.name,
                STATUS.words(None, {"status": one.was, "words": one.was_words} if one.was else None),
                STATUS.words(None, {"status": one.status, "words": one.words}),
            )
            for one in changes
        ]  # fmt: skip

    def get_success_url(self):
        return self.page("one", pk=self.object.pk)


class StatusRequestPage(OneRequest, PageView):
    """A request with its candidates, and what may be done with it."""

    template_name = "dispatch/set_candidate_status_one.html"

    def get_context_data(self, **kwargs):
        request, open_ = self.object, self.object.state == StatusRequest.State.SUBMITTED
        own = request.made_by_id == self.actor.pk
        page = Paginator(self.changes(), PER_PAGE).get_page(self.request.GET.get("page"))
        gone = services.moved_on(page) if open_ else {}
        return super().get_context_data(
            rows=[
                (told, one.candidate.dossier.word, gone.get(one.candidate_id, ""))
                for told, one in zip(self.rows_told(page), page, strict=True)
            ],
            page=page,
            count=len(request.candidates),
            may_decide=open_ and not own,
            may_withdraw=open_ and own,
            decide_url=self.page("decide", pk=request.pk),
            withdraw_url=self.page("withdraw", pk=request.pk),
            export_url=self.page("export", pk=request.pk),
            versions_url=self.page("versions", city=request.city),
            list_url=self.page(),
            **kwargs,
        )


class DecideForm(ActionForm):
    agree = forms.ChoiceField(
        label="复核意见", choices=[("1", "同意，立即生效"), ("0", "不同意")], widget=forms.RadioSelect
    )
    answer = forms.CharField(label="说明", required=False, max_length=200, help_text="不同意必填")


class DecideStatusView(OneRequest, ActionView):
    """The second person decides."""

    form_class = DecideForm
    template_name = "dispatch/set_candidate_status_decide.html"
    confirm = True
    submit_label = "复核"
    done = "已复核，{result} 名考生的状态有变化。"

    def preview(self, data):
        request, changes = self.object, self.changes()
        touched = STATUS.touched_by(self.object.candidates)
        said = f"涉及 {touched.schools} 所院校、{touched.candidates} 名填报了志愿的考生。"
        gone = services.moved_on(changes[: services.MOST]).values() if data["agree"] == "1" else ()
        late = [f"{len(gone)} 名考生在申请以后状态有变化，现在不能同意，详见申请页。"] if gone else []
        return {
            "count": len(request.candidates), "unit": "名考生", "rows": self.rows_told(changes[:20]),
            "words": f"同意后立即生效。{said}" if data["agree"] == "1" else "不同意，不作改动。",
            "header": ("考生号", "姓名", "原状态", "新状态"),
            "warnings": [*late, *touched.words] if data["agree"] == "1" else [],
        }  # fmt: skip

    def act(self, data):
        return services.status_decide(
            actor=self.actor, request=self.object, agree=data["agree"] == "1", answer=data["answer"]
        )

    def get_context_data(self, **kwargs):
        return super().get_context_data(cancel_url=self.get_success_url(), **kwargs)


class WithdrawStatusView(OneRequest, ActionView):
    """Take one's own request back."""

    template_name = "dispatch/set_candidate_status_decide.html"
    submit_label = "撤回申请"
    done = "申请已撤回。"

    def act(self, data):
        services.status_withdraw(actor=self.actor, request=self.object)

    def get_context_data(self, **kwargs):
        return super().get_context_data(cancel_url=self.get_success_url(), **kwargs)


class ExportStatusView(OneRequest, FunctionView):
    """What a request asks as a sheet, which may be imported for another request."""

    def get(self, request, *args, **kwargs):
        rows = {(one.candidate.number,): {"status": one.status, "words": one.words} for one in self.changes()}
        sheet = sheet_rows(STATUS, STATUS.ground(self.actor), rows)
        deed_record(actor=self.actor, subject=f"导出考生状态第 {self.object.pk} 号申请", count=len(rows))
        return workbook_response(f"考生状态申请-{self.object.pk}.xlsx", sheet)
