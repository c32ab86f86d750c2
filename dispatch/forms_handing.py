"""Forms by which a leader hands dossiers out, and those of decisions by a list."""

import re
from decimal import Decimal

from django import forms

from accounts.forms import ActionForm, style_field
from accounts.models import User
from admissions.forms_papers import ReasonField, WithPaper
from admissions.models import Region
from admissions.services.papers import FORMATS

from .models import Sheet
from .queries.handing import counties_of
from .services.answering import Entry
from .services.handing import Deal, members_of
from .services.naming import MOST

WAYS = (("evenly", "平均分发"), ("scores", "按分数段"), ("counties", "按生源县区"), ("chosen", "指定考生"))


def numbers_in(text: str) -> list[str]:
    """Candidate numbers in a pasted text, separated by spaces, commas or lines."""
    return [part for part in re.split(r"[\s,，;；、]+", text) if part]


class MembersField(forms.ModelMultipleChoiceField):
    def label_from_instance(self, user):
        return user.name


class MemberField(forms.ModelChoiceField):
    def label_from_instance(self, user):
        return user.name


class HandOutForm(ActionForm):
    """One of four ways to hand out; ``deal`` is what the service wants."""

    way = forms.ChoiceField(choices=WAYS)
    again = forms.BooleanField(label="连同已分发的未定档案重新分发", required=False)
    members = MembersField(
        User.objects.none(), label="组员", required=False, widget=forms.CheckboxSelectMultiple
    )
    member = MemberField(User.objects.none(), label="分给", required=False, empty_label="选择组员")
    numbers = forms.CharField(
        label="考生号",
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="每行一个，也可用空格或逗号分开",
    )

    def __init__(self, *args, sheet: Sheet, **kwargs):
        super().__init__(*args, **kwargs)
        self.people = members_of(sheet.school_id)
        rows = User.objects.filter(pk__in=[user.pk for user in self.people]).order_by("username")
        self.fields["members"].queryset = self.fields["member"].queryset = rows
        for user in self.people:
            for end in ("low", "high"):
                field = forms.DecimalField(required=False, min_value=0, max_value=10_000, decimal_places=2)
                self.fields[f"{end}_{user.pk}"] = field
                style_field(field)
        self.regions = counties_of(sheet)
        for code in self.regions:
            choices = [("", "不分发"), *((user.pk, user.name) for user in self.people)]
            field = forms.ChoiceField(choices=choices, required=False)
            self.fields[f"county_{code}"] = field
            style_field(field)

    def ranges(self) -> list:
        """A member with the fields of his range, for the page."""
        return [(user, self[f"low_{user.pk}"], self[f"high_{user.pk}"]) for user in self.people]

    def counties(self) -> list:
        """Names of counties with the field of each, for the page."""
        names = dict(Region.objects.filter(code__in=self.regions).values_list("code", "name"))
        return [(names.get(code, code), self[f"county_{code}"]) for code in self.regions]

    def clean(self):
        data = super().clean()
        if self.errors:
            return data
        data["deal"] = getattr(self, f"_{data['way']}")(data)
        return data

    def _evenly(self, data) -> Deal:
        if not data["members"]:
            raise forms.ValidationError("请选择组员。")
        return Deal(evenly=tuple(data["members"]), again=data["again"])

    def _scores(self, data) -> Deal:
        found = []
        for user in self.people:
            low, high = data[f"low_{user.pk}"], data[f"high_{user.pk}"]
            if low is None and high is None:
                continue
            top = Decimal(10_000) if high is None else high
            found.append((user, int((low or Decimal(0)) * 100), int(top * 100)))
        if not found:
            raise forms.ValidationError("请为至少一名组员填写分数段。")
        return Deal(ranges=tuple(found), again=data["again"])

    def _counties(self, data) -> Deal:
        people = {str(user.pk): user for user in self.people}
        chosen = {code: people[key] for code in self.regions if (key := data[f"county_{code}"])}
        if not chosen:
            raise forms.ValidationError("请为至少一个县区选择组员。")
        return Deal(counties=chosen, again=data["again"])

    def _chosen(self, data) -> Deal:
        numbers = numbers_in(data["numbers"])
        if not data["member"] or not numbers:
            raise forms.ValidationError("请选择组员并填写考生号。")
        return Deal(chosen=(data["member"], tuple(numbers)), again=data["again"])


class NamedForm(WithPaper, ActionForm):
    """A decision on candidates of a list, with one paper for all returns of it."""

    field_order = ("decision", "lines", "reason", "words", "paper")

    DECISIONS = (("admit", "拟录取"), ("return", "拟退档"))

    decision = forms.ChoiceField(label="决定", choices=DECISIONS)
    lines = forms.CharField(
        label="名单",
        max_length=50_000,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false"}),
        help_text=f"每行一名：考生号，拟录取时可加专业代码（不写则按考生专业志愿）；最多 {MOST} 行",
    )
    reason = ReasonField(label="退档原因", required=False, empty_label="拟退档时必选")
    words = forms.CharField(label="说明", max_length=500, required=False, help_text="原因要求说明的必填")
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["paper"].help_text = f"{FORMATS}，用于名单中的全部考生；没有附的，可在提交送审前逐名补传"

    def clean(self):
        data = super().clean()
        if self.errors:
            return data
        entries, wrong = [], []
        for row, line in enumerate(data["lines"].splitlines(), 1):
            words = [word for word in re.split(r"[\s,，;；、]+", line.strip()) if word]
            if not words or words[0] == "考生号":
                continue
            if len(words) > 2 or (len(words) == 2 and data["decision"] == "return"):
                wrong.append(str(row))
                continue
            entries.append(Entry(row, *words))
        if wrong:
            shape = "考生号 专业代码" if data["decision"] == "admit" else "考生号"
            more = "等" if len(wrong) > 10 else ""
            raise forms.ValidationError(f"第 {'、'.join(wrong[:10])} 行{more}不是“{shape}”。")
        if not entries:
            raise forms.ValidationError("名单是空的。")
        if data["decision"] == "return" and not data["reason"]:
            self.add_error("reason", "请选择退档原因。")
        if data["decision"] == "admit" and data["paper"]:
            self.add_error("paper", "拟录取不附材料，请去掉文件或改选拟退档。")
        data["entries"] = entries
        return data


class SheetBulkForm(ActionForm):
    """Dossiers of a sheet that were ticked, and the digest of what was shown of them."""

    candidates = forms.TypedMultipleChoiceField(coerce=int, required=False)
    seen = forms.CharField(required=False, max_length=64)

    def __init__(self, *args, keys, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["candidates"].choices = [(key, key) for key in keys]
