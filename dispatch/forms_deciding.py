"""Forms of decisions of a school."""

from django import forms

from accounts.forms import ActionForm
from accounts.refusals import Refusal
from admissions.models import ReturnReason
from quotas.models import PlanLine

from .models import Sheet
from .services import deciding


class DecisionForm(ActionForm):
    """One decision on one dossier: ``decision`` is admit, return or undecide."""

    DECISIONS = (("admit", "拟录取"), ("return", "拟退档"), ("undecide", "待定"))

    candidate = forms.IntegerField()
    version = forms.IntegerField(min_value=0)
    decision = forms.ChoiceField(choices=DECISIONS)
    plan_line = forms.ModelChoiceField(PlanLine.objects.all(), required=False)
    reason = forms.ModelChoiceField(ReturnReason.objects.all(), required=False)
    words = forms.CharField(max_length=500, required=False)

    @property
    def key(self) -> int | None:
        """Key of the candidate it is about, if that much could be read."""
        return getattr(self, "cleaned_data", {}).get("candidate")

    def carry_out(self, sheet: Sheet) -> None:
        """Do what was decided.

        Raises:
            Refusal: if the form is not complete or a rule says no.
        """
        if not self.is_valid():
            raise Refusal("；".join(f"{error[0]}" for error in self.errors.values()) or "请求不完整。")
        data = self.cleaned_data
        what = {
            "actor": self.actor,
            "sheet": sheet,
            "candidate": data["candidate"],
            "version": data["version"],
        }
        if data["decision"] == "admit":
            line = data["plan_line"]
            deciding.dossier_propose_admit(**what, plan_line=line and line.pk)
        elif data["decision"] == "return":
            reason = data["reason"]
            if reason is None:
                raise Refusal("请选择退档原因。")
            deciding.dossier_propose_return(**what, reason=reason.pk, words=data["words"])
        else:
            deciding.dossier_undecide(**what)
