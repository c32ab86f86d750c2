"""指定录退档案 by a list of numbers; 批量投入录取 from a sheet: each line is answered before anything is done."""

from django.shortcuts import redirect

from accounts.refusals import Refusal
from accounts.views.base import ActionView, ObjectMixin
from admissions.views.papers import CarriesPaper

from ..forms_handing import NamedForm, SheetBulkForm
from ..models import Sheet
from ..queries.sheets import counts_of, lines_of
from ..services import naming, sheet_bulk
from ..services.answering import answers_digest
from ..services.school import runs_pausing


class Answered(ActionView):
    """A deed on a list: answers first, then the same again with the digest of what was shown."""

    confirm = True

    def shown(self, answers) -> dict:
        """What the confirmation needs; the digest goes with it."""
        post = self.request.POST.copy()
        post["seen"] = answers_digest(answers)
        self.request.POST = post
        good = sum(answer.good for answer in answers)
        return {"answers": answers, "good": good, "bad": len(answers) - good, "count": good, "unit": "名"}


class ByNumberView(CarriesPaper, Answered):
    """Decide on candidates named by number, on whatever sheet of the school they are."""

    form_class = NamedForm
    template_name = "dispatch/decide_by_number.html"
    submit_label = "检查名单"
    done = "{result}"

    def what(self, data) -> dict:
        reason = data["reason"]
        return {
            "actor": self.actor,
            "entries": data["entries"],
            "admit": data["decision"] == "admit",
            "reason": reason.pk if reason else "",
            "words": data["words"],
        }

    def lacks_paper(self, data) -> bool:
        """Whether the returns of the list will stand without the paper that their reason needs."""
        return bool(data["decision"] == "return" and data["reason"].needs_attachment and not data["paper"])

    def preview(self, data):
        shown = self.shown(naming.decisions_check(**self.what(data)))
        return shown | {"lacks_paper": self.lacks_paper(data)}

    def act(self, data):
        self.answers = naming.dossiers_decide(**self.what(data), seen=data["seen"], paper=data["paper"])
        good = sum(answer.good for answer in self.answers)
        verb = dict(NamedForm.DECISIONS)[data["decision"]]
        words = f"已{verb} {good} 名"
        left = len(self.answers) - good
        words += f"，另有 {left} 名未办理，原因见下。" if left else "。"
        return words + ("退档原因须附书面材料，请在提交送审前补传。" if self.lacks_paper(data) else "")

    def form_valid(self, form):
        response = super().form_valid(form)
        if hasattr(self, "answers"):  # each line is answered, also after the deed
            return self.render_to_response(self.get_context_data(form=form, answers=self.answers))
        return response

    def get_context_data(self, **kwargs):
        return super().get_context_data(cancel_url=self.page(), **kwargs)


class SheetBulkView(ObjectMixin, Answered):
    """Admit and submit dossiers of a sheet at once: those ticked, at first all that can be."""

    model = Sheet
    form_class = SheetBulkForm
    template_name = "dispatch/admit_in_bulk__sheet.html"
    submit_label = "录取并送审"
    done = "已提交：{result}。"

    def rows(self):
        own = super().rows().filter(school__in=self.actor.scope.schools)
        return own.select_related("batch__season", "school", "run")

    def get_form_kwargs(self):
        # What has gone meanwhile must be told, not taken for a mistake of the form.
        posted = [int(key) for key in self.request.POST.getlist("candidates") if key.isdecimal()]
        return super().get_form_kwargs() | {"keys": posted}

    def preview(self, data):
        if not data["candidates"]:
            raise Refusal("请选择要录取的档案。")
        answers = sheet_bulk.sheet_check(actor=self.actor, sheet=self.object, candidates=data["candidates"])
        return self.shown(answers)

    def act(self, data):
        answers, submission = sheet_bulk.sheet_admit_in_bulk(
            actor=self.actor, sheet=self.object, candidates=data["candidates"], seen=data["seen"]
        )
        left = sum(not answer.good for answer in answers)
        return f"{submission}" + (f"；{left} 份不能办理，未作改动" if left else "")

    def post(self, request, *args, **kwargs):
        return redirect(request.path) if "edit" in request.POST else super().post(request, *args, **kwargs)

    def get_context_data(self, **kwargs):
        if "preview" not in kwargs:
            kwargs["all"] = sheet_bulk.sheet_check(actor=self.actor, sheet=self.object)
        return super().get_context_data(
            most=sheet_bulk.SHOWN,
            counts=counts_of([self.object])[self.object.pk],
            lines=lines_of(self.object),
            pauses=runs_pausing([self.object.batch_id]).values(),
            cancel_url=self.page(),
            **kwargs,
        )

    def get_success_url(self):
        return self.page("sheet", pk=self.object.pk)
