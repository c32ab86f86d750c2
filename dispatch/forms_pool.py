"""Forms of admissions from the pool."""

import re

from django import forms

from accounts.forms import ActionForm
from accounts.refusals import Refusal
from admissions.forms_papers import WithPaper
from admissions.forms_uploads import rows_uploaded
from admissions.services.papers import FORMATS
from quotas.models import PlanLine

from .services import pool_bulk
from .services.pool import SIGNED
from .services.pool_bulk import MOST, Line

COLUMNS = ("考生号", "姓名", "专业代码")
UPLOAD_MOST = 10 * 1024 * 1024


class Signed(WithPaper):
    """Mixed into the forms below: the application that candidates and guardians have signed."""

    label = SIGNED

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["paper"].label, self.fields["paper"].help_text = self.label, f"{FORMATS}。"


def agreement_require(data: dict) -> None:
    """Refuse what may not be done without consent; its paper is asked for by the services.

    Args:
        data: cleaned, of a form that is ``Signed``.

    Raises:
        Refusal: if nobody has said that there is consent.
    """
    if not data["agreed"]:
        raise Refusal("请先确认已取得考生本人及家长同意。")


class PoolForm(Signed, ActionForm):
    """A candidate by number and proof; the major is chosen when he has been found."""

    number = forms.CharField(
        label="考生号", max_length=20, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    proof = forms.CharField(
        label="证件号码或姓名",
        max_length=60,
        help_text="须与考生号一致，完整填写",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    plan_line = forms.ModelChoiceField(PlanLine.objects.all(), label="录取专业", required=False)
    agreed = forms.BooleanField(label="已取得考生本人及家长同意", required=False)


class BulkForm(Signed, ActionForm):
    """A list of candidates, pasted or uploaded; their applications come in one file."""

    label = pool_bulk.SIGNED

    lines = forms.CharField(
        label="名单",
        required=False,
        strip=False,
        max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false"}),
        help_text=f"每行一名：考生号 姓名 专业代码，以空格、逗号或制表符分隔，最多 {MOST} 行",
    )
    file = forms.FileField(
        label="或上传文件", required=False, help_text="XLSX 或 CSV，表头：考生号、姓名、专业代码"
    )
    agreed = forms.BooleanField(label="已取得名单中考生本人及家长同意", required=False)

    def clean(self):
        data = super().clean()
        if self.errors:
            return data
        data["rows"] = self._uploaded(data["file"]) if data.get("file") else self._pasted(data["lines"])
        if not data["rows"]:
            raise forms.ValidationError("请粘贴名单或上传文件。")
        return data

    def _pasted(self, text: str) -> list[Line]:
        rows, wrong = [], []
        for number, line in enumerate(text.splitlines(), 1):
            words = [word for word in re.split(r"[\s,，;；、]+", line.strip()) if word]
            if not words or words[0] == COLUMNS[0]:
                continue
            if len(words) == 3:
                rows.append(Line(number, *words))
            else:
                wrong.append(str(number))
        if wrong:
            raise forms.ValidationError(
                f"第 {'、'.join(wrong[:10])} 行{'等' if len(wrong) > 10 else ''}不是“考生号 姓名 专业代码”三项。"
            )
        return rows

    def _uploaded(self, file) -> list[Line]:
        with rows_uploaded(file, most=UPLOAD_MOST, words="文件超过 10 MB。") as opened:
            return self._read(opened)

    def _read(self, opened) -> list[Line]:
        missing = [name for name in COLUMNS if name not in opened.header]
        if missing:
            raise forms.ValidationError(f"文件缺少列：{'、'.join(missing)}。")
        places = [opened.header.index(name) for name in COLUMNS]
        rows, faults = [], []
        for row in opened.rows:
            faults += [f"第 {row.number} 行：{p.message}" for p in row.problems if p.fatal]
            rows.append(Line(row.number, *(row.cells[place] for place in places)))
            if len(rows) > MOST or len(faults) > 20:
                break
        if faults:
            raise forms.ValidationError(faults[:20])
        return rows


def as_text(rows: list[Line]) -> str:
    """The list as it is sent again with the confirmation."""
    return "\n".join(f"{row.number} {row.name} {row.major}" for row in rows)
