"""档案管理 of an office: cancel a sheet or a dispatch, recall, hold and release."""

import re
from collections import Counter

from django import forms
from django.contrib import messages
from django.shortcuts import redirect
from django.utils.functional import cached_property

from accounts.forms import ActionForm
from accounts.views.base import ActionView, ObjectMixin
from accounts.views.lists import ListView
from admissions.lifecycle import WORDS, State
from admissions.models import Dossier

from ..filters_keeping import AtSchoolFilters, HeldFilters
from ..models import Placement, Sheet
from ..queries.finding import placements_on, sheets_in_figures
from ..queries.keeping import at_schools, held_dossiers, sheets_to_cancel
from ..queries.sheets import counts_of
from ..services import keeping
from ..tables_keeping import AtSchoolTable, CancelSheetTable, HeldTable
from .finding import FiguredListView
from .listing import numbers_chosen, numbers_of

SHOWN = 20
#: Who was taken back by mistake: how he comes there again.
WAY_BACK = (
    "办错了没有撤销键：档案在库后，可用“指定考生线上点投”或“指定院校投档”重新投给该校，院校须重新阅档；"
    "院校先前的决定和退档原因作废，不影响再投。"
)


class ReasonForm(ActionForm):
    reason = forms.CharField(label="原因", max_length=200, widget=forms.Textarea(attrs={"rows": 2}))


class CandidatesForm(ReasonForm):
    numbers = forms.CharField(
        label="考生号",
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=f"每行一个，也可用空格或逗号分开；一次最多 {keeping.FEW} 名",
    )
    upload = forms.FileField(
        label="或上传名单", required=False, help_text="XLSX 或 CSV，须有“考生号”一列；与上面填写的合并"
    )
    field_order = ("numbers", "upload", "reason")

    def clean(self):
        data = super().clean()
        numbers = re.split(r"[\s，,、;；]+", data.get("numbers") or "")
        if data.get("upload"):
            numbers += numbers_of(data["upload"])
        data["numbers"] = numbers = [number for number in numbers if number]
        self.data = self.data.copy()
        self.data["numbers"] = "\n".join(numbers)  # a file is sent once, its numbers with each form
        if not numbers and not self.errors:
            self.add_error("numbers", "请填写考生号或上传名单。")
        return data


class CancelSheetsView(FiguredListView):
    """指定投档单取消投档: sheets that no school has submitted."""

    table_class = CancelSheetTable

    def get_queryset(self):
        return sheets_in_figures(self.actor).filter(pk__in=sheets_to_cancel(self.actor).values("pk"))


class CancelSheetView(ObjectMixin, ActionView):
    """Cancel one sheet, with a reason, after its figures have been shown."""

    model = Sheet
    form_class = ReasonForm
    template_name = "dispatch/cancel_sheet__one.html"
    confirm = True
    submit_label = "取消投档"
    done = "投档单已取消，{result} 份档案回到在库。"

    def rows(self):
        return sheets_to_cancel(self.actor).select_related("batch", "school", "run")

    def preview(self, data):
        keeping.sheet_check(actor=self.actor, sheet=self.object)
        counts = self.counts
        return {
            "count": counts.received - counts.returned,
            "unit": "份档案",
            "words": f"将取消投档单 {self.object.number}（{self.object.school.name}），档案全部回到在库，"
            f"院校的预录取和预退档作废。其中未定 {counts.undecided}、拟录取 {counts.to_admit}、"
            f"拟退档 {counts.to_return}。",
            "header": ("考生号", "姓名", "当前状态"),
            "rows": [
                (row.candidate.number, row.candidate.name, row.candidate.dossier.word)
                for row in placements_on(self.object).filter(closed_at__isnull=True)[:SHOWN]
            ],
            "warnings": ["院校会收到通知，可以看到原因。", WAY_BACK],
        }

    @cached_property
    def counts(self):
        return counts_of([self.object])[self.object.pk]

    def act(self, data):
        return keeping.cancel_sheet(actor=self.actor, sheet=self.object, reason=data["reason"])

    def get_context_data(self, **kwargs):
        return super().get_context_data(counts=self.counts, danger=True, cancel_url=self.page(), **kwargs)


class AtSchoolView(ListView):
    """Dossiers at schools, to be chosen from; or numbers to be typed in."""

    model = Placement
    table_class = AtSchoolTable
    filterset_class = AtSchoolFilters
    words = ""

    def get_queryset(self):
        return at_schools(self.actor, self.function.name)

    @property
    def list_actions(self):
        return (
            {"title": "按考生号办理", "url": self.page("by_number"), "icon": "list-ul"},
            {"title": self.words, "url": self.page("by_number"), "bulk": True, "danger": True},
        )


class CandidatesDeed(ActionView):
    """A deed on candidates named by number, shown one by one before it is done.

    Sent from a list with rows chosen, it asks for the reason first, the numbers filled in.
    """

    form_class = CandidatesForm
    template_name = "dispatch/candidates_deed.html"
    confirm = True
    danger = True
    deed = None
    words = ""
    warnings: tuple[str, ...] = ()

    def chosen(self) -> list[str]:
        """Numbers of the candidates that were chosen in the list."""
        raise NotImplementedError

    def post(self, request, *args, **kwargs):
        if "reason" in request.POST:
            return super().post(request, *args, **kwargs)
        numbers = self.chosen()
        gone = 0 if request.POST.get("all") else len(set(request.POST.getlist("chosen"))) - len(numbers)
        if gone:
            messages.warning(request, f"所选考生中有 {gone} 名已不在列表中（可能刚被办理），没有列入。")
        if not numbers:
            return redirect(self.page())
        form = self.form_class(initial={"numbers": "\n".join(numbers)}, actor=self.actor)
        return self.render_to_response(self.get_context_data(form=form))

    def preview(self, data):
        found = keeping.candidates_numbered(actor=self.actor, numbers=data["numbers"])
        keys = [candidate.pk for candidate in found]
        keeping.candidates_check(actor=self.actor, step=self.function.name, candidates=keys)
        self.request.POST = self.request.POST.copy()
        self.request.POST["numbers"] = "\n".join(candidate.number for candidate in found)
        rows = [
            (c.number, c.name, c.dossier.word, c.dossier.school.name if c.dossier.school else "")
            for c in found[:SHOWN]
        ]
        states = Counter(c.dossier.word for c in found).most_common()
        schools = len({c.dossier.school_id for c in found if c.dossier.school_id})
        among = "、".join(f"{word} {count}" for word, count in states)
        return {
            "count": len(found),
            "unit": "名考生",
            "words": f"{self.words.format(count=len(found))}其中{among}"
            + (f"；涉及 {schools} 所院校。" if schools else "。"),
            "warnings": self.warnings,
            "header": ("考生号", "姓名", "当前状态", "所在院校"),
            "rows": rows,
        }

    def act(self, data):
        found = keeping.candidates_numbered(actor=self.actor, numbers=data["numbers"])
        return type(self).deed(
            actor=self.actor, candidates=[candidate.pk for candidate in found], reason=data["reason"]
        )

    def get_context_data(self, **kwargs):
        return super().get_context_data(danger=self.danger, cancel_url=self.page(), **kwargs)

    def _chosen(self, rows, number: str, filters=None) -> list[str]:
        return numbers_chosen(self.request, rows, number, filters, most=keeping.FEW)


class TakeBackView(CandidatesDeed):
    """指定考生取消投档、指定考生强制回收档案."""

    done = "已办理，{result} 份档案回到在库。"
    warnings = (WAY_BACK,)

    def chosen(self):
        rows = at_schools(self.actor, self.function.name)
        return self._chosen(rows, "candidate__number", AtSchoolFilters)


class CancelDispatchView(TakeBackView):
    deed = keeping.cancel_dispatch
    submit_label = "取消投档"
    words = (
        "将取消 {count} 名考生的投档，档案回到在库；院校尚未提交的决定作废。院校会收到通知，可以看到原因。"
    )


class RecallDossierView(TakeBackView):
    deed = keeping.recall_dossier
    submit_label = "强制回收"
    words = "将从院校强制回收 {count} 份档案，不论院校是否已作决定或送审。院校会收到通知，可以看到原因。"


class HoldDossierView(CandidatesDeed):
    """挂起考生档案: by number; below, what is held now."""

    deed = keeping.hold_dossier
    template_name = "dispatch/hold_dossier.html"
    submit_label = "挂起"
    done = "已挂起 {result} 份档案。"
    words = "将挂起 {count} 份档案：释放以前不参加投档，不能录退、送审和审核。"

    def chosen(self):
        return []

    def get_context_data(self, **kwargs):
        rows = held_dossiers(self.actor)
        held = [(row, WORDS[State(row.state)]) for row in rows[:SHOWN]]
        return super().get_context_data(held=held, held_count=rows.order_by().count(), **kwargs)


class HeldView(ListView):
    """释放考生档案: what is held, with why, by whom and since when."""

    model = Dossier
    table_class = HeldTable
    filterset_class = HeldFilters

    def get_queryset(self):
        return held_dossiers(self.actor)

    @property
    def list_actions(self):
        url = self.page("by_number")
        return (
            {"title": "按考生号办理", "url": url, "icon": "list-ul"},
            {"title": "释放所选", "url": url, "bulk": True, "primary": True, "icon": "check-lg"},
        )


class ReleaseDossierView(CandidatesDeed):
    deed = keeping.release_dossier
    danger = False
    submit_label = "释放"
    done = "已释放 {result} 份档案。"
    words = "将释放 {count} 份档案，可以继续投档、录退和审核。"

    def chosen(self):
        return self._chosen(held_dossiers(self.actor), "candidate__number", HeldFilters)
