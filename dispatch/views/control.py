"""投档控制: batches, modes, lines and audits of one's city."""

from django import forms

from accounts.forms import ActionForm
from accounts.refusals import Refusal
from accounts.views.base import ActionView, ObjectMixin, PageView
from admissions.models import Batch, Region, School, Subject
from admissions.reference import plan_kinds

from ..models import RegionLine, SchoolControl
from ..services import control


class MarksField(forms.DecimalField):
    """Marks with at most two decimals, kept as hundredths."""

    def __init__(self, **kwargs):
        super().__init__(max_digits=6, decimal_places=2, min_value=0, **kwargs)

    def clean(self, value):
        marks = super().clean(value)
        return None if marks is None else int(marks * 100)


class BatchesPage(PageView):
    """The batches an officer sees, each leading to the form of the function at hand."""

    template_name = "dispatch/batches.html"

    def get_context_data(self, **kwargs):
        batches = self.visible(Batch).filter(season__current=True).prefetch_related("lines")
        names = dict(Region.objects.filter(code__in={b.city for b in batches}).values_list("code", "name"))
        return super().get_context_data(
            batches=[
                {
                    "batch": batch,
                    "city": names.get(batch.city, batch.city),
                    "url": self.page("one", pk=batch.pk),
                }
                for batch in batches
            ],
            **kwargs,
        )


class BatchForm(ObjectMixin, ActionView):
    """A form about one batch."""

    model = Batch
    template_name = "dispatch/batch_form.html"

    def get_success_url(self):
        return self.page()

    def get_context_data(self, **kwargs):
        return super().get_context_data(cancel_url=self.page(), **kwargs)


def cities_of(actor) -> list[tuple[str, str]]:
    """Cities whose batches an actor may set: his own; a county sets none."""
    codes = [code for code in actor.scope.regions if len(code) == 4]
    return list(Region.objects.filter(code__in=codes).values_list("code", "name"))


class BatchFields(ActionForm):
    city = forms.ChoiceField(label="市")
    code = forms.RegexField(
        r"^[0-9A-Za-z]{1,4}$", label="批次代码", help_text="一至四位字母或数字，计划和志愿文件中使用"
    )
    name = forms.CharField(label="批次名称", max_length=60)
    position = forms.IntegerField(label="次序", min_value=1, max_value=99)
    choices_allowed = forms.IntegerField(label="志愿数", min_value=1, max_value=20)
    plan_kinds = forms.MultipleChoiceField(
        label="计划类型", required=False, widget=forms.CheckboxSelectMultiple,
        choices=[(kind.code, f"{kind.code} {kind.name}") for kind in plan_kinds()],
    )  # fmt: skip

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["city"].choices = cities_of(self.actor)


class SetBatchesPage(BatchesPage):
    """设置地市批次: the batches, each leading to its form; and a way to a new one."""

    template_name = "dispatch/set_batches.html"

    def get_context_data(self, **kwargs):
        return super().get_context_data(may_add=bool(cities_of(self.actor)), **kwargs)


class AddBatchView(ActionView):
    """A new batch of one's city."""

    form_class = BatchFields
    template_name = "dispatch/batch_new.html"
    submit_label = "新建批次"
    done = "批次已建立，请继续设置投档模式和分数线。"

    def get_context_data(self, **kwargs):
        return super().get_context_data(cancel_url=self.page(), **kwargs)

    def act(self, data):
        control.set_batches(actor=self.actor, city=data.pop("city"), values=data)


class SetBatchView(BatchForm):
    """Change a batch that has sent nothing yet."""

    form_class = BatchFields
    template_name = "dispatch/batch_form.html"
    done = "批次已修改。"

    def get_initial(self):
        batch = self.object
        return {name: getattr(batch, name) for name in self.form_class.base_fields}

    def act(self, data):
        data.pop("city")
        control.set_batches(actor=self.actor, city=self.object.city, values=data, batch=self.object)


class ModeForm(ActionForm):
    mode = forms.ChoiceField(label="投档模式", choices=Batch.Mode)
    ratio_percent = forms.IntegerField(label="投档比例（%）", min_value=100, max_value=200)
    rounding = forms.ChoiceField(label="取整", choices=Batch.Rounding)
    tie_policy = forms.ChoiceField(label="末位同分", choices=Batch.Ties)
    tie_keys = forms.CharField(
        label="同分比较", required=False, help_text="依次比较，用空格分开；科目可用加号求和，如 chinese+maths"
    )
    tiers = forms.CharField(label="梯度线", required=False, help_text="仅梯度模式使用，由高到低，用空格分开")

    def clean_tie_keys(self):
        return self.cleaned_data["tie_keys"].split()

    def clean_tiers(self):
        try:
            return sorted(
                (round(float(part) * 100) for part in self.cleaned_data["tiers"].split()), reverse=True
            )
        except ValueError:
            raise forms.ValidationError("梯度线须为数字。") from None


class SetModeView(BatchForm):
    """设置投档模式."""

    form_class = ModeForm
    confirm = True
    done = "投档模式已设置。"

    def get_initial(self):
        batch = self.object
        return {
            "mode": batch.mode,
            "ratio_percent": batch.ratio_percent,
            "rounding": batch.rounding,
            "tie_policy": batch.tie_policy,
            "tie_keys": " ".join(batch.tie_keys),
            "tiers": " ".join(f"{bound / 100:g}" for bound in batch.tiers),
        }

    def get_context_data(self, **kwargs):
        subjects = Subject.objects.filter(season=self.object.season_id, city=self.object.city)
        return super().get_context_data(subjects=subjects, **kwargs)

    def preview(self, data):
        before, form = self.get_initial(), self.form_class(self.request.POST, actor=self.actor)
        rows = [
            (form.fields[name].label, before[name], self.request.POST.get(name, ""))
            for name in form.fields
            if str(before[name]) != self.request.POST.get(name, "")
        ]
        if not rows:
            raise Refusal("没有任何变化。")
        return {"count": len(rows), "unit": "项变化", "header": ("参数", "原值", "新值"), "rows": rows}

    def act(self, data):
        control.set_mode(actor=self.actor, batch=self.object, values=data)


class LineForm(ActionForm):
    county = forms.ChoiceField(label="范围", required=False)
    score = MarksField(label="分数线")

    def __init__(self, *args, batch, **kwargs):
        super().__init__(*args, **kwargs)
        counties = Region.objects.filter(code__startswith=batch.city).exclude(code=batch.city)
        self.fields["county"].choices = [("", "全市"), *counties.values_list("code", "name")]


class SetRegionLineView(BatchForm):
    """设置区域分数线."""

    form_class = LineForm
    done = "分数线已设置。"
    template_name = "dispatch/set_region_line_form.html"

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"batch": self.object}

    def get_context_data(self, **kwargs):
        lines = RegionLine.objects.filter(batch=self.object).order_by("county")
        names = dict(Region.objects.filter(code__startswith=self.object.city).values_list("code", "name"))
        rows = [(names.get(line.county, "全市"), f"{line.score / 100:g}") for line in lines]
        return super().get_context_data(rows=rows, **kwargs)

    def act(self, data):
        control.set_region_line(
            actor=self.actor, batch=self.object, county=data["county"], score=data["score"]
        )


class ReviewForm(ActionForm):
    schools = forms.ModelMultipleChoiceField(
        label="院校", queryset=School.objects.none(), widget=forms.CheckboxSelectMultiple
    )
    admissions = forms.BooleanField(label="录取须审核", required=False)
    returns = forms.BooleanField(label="退档须审核", required=False)

    def __init__(self, *args, batch, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["schools"].queryset = School.objects.filter(planline__batch=batch).distinct()


class SetSchoolReviewView(BatchForm):
    """设置院校是否审核."""

    form_class = ReviewForm
    done = "已设置 {result} 所院校。"
    template_name = "dispatch/set_school_review_form.html"

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"batch": self.object}

    def get_initial(self):
        return {"admissions": True, "returns": True}

    def get_context_data(self, **kwargs):
        controls = SchoolControl.objects.filter(batch=self.object).select_related("school")
        return super().get_context_data(controls=controls, **kwargs)

    def act(self, data):
        return control.set_school_review(
            actor=self.actor,
            batch=self.object,
            schools=list(data["schools"]),
            admissions=data["admissions"],
            returns=data["returns"],
        )
