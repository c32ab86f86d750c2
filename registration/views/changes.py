"""修改注册考生专业: registered students, one at a time."""

from django import forms

from accounts.forms import ActionForm
from accounts.views.base import ActionView, ObjectMixin
from accounts.views.lists import ListView
from admissions.forms_coded import CodedReasonForm
from admissions.lifecycle import State
from admissions.services.windows import season_of
from dispatch.models import Placement
from quotas.models import PlanLine

from ..models import Enrolment
from ..queries.students import own_students
from ..services.registered import CHANGE, major_change, refuse_unless_all, why_not_moved
from .lists import StudentFilters, StudentTable
from .students import stage_notes


class RegisteredTable(StudentTable):
    """Registered students, each with the deed of the page."""

    class Meta(StudentTable.Meta):
        exclude = ("chosen", "state")


class RegisteredFilters(StudentFilters):
    state = None


class RegisteredView(ListView):
    """Registered students of the actor's school; the number leads to the deed."""

    model = Placement
    table_class = RegisteredTable
    filterset_class = RegisteredFilters
    leading = ("number",)

    def get_queryset(self):
        rows = own_students(self.actor, season_of(self.actor))
        return rows.filter(candidate__dossier__state=State.REGISTERED)

    def get_table_kwargs(self):
        number = StudentTable.base_columns["number"].__class__(
            "考生号",
            accessor="candidate__number",
            linkify=lambda record: self.page("one", pk=record.candidate_id),
        )
        return {"extra_columns": [("number", number)], "sequence": (*self.leading, "...")}

    def get_context_data(self, **kwargs):
        return super().get_context_data(stages=stage_notes(self.actor), **kwargs)


class EnrolmentView(ObjectMixin, ActionView):
    """A deed on one registered student of the actor's school."""

    model = Enrolment
    confirm = True

    def rows(self):
        rows = super().rows().filter(school__in=self.actor.scope.schools)
        return rows.select_related("candidate", "plan_line", "school")

    def get_context_data(self, **kwargs):
        return super().get_context_data(cancel_url=self.page(), **kwargs)

    def said(self) -> str:
        candidate = self.object.candidate
        return f"{candidate.number} {candidate.name}（{self.object.plan_line.major_name}）"


class LineField(forms.ModelChoiceField):
    def label_from_instance(self, line):
        track = f"（{line.track}）" if line.track else ""
        return f"{line.major_code} {line.major_name}{track}　余 {line.left} 名"


class MajorForm(CodedReasonForm, ActionForm):
    reason_function = CHANGE
    field_order = ("plan_line", "reason", "words")

    plan_line = LineField(label="改为", queryset=PlanLine.objects.none(), empty_label="请选择")

    def __init__(self, *args, enrolment, **kwargs):
        super().__init__(*args, **kwargs)
        old = enrolment.plan_line
        lines = PlanLine.objects.visible_to(self.actor).with_left()
        self.fields["plan_line"].queryset = lines.filter(
            school=enrolment.school_id, batch=old.batch_id, city=old.city
        ).exclude(pk=old.pk)


class ChangeMajorView(EnrolmentView):
    """Change the major of a registered student."""

    form_class = MajorForm
    template_name = "registration/change_major__one.html"
    submit_label = "修改专业"
    done = "录取专业已修改为“{result}”。"

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"enrolment": self.object}

    def preview(self, data):
        refuse_unless_all(why_not_moved(self.actor, [self.object.pk]), {}, 1)
        line = data["plan_line"]
        words = f"{self.said()} 的录取专业改为“{line.major_name}”：原专业的计划数释放，新专业余额减少 1 名。"
        return {"count": 1, "unit": "名", "words": words}

    def act(self, data):
        changed = major_change(
            actor=self.actor,
            candidate=self.object.pk,
            plan_line=data["plan_line"].pk,
            reason=data["reason"],
            words=data["words"],
        )
        return changed.plan_line.major_name
