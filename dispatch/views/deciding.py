"""组长录退、指定录退档案: sheets of a school, the reading page, decisions, submission.

Both functions share these pages; only the leader's has submission and what goes with it.
"""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect

from accounts.refusals import Refusal
from accounts.views.base import ActionView, FunctionView, PageView

from ..forms_deciding import DecisionForm
from ..models import Sheet
from ..queries.handing import own_work
from ..queries.keeping import taken_back_from
from ..queries.reading import deadline_of, placements_named
from ..queries.sheets import counts_of, differences_of, rows_of, sent_back
from ..services import deciding, submitting
from ..services.handing import LEADER, read_by
from ..services.papers import PapersMissing, papers_require
from ..services.school import runs_pausing
from .reading_list import keep_of, workbook_of
from .sheet import Pages, SheetMixin


class SheetsView(PageView):
    """The released sheets of one's school, each with its counts; and any of their dossiers by name."""

    template_name = "dispatch/sheets.html"

    def get_context_data(self, **kwargs):
        own = self.visible(Sheet).filter(school__in=self.actor.scope.schools)
        sheets = list(own.select_related("batch__season", "school", "run")[:200])
        counts = counts_of(sheets)
        mine, back = own_work(self.actor, sheets), sent_back(sheets)
        until = {sheet.batch_id: sheet.batch for sheet in sheets if not sheet.submitted_at}
        until = {key: deadline_of(batch) for key, batch in until.items()}
        # What was handed to a member comes before what all may read; otherwise as it is, the newest first.
        sheets.sort(key=lambda sheet: not (sheet.pk in mine and mine[sheet.pk].undecided))
        words = self.request.GET.get("q", "").strip()
        return super().get_context_data(
            sheets=[
                (sheet, counts[sheet.pk], until.get(sheet.batch_id), mine.get(sheet.pk), back.get(sheet.pk))
                for sheet in sheets
            ],
            words=words,
            found=read_by(self.actor, placements_named(self.actor, words))[:20] if words else None,
            leader=self.function.key == LEADER,
            names=Pages(self.function),
            pauses=runs_pausing({sheet.batch_id for sheet in sheets}).values(),
            **kwargs,
        )


class ReadingPage(SheetMixin, PageView):
    """The reading page: header, list left, dossier right."""

    def get(self, request, *args, **kwargs):
        if request.GET.get("export") == "xlsx":
            what = {"actor": self.actor, "sheet": self.object, "filters": self.filters}
            return workbook_of(rows=self.listed(), **what)
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs):
        gone = list(taken_back_from(self.object))
        return super().get_context_data(gone=gone, **kwargs) | self.page_context()


class DossierView(SheetMixin, PageView):
    """The right pane of the reading page alone."""

    template_name = "dispatch/reading_dossier.html"

    def get_context_data(self, **kwargs):
        context = self.around() | self.reading(self.kwargs["candidate"])
        if context["reading"] is None:
            raise Http404
        return super().get_context_data(**kwargs) | context


class SheetDeed(SheetMixin, FunctionView):
    """A deed of one button on a sheet; a refusal is told on the page it came from."""

    def post(self, request, **kwargs):
        try:
            messages.success(request, self.act())
        except Refusal as refusal:
            messages.error(request, str(refusal))
        return self.back()


class OpenView(SheetDeed):
    def act(self):
        moved = deciding.sheet_open(actor=self.actor, sheet=self.object)
        return f"投档单 {self.object.number} 已打开，{moved} 份档案转为“院校在阅”。"


class AssignView(SheetDeed):
    def act(self):
        return str(submitting.majors_assign(actor=self.actor, sheet=self.object))


class DecideView(SheetMixin, FunctionView):
    """One decision, saved at once as a draft: answers with row, header and pane, or with the page."""

    def post(self, request, **kwargs):
        form = DecisionForm(request.POST, actor=self.actor)
        status, words = 200, ""
        try:
            form.carry_out(self.object)
        except deciding.Stale as stale:
            status, words = 409, str(stale)
        except Refusal as refusal:
            status, words = 422, str(refusal)
        if request.htmx or words:
            return self.answer(form.key, words=words, status=status)
        return redirect(self.next_address(form))

    def next_address(self, form) -> str:
        """The page with the next dossier of the filtered list open."""
        order = list(self.dossiers().values_list("candidate", flat=True))
        after = order[order.index(form.key) + 1 :] if form.key in order else order
        listed = set(self.listed().values_list("candidate", flat=True))
        following = next((key for key in after if key in listed), form.key)
        keep = keep_of(self.filters)
        return self.page("one", pk=self.object.pk) + f"?dossier={following}" + (f"&{keep}" if keep else "")


class SheetAction(SheetMixin, ActionView):
    """A deed of the leader on a whole sheet, confirmed with its counts."""

    template_name = "dispatch/sheet_deed.html"
    confirm = True

    def get(self, request, *args, **kwargs):
        """There is nothing to fill in: the confirmation is shown at once."""
        try:
            context = self.get_context_data(form=self.get_form(), preview=self.preview({}))
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return self.back_from(refusal)
        return self.render_to_response(context)

    def back_from(self, refusal: Refusal):
        """Where a refusal is told that came before the confirmation."""
        return self.back()

    def post(self, request, *args, **kwargs):
        return self.back() if "edit" in request.POST else super().post(request, *args, **kwargs)

    def get_success_url(self):
        return self.page("one", pk=self.object.pk)

    def get_context_data(self, **kwargs):
        return super().get_context_data(cancel_url=self.get_success_url(), **kwargs) | self.frame()


class SubmitView(SheetAction):
    """Submit all decisions of a sheet."""

    submit_label = "提交送审"
    done = "已提交：{result}。"

    def back_from(self, refusal):
        """Where papers are missing, the list of those who lack them."""
        if isinstance(refusal, PapersMissing):
            return redirect(self.page("papers", pk=self.object.pk))
        return super().back_from(refusal)

    def preview(self, data):
        counts = counts_of([self.object])[self.object.pk]
        warnings = []
        if counts.undecided:
            raise Refusal(f"还有 {counts.undecided} 份档案未定，全部作出决定后才能提交。")
        papers_require(rows_of(self.object, shown="lacking").filter(candidate__dossier__held=False))
        if counts.held:
            warnings.append(f"{counts.held} 份档案已被招办挂起，不在本次提交之内。")
        if counts.left:
            warnings.append(f"提交后贵校本批次还缺 {counts.left} 名，可在投档结束后录取在库考生。")
        words = f"拟录取 {counts.to_admit} 名，拟退档 {counts.to_return} 名；计划 {counts.plan}，剩余 {counts.left}。"
        differences = differences_of(self.object)
        over = [d for d in differences if d.over]
        if over:
            named = "、".join(f"{d.line.major_name} {d.over} 名" for d in over)
            warnings.append(f"超过计划：{named}（同分增加的名额）。")
        preview = {"count": counts.proposed, "unit": "份档案", "words": words, "warnings": warnings}
        return preview | {"differences": differences}

    def act(self, data):
        return submitting.sheet_submit(actor=self.actor, sheet=self.object)


class WithdrawView(SheetAction):
    """Take a submission back, as far as no officer has taken it."""

    submit_label = "撤回"
    done = "已撤回 {result} 份档案，可以修改后重新提交。"

    def preview(self, data):
        waiting = counts_of([self.object])[self.object.pk].waiting
        words = "招办尚未领取审核的档案将退回为草稿，已占用的计划不变。"
        return {"count": waiting, "unit": "份待审档案（至多）", "words": words}

    def act(self, data):
        return submitting.sheet_withdraw(actor=self.actor, sheet=self.object)
