"""打印录取名册(中职或技工): supervised schools, checks, printing by jobs, the real PDF."""

from django import forms
from django.shortcuts import get_object_or_404

from accounts.forms import ActionForm
from accounts.refusals import Refusal
from accounts.views.base import ActionView, ObjectMixin, PageView
from admissions.deadlines import calendar_of
from admissions.models import Job, School, Window
from admissions.services.windows import STAGES, closed_words, season_of, windows_of

from ..models import Roster
from ..queries.checks import roster_checks
from ..queries.schools import schools_printed_by, supervised_rosters
from ..services import printing
from .documents import RosterFileView

JOBS = 12


def stage_of(request) -> int:
    """The stage asked for in the query string, the first by default."""
    value = request.GET.get("stage") or request.POST.get("stage") or "1"
    return int(value) if value in {str(stage) for stage in STAGES} else 1


class PrintForm(ActionForm):
    stage = forms.TypedChoiceField(choices=list(STAGES.items()), coerce=int, widget=forms.HiddenInput)
    chosen = forms.ModelMultipleChoiceField(
        queryset=School.objects.all(), required=False, widget=forms.MultipleHiddenInput
    )
    due = forms.BooleanField(required=False, widget=forms.HiddenInput)


class PrintVocationalRosterView(ActionView):
    """Supervised schools with their registered students; chosen ones are checked, then printed."""

    form_class = PrintForm
    confirm = True
    submit_label = "打印"
    done = "已开始打印 {result} 所院校的名册，完成后在本页查看。"

    def rosters(self, words: str = ""):
        return supervised_rosters(self.actor, season_of(self.actor), stage_of(self.request), words)

    def get_context_data(self, **kwargs):
        season, stage = season_of(self.actor), stage_of(self.request)
        windows = windows_of(season, Window.Kind.PRINTING)
        registration = calendar_of(season, Window.Kind.REGISTRATION).last(stage)
        words = self.request.GET.get("words", "").strip()
        rows = self.rosters(words)
        jobs = Job.objects.visible_to(self.actor).filter(function=printing.FUNCTION)
        return super().get_context_data(
            season=season,
            stage=stage,
            stages=STAGES,
            words=words,
            rows=rows,
            due=sum(row.due for row in rows),
            students=sum(row.registered for row in rows),
            filed=sum(bool(row.last and row.last.filed_at) for row in rows),
            window=windows.get(stage),
            shut=closed_words(windows[stage], Window.Kind.PRINTING, stage) if stage in windows else "",
            registering=registration is not None and not registration.has_closed and registration,
            jobs=list(jobs[:JOBS]),
            **kwargs,
        )

    def schools(self, data) -> list[School]:
        """The schools chosen, or all that have something to print.

        Raises:
            Refusal: if there is none, or one is not supervised.
        """
        rows = {row.school.pk: row for row in self.rosters()}
        due = [row.school for row in rows.values() if row.due]
        found = due if data["due"] else list(data["chosen"])
        if not found:
            raise Refusal("没有选择院校，或没有需要打印的名册。")
        if foreign := [school for school in found if school.pk not in rows]:
            raise Refusal(f"{foreign[0].name}不由您单位主管，不能打印其名册。")
        return found

    def preview(self, data):
        season, stage = season_of(self.actor), data["stage"]
        printing.printing_require(season, stage)
        lines, warnings, ready = [], [], 0
        schools = self.schools(data)
        few = len(schools) <= printing.CHECKED_AT_ONCE
        for school in schools:
            failed = self.failed(season, school, stage) if few else []
            students = printing.registered_in(season, school, stage).count()
            if not students:
                words = "没有已注册的新生"
            elif failed:
                words = "；".join(f"{check.title}：{check.people[0]}" for check in failed)
            else:
                words, ready = "检查通过" if few else "打印时检查", ready + 1
            if failed or not students:
                warnings.append(f"{school.name}不能打印：{words}。")
            lines.append((school.code, school.name, students, words))
        if not ready:
            raise Refusal("".join(warnings))
        return {
            "count": ready,
            "unit": "所院校",
            "header": ("院校代码", "院校", "已注册", "打印前检查"),
            "rows": lines[:100],
            "warnings": warnings,
            "words": f"将打印 {ready} 所院校的录取新生名册，只含已注册的新生。",
        }

    def act(self, data):
        season, stage = season_of(self.actor), data["stage"]
        schools = self.schools(data)
        ready = [
            school
            for school in schools
            if printing.registered_in(season, school, stage).exists()
            and (len(schools) > printing.CHECKED_AT_ONCE or not self.failed(season, school, stage))
        ]
        return len(printing.rosters_print_start(actor=self.actor, schools=ready, stage=stage))

    @staticmethod
    def failed(season, school, stage):
        """Checks that forbid printing."""
        return [check for check in roster_checks(season, school, stage) if check.blocks and not check.passes]

    def get_success_url(self):
        return f"{self.page()}?stage={stage_of(self.request)}"


class SchoolRosterView(PageView):
    """One school: every check with who is concerned, the versions so far, the PDF itself."""

    template_name = "rosters/school_roster.html"

    def get_context_data(self, **kwargs):
        season, stage = season_of(self.actor), stage_of(self.request)
        school = get_object_or_404(schools_printed_by(self.actor), pk=self.kwargs["pk"])
        checks = roster_checks(season, school, stage)
        versions = self.visible(Roster).filter(
            season=season, school=school, stage=stage, kind=Roster.Kind.VOCATIONAL
        )
        versions = list(versions.select_related("printed_by", "filed_by").order_by("-version"))
        jobs = Job.objects.visible_to(self.actor).filter(
            function=printing.FUNCTION, title__contains=f"：{school.name}，{STAGES[stage]}"
        )
        return super().get_context_data(
            season=season,
            stage=stage,
            stage_word=STAGES[stage],
            stages=STAGES,
            object=school,
            checks=checks,
            passes=all(check.passes for check in checks if check.blocks),
            students=printing.registered_in(season, school, stage).count(),
            versions=[v for v in versions if v.state != Roster.State.QUEUED],
            job=jobs.first(),
            **kwargs,
        )


class PrintedRosterView(ObjectMixin, PageView):
    """Preview of one version: the very file, its digest, who looked at it."""

    model = Roster
    template_name = "rosters/roster.html"

    def rows(self):
        rows = self.visible(Roster).filter(kind=Roster.Kind.VOCATIONAL).exclude(state=Roster.State.QUEUED)
        return rows.select_related("school", "season", "printed_by", "filed_by")

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            pdf_url=self.page("pdf", pk=self.object.pk),
            stage_word=STAGES.get(self.object.stage, ""),
            ledger=self.object.printings.select_related("user__organisation")[:50],
            **kwargs,
        )


class PrintedFileView(RosterFileView):
    """The PDF of a roster."""

    def rosters(self):
        return super().rosters().filter(kind=Roster.Kind.VOCATIONAL)
