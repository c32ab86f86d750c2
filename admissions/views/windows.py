"""时间窗设置: when dossiers are sent, students registered and rosters printed; for deadlines see ``deadlines``."""

from django import forms
from django.http import Http404
from django.utils import timezone

from accounts.forms import ActionForm
from accounts.models import Organisation
from accounts.views.base import ActionView, PageView

from ..deadlines import deadline_of_kind
from ..models import Postponement, Window, WindowNotice
from ..services import windows as services


class MomentInput(forms.DateTimeInput):
    """A moment to the minute, picked by the browser."""

    input_type = "datetime-local"

    def __init__(self, **kwargs):
        super().__init__(format="%Y-%m-%dT%H:%M", **kwargs)


MOMENTS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]


class WindowForm(ActionForm):
    opens_at = forms.DateTimeField(label="开始时间", widget=MomentInput, input_formats=MOMENTS)
    closes_at = forms.DateTimeField(
        label="截止时间",
        widget=MomentInput,
        input_formats=MOMENTS,
        help_text="到此刻即止；改动立即生效，以服务器时钟为准。",
    )

    def clean(self):
        data = super().clean()
        if data.get("opens_at") and data.get("closes_at") and data["closes_at"] <= data["opens_at"]:
            self.add_error("closes_at", "截止时间须晚于开始时间。")
        return data


def deadlines_of(view: PageView) -> dict:
    """Deadlines of schools that the actor sees, and what of late was told and put off, for the page."""
    actor, office = view.actor, view.actor.organisation
    seen = Window.objects.visible_to(actor).filter(season__current=True)
    rows = seen.deadlines().select_related("batch").order_by("stage", "kind", "city", "closes_at")
    sets = office.kind in (Organisation.Kind.PROVINCE, Organisation.Kind.CITY)
    told = WindowNotice.objects.visible_to(actor).filter(window__season__current=True)
    off = Postponement.objects.visible_to(actor).filter(window__season__current=True)
    return {
        "deadlines": [
            {
                "window": window,
                "stage_word": services.STAGES[window.stage],
                "reach": services.window_reach(window),
                "touched": view.page("touched", pk=window.pk),
                "change": view.page("deadline", pk=window.pk)
                if services.window_is_set_by(window, actor)
                else "",
            }
            for window in rows
        ],
        "sets_deadlines": sets,
        "told": told.select_related("window__batch")[:10],
        "postponed": off.select_related("window__batch", "made_by")[:10],
        "new_url": view.page("new_deadline"),
        "postpone_url": view.page("postpone"),
    }


class WindowsView(PageView):
    """The windows of the current season, set or not, open or not."""

    def get_context_data(self, **kwargs):
        season = services.season_of(self.actor)
        found = {(w.kind, w.stage): w for w in season.windows.of_province()}
        rows = [
            {
                "kind": kind,
                "stage": stage,
                "stage_word": word,
                "window": found.get((kind, stage)),
                "clause": services.CLAUSES[kind],
                "url": self.page("one", kind=kind.value, stage=stage),
                "touched": self.touched(found.get((kind, stage))),
            }
            for stage, word in services.STAGES.items()
            for kind in Window.Kind
            if kind not in Window.CITY_KINDS
        ]
        may_set = self.actor.organisation.kind == Organisation.Kind.PROVINCE
        return super().get_context_data(
            season=season, rows=rows, may_set=may_set, now=timezone.now(), **deadlines_of(self), **kwargs
        )

    def touched(self, window: Window | None) -> str:
        """Where is shown whom the end of a window touches; empty if nothing hangs on it."""
        if window is None or deadline_of_kind(window.kind) is None:
            return ""
        return self.page("touched", pk=window.pk)


class WindowView(ActionView):
    """Set one window."""

    form_class = WindowForm
    template_name = "admissions/set_windows__one.html"
    confirm = True
    submit_label = "设置"
    done = "时间窗已设置，立即生效。"

    def place(self):
        kind, stage = self.kwargs["kind"], self.kwargs["stage"]
        if kind not in Window.Kind.values or kind in Window.CITY_KINDS or stage not in services.STAGES:
            raise Http404
        season = services.season_of(self.actor)
        return season, services.windows_of(season, kind).get(stage)

    def get_initial(self):
        _, window = self.place()
        return {"opens_at": window.opens_at, "closes_at": window.closes_at} if window else {}

    def get_context_data(self, **kwargs):
        season, window = self.place()
        what = f"{services.STAGES[self.kwargs['stage']]}　{Window.Kind(self.kwargs['kind']).label}"
        return super().get_context_data(
            season=season, window=window, what=what, cancel_url=self.page(), **kwargs
        )

    def preview(self, data):
        _, window = self.place()
        if self.actor.organisation.kind != Organisation.Kind.PROVINCE:
            raise services.Refusal("时间窗由省招办统一设置。")
        warnings = []
        now = timezone.now()
        if data["closes_at"] <= now:
            warnings.append("截止时间早于现在：设置后该事项立即关闭。")
            if self.kwargs["kind"] == Window.Kind.REGISTRATION:
                warnings.append(self.touched_words(window))
        if window and window.has_closed and data["closes_at"] > now:
            warnings.append("该时间窗已经截止，设置后将重新开放。")
        span = f"{services.said(data['opens_at'])} 至 {services.said(data['closes_at'])}"
        return {"words": f"{self.get_context_data()['what']}：{span}", "warnings": warnings}

    def touched_words(self, window: Window | None) -> str:
        """What closing the window of registration at once does to whom."""
        words = "注册截止后，尚未注册的录取考生将自动恢复到未录取状态"
        if window is None:
            return f"{words}。"
        touched = deadline_of_kind(window.kind).touched(window).count()
        return f"{words}：几分钟内将恢复 {touched} 名考生，不能整批撤回。"

    def act(self, data):
        return services.window_set(
            actor=self.actor, kind=self.kwargs["kind"], stage=self.kwargs["stage"], **data
        )
