"""Forms of requests: what every kind asks beside its own, and what the parties answer."""

from django import forms

from accounts.forms import ActionForm

from .services.papers import ACCEPT, FORMATS
from .services.requests import Asked, RequestKind

WORDS = forms.Textarea(attrs={"rows": 3})


class RequestForm(ActionForm):
    """What a kind asks for, with ground, words and a paper. Subclasses add fields and give ``asked``.

    A draft is edited with its ``payload`` as initial values, so that keys there are names of fields here.
    """

    def __init__(self, *args, kind: RequestKind, draft=None, **kwargs):
        self.kind, self.draft = kind, draft
        super().__init__(*args, **kwargs)
        reasons = kind.reasons("ask")
        self.fields["reason"] = forms.ChoiceField(
            label="申请理由", choices=[("", "请选择"), *((r.code, f"{r.code} {r.name}") for r in reasons)]
        )
        needed = [r.code for r in reasons if r.needs_text]
        told = "" if len(needed) == len(reasons) else f"理由为 {'、'.join(needed)} 的，"
        self.fields["words"] = forms.CharField(
            label="情况说明",
            max_length=500,
            required=False,
            widget=forms.Textarea(attrs={"rows": 3}),
            help_text="" if not needed else f"{told}须写明具体情况",
        )
        if draft is None:
            self.fields["paper"] = forms.FileField(
                label=kind.attachment_words,
                required=False,
                max_length=200,
                widget=forms.ClearableFileInput(attrs={"accept": ACCEPT}),
                help_text=f"{FORMATS}；更多附件可在下一页添加。",
            )
        for name in ("reason", "words", "paper"):
            if name in self.fields:
                style(self.fields[name])

    def clean(self):
        data = super().clean()
        found = next((r for r in self.kind.reasons("ask") if r.code == data.get("reason")), None)
        if found and found.needs_text and not data.get("words", "").strip():
            self.add_error("words", f"理由“{found.name}”须写明具体情况。")
        return data

    def asked(self) -> Asked:
        """What is asked for; called on a form that is valid."""
        raise NotImplementedError


def style(field: forms.Field) -> None:
    """A field made in ``__init__`` looks like the others."""
    name = "form-select" if isinstance(field.widget, forms.Select) else "form-control"
    field.widget.attrs["class"] = name


class PaperForm(ActionForm):
    paper = forms.FileField(label="附件", max_length=200)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["paper"].widget.attrs["accept"] = ACCEPT


class SubmitForm(ActionForm):
    version = forms.IntegerField(widget=forms.HiddenInput)


class WithdrawForm(ActionForm):
    words = forms.CharField(label="撤回原因", max_length=200, required=False)


class DecisionForm(ActionForm):
    """What a party answers: approve, refuse or return for correction for a reason."""

    USES = {"return": "退回修改", "refuse": "不同意"}

    decision = forms.ChoiceField(choices=(("approve", "同意"), ("refuse", "不同意"), ("return", "退回修改")))
    reason = forms.ChoiceField(label="退回或不同意的理由", required=False)
    words = forms.CharField(
        label="意见", max_length=500, required=False, widget=WORDS, help_text="申请单位将看到这段文字"
    )

    def __init__(self, *args, kind: RequestKind, **kwargs):
        super().__init__(*args, **kwargs)
        self.kind = kind
        groups = [(label, self._reasons(use)) for use, label in self.USES.items()]
        self.fields["reason"].choices = [("", "请选择"), *groups]

    def _reasons(self, use: str) -> list[tuple[str, str]]:
        rows = self.kind.reasons(use)
        return [(r.code, f"{r.code} {r.name}{'（须说明）' if r.needs_text else ''}") for r in rows]

    def clean(self):
        data = super().clean()
        use = data.get("decision")
        if use in self.USES and data.get("reason") not in dict(self._reasons(use)):
            self.add_error("reason", f"{self.USES[use]}须选择“{self.USES[use]}”一组的理由。")
        return data
