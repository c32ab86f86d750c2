"""注销已注册考生: one student, those chosen in the list, or those of a list of numbers; all or none."""

from django import forms

from accounts.forms import ActionForm
from accounts.refusals import Refusal
from admissions.forms_papers import ReasonField
from admissions.lifecycle import State
from admissions.views.papers import CarriesPaper

from ..services.named import registered_named
from ..services.registered import refuse_unless_all, registrations_cancel, why_not_changed
from .changes import EnrolmentView, RegisteredView
from .lists import StudentTable
from .reasons import WORDS, LeavingReasonForm
from .selection import SelectionForm
from .students import StudentsView
from .upload import HEADER, NumbersForm, UploadView

CODES = ("Z01", "Z03", "Z04", "Z06", "Z07", "22")
CONSEQUENCE = "档案回到在库，可由其他学校录取；占用的计划数释放。"


class CancelRegistrationForm(LeavingReasonForm, ActionForm):
    field_order = ("numbers", "file", "reason", "words", "paper")

    reason = ReasonField(CODES, label="注销原因", empty_label="请选择")
    words = forms.CharField(label="说明", required=False, max_length=200, widget=WORDS)


class CancelChosenForm(CancelRegistrationForm, SelectionForm):
    pass


class CancelListedForm(CancelRegistrationForm, NumbersForm):
    pass


class CancellableTable(StudentTable):
    """Registered students, to be chosen."""

    class Meta(StudentTable.Meta):
        exclude = ("state",)


class CancelListView(RegisteredView):
    """Registered students of the actor's school; several can be chosen."""

    table_class = CancellableTable
    leading = ("chosen", "number")

    @property
    def list_actions(self):
        return (
            {"title": "按名单注销", "url": self.page("upload"), "icon": "upload"},
            {
                "title": "注销注册",
                "url": self.page("cancel"),
                "icon": "person-x",
                "danger": True,
                "bulk": True,
            },
        )


class Cancelling(CarriesPaper):
    """What the three ways of cancelling have in common."""

    submit_label = "注销注册"
    done = "已注销 {result} 名考生的注册，档案回到在库，计划数已释放。"
    extra_context = {"danger": True}

    def cancel(self, candidates, data) -> int:
        return registrations_cancel(
            actor=self.actor,
            candidates=candidates,
            reason=data["reason"].pk,
            words=data["words"],
            paper=data["paper"],
        )


class CancelRegistrationView(Cancelling, EnrolmentView):
    """Cancel the registration of a student who has left."""

    form_class = CancelRegistrationForm
    template_name = "registration/cancel_registration__one.html"

    def preview(self, data):
        refuse_unless_all(why_not_changed(self.actor, [self.object.pk]), {}, 1)
        return {"count": 1, "unit": "名", "words": f"将注销 {self.said()} 的注册：{CONSEQUENCE}"}

    def act(self, data):
        return self.cancel([self.object.pk], data)


class CancelChosenView(Cancelling, StudentsView):
    """Cancel the registration of the students chosen in the list."""

    form_class = CancelChosenForm
    template_name = "registration/cancel_registration__cancel.html"
    state = State.REGISTERED
    words = f"将注销 {{count}} 名考生的注册：{CONSEQUENCE}任何一名不能办理的，全部不办理。"

    def preview(self, data):
        names = self.named(data)
        refuse_unless_all(why_not_changed(self.actor, list(names)), names, len(names))
        return super().preview(data)

    def act(self, data):
        return self.cancel(self.candidates(data), data)


class CancelListedView(Cancelling, UploadView):
    """Cancel the registration of the candidates of a list; with one wrong line nobody is cancelled."""

    form_class = CancelListedForm
    template_name = "registration/cancel_registration__upload.html"
    checked = ()

    def preview(self, data):
        results, count = self.checked_lines(data), len(set(data["numbers"]))
        twice = len(results) - count
        return {
            "count": count,
            "unit": "名",
            "header": HEADER,
            "rows": [(r.line, r.number, r.name, r.words) for r in results[:20]],
            "warnings": [f"名单中有 {twice} 行与前面的行重复，只办理一次。"] if twice else [],
            "words": f"名单共 {len(results)} 行，将注销其中 {count} 名考生的注册：{CONSEQUENCE}",
        }

    def act(self, data):
        results = self.checked_lines(data)
        return self.cancel([r.candidate for r in results if r.candidate], data)

    def checked_lines(self, data):
        """Each line with its result.

        Raises:
            Refusal: if nothing can be done with one of the candidates; the page shows the lines.
        """
        results = registered_named(actor=self.actor, numbers=data["numbers"])
        good = {r.number for r in results if r.candidate}
        self.checked = [r for r in results if r.number not in good]
        if self.checked:
            raise Refusal(f"名单共 {len(results)} 行，其中 {len(self.checked)} 行不能注销，未作任何改动。")
        return results

    def get_context_data(self, **kwargs):
        return super().get_context_data(checked=self.checked[:200], header=HEADER, **kwargs)
