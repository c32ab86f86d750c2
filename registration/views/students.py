"""注册与注销: the school's students, chosen and registered or cancelled."""

from django import forms
from django.db.models import Count

from accounts.refusals import Refusal
from accounts.views.lists import ListView
from admissions.deadlines import calendar_of
from admissions.forms_coded import CodedReasonForm
from admissions.forms_papers import ReasonField
from admissions.lifecycle import State
from admissions.models import Window
from admissions.services.windows import closed_words, season_of, window_words
from admissions.views.papers import CarriesPaper
from dispatch.models import Placement
from quotas.models import PlanLine

from ..queries.stages import beginnings
from ..queries.students import own_students
from ..services.registered import REGISTER, refuse_unless_all, registrations_undo, why_not_undone
from ..services.students import admissions_cancel, students_register
from .lists import StudentFilters, StudentTable, city_names
from .reasons import LeavingReasonForm
from .selection import SelectionForm, SelectionView

HEADER = ("考生号", "姓名", "性别", "生源地市", "录取专业", "状态")


def stage_notes(actor) -> list[dict]:
    """How each stage's registration stands, for the head of the page; of what is set apart, what the school has."""
    season = season_of(actor)
    windows = calendar_of(season, Window.Kind.REGISTRATION).windows
    apart = [window for window in windows if window.batch_id or window.plan_kind]
    had = _plans_of(actor, season) if apart else set()
    apart = [w for w in apart if any(w.batch_id in (None, b) and w.plan_kind in ("", k) for b, k in had)]
    own = {window.stage: window for window in windows if not (window.batch_id or window.plan_kind)}
    return [
        {
            "stage": stage,
            "what": window_words(window) if window else "",
            "window": window,
            "shut": closed_words(window, Window.Kind.REGISTRATION, stage),
        }
        for stage in sorted({1, *beginnings(season), *own})
        for window in (own.get(stage), *(w for w in apart if w.stage == stage))
    ]


def _plans_of(actor, season) -> set[tuple[int, str]]:
    """Batches and kinds of plan that the actor's schools have."""
    lines = PlanLine.objects.filter(school__in=actor.scope.schools, season=season).order_by()
    return set(lines.values_list("batch", "kind").distinct())


class RegisterStudentsView(ListView):
    """Students admitted or registered at the actor's school."""

    model = Placement
    table_class = StudentTable
    filterset_class = StudentFilters

    def get_queryset(self):
        return own_students(self.actor, season_of(self.actor))

    @property
    def list_actions(self):
        return (
            {"title": "按名单注册", "url": self.page("upload"), "icon": "upload"},
            {
                "title": "注册",
                "url": self.page("register"),
                "icon": "person-check",
                "primary": True,
                "bulk": True,
            },
            {
                "title": "撤销注册",
                "url": self.page("undo"),
                "icon": "arrow-counterclockwise",
                "bulk": True,
            },
            {
                "title": "注销录取",
                "url": self.page("cancel"),
                "icon": "person-x",
                "danger": True,
                "bulk": True,
            },
        )

    def get_context_data(self, **kwargs):
        counted = self.get_queryset().order_by().values_list("candidate__dossier__state")
        counts = {State.ADMITTED: 0, State.REGISTERED: 0} | dict(counted.annotate(Count("pk")))
        figures = [
            {"title": "待注册", "value": counts[State.ADMITTED], "url": "?state=admitted"},
            {
                "title": "已注册",
                "value": counts[State.REGISTERED],
                "of": sum(counts.values()),
                "url": "?state=registered",
            },
        ]
        return super().get_context_data(stages=stage_notes(self.actor), figures=figures, **kwargs)


class StudentsView(SelectionView):
    """A deed on students chosen from the list: those in ``state``, the others are told of and left out."""

    filterset_class = StudentFilters
    state = State.ADMITTED
    nobody = "已注册的考生请到“注销已注册考生”办理。"
    words = ""

    def rows(self):
        return own_students(self.actor, season_of(self.actor))

    def preview(self, data):
        chosen = self.selected(data)
        rows = self.taken(chosen)
        count = rows.count()
        if not count:
            raise Refusal(f"所选考生都不在“{self.state.word}”状态。", hint=self.nobody)
        self.seen(rows.values_list("candidate_id", flat=True).order_by())
        others = chosen.count() - count
        warnings = [f"所选中另有 {others} 名不在“{self.state.word}”状态，不作处理。"] if others else []
        return {
            "title": self.submit_label,
            "count": count,
            "unit": "名",
            "header": HEADER,
            "rows": [student_cells(row) for row in with_cities(rows[:20])],
            "warnings": warnings,
            "words": self.words.format(count=count),
        }

    def named(self, data) -> dict[int, str]:
        """Number and name of those that the deed is about, by key."""
        rows = self.taken(self.selected(data)).values_list(
            "candidate_id", "candidate__number", "candidate__name"
        )
        return {pk: f"{number} {name}" for pk, number, name in rows}

    def candidates(self, data) -> list[int]:
        """Those that the deed is about; refused if they are not those that were shown."""
        rows = self.taken(self.selected(data))
        return self.as_seen(list(rows.values_list("candidate_id", flat=True).order_by()))

    def taken(self, rows):
        """Of the rows chosen those that the deed is about."""
        return rows.filter(candidate__dossier__state=self.state)


def with_cities(rows):
    """Rows with the name of their source city as ``city_name``."""
    names = city_names()
    for row in rows:
        row.city_name = names.get(row.city, row.city)
        yield row


def student_cells(row: Placement) -> tuple:
    """A row of a confirmation."""
    candidate = row.candidate
    return (
        candidate.number,
        candidate.name,
        candidate.get_sex_display(),
        row.city_name,
        row.plan_line.major_name if row.plan_line else "未定",
        candidate.dossier.word,
    )


class RegisterView(StudentsView):
    """Register the chosen students."""

    submit_label = "注册"
    done = "已注册 {result} 名新生。"
    words = "将 {count} 名录取考生注册为本校新生。注册后列入录取名册。"

    def act(self, data):
        return students_register(actor=self.actor, candidates=self.candidates(data))


class UndoForm(CodedReasonForm, SelectionForm):
    reason_function = REGISTER


class UndoView(StudentsView):
    """Take back the registration of the chosen students, registered today by mistake."""

    form_class = UndoForm
    template_name = "registration/register_students__undo.html"
    state = State.REGISTERED
    nobody = "只有当日注册的考生可以撤销注册。"
    submit_label = "撤销注册"
    done = "已撤销 {result} 名考生的注册，恢复为“录取”。"
    words = "将撤销 {count} 名考生的注册：恢复为“录取”，计划数仍占用；截止前未重新注册的，自动恢复到未录取。"

    def preview(self, data):
        names = self.named(data)
        refuse_unless_all(why_not_undone(self.actor, list(names)), names, len(names))
        return super().preview(data)

    def act(self, data):
        return registrations_undo(
            actor=self.actor,
            candidates=self.candidates(data),
            reason=data["reason"],
            words=data["words"],
        )


class CancelForm(LeavingReasonForm, SelectionForm):
    field_order = ("reason", "words", "paper")

    reason = ReasonField(("Z01", "Z02", "Z03", "Z04", "Z07", "22"), label="注销原因", empty_label="请选择")
    words = forms.CharField(label="说明", required=False, max_length=200)


class CancelView(CarriesPaper, StudentsView):
    """Cancel the admission of the chosen students."""

    form_class = CancelForm
    template_name = "registration/register_students__cancel.html"
    submit_label = "注销录取"
    done = "已注销 {result} 名考生的录取，档案回到在库，计划数已释放。"
    words = "将注销 {count} 名考生的录取：档案回到在库，可由其他学校录取；占用的计划数释放。"
    extra_context = {"danger": True}

    def act(self, data):
        return admissions_cancel(
            actor=self.actor,
            candidates=self.candidates(data),
            reason=data["reason"].pk,
            words=data["words"],
            paper=data["paper"],
        )
