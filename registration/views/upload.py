"""按名单注册: candidate numbers from a workbook or pasted, each line with its result before anything is done."""

import re

from django import forms

from accounts.forms import ActionForm
from accounts.refusals import Refusal
from accounts.views.base import ActionView
from admissions.forms_uploads import rows_uploaded

from ..services.named import students_named
from ..services.students import students_register

MOST = 5000
HEADINGS = ("考生号", "candidate_number", "报名号")
HEADER = ("行", "考生号", "姓名", "结果")
MAX_BYTES = 10 * 1024 * 1024


class NumbersForm(ActionForm):
    """A list of candidate numbers, pasted or uploaded; ``needed`` tells whether it may be left out."""

    needed = True
    numbers = forms.CharField(
        label="考生号",
        required=False,
        max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false"}),
        help_text="每行一个，可直接从表格中粘贴一列。",
    )
    file = forms.FileField(
        label="或上传名单", required=False, help_text="XLSX、CSV 或 DBF，其中一列的标题为“考生号”。"
    )

    def clean(self):
        data = super().clean()
        numbers = [part for part in re.split(r"[\s,，;；、]+", data.get("numbers") or "") if part]
        if data.get("file"):
            numbers += numbers_of(data["file"])
        if self.needed and not numbers:
            raise forms.ValidationError("请粘贴考生号，或上传名单。")
        if len(numbers) > MOST:
            raise forms.ValidationError(f"一次最多 {MOST} 个考生号，名单中有 {len(numbers)} 个。")
        data["numbers"] = numbers
        return data


def numbers_of(upload) -> list[str]:
    """The column of candidate numbers of an uploaded file."""
    with rows_uploaded(upload, most=MAX_BYTES, words="文件超过 10 MB。") as rows:
        place = next((i for i, h in enumerate(rows.header) if h.strip() in HEADINGS), None)
        if place is None:
            raise forms.ValidationError("文件中没有标题为“考生号”的列。")
        return [number for row in rows.rows if (number := str(row.cells[place] or "").strip())]


class UploadView(ActionView):
    """Register the candidates of a list; wrong lines are named and left out."""

    form_class = NumbersForm
    template_name = "registration/register_students__upload.html"
    confirm = True
    submit_label = "注册"
    done = "已注册 {result} 名新生。"

    def form_valid(self, form):
        # A file is not sent again with the confirmation: what was read from it is.
        post = self.request.POST.copy()
        post["numbers"] = "\n".join(form.cleaned_data["numbers"])
        self.request.POST = post
        return super().form_valid(form)

    def preview(self, data):
        results = students_named(actor=self.actor, numbers=data["numbers"])
        wrong = [result for result in results if result.candidate is None]
        count = len(results) - len(wrong)
        if not count:
            raise Refusal(
                "名单中没有可注册的考生：" + "；".join(f"{r.number} {r.words}" for r in wrong[:5]) + "。"
            )
        cells = [(r.line, r.number, r.name, r.words) for r in (*wrong, *(r for r in results if r.candidate))]
        return {
            "title": self.submit_label,
            "count": count,
            "unit": "名",
            "header": HEADER,
            "rows": cells[: max(20, min(len(wrong), 200))],
            "warnings": [f"名单共 {len(results)} 行，其中 {len(wrong)} 行有误，不予注册。"] if wrong else [],
            "words": f"名单共 {len(results)} 行，将注册其中 {count} 名。",
        }

    def act(self, data):
        results = students_named(actor=self.actor, numbers=data["numbers"])
        return students_register(actor=self.actor, candidates=[r.candidate for r in results if r.candidate])

    def get_context_data(self, **kwargs):
        return super().get_context_data(cancel_url=self.page(), most=MOST, **kwargs)
