"""设置考生状态: who has which status now, new requests by form, by sheet and back to a version, the versions."""

import django_filters as filters
import django_tables2 as tables
from django import forms
from django.http import Http404
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.context import deed_record
from accounts.forms import ActionForm, style_field
from accounts.models import Organisation
from accounts.refusals import Refusal
from accounts.views.lists import ListView
from accounts.views.workbooks import workbook_response
from admissions.forms_controls import SheetForm
from admissions.models import Region
from admissions.services.control_sheets import sheet_rows
from admissions.services.controls import differences, version_of
from admissions.tables import RegionColumn
from admissions.views.controls import ChangeBase, ControlMixin, ImportView, VersionsPage

from ..models import CandidateStatus, StatusRequest
from ..queries.statuses import versions_differ
from ..services import status as services
from ..services.control.status import STATUS
from ..tables_finding import MomentColumn
from .listing import numbers_chosen, numbers_of


class StatusMixin(ControlMixin):
    """A page about the statuses that an actor sees, of one city where one is meant."""

    control = STATUS

    @cached_property
    def object(self):
        city, scope = self.kwargs.get("city", ""), self.actor.scope
        own = {"", *(code[:4] for code in scope.regions if len(code) > 2)}
        if city not in own and not (scope.holds_region(city) and Region.objects.filter(code=city).exists()):
            raise Http404
        return STATUS.ground(self.actor, city)

    def tail(self, name, **kwargs):
        return self.page({"one": "in_force"}.get(name, name), **kwargs)

    def tabs(self):
        return [
            (self.tail("one"), "现行状态", "list-ul"),
            (self.page("new"), "新建申请", "plus-lg"),
            (self.tail("import"), "导入", "upload"),
            (self.page("versions"), "版本", "clock-history"),
        ]

    def get_context_data(self, **kwargs):
        return super().get_context_data(home_title="全部申请", **kwargs)


class InForceTable(tables.Table):
    """Candidates who have a status."""

    chosen = tables.CheckBoxColumn(accessor="pk", exclude_from_export=True)
    number = tables.Column("考生号", accessor="candidate__number")
    name = tables.Column("姓名", accessor="candidate__name", orderable=False)
    county = RegionColumn(verbose_name="生源县区", accessor="candidate__county", orderable=False)
    request = tables.Column("申请", accessor="request_id", orderable=False)
    since = MomentColumn(verbose_name="设置时间")

    class Meta:
        model = CandidateStatus
        fields = ("chosen", "number", "name", "county", "status", "words", "request", "since")
        attrs = {"aria-label": "现行考生状态"}
        empty_text = "没有设置了状态的考生"

    def render_request(self, value, record):
        by = f"{record.request.made_by.name} 申请，{record.request.decided_by.name} 复核"
        return f"第 {value} 号（{by}）"


class InForceFilter(filters.FilterSet):
    number = filters.CharFilter(field_name="candidate__number", lookup_expr="startswith", label="考生号")
    name = filters.CharFilter(field_name="candidate__name", lookup_expr="startswith", label="姓名")
    county = filters.ChoiceFilter(field_name="candidate__county", label="生源县区", empty_label="全部")
    status = filters.ChoiceFilter(
        label="状态", choices=CandidateStatus._meta.get_field("status").choices, empty_label="全部"
    )
    words = filters.CharFilter(label="原因", lookup_expr="contains")

    class Meta:
        model = CandidateStatus
        fields = ()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        rows, regions = Region.objects.filter(code__regex=r"^\d{6}$"), self.request.user.scope.regions
        rows = rows.filter(code__regex=f"^({'|'.join(regions)})") if regions else rows.none()
        self.filters["county"].extra["choices"] = list(rows.order_by("code").values_list("code", "name"))


class InForceView(StatusMixin, ListView):
    """Who has a status now; what is exported is the sheet that can be imported."""

    model = CandidateStatus
    table_class = InForceTable
    filterset_class = InForceFilter
    template_name = "dispatch/set_candidate_status_in_force.html"

    def get_queryset(self):
        rows = super().get_queryset().filter(season__current=True)
        return rows.select_related("candidate", "request__made_by", "request__decided_by").order_by(
            "candidate__number"
        )

    @property
    def list_actions(self):
        return (
            {"title": "改变所选", "url": self.page("new"), "bulk": True, "primary": True, "icon": "pencil"},
        )

    def get_context_data(self, **kwargs):
        return super().get_context_data(**kwargs) | {"export_bound": services.MOST}

    def export(self):
        found = self.object_list.order_by("candidate__number")
        listed = found.values_list("candidate__number", "status", "words")[: services.MOST + 1]
        rows = {(number,): {"status": status, "words": words} for number, status, words in listed}
        if len(rows) > services.MOST:
            raise Refusal(f"结果超过 {services.MOST} 行，请先缩小查询范围再导出。")
        sheet = sheet_rows(STATUS, self.object, rows)
        deed_record(actor=self.actor, subject="导出现行考生状态", count=len(rows))
        return workbook_response(f"考生状态-{timezone.localtime():%Y%m%d%H%M}.xlsx", sheet)


class AskBase(StatusMixin, ChangeBase):
    """Shows whom a request touches, and sends it to a second person when confirmed."""

    submit_label = "提交复核"
    done = "已提交第 {result.pk} 号申请，等待另一人复核。"

    def asked(self, data) -> dict:
        """The rows asked for, as of the control."""
        raise NotImplementedError

    def preview(self, data):
        data["before"], data["after"] = services.rows_changed(self.object, self.asked(data), data["words"])
        header = ("考生", "原状态", "新状态")
        return super().preview(data) | {"count": len(data["after"]), "unit": "名考生", "header": header}

    def act(self, data):
        return services.status_ask(actor=self.actor, rows=self.asked(data), words=data["words"])

    def get_success_url(self):
        return self.page()


class NewForm(ActionForm):
    status = forms.ChoiceField(label="设为", choices=StatusRequest.Status.choices)
    words = forms.CharField(label="原因", max_length=200, help_text="写入考生轨迹")
    numbers = forms.CharField(
        label="考生号", required=False, max_length=120_000, widget=forms.Textarea(attrs={"rows": 6}),
        help_text=f"一行一个，或用空格分开；一次最多 {services.MOST} 名",
    )  # fmt: skip
    upload = forms.FileField(
        label="或上传名单", required=False,
        help_text="XLSX 或 CSV，须有“考生号”一列；各人状态不同的，请用“导入”",
    )  # fmt: skip

    def clean(self):
        data = super().clean()
        if data.get("upload"):
            data["numbers"] = "\n".join(numbers_of(data["upload"]))
        data["numbers"] = (data.get("numbers") or "").split()
        if not data["numbers"] and not self.errors:
            self.add_error("numbers", "请填写考生号或上传名单。")
        return data


class NewStatusView(AskBase):
    """One status for a list of candidates, looked at before it is sent."""

    form_class = NewForm
    template_name = "dispatch/set_candidate_status_new.html"

    def post(self, request, *args, **kwargs):
        if "status" in request.POST:
            return super().post(request, *args, **kwargs)
        numbers = numbers_chosen(
            request, self.visible(CandidateStatus).filter(season__current=True), "candidate__number",
            InForceFilter, most=services.MOST,
        )  # fmt: skip
        if not numbers:
            return redirect(self.tail("one"))
        form = NewForm(initial={"numbers": "\n".join(numbers), "status": "restored"}, actor=self.actor)
        return self.render_to_response(self.get_context_data(form=form))

    def asked(self, data):
        return services.rows_named(status=data["status"], words=data["words"], numbers=data["numbers"])

    def preview(self, data):
        self.request.POST = self.request.POST.copy()  # a list that was uploaded is sent again as numbers
        self.request.POST["numbers"] = "\n".join(data["numbers"])
        return super().preview(data)


class StatusSheetForm(SheetForm):
    """A sheet of statuses, and why the whole is asked for."""

    words = forms.CharField(
        label="申请说明", max_length=200, help_text="交复核人看；表格里没有写原因的行，也用它作原因"
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        del self.fields["note"]
        style_field(self.fields["words"])


class ImportStatusView(AskBase, ImportView):
    """A sheet of several statuses is read and checked as a whole, shown, and asked for when confirmed."""

    form_class = StatusSheetForm
    template_name = "dispatch/set_candidate_status_import.html"
    submit_label = "上传并检查"

    def asked(self, data):
        return {key: to_be for key, _, to_be in differences(data["before"], data["after"]) if to_be}

    def act(self, data):
        if data["seen"] != version_of(STATUS, self.object):
            raise Refusal("您查看之后有人修改过考生状态，没有提交。", hint="请重新导出，核对后再提交。")
        return super().act(data)


class StatusVersionsPage(StatusMixin, VersionsPage):
    """The versions of a city: who asked, who agreed, what changed; two of them compared."""

    template_name = "dispatch/set_candidate_status_versions.html"

    @property
    def city(self) -> str:
        return self.object.city

    def versions(self):
        if not self.city:
            return []
        kept = STATUS.kept(self.object).select_related("made_by", "decided_by")
        own = self.actor.scope.holds_region(self.city)
        found = [
            {
                "number": one.version, "at": one.decided_at, "rows": len(one.candidates), "note": one.words,
                "by": f"{one.made_by.name} 申请，{one.decided_by.name} 复核",
                "about": self.page("one", pk=one.pk), "restore": self._restore(one.version) if own and at else "",
            }
            for at, one in enumerate(kept)
        ]  # fmt: skip
        if found:
            first = {"number": 0, "at": None, "by": "", "rows": 0, "note": "第一次设置之前"}
            found.append(first | {"restore": self._restore(0) if own else ""})
        return found

    def _restore(self, number: int) -> str:
        return self.page("versions__restore", city=self.city, number=number)

    def differ(self, old, new):
        return versions_differ(actor=self.actor, season=self.object.season, city=self.city, old=old, new=new)

    def get_context_data(self, **kwargs):
        cities = []
        if self.actor.organisation.kind == Organisation.Kind.PROVINCE:
            codes = StatusRequest.objects.visible_to(self.actor).filter(
                season=self.object.season, version__isnull=False
            )
            names = Region.objects.filter(code__in=codes.values("city")).order_by("code")
            cities = [
                (self.page("versions", city=code), name, code == self.city)
                for code, name in names.values_list("code", "name")
            ]
        return super().get_context_data(cities=cities, rows_title="考生数", **kwargs)


class RestoreForm(ActionForm):
    words = forms.CharField(label="原因", max_length=200, help_text="为什么还原；交复核人看")
    leave_out = forms.BooleanField(
        label="其余考生照常还原", required=False,
        help_text="有考生在这一版之后已投档、录取或挂起，不能还原时勾选；这些考生保持不变",
    )  # fmt: skip


class RestoreStatusView(AskBase):
    """What brings the statuses of a city back to a version, as a request for a second person."""

    form_class = RestoreForm
    template_name = "dispatch/set_candidate_status_restore.html"

    @cached_property
    def ground(self):
        try:
            return services.ground_back(self.actor, self.object.city, self.kwargs["number"])
        except Refusal as refusal:
            if self.actor.scope.holds_region(self.kwargs["city"]):
                raise Http404 from refusal
            raise

    def get_context_data(self, **kwargs):
        _, faults = services.rows_back(self.ground, self.kwargs["number"])
        return super().get_context_data(
            number=self.kwargs["number"], faults=faults[:200], fault_count=len(faults), **kwargs
        )

    def asked(self, data):
        rows, faults = services.rows_back(self.ground, self.kwargs["number"])
        gone = {fault.key for fault in faults} if data["leave_out"] else ()
        return {key: row for key, row in rows.items() if key not in gone}

    def act(self, data):
        return services.status_restore(
            actor=self.actor, city=self.kwargs["city"], number=self.kwargs["number"], words=data["words"],
            leave_out=data["leave_out"],
        )  # fmt: skip
