"""恢复未注册考生 taken back: a reset is chosen, what comes of it is shown, a second person agrees."""

from collections.abc import Iterable

from django import forms
from django.http import Http404
from django.utils.functional import cached_property

from accounts.forms import ActionForm
from accounts.models import User
from accounts.refusals import Refusal
from accounts.views.base import ActionView, ObjectMixin
from admissions.models import Job, School, Window

from ..models import Restoration
from ..queries.restoring import (
    FREE,
    OUTCOMES,
    SHOWN,
    Part,
    candidates_numbered,
    counts_by_school,
    counts_of,
    left_out,
    total_of,
)
from ..services import restoring as services
from ..services.deadlines import FUNCTION
from .upload import NumbersForm, UploadView

NAMED = 5
SCHOOLS = 100


def restorations_shown(actor: User, windows: Iterable[Window]) -> dict:
    """What the page of 恢复未注册考生 shows of resets, and of requests to take them back."""
    rows = Restoration.objects.visible_to(actor).filter(season__current=True)
    return {
        "resets": services.resets_seen(actor, windows=windows),
        "restorations": rows.select_related("made_by", "decided_by", "deed", "school")[:20],
    }


def counts_shown(counts: dict, *, done: bool = False) -> dict:
    """Counts by school as the table of them wants them; of what is done, those restored under that title."""
    rows = counts_by_school(counts)
    return {
        "titles": ["恢复录取" if done and key == FREE else words for key, words in OUTCOMES.items()],
        "schools": rows[:SCHOOLS],
        "more": max(0, len(rows) - SCHOOLS),
        "sums": [sum(column) for column in zip(*(row[2:] for row in rows), strict=True)],
    }


class RestoreForm(NumbersForm):
    needed = False
    field_order = ("school", "words", "numbers", "file")

    school = forms.ModelChoiceField(
        School.objects.all(), label="院校", required=False, empty_label="全部院校"
    )
    words = forms.CharField(
        label="原因",
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="记入每名考生的轨迹，例如：注册截止时间设置有误，省招办已顺延。",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["numbers"].widget.attrs["rows"] = 4
        self.fields["numbers"].help_text = "只撤销部分考生时填写，每行一个；不填即全部。"


class RestoreView(UploadView):
    """Ask that one reset be taken back: of all, of one school, or of a list."""

    form_class = RestoreForm
    template_name = "registration/reset_unregistered__restore.html"
    submit_label = "提交复核"
    done = "已提交，第 {result} 号。由另一名有“恢复未注册考生”权限的人员复核后执行。"
    extra_context = {"danger": True}

    @cached_property
    def reset(self):
        found = services.resets_seen(self.actor, deed=self.kwargs["pk"])
        if not found:
            raise Http404
        return found[0]

    @cached_property
    def whole(self) -> Part:
        return Part(self.reset.deed.pk, self.actor.organisation.region)

    def get_form(self, form_class=None):
        form = super().get_form(form_class)
        form.fields["school"].queryset = School.objects.filter(pk__in=counts_of(self.whole)).order_by("code")
        return form

    def preview(self, data):
        services.require_open(self.reset.window)
        part = self.part(data)
        counts = counts_of(part)
        total = total_of(counts)
        if not total.get(FREE):
            raise Refusal("其中没有可以恢复录取的考生。")
        others = sum(total.values()) - total[FREE]
        return {
            "title": "撤销恢复未注册考生",
            "count": total[FREE],
            "unit": "名",
            "words": "提交后由另一人复核，复核同意后才执行：可恢复的考生回到原院校、原专业的“录取”状态，重新占用计划数，"
            "须在新的截止时间前注册。",
            "warnings": [f"另有 {others} 名不能恢复，原因和人数见下表。"] if others else [],
            "counts": counts_shown(counts),
            "left": left_out(part),
            "most": SHOWN,
        }

    def act(self, data):
        part = self.part(data)
        row = services.restoration_ask(
            actor=self.actor,
            deed=part.deed,
            words=data["words"],
            school=part.school,
            candidates=part.candidates,
        )
        return row.pk

    def part(self, data) -> Part:
        """What the form names.

        Raises:
            Refusal: if a number was not touched by the reset.
        """
        school = data["school"].pk if data["school"] else None
        within = Part(self.whole.deed, self.whole.region, school)
        numbers = list(dict.fromkeys(data["numbers"]))
        if not numbers:
            return within
        found = candidates_numbered(within, numbers)
        if strange := [number for number in numbers if number not in found]:
            more = f" 等 {len(strange)} 个" if len(strange) > NAMED else ""
            raise Refusal(f"考生号 {'、'.join(strange[:NAMED])}{more}不在这次恢复之中，未作任何改动。")
        return Part(within.deed, within.region, school, tuple(found.values()))

    def get_context_data(self, **kwargs):
        return super().get_context_data(reset=self.reset, region=self.whole.region, **kwargs)


class DecideForm(ActionForm):
    decision = forms.ChoiceField(
        label="复核意见", choices=[("agree", "同意，立即执行"), ("close", "不同意")], widget=forms.RadioSelect
    )
    answer = forms.CharField(label="说明", required=False, max_length=200, help_text="不同意必填")


class RestorationView(ObjectMixin, ActionView):
    """A request to take a reset back: what it would do now, or has done; the second person decides."""

    model = Restoration
    form_class = DecideForm
    template_name = "registration/reset_unregistered__restoration.html"
    confirm = True
    submit_label = "复核"
    done = "{result}"

    def rows(self):
        return super().rows().select_related("made_by", "decided_by", "deed__actor", "school", "window")

    @cached_property
    def own(self) -> bool:
        return self.object.made_by_id == self.actor.pk

    @cached_property
    def counts(self) -> dict:
        """As it stands now; of what was carried out, what came of it."""
        row = self.object
        if row.state == Restoration.State.DONE:
            return {int(key): counts for key, counts in row.outcome.items()}
        return counts_of(services.part_of(row))

    def preview(self, data):
        if data["decision"] == "close":
            return {"words": "撤回申请，不作改动。" if self.own else "不同意，不作改动。"}
        services.require_open(self.object.window)
        total = total_of(self.counts)
        return {
            "title": "撤销恢复未注册考生",
            "count": total.get(FREE, 0),
            "unit": "名",
            "words": "立即执行：可恢复的考生回到原院校、原专业的“录取”状态，重新占用计划数。",
            "counts": counts_shown(self.counts),
        }

    def act(self, data):
        if data["decision"] == "close":
            services.restoration_close(actor=self.actor, row=self.object, words=data["answer"])
            return "申请已撤回。" if self.own else "已登记不同意，没有改动。"
        services.restoration_agree(actor=self.actor, row=self.object)
        return "已同意，正在执行，进度和结果见本页。"

    def get_success_url(self):
        return self.page("restoration", pk=self.object.pk)

    def get_context_data(self, **kwargs):
        row = self.object
        return super().get_context_data(
            own=self.own,
            open=row.state in Restoration.OPEN,
            counts=counts_shown(self.counts, done=row.state == Restoration.State.DONE),
            total=total_of(self.counts).get(FREE, 0),
            left=left_out(services.part_of(row)),
            most=SHOWN,
            job=Job.objects.filter(function=FUNCTION, subject_id=row.pk).first(),
            cancel_url=self.page(),
            **kwargs,
        )
