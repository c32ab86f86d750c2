"""Forms of controls: the values of rows, or a sheet of them."""

from django import forms
from django.conf import settings
from django.core import signing

from accounts.forms import ActionForm, style_field

from .forms_uploads import rows_uploaded
from .models import Batch
from .services.control_columns import Column
from .services.control_sheets import sheet_read
from .services.controls import Control, rows_of, version_of

SALT = "control-sheet"


def field_of(column: Column) -> forms.Field:
    """A form field for a column; what is typed is read by the column itself."""
    options = {"label": column.title, "help_text": column.note, "required": False}
    if column.kind == "choice":
        return forms.ChoiceField(choices=list(column.choices.items()), **options)
    if column.kind == "flag":
        return forms.ChoiceField(choices=[("是", "是"), ("否", "否")], **options)
    return forms.CharField(max_length=200, **options)


class ControlForm(ActionForm):
    """The values of a control; for keyed rows also which rows, and whether to take them away."""

    note = forms.CharField(label="说明", required=False, max_length=100, help_text="写入版本记录，可不填")
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, control: Control, batch: Batch, **kwargs):
        self.control, self.batch = control, batch
        super().__init__(*args, **kwargs)
        self.columns = control.values(batch)
        fields = {column.name: field_of(column) for column in self.columns}
        fields = self.key_fields() | fields
        if control.keyed:
            fields["remove"] = forms.BooleanField(
                label="取消设置", required=False, help_text=control.unset_words
            )
        self.fields = fields | self.fields
        for name, field in self.fields.items():
            style_field(field)
            if name in self.initial and isinstance(field, forms.CharField):
                field.initial = self.initial[name]

    def key_fields(self) -> dict:
        """Fields of the keys: codes of the first key, one a line, and choices of the others."""
        if not self.control.keyed:
            return {}
        first, *others = self.control.keys(self.batch)
        area = forms.CharField(
            label=first.title, required=False, max_length=60_000, help_text=first.note or "一行一个，或用空格分开",
            widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        )  # fmt: skip
        fields = {first.name: field_of(first) if first.kind == "choice" else area}
        return fields | {column.name: field_of(column) for column in others}

    def read(self, columns) -> dict:
        values = {}
        for column in columns:
            if not self.control.keyed and column.name not in self.data:  # what is not sent stays
                values[column.name] = self.before[()][column.name]
                continue
            try:
                values[column.name] = column.read(self.cleaned_data.get(column.name) or "")
            except ValueError as error:
                self.add_error(column.name, str(error))
        return values

    def keys_asked(self) -> list[tuple[str, ...]]:
        """The rows that are meant."""
        if not self.control.keyed:
            return [()]
        first, *others = self.control.keys(self.batch)
        rest = tuple(str(part) for part in self.read(others).values())
        if first.kind == "choice":
            return [(*self.read([first]).values(), *rest)]
        codes = list(dict.fromkeys(self.cleaned_data.get(first.name, "").split()))
        if not codes:
            self.add_error(first.name, f"{first.title}不能为空。")
        return [(code, *rest) for code in codes]

    def clean(self):
        data = super().clean()
        self.before = before = self.control.now(self.batch)
        keys = self.keys_asked()
        values = None if data.get("remove") else self.read(self.columns)
        if self.errors:
            return data
        keys = self.control.settled(self.batch, keys)
        data["before"], data["after"] = before, self.control.merge(before, dict.fromkeys(keys, values))
        for fault in self.control.faults(self.batch, before, data["after"]):
            if fault.key in keys:
                self.add_error(
                    None, f"{self.control.label(self.batch, fault.key)}：{fault.words}".lstrip("：")
                )
        return data


class SheetForm(ActionForm):
    """A sheet, or what was read from it a moment ago, signed."""

    upload = forms.FileField(label="文件", required=False, help_text="用“导出”得到的表格填写；XLSX 或 CSV")
    note = forms.CharField(label="说明", required=False, max_length=100, help_text="写入版本记录，可不填")
    content = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, control: Control, batch: Batch, **kwargs):
        self.control, self.batch, self.wrong = control, batch, []
        super().__init__(*args, **kwargs)

    def clean(self):
        data = super().clean()
        if data.get("content"):
            data |= self.signed(data["content"])
        elif data.get("upload"):
            data |= self.uploaded(data["upload"])
        else:
            self.add_error("upload", "请选择文件。")
        return data

    def signed(self, text: str) -> dict:
        try:
            kept = signing.loads(text, salt=SALT, max_age=3600)
        except signing.BadSignature:
            raise forms.ValidationError("检查结果已过期，请重新上传。") from None
        if (kept["control"], kept["batch"]) != (type(self.control).__name__, self.batch.pk):
            raise forms.ValidationError("检查结果不属于这一批次，请重新上传。")
        return {"before": self.control.now(self.batch), "after": rows_of(kept["rows"]), "seen": kept["seen"]}

    def uploaded(self, upload) -> dict:
        most = settings.FILE_UPLOAD_MAX_MEMORY_SIZE * 4
        with rows_uploaded(upload, most=most, words="文件太大，请检查是否为本页导出的表格。") as read:
            after, self.wrong = sheet_read(self.control, self.batch, read.header, read.rows)
        if self.wrong:
            raise forms.ValidationError(f"文件有 {len(self.wrong)} 处错误，没有写入。")
        return {
            "before": self.control.now(self.batch),
            "after": after,
            "seen": version_of(self.control, self.batch),
        }
