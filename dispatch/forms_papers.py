"""Forms of papers that go with returns."""

from django import forms

from accounts.forms import ActionForm
from admissions.forms_papers import PaperOnly


class AttachForm(PaperOnly, ActionForm):
    """A paper for the return of one candidate, or of several."""

    candidates = forms.TypedMultipleChoiceField(
        coerce=int, error_messages={"required": "请选择考生。"}, widget=forms.MultipleHiddenInput
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["candidates"].valid_value = lambda value: str(value).isdecimal()
