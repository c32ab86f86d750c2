"""Reasons as fields of a form: a code, and words where the code asks for them."""

from django import forms

from admissions.forms_papers import WithPaper

WORDS = forms.Textarea(attrs={"rows": 2})


class LeavingReasonForm(WithPaper):
    """Mixed into an ``ActionForm`` that has a ``ReasonField`` named reason, and words; brings the paper."""

    def clean(self):
        data = super().clean()
        reason = data.get("reason")
        if reason and reason.needs_words and not data.get("words", "").strip():
            self.add_error("words", f"原因“{reason.name}”须注明具体情况。")
        self.require_paper(reason)
        return data
