"""A form with a paper that survives the page of confirmation, and a form sent back for other faults."""

from django import forms

from accounts.refusals import Refusal

from .models import DossierPaper, ReturnReason
from .services.papers import ACCEPT, FORMATS, paper_of_token, paper_store, token_of


class ReasonField(forms.ModelChoiceField):
    """Reasons for letting a candidate go, each with what it asks for.

    Args:
        codes: those offered; all if not given.
    """

    def __init__(self, codes: tuple[str, ...] = (), **kwargs):
        rows = ReturnReason.objects.all()
        super().__init__(queryset=rows.filter(code__in=codes) if codes else rows, **kwargs)

    def label_from_instance(self, reason):
        return reason.label


class WithPaper(forms.Form):
    """Mixed into an ``ActionForm``: ``cleaned_data["paper"]`` is a stored ``Paper`` or None.

    A browser sends a file once. What came is stored, and ``paper_kept`` brings it back with the next sending;
    another file takes its place. Views mix in ``CarriesPaper``.
    """

    paper = forms.FileField(
        label="书面材料",
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ACCEPT}),
        help_text=f"原因标明须附书面材料的必传，一份文件用于本次的全部考生；{FORMATS}。",
    )
    paper_kept = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean(self):
        data = super().clean()
        upload, kept = data.get("paper"), data.get("paper_kept") or ""
        data["paper"] = None
        try:
            if upload:
                data["paper"] = paper_store(upload, DossierPaper.FOLDER)
                kept = token_of(data["paper"], self.actor)
            elif kept:
                data["paper"] = paper_of_token(kept, self.actor)
        except Refusal as refusal:
            self.add_error("paper", str(refusal))
            kept = ""
        self.data = self.data.copy()
        self.data["paper_kept"] = kept  # as it was signed first: it does not grow older than it may
        if data.get("paper"):
            self["paper"].help_text = f"已上传“{data['paper']}”，不必重新选择；选择别的文件则替换。"
        return data

    def require_paper(self, reason) -> None:
        """Say so if a reason needs a paper and there is none; called by ``clean`` once the reason is known."""
        if reason and reason.needs_attachment and not self.cleaned_data.get("paper"):
            self.add_error("paper", f"原因“{reason.name}”须附书面材料，请上传。")


class PaperOnly(forms.Form):
    """Mixed into an ``ActionForm`` that does nothing but upload: the file itself, to be stored by the view."""

    paper = forms.FileField(
        label="书面材料",
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ACCEPT}),
        help_text=f"{FORMATS}。",
        error_messages={"required": "请选择文件。"},
    )
