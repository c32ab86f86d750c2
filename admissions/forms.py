"""Forms of this app's functions."""

from django import forms

from accounts.forms import ActionForm

from .imports.importer import registry
from .services.imports import cities_of


class UploadForm(ActionForm):
    """A file of one of the function's formats; the city is asked only of whoever has several."""

    profile = forms.ChoiceField(label="格式")
    city = forms.ChoiceField(label="市")
    upload = forms.FileField(
        label="文件",
        allow_empty_file=True,
        max_length=200,
        help_text="XLSX、CSV 或 DBF，按内容识别。先检查，不写入任何数据。",
    )
    again = forms.BooleanField(
        label="同一文件以前写入过，仍要重新检查", required=False, help_text="一般不需要勾选。"
    )

    def __init__(self, *args, function, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["profile"].choices = [
            (importer.profile_name, importer.title()) for importer in registry.of_function(function)
        ]
        self.fields["city"].choices = cities_of(self.actor)
        for name in ("profile", "city"):
            choices = self.fields[name].choices
            if len(choices) == 1:
                self.fields[name].initial = choices[0][0]
                self.fields[name].required = False
                self.fields[name].widget = forms.HiddenInput()
        self.fields["upload"].widget.attrs["accept"] = ".xlsx,.csv,.dbf"

    def clean(self):
        data = super().clean()
        for name in ("profile", "city"):
            data[name] = data.get(name) or self.fields[name].initial or ""
        return data


class ConfirmForm(ActionForm):
    """What was seen: the digests of file and plan, and the extra tick where one is asked for."""

    digest = forms.CharField(widget=forms.HiddenInput(), max_length=64)
    plan_digest = forms.CharField(widget=forms.HiddenInput(), max_length=64)
    ticked = forms.BooleanField(label="我已核实上述情况", required=False)
