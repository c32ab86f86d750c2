"""设置考生状态: requests, a new one, and the second person's decision."""

import django_filters as filters
import django_tables2 as tables
from django import forms
from django.urls import reverse
from django.utils.html import format_html

from accounts.context import deed_record
from accounts.forms import ActionForm
from accounts.views.base import ActionView, FunctionView, ObjectMixin, PageView
from accounts.views.lists import ListView
from accounts.views.workbooks import workbook_response
from admissions.models import Candidate

from ..models import StatusRequest
from ..services import status as services
from .listing import numbers_of


class RequestTable(tables.Table):
    """Requests for a status."""

    pk = tables.Column(verbose_name="编号")
    status = tables.Column(orderable=False)
    count = tables.Column(accessor="candidates", verbose_name="考生数", orderable=False)
    made_by = tables.Column(accessor="made_by__name", verbose_name="申请人", orderable=False)
    decided_by = tables.Column(accessor="decided_by__name", verbose_name="复核人", orderable=False)

    class Meta:
        model = StatusRequest
        fields = ("pk", "status", "count", "words", "state", "made_by", "made_at", "decided_by", "decided_at")
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
    status = filters.ChoiceFilter(label="设为", choices=StatusRequest.Status.choices, empty_label="全部")
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
        return ({"title": "新建申请", "url": self.page("new"), "icon": "plus-lg", "primary": True},)


class NewForm(ActionForm):
    status = forms.ChoiceField(label="设为", choices=StatusRequest.Status.choices)
    words = forms.CharField(label="原因", max_length=200, help_text="写入考生轨迹")
    numbers = forms.CharField(
        label="考生号", required=False, max_length=60_000, widget=forms.Textarea(attrs={"rows": 6}),
        help_text=f"一行一个，或用空格分开；一次最多 {services.MOST} 名",
    )  # fmt: skip
    upload = forms.FileField(label="或上传名单", required=False, help_text="XLSX 或 CSV，须有“考生号”一列")

    def clean(self):
        data = super().clean()
        if data.get("upload"):
            data["numbers"] = "\n".join(numbers_of(data["upload"]))
        data["numbers"] = (data.get("numbers") or "").split()
        if not data["numbers"] and not self.errors:
            self.add_error("numbers", "请填写考生号或上传名单。")
        return data


class NewStatusView(ActionView):
    """A request, looked at before it is sent."""

    form_class = NewForm
    template_name = "dispatch/set_candidate_status_new.html"
    confirm = True
    submit_label = "提交复核"
    done = "已提交，等待另一人复核。"

    def preview(self, data):
        found = services.candidates_named(actor=self.actor, status=data["status"], numbers=data["numbers"])
        self.request.POST = self.request.POST.copy()  # a list that was uploaded is sent again as numbers
        self.request.POST["numbers"] = "\n".join(candidate.number for candidate in found)
        return {
            "count": len(found), "unit": "名考生", "header": ("考生号", "姓名", "现状态"),
            "rows": [(c.number, c.name, c.dossier.word) for c in found[:20]],
            "words": "提交后由另一人复核，复核同意才生效。",
        }  # fmt: skip

    def act(self, data):
        services.status_request(
            actor=self.actor, status=data["status"], words=data["words"], numbers=data["numbers"]
        )

    def get_context_data(self, **kwargs):
        return super().get_context_data(cancel_url=self.page(), **kwargs)


class OneRequest(ObjectMixin):
    """A page about one request."""

    model = StatusRequest

    def rows(self):
        return super().rows().select_related("made_by", "decided_by")

    def candidates(self):
        seen = self.visible(Candidate).filter(pk__in=self.object.candidates)
        return seen.select_related("dossier").order_by("number")

    def get_success_url(self):
        return self.page("one", pk=self.object.pk)


class StatusRequestPage(OneRequest, PageView):
    """A request with its candidates, and what may be done with it."""

    template_name = "dispatch/set_candidate_status_one.html"

    def get_context_data(self, **kwargs):
        request, open_ = self.object, self.object.state == StatusRequest.State.SUBMITTED
        own = request.made_by_id == self.actor.pk
        return super().get_context_data(
            candidates=self.candidates()[:200],
            count=len(request.candidates),
            may_decide=open_ and not own,
            may_withdraw=open_ and own,
            decide_url=self.page("decide", pk=request.pk),
            withdraw_url=self.page("withdraw", pk=request.pk),
            export_url=self.page("export", pk=request.pk),
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
        request = self.object
        verb = f"设为“{request.get_status_display()}”" if data["agree"] == "1" else "不作改动"
        rows = [(c.number, c.name, c.dossier.word) for c in self.candidates()[:20]]
        return {
            "count": len(request.candidates), "unit": "名考生", "words": verb, "rows": rows,
            "header": ("考生号", "姓名", "现状态"),
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
    """The candidates of a request as a sheet, which may be uploaded for another request."""

    def get(self, request, *args, **kwargs):
        rows = [(c.number, c.name, c.dossier.word) for c in self.candidates()]
        deed_record(actor=self.actor, subject=f"导出考生状态第 {self.object.pk} 号申请", count=len(rows))
        return workbook_response(f"考生状态申请-{self.object.pk}.xlsx", [("考生号", "姓名", "现状态"), *rows])
