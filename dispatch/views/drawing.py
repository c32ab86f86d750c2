"""The ceremony of a lottery on the page of a run: roster, public randomness, the lists to publish."""

import csv
from io import StringIO
from urllib.parse import quote

from django import forms
from django.http import HttpResponse

from accounts.context import deed_record
from accounts.forms import ActionForm
from accounts.views.base import FunctionView

from ..queries.ceremony import HEADER, ceremony_of, numbers_published, roster_published
from ..services import drawing
from .sending import RunDeed, RunMixin


class FreezeView(RunDeed):
    confirm = False
    done = "名单冻结已开始。"

    def act(self, data):
        drawing.roster_freeze_start(actor=self.actor, run=self.object)


class RandomnessForm(ActionForm):
    randomness = forms.CharField(
        label="公开随机数", max_length=200, help_text="照抽取的原样录入，一字不差；空格和标点也计入"
    )
    origin = forms.CharField(
        label="来源", max_length=200, help_text="怎样抽取，如“公证处现场摇出的 7 个双色球号码，依次书写”"
    )
    witnesses = forms.CharField(label="见证人", max_length=200, help_text="公证员、家长代表等的姓名")
    reason = forms.CharField(label="重新录入原因", max_length=200, required=False)


class DrawView(RunDeed):
    """Enter the public randomness; what follows from it is shown before it counts."""

    form_class = RandomnessForm
    template_name = "dispatch/draw.html"
    submit_label = "录入公开随机数"
    done = "公开随机数已录入，请预演。"

    def preview(self, data):
        words = f"公开随机数“{data['randomness']}”，来源：{data['origin']}，见证人：{data['witnesses']}。"
        return {"count": self.object.roster_size, "unit": "名考生的名单", "words": words}

    def act(self, data):
        drawing.randomness_enter(actor=self.actor, run=self.object, **data)

    def get_context_data(self, **kwargs):
        return super().get_context_data(ceremony=ceremony_of(self.object), **kwargs)


class PublishedView(RunMixin, FunctionView):
    """A list to publish, numbers only; taking it is written down."""

    what, ending, kind = "", "txt", "text/plain"

    def content(self) -> bytes:
        raise NotImplementedError

    def get(self, request, **kwargs):
        content = self.content()
        deed_record(actor=self.actor, subject=f"下载{self.what} {self.object}")
        name = quote(f"{self.what}-{self.object.round_name}.{self.ending}")
        return HttpResponse(
            content,
            content_type=f"{self.kind}; charset=utf-8",
            headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"},
        )


class RosterView(PublishedView):
    what = "派位名单"

    def content(self):
        return roster_published(self.object)


class NumbersView(PublishedView):
    what, ending, kind = "派位结果", "csv", "text/csv"

    def content(self):
        text = StringIO()
        csv.writer(text).writerows([HEADER, *numbers_published(self.object)])
        return text.getvalue().encode("utf-8-sig")
