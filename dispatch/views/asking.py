"""试算: the form of a what-if, and the way to delete one."""

from django import forms
from django.http import Http404
from django.utils.functional import cached_property

from accounts.forms import ActionForm, style_field
from admissions.models import Batch

from ..models import RunSchool
from ..queries.parameters import PLAIN
from ..services import comparing
from .sending import RunDeed

ROWS = 6


class AskForm(ActionForm):
    """What is supposed: lines, plans, and values of the mode, which start from the run's own."""

    lines = forms.DecimalField(
        label="分数线移动（分）", required=False, max_digits=6, decimal_places=2, min_value=-1000, max_value=1000,
        help_text="所有已设的分数线一起提高；降低填负数，如 -5",
    )  # fmt: skip
    plans_percent = forms.IntegerField(
        label="全部计划增减（%）", required=False, min_value=-100, max_value=comparing.MOST_PERCENT,
        help_text="每所院校的计划余额按此比例增减，四舍五入",
    )  # fmt: skip
    mode = forms.ChoiceField(label="投档模式", choices=Batch.Mode)
    bands = forms.CharField(
        label="志愿分段", required=False, help_text="仅分段平行志愿使用，如 1 2，最后一段重复"
    )
    tiers = forms.CharField(
        label="梯度线（分）", required=False, help_text="仅梯度模式使用，由高到低，用空格分开"
    )
    ratio_percent = forms.IntegerField(label="投档比例（%）", min_value=100, max_value=200)
    rounding = forms.ChoiceField(label="取整", choices=Batch.Rounding)
    tie_policy = forms.ChoiceField(label="末位同分", choices=Batch.Ties)

    def __init__(self, *args, schools: dict[str, int], **kwargs):
        super().__init__(*args, **kwargs)
        self.schools = schools  # key by code, of those that take part
        for number in range(1, ROWS + 1):
            self.fields[f"school_{number}"] = forms.CharField(
                label=f"院校 {number}", required=False, max_length=100,
                widget=forms.TextInput(attrs={"list": "schools", "autocomplete": "off", "placeholder": "代码"}),
            )  # fmt: skip
            self.fields[f"seats_{number}"] = forms.IntegerField(
                label=f"增减计划 {number}", required=False, min_value=-comparing.MOST_SEATS,
                max_value=comparing.MOST_SEATS, widget=forms.NumberInput(attrs={"placeholder": "增减数"}),
            )  # fmt: skip
            for name in (f"school_{number}", f"seats_{number}"):
                style_field(self.fields[name])

    def plan_rows(self) -> list[tuple]:
        """The rows of schools and seats, as bound fields."""
        return [(self[f"school_{n}"], self[f"seats_{n}"]) for n in range(1, ROWS + 1)]

    def rules(self) -> list:
        """The fields of the mode."""
        return [self[name] for name in ("mode", "bands", "tiers", "ratio_percent", "rounding", "tie_policy")]

    def clean_lines(self):
        return int((self.cleaned_data["lines"] or 0) * 100)

    def clean_plans_percent(self):
        return self.cleaned_data["plans_percent"] or 0

    def clean_bands(self):
        parts = self.cleaned_data["bands"].replace("、", " ").split()
        if not all(part.isdecimal() and 0 < int(part) < 100 for part in parts):
            raise forms.ValidationError("志愿分段须为正整数，如 1 2。")
        return [int(part) for part in parts]

    def clean_tiers(self):
        try:
            parts = [
                round(float(part) * 100) for part in self.cleaned_data["tiers"].replace("、", " ").split()
            ]
        except (ValueError, OverflowError):
            raise forms.ValidationError("梯度线须为数字。") from None
        if any(abs(part) > 1_000_000 for part in parts):
            raise forms.ValidationError("梯度线超出范围。")
        return sorted(parts, reverse=True)

    def clean(self):
        plans = {}
        for number in range(1, ROWS + 1):
            said = self.cleaned_data.get(f"school_{number}") or ""
            seats = self.cleaned_data.get(f"seats_{number}")
            if not said and seats is None:
                continue
            school = self.schools.get(said.split(" ")[0])
            if not said:
                self.add_error(f"school_{number}", "请填写院校代码。")
            elif school is None:
                self.add_error(f"school_{number}", f"“{said}”不是参加本次投档的院校。")
            elif school in plans:
                self.add_error(f"school_{number}", f"“{said}”填写了两次。")
            elif seats is None and f"seats_{number}" not in self.errors:
                self.add_error(f"seats_{number}", "请填写增减的计划数。")
            else:
                plans[school] = seats
        self.cleaned_data["plans"] = plans
        return self.cleaned_data


class AskView(RunDeed):
    """试算: what would be with other lines, plans or rules."""

    form_class = AskForm
    template_name = "dispatch/ask_form.html"
    confirm = False
    submit_label = "开始试算"
    done = "试算已开始。"

    def get(self, request, *args, **kwargs):
        comparing.formal_of(self.object)  # refused at once where there is nothing to start from
        return super().get(request, *args, **kwargs)

    @cached_property
    def schools(self) -> list[RunSchool]:
        return list(
            RunSchool.objects.filter(run=self.object).select_related("school").order_by("school__code")
        )

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {
            "schools": {row.school.code: row.school_id for row in self.schools}
        }

    def get_initial(self):
        own = self.object.parameters
        return {name: own.get(name) for name in ("mode", "ratio_percent", "rounding", "tie_policy")} | {
            "bands": " ".join(map(str, own.get("bands", ()))),
            "tiers": " ".join(f"{bound / 100:g}" for bound in own.get("tiers", ())),
        }

    def get_context_data(self, **kwargs):
        return super().get_context_data(schools=self.schools, **kwargs)

    def act(self, data):
        rules = {name: data[name] for name in PLAIN}
        comparing.run_ask_start(
            actor=self.actor, run=self.object, lines=data["lines"], plans=data["plans"],
            plans_percent=data["plans_percent"], parameters=rules,
        )  # fmt: skip


class DeleteAskedView(RunDeed):
    """Delete a what-if of one's own."""

    confirm = False
    submit_label = "删除试算"
    done = "试算已删除。"

    def act(self, data):
        rehearsal = (
            self.object.rehearsals.select_related("run__batch").filter(number=self.kwargs["number"]).first()
        )
        if rehearsal is None:
            raise Http404
        comparing.asked_delete(actor=self.actor, rehearsal=rehearsal)
