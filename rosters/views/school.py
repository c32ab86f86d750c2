"""The school's own documents: 录取名册, 录取通知书, 录取考生信息."""

import django_tables2 as tables
from django import forms
from django.utils import timezone

from accounts.forms import ActionForm
from accounts.views.base import ActionView, PageView
from accounts.views.lists import ListView
from admissions.models import Job, School
from admissions.services.windows import STAGES, season_of
from dispatch.models import Placement
from registration.queries.students import own_students
from registration.views.lists import StudentFilters, StudentTable

from ..models import NoticeNumber, Roster
from ..queries.notices import notices_due, printed_notices
from ..services import notices
from .documents import RosterFileView
from .printing import PrintedRosterView


class ViewRosterView(PageView):
    """Printed and filed rosters of the actor's school."""

    def get_context_data(self, **kwargs):
        rows = self.visible(Roster).filter(
            school__in=self.actor.scope.schools,
            season=season_of(self.actor),
            kind=Roster.Kind.VOCATIONAL,
        )
        rows = rows.exclude(state=Roster.State.QUEUED).select_related("school", "printed_by", "filed_by")
        return super().get_context_data(
            rosters=[
                {"roster": roster, "stage": STAGES.get(roster.stage), "url": self.page("one", pk=roster.pk)}
                for roster in rows.order_by("stage", "-version")
            ],
            **kwargs,
        )


class OwnRosterView(PrintedRosterView):
    """One version of the school's own roster."""

    def rows(self):
        return super().rows().filter(school__in=self.actor.scope.schools)


class OwnRosterFileView(RosterFileView):
    """The PDF of the school's own roster."""

    def rosters(self):
        rows = super().rosters().filter(kind=Roster.Kind.VOCATIONAL)
        return rows.filter(school__in=self.actor.scope.schools)


class NoticesForm(ActionForm):
    stage = forms.TypedChoiceField(label="阶段", choices=list(STAGES.items()), coerce=int)
    principal = forms.CharField(
        label="校长（法定代表人）", required=False, max_length=30, help_text="印在签名处；留空则手签。"
    )
    report_date = forms.CharField(label="报到时间", max_length=40, help_text="如 2021年9月1日 8:30—17:00")
    report_place = forms.CharField(label="报到地点", max_length=80)
    school_phone = forms.CharField(label="联系电话", max_length=40)
    materials = forms.CharField(
        label="报到材料", max_length=400, widget=forms.Textarea(attrs={"rows": 3}), help_text="每行一项。"
    )
    issued_on = forms.CharField(
        label="落款日期", required=False, max_length=20, help_text="如 2021年8月30日；留空则手写。"
    )


class PrintNoticesView(ActionView):
    """Admission notices of the school's admitted and registered students, printed by a job."""

    form_class = NoticesForm
    confirm = True
    submit_label = "打印"
    done = "已开始打印录取通知书，完成后在本页下载。"

    def get_initial(self):
        school = School.objects.filter(pk__in=self.actor.scope.schools).first()
        last = printed_notices(self.actor, season_of(self.actor)).first()
        said = last.parameters if last else {}
        today = timezone.localdate()
        return {
            "stage": 1,
            "report_place": school.address if school else "",
            "school_phone": school.phone if school else "",
            "materials": "录取通知书\n居民身份证、户口簿\n初中毕业证书",
            "issued_on": f"{today.year}年{today.month}月{today.day}日",
        } | {key: value for key, value in said.items() if key != "verify_at"}

    def get_context_data(self, **kwargs):
        season = season_of(self.actor)
        counts = [(word, notices_due(self.actor, season, stage).count()) for stage, word in STAGES.items()]
        printed = printed_notices(self.actor, season).exclude(state=Roster.State.QUEUED)
        jobs = Job.objects.visible_to(self.actor).filter(
            function=notices.FUNCTION, organisation=self.actor.organisation
        )
        return super().get_context_data(
            counts=counts,
            printed=[
                {"roster": roster, "stage": STAGES.get(roster.stage), "url": self.page("pdf", pk=roster.pk)}
                for roster in printed.select_related("printed_by")
            ],
            job=jobs.first(),
            **kwargs,
        )

    def preview(self, data):
        rows = notices_due(self.actor, season_of(self.actor), data["stage"])
        count = rows.count()
        return {
            "count": count,
            "unit": "份",
            "words": f"将打印 {count} 份录取通知书，每名录取考生一份，编号固定不变。",
            "header": ("考生号", "姓名", "性别", "录取专业", "状态"),
            "rows": [
                (
                    row.candidate.number,
                    row.candidate.name,
                    row.candidate.get_sex_display(),
                    row.plan_line.major_name,
                    row.candidate.dossier.word,
                )
                for row in rows[:20]
            ],
        }

    def act(self, data):
        address = self.request.build_absolute_uri("/rosters/verify-notice/")
        said = {key: value for key, value in data.items() if key != "stage"} | {"verify_at": address}
        return notices.notices_print_start(actor=self.actor, stage=data["stage"], said=said)


class NoticesFileView(RosterFileView):
    """The PDF of the school's own notices."""

    def rosters(self):
        rows = super().rosters().filter(kind=Roster.Kind.NOTICES)
        return rows.filter(school__in=self.actor.scope.schools)


class AdmittedTable(StudentTable):
    """Admitted and registered students with their notice numbers."""

    notice = tables.Column("通知书编号", accessor="pk", orderable=False)
    political = tables.Column(
        "毕业学校", accessor="candidate__feeder_school__name", default="", orderable=False
    )

    class Meta(StudentTable.Meta):
        exclude = ("chosen",)

    def before_render(self, request):
        self.fill()

    def as_values(self, exclude_columns=None):
        self.fill()
        return super().as_values(exclude_columns)

    def fill(self):
        """Numbers of the schools concerned in one query."""
        seasons = NoticeNumber.objects.filter(school__in=self.schools)
        self.numbers = dict(seasons.values_list("placement_id", "number"))

    def __init__(self, *args, schools=(), **kwargs):
        self.schools, self.numbers = schools, {}
        super().__init__(*args, **kwargs)

    def render_notice(self, value):
        return self.numbers.get(value, "")


class ViewAdmittedView(ListView):
    """录取考生信息: who is admitted and registered, masked, with export."""

    model = Placement
    table_class = AdmittedTable
    filterset_class = StudentFilters

    def get_queryset(self):
        return own_students(self.actor, season_of(self.actor)).select_related(
            "candidate__dossier", "candidate__feeder_school", "plan_line"
        )

    def get_table_kwargs(self):
        return {"schools": self.actor.scope.schools}
