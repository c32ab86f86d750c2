"""录取在库考生、批量投入录取: a school admits from the pool whom it can name."""

from django.contrib import messages
from django.shortcuts import redirect
from django.utils import timezone

from accounts.refusals import Refusal
from accounts.views.base import ActionView, FunctionView, ObjectMixin
from accounts.views.workbooks import workbook_response
from admissions.lifecycle import State
from admissions.views.papers import CarriesPaper
from quotas.models import PlanLine

from ..forms_pool import COLUMNS, BulkForm, PoolForm, agreement_require, as_text
from ..models import Placement, Sheet
from ..queries.sheets import counts_of
from ..queries.since import runs_under_way
from ..services import pool, pool_bulk


class PoolContext:
    """What both pages show below their form: seats that may be filled, and what was admitted so far."""

    def get_context_data(self, **kwargs):
        own = self.visible(Placement).filter(school=self.actor.organisation_id, method=Placement.Method.POOL)
        admitted = own.open().filter(candidate__dossier__state__in=(State.ADMIT_SUBMITTED, State.ADMITTED))
        lines = PlanLine.objects.filter(school=self.actor.organisation_id, season__current=True).with_left()
        pausing, rehearsed = runs_under_way(lines.order_by().values_list("batch", flat=True).distinct())
        return super().get_context_data(
            pauses=pausing.values(),
            preparing=rehearsed.values(),
            admitted=admitted.select_related("candidate__dossier", "plan_line", "batch").order_by("-pk")[:50],
            lines=lines.filter(left__gt=0)
            .select_related("batch")
            .order_by("city", "batch", "major_code")[:60],
            **kwargs,
        )


class ToldBeside:
    """A refusal at the confirmation is told on it, not on the empty form. Subclasses give ``needed``."""

    needed: frozenset[str] = frozenset()

    def form_invalid(self, form):
        if "confirmed" in self.request.POST and self.needed <= form.cleaned_data.keys():
            try:
                context = self.get_context_data(form=form, preview=self.preview(form.cleaned_data))
                return self.render_to_response(context, status=422)
            except Refusal:
                pass
        return super().form_invalid(form)


class AdmitFromPoolView(ToldBeside, CarriesPaper, PoolContext, ActionView):
    """录取在库考生: find one candidate by number and proof, choose the major, submit."""

    form_class, needed = PoolForm, frozenset({"number", "proof"})
    confirm = True
    submit_label = "录取"
    done = "{result}"

    def preview(self, data):
        return {"found": pool.pool_find(actor=self.actor, number=data["number"], proof=data["proof"])}

    def act(self, data):
        agreement_require(data)
        if data["plan_line"] is None:
            raise Refusal("请选择录取专业。")
        placement = pool.admit_from_pool(
            actor=self.actor,
            number=data["number"],
            proof=data["proof"],
            plan_line=data["plan_line"].pk,
            paper=data["paper"],
        )
        return f"考生 {data['number']} 已提交录取（{placement.plan_line.major_name}），等待生源地招办审核。"


class WithdrawFromPoolView(ObjectMixin, FunctionView):
    """Take back an admission from the pool that still waits."""

    model = Placement

    def post(self, request, **kwargs):
        try:
            pool.pool_withdraw(actor=self.actor, placement=self.object)
            messages.success(request, "已撤回，考生回到在库，计划已释放。")
        except Refusal as refusal:
            messages.error(request, str(refusal))
        return redirect(self.page())


class AdmitInBulkView(ToldBeside, CarriesPaper, PoolContext, ActionView):
    """批量投入录取: a list of numbers, names and majors; each line is answered."""

    form_class, needed = BulkForm, frozenset({"rows"})
    confirm = True
    submit_label = "批量录取"
    done = "{result}"

    def get_context_data(self, **kwargs):
        own = self.visible(Sheet).filter(school=self.actor.organisation_id, cancelled_at__isnull=True)
        own = list(own.filter(released_at__isnull=False).select_related("batch")[:50])
        counts = counts_of(own)
        sheets = [
            (sheet, counts[sheet.pk])
            for sheet in own
            if counts[sheet.pk].undecided or counts[sheet.pk].to_admit
        ]
        return super().get_context_data(sheets=sheets, **kwargs)

    def preview(self, data):
        results = pool_bulk.pool_check(actor=self.actor, lines=data["rows"])
        results.sort(
            key=lambda result: result.good
        )  # what cannot be done first, each in the order of the list
        return {
            "results": results,
            "good": sum(result.good for result in results),
            "bad": sum(not result.good for result in results),
            "text": as_text(data["rows"]),
        }

    def act(self, data):
        agreement_require(data)
        self.results = pool_bulk.admit_in_bulk(actor=self.actor, lines=data["rows"], paper=data["paper"])
        good = sum(result.good for result in self.results)
        return f"已提交录取 {good} 名，未办理 {len(self.results) - good} 名，逐行结果见下。"

    def form_valid(self, form):
        if "wrong" in self.request.POST:
            return self.wrong_rows(form.cleaned_data["rows"])
        response = super().form_valid(form)
        if hasattr(self, "results"):  # each line is answered, also after the deed
            return self.render_to_response(self.get_context_data(form=form, results=self.results))
        return response

    def wrong_rows(self, lines):
        """The lines that cannot be done as a workbook of the same columns, each with its reason."""
        results = pool_bulk.pool_check(actor=self.actor, lines=lines)
        rows = [(r.line.number, r.line.name, r.line.major, r.words) for r in results if not r.good]
        name = f"批量投入录取-不能办理-{timezone.localtime():%Y%m%d%H%M}.xlsx"
        return workbook_response(name, [(*COLUMNS, "原因"), *rows])
