"""Reasons as fields of a form: a code, and words where the code asks for them."""

from django import forms

from admissions.models import ReturnReason

WORDS = forms.Textarea(attrs={"rows": 2})


class LeavingReasonField(forms.ModelChoiceField):
    """Reasons for leaving a school, told with their codes."""

    def __init__(self, codes: tuple[str, ...], **kwargs):
        super().__init__(queryset=ReturnReason.objects.filter(code__in=codes), empty_label="请选择", **kwargs)

    def label_from_instance(self, row):
        return f"{row.code} {row.name}{'（须说明）' if row.needs_words else ''}"


class LeavingReasonForm(forms.Form):
    """Mixed into an ``ActionForm`` that has a ``LeavingReasonField`` named reason, and words."""

    def clean(self):
        data = super().clean()
        reason = data.get("reason")
        if reason and reason.needs_words and not data.get("words", "").strip():
            self.add_error("words", f"原因“{reason.name}”须注明具体情况。")
        return data
