"""时间窗设置, the deadlines: of schools by province, city and batch; whom one touches; put off for all at once."""

from datetime import datetime, timedelta

import django_filters as filters
import django_tables2 as tables
from django import forms
from django.db.models import Count, Q
from django.http import Http404
from django.utils.functional import cached_property

from accounts.forms import ActionForm
from accounts.models import Organisation
from accounts.refusals import Refusal
from accounts.views.base import ActionView, ObjectMixin
from accounts.views.lists import ListView

from ..deadlines import Deadline, deadline_of_kind
from ..models import Batch, Dossier, Window
from ..services import deadlines as services
from ..services.windows import (
    STAGES,
    kind_names,
    said,
    season_of,
    window_is_set_by,
    window_place,
    window_set,
    window_words,
)
from ..tables import RegionColumn, StateColumn
from ..templatetags.words import region_name
from .windows import WindowForm

SHOWN = 20


class BatchField(forms.ModelChoiceField):
    def label_from_instance(self, batch):
        return f"{region_name(batch.city)} {batch.name}"


class DeadlineForm(WindowForm):
    kind = forms.ChoiceField(label="事项", choices=[(kind.value, kind.label) for kind in Window.CITY_KINDS])
    plan_kind = forms.ChoiceField(
        label="计划类型", required=False,
        help_text="只用于新生注册，如三二分段；先于全省的，不论在哪个批次",
    )  # fmt: skip
    stage = forms.TypedChoiceField(label="阶段", choices=list(STAGES.items()), coerce=int)
    batch = BatchField(
        label="批次", queryset=Batch.objects.all(), required=False, empty_label="全部批次",
        help_text="市可以为某个批次单独设置；批次的先于全市的，全市的先于全省的",
    )  # fmt: skip
    field_order = ("kind", "stage", "plan_kind", "batch", "opens_at", "closes_at")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        office = self.actor.organisation
        batches = Batch.objects.filter(season__current=True, season__province=office.province)
        if office.kind == Organisation.Kind.PROVINCE:
            narrow = [(kind, Window.Kind(kind).label) for kind in Window.NARROW_KINDS]
            self.fields["kind"].choices = [*self.fields["kind"].choices, *narrow]
            self.fields["plan_kind"].choices = [("", "各类计划"), *kind_names().items()]
            self.fields["batch"].help_text = "只用于新生注册；其他事项由各市为批次单独设置"
            self.fields["batch"].queryset = batches.order_by("city", "position")
        else:
            del self.fields["plan_kind"]
            self.fields["batch"].queryset = batches.filter(city=office.region)

    def clean(self):
        data = super().clean()
        apart = data.get("batch") or data.get("plan_kind")
        if data.get("kind") in Window.NARROW_KINDS and not apart:
            self.add_error("plan_kind", "请选择计划类型或批次；全省的新生注册时间在时间窗中设置。")
        return data


class ChangeDeadlineForm(DeadlineForm):
    """What a deadline is about stays; only its span is changed."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("kind", "stage", "plan_kind", "batch"):
            if name in self.fields:
                self.fields[name].disabled = True


class NewDeadlineView(ActionView):
    """A deadline of schools for the province, a city or a batch; set again it replaces the one before."""

    form_class = DeadlineForm
    template_name = "admissions/set_windows__deadline.html"
    confirm = True
    submit_label = "设置"
    done = "期限已设置，立即生效；到期前 7、3、1 天在工作台提醒。"

    def preview(self, data):
        city = window_place(self.actor, data["kind"])
        window = Window(**{"season": season_of(self.actor), "city": city} | data)
        kind = deadline_of_kind(window.kind)
        warnings = ["截止时间早于现在：设置后立即到期。"] if window.has_closed else []
        span = f"{said(window.opens_at)} 至 {said(window.closes_at)}"
        if window.kind not in Window.NARROW_KINDS:
            return {
                "words": f"{window_words(window)}：{span}投给院校的档案。{kind.then}",
                "warnings": warnings,
            }
        left = kind.touched(window).count()
        if window.has_closed:
            warnings.append(f"几分钟内将恢复 {left} 名考生，不能整批撤回。")
        words = f"{window_words(window)}：{span}，先于全省的新生注册时间。现有 {left} 名考生{kind.words}。{kind.then}"
        return {"words": words, "warnings": warnings}

    def act(self, data):
        return window_set(actor=self.actor, **data)

    def get_context_data(self, **kwargs):
        return super().get_context_data(cancel_url=self.page(), **kwargs)


class DeadlineView(ObjectMixin, NewDeadlineView):
    """Change one deadline."""

    model = Window
    form_class = ChangeDeadlineForm

    def rows(self):
        return super().rows().deadlines().filter(season__current=True).select_related("batch")

    def act(self, data):
        if not window_is_set_by(self.object, self.actor):
            raise Refusal("这一期限不由您单位设置。")
        return super().act(data)

    def get_initial(self):
        names = ("kind", "stage", "plan_kind", "batch", "opens_at", "closes_at")
        return {name: getattr(self.object, name) for name in names}


class TouchedTable(tables.Table):
    """Dossiers that a deadline touches."""

    number = tables.Column("考生号", accessor="candidate__number")
    name = tables.Column("姓名", accessor="candidate__name", orderable=False)
    city = RegionColumn(verbose_name="生源地市", orderable=False)
    county = RegionColumn(verbose_name="生源县区", orderable=False)
    school = tables.Column("院校", accessor="school__name", order_by="school__code")
    state = StateColumn(accessor="candidate__dossier")
    changed_at = tables.DateTimeColumn(verbose_name="自", format="Y-m-d H:i", orderable=False)

    class Meta:
        model = Dossier
        fields = ()
        attrs = {"aria-label": "期限涉及的考生"}
        empty_text = "没有考生"


class TouchedFilters(filters.FilterSet):
    number = filters.CharFilter(field_name="candidate__number", lookup_expr="begins", label="考生号")
    school = filters.CharFilter(method="by_school", label="院校代码或名称")

    class Meta:
        model = Dossier
        fields: list[str] = []

    def by_school(self, rows, name, value):
        return rows.filter(Q(school__code=value) | Q(school__name__contains=value))


class TouchedView(ListView):
    """Whom a deadline would touch if it passed now: counts by school, the list, an export."""

    model = Dossier
    table_class = TouchedTable
    filterset_class = TouchedFilters
    template_name = "admissions/set_windows__touched.html"

    @cached_property
    def window(self) -> Window:
        seen = Window.objects.visible_to(self.actor).select_related("season", "batch")
        found = seen.filter(pk=self.kwargs["pk"], season__current=True).first()
        if found is None or deadline_of_kind(found.kind) is None:
            raise Http404
        return found

    @property
    def kind(self) -> Deadline:
        return deadline_of_kind(self.window.kind)

    def get_queryset(self):
        touched = self.kind.touched(self.window).filter(self.actor.scope.sources())
        return touched.select_related("candidate__dossier", "school").order_by("school__code", "pk")

    def get_context_data(self, **kwargs):
        rows = self.object_list.order_by()
        by_school = rows.values("school__code", "school__name").annotate(n=Count("pk"))
        schools = list(by_school.order_by("-n", "school__code"))
        return super().get_context_data(
            window=self.window,
            kind=self.kind,
            what=window_words(self.window),
            by_school=schools[:SHOWN],
            schools=len(schools),
            candidates=sum(row["n"] for row in schools),
            back_url=self.page(),
            **kwargs,
        )


class PostponeForm(ActionForm):
    windows = forms.ModelMultipleChoiceField(
        label="期限", queryset=Window.objects.none(), widget=forms.CheckboxSelectMultiple
    )
    days = forms.IntegerField(label="顺延天数", min_value=1, max_value=services.MAX_DAYS)
    reason = forms.CharField(
        label="原因", max_length=200, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="所有招办和院校都会在工作台看到",
    )  # fmt: skip

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        field = self.fields["windows"]
        field.queryset = services.windows_to_postpone(self.actor)
        field.label_from_instance = lambda window: f"{window_words(window)}，{said(window.closes_at)} 截止"


class PostponeView(ActionView):
    """整体顺延: several deadlines put off for everybody, by as many days, with a reason that all read."""

    form_class = PostponeForm
    template_name = "admissions/set_windows__postpone.html"
    confirm = True
    submit_label = "顺延"
    done = "已顺延 {result} 项期限，并在工作台通知各招办和院校。"

    def preview(self, data):
        chosen = list(data["windows"])
        if not chosen:
            raise Refusal("请选择要顺延的期限。")
        self.request.POST = self.request.POST.copy()  # sent again with the confirmation
        self.request.POST.setlist("seen", [f"{one.pk}@{one.closes_at.isoformat()}" for one in chosen])
        later = timedelta(days=data["days"])
        rows = []
        for window in chosen:
            kind = deadline_of_kind(window.kind)
            touched = kind.touched(window).count() if kind else None
            rows.append(
                (window_words(window), said(window.closes_at), said(window.closes_at + later), touched)
            )
        return {
            "count": len(chosen),
            "unit": "项期限",
            "words": f"下列期限对所有院校和考生一律顺延 {data['days']} 天。",
            "header": ("期限", "原截止", "顺延至", "涉及考生"),
            "rows": rows,
        }

    def act(self, data):
        made = services.windows_postpone(
            actor=self.actor,
            windows=[window.pk for window in data["windows"]],
            days=data["days"],
            reason=data["reason"],
            seen=self.seen(),
        )
        return len(made)

    def seen(self) -> dict:
        """The deadlines as the confirmation showed them."""
        try:
            pairs = [text.split("@") for text in self.request.POST.getlist("seen")]
            return {int(key): datetime.fromisoformat(moment) for key, moment in pairs}
        except ValueError:
            raise Refusal("请重新核对后确认。")

    def get_context_data(self, **kwargs):
        return super().get_context_data(cancel_url=self.page(), **kwargs)
