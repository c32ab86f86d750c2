"""恢复未注册考生: who is left when registration ends, before and after."""

from django import forms
from django.db.models import F

from accounts.forms import ActionForm
from accounts.views.base import ActionView
from admissions.models import Job, Window
from admissions.services.windows import STAGES, season_of, window_words

from ..queries.students import unregistered_counts
from ..services import deadlines
from .lists import city_names
from .restoring import restorations_shown

SHOWN = 200


class StageForm(ActionForm):
    stage = forms.TypedChoiceField(label="阶段", choices=list(STAGES.items()), coerce=int)
    apart = forms.IntegerField(required=False, widget=forms.HiddenInput)


class ResetUnregisteredView(ActionView):
    """Each stage, and what is set apart from it, with its deadline and who is not registered, by school and source city."""

    form_class = StageForm
    confirm = True
    submit_label = "恢复到未录取"
    done = "已开始恢复未注册考生。"
    extra_context = {"danger": True}

    def get_context_data(self, **kwargs):
        season = season_of(self.actor)
        rows = Window.objects.visible_to(self.actor).filter(season=season, kind=Window.Kind.REGISTRATION)
        rows = rows.select_related("season", "batch")
        windows = list(rows.order_by("stage", F("batch").asc(nulls_first=True), "plan_kind"))
        region = self.actor.organisation.region
        stages = [self.stage(window, region) for window in windows]
        jobs = Job.objects.filter(
            function=deadlines.FUNCTION,
            subject_id__in=[deadlines.subject_of(window, region) for window in windows],
        )
        return super().get_context_data(
            season=season,
            stages=stages,
            job=jobs.first(),
            **restorations_shown(self.actor, windows),
            **kwargs,
        )

    def stage(self, window: Window, region: str) -> dict:
        names = city_names()
        rows = unregistered_counts(window, region)
        for row in rows:
            row["city_name"] = names.get(row["city"], row["city"])
        return {
            "window": window,
            "word": window_words(window),
            "apart": window.pk if window.batch_id or window.plan_kind else "",
            "rows": rows[:SHOWN],
            "schools": len({row["school_id"] for row in rows}),
            "students": sum(row["students"] for row in rows),
            "held": sum(row["held_students"] for row in rows),
        }

    def preview(self, data):
        window = deadlines.window_asked(self.actor, data["stage"], data["apart"])
        deadlines.require_closed(window, data["stage"])
        stage = self.stage(window, self.actor.organisation.region)
        return {
            "count": stage["students"],
            "unit": "名",
            "header": ("院校代码", "院校", "生源地市", "未注册"),
            "rows": [
                (row["school__code"], row["school__name"], row["city_name"], row["students"])
                for row in stage["rows"][:20]
            ],
            "words": f"{stage['schools']} 所院校的 {stage['students']} 名未注册考生恢复到未录取状态，"
            "档案回到在库，计划数释放。已注册的考生不受影响。",
            "warnings": [f"另有 {stage['held']} 名考生的档案已挂起，释放后再恢复。"] if stage["held"] else [],
        }

    def act(self, data):
        return deadlines.unregistered_reset_start(actor=self.actor, **data)
