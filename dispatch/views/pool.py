"""录取在库考生、批量投入录取: a school admits from the pool whom it can name."""

from django.contrib import messages
from django.shortcuts import redirect

from accounts.refusals import Refusal
from accounts.views.base import ActionView, FunctionView, ObjectMixin
from admissions.lifecycle import State
from quotas.models import PlanLine

from ..forms_pool import BulkForm, PoolForm, as_text
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


class AdmitFromPoolView(PoolContext, ActionView):
    """录取在库考生: find one candidate by number and proof, choose the major, submit."""

    form_class = PoolForm
    confirm = True
    submit_label = "录取"
    done = "{result}"

    def preview(self, data):
        return {"found": pool.pool_find(actor=self.actor, number=data["number"], proof=data["proof"])}

    def act(self, data):
        if not data["agreed"]:
            raise Refusal("请先确认已取得考生本人及家长同意。")
        if data["plan_line"] is None:
            raise Refusal("请选择录取专业。")
        placement = pool.admit_from_pool(
            actor=self.actor, number=data["number"], proof=data["proof"], plan_line=data["plan_line"].pk
        )
        return f"考生 {data['number']} 已提交录取（{placement.plan_line.major_name}），等待生源地招办审核。"

    def form_invalid(self, form):
        """A refusal after the candidate was found is told beside him."""
        if "confirmed" in self.request.POST and {"number", "proof"} <= form.cleaned_data.keys():
            try:
                context = self.get_context_data(form=form, preview=self.preview(form.cleaned_data))
                return self.render_to_response(context, status=422)
            except Refusal:
                pass
        return super().form_invalid(form)


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


class AdmitInBulkView(PoolContext, ActionView):
    """批量投入录取: a list of numbers, names and majors; each line is answered."""

    form_class = BulkForm
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
        return {
            "results": results,
            "good": sum(result.good for result in results),
            "bad": sum(not result.good for result in results),
            "text": as_text(data["rows"]),
        }

    def act(self, data):
        if not data["agreed"]:
            raise Refusal("请先确认已取得考生本人及家长同意。")
        self.results = pool_bulk.admit_in_bulk(actor=self.actor, lines=data["rows"])
        good = sum(result.good for result in self.results)
        return f"已提交录取 {good} 名，未办理 {len(self.results) - good} 名，逐行结果见下。"

    def form_valid(self, form):
        response = super().form_valid(form)
        if hasattr(self, "results"):  # each line is answered, also after the deed
            return self.render_to_response(self.get_context_data(form=form, results=self.results))
        return response
