"""Forms of 自动审核管理."""

from django import forms
from django.utils import timezone

from accounts.forms import ActionForm
from admissions.models import Batch, School
from quotas.models import PlanLine

from .models import AutoRule
from .queries.auto import OPTIONS, REASONS


class ContentForm(ActionForm):
    """What a version asks for; the fields of the other kind are not asked."""

    asks = forms.MultipleChoiceField(
        label="还要求",
        required=False,
        choices=list(OPTIONS.items()),
        widget=forms.CheckboxSelectMultiple,
        initial=list(OPTIONS),
        help_text="不勾选的不再要求，请慎重",
    )
    margin = forms.DecimalField(
        label="高出分数线", min_value=0, max_value=1000, decimal_places=2, initial=0,
        help_text="分，须同时高出区域线和院校线这么多才自动通过",
    )  # fmt: skip
    reasons = forms.MultipleChoiceField(
        label="退档原因", choices=list(REASONS.items()), widget=forms.CheckboxSelectMultiple
    )
    sample = forms.IntegerField(
        label="抽样复核比例（%）", min_value=1, max_value=100, initial=5,
        help_text="由系统生成的种子随机抽取，交人工复核",
    )  # fmt: skip
    threshold = forms.IntegerField(
        label="异议率上限（%）", min_value=0, max_value=100, initial=5, help_text="超过即自动停用"
    )
    least = forms.IntegerField(
        label="起算人数", min_value=1, max_value=1000, initial=20,
        help_text="复核不足这个人数时，按这个人数计算异议率",
    )  # fmt: skip

    def __init__(self, *args, kind: str, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("reasons",) if kind == AutoRule.Kind.ADMISSIONS else ("asks", "margin"):
            del self.fields[name]

    def content(self) -> dict:
        """What was filled in, as a version holds it."""
        data = self.cleaned_data
        found = {name: data[name] for name in ("sample", "threshold", "least")}
        if "reasons" in data:
            return found | {"reasons": data["reasons"]}
        return found | {"asks": data["asks"], "margin": int(data["margin"] * 100)}


class NewRuleForm(ContentForm):
    batch = forms.ModelChoiceField(
        label="批次", queryset=Batch.objects.all(), required=False, empty_label="全部批次"
    )
    school = forms.CharField(
        label="院校代码", max_length=20, required=False, help_text="空为全部院校；范围小的规则先于范围大的"
    )
    plan_kind = forms.ChoiceField(label="计划类型", required=False)
    field_order = ("batch", "school", "plan_kind")

    def __init__(self, *args, kind: str, **kwargs):
        super().__init__(*args, kind=kind, **kwargs)
        batches = self.fields["batch"].queryset.filter(season__current=True)
        self.fields["batch"].queryset = batches
        if kind == AutoRule.Kind.RETURNS:
            del self.fields["plan_kind"]
            return
        kinds = PlanLine.objects.visible_to(self.actor).filter(batch__in=batches).exclude(kind="")
        found = kinds.order_by("kind").values_list("kind", flat=True).distinct()
        self.fields["plan_kind"].choices = [("", "全部类型"), *((kind, kind) for kind in found)]

    def clean_school(self):
        code = self.cleaned_data["school"].strip()
        if not code:
            return None
        found = School.objects.filter(code=code, organisation__province=self.actor.scope.province).first()
        if found is None:
            raise forms.ValidationError("没有这所院校。")
        return found


class TryForm(ActionForm):
    day = forms.DateField(
        label="日期",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="用这一天人工审核过的考生试运行",
    )

    def clean_day(self):
        if self.cleaned_data["day"] > timezone.localdate():
            raise forms.ValidationError("不能晚于今天。")
        return self.cleaned_data["day"]


class WordsForm(ActionForm):
    words = forms.CharField(label="原因", max_length=200, widget=forms.Textarea(attrs={"rows": 2}))


class NoteForm(ContentForm):
    note = forms.CharField(label="修改说明", max_length=200, required=False)


class CheckForm(ActionForm):
    agrees = forms.ChoiceField(
        label="复核意见", choices=[("1", "同意"), ("0", "有异议")], widget=forms.RadioSelect
    )
    words = forms.CharField(
        label="说明", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="有异议的必填",
    )  # fmt: skip
