"""Reasons as fields of a form: a code, and words where the code asks for them."""

from django import forms

from .coded import reasons_of


class CodedReasonForm(forms.Form):
    """Mixed into an ``ActionForm`` whose reasons are reference data: give ``reason_function``."""

    reason_function = ""
    reason_use = "ask"

    reason = forms.ChoiceField(label="原因")
    words = forms.CharField(
        label="情况说明", required=False, max_length=200, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.reasons = reasons_of(self.reason_function, self.reason_use)
        self.fields["reason"].choices = [
            ("", "请选择"),
            *((r.code, f"{r.code} {r.name}{'（须说明）' if r.needs_text else ''}") for r in self.reasons),
        ]

    def clean(self):
        data = super().clean()
        found = next((row for row in self.reasons if row.code == data.get("reason")), None)
        if found and found.needs_text and not data.get("words", "").strip():
            self.add_error("words", f"原因“{found.name}”须注明具体情况。")
        return data
