"""审核录取、审核退档: a queue with the platform's checks, approval in bulk, one by one with reasons."""

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import QueryDict
from django.shortcuts import redirect
from django.utils.functional import cached_property

from accounts.forms import ActionForm
from accounts.refusals import Refusal
from accounts.views.base import TWICE, ActionView, FunctionView, ObjectMixin
from accounts.views.lists import KeysFirstListView
from admissions.forms_coded import CodedReasonForm
from admissions.lifecycle import State
from admissions.models import Subject
from admissions.queries.track import as_told
from admissions.templatetags.words import marks
from admissions.views.bulks import OfBulks

from ..filters_reviewing import AdmissionFilters, ReturnFilters
from ..models import Confirmation, Placement, ReviewBulk
from ..queries.confirming import ways_of
from ..queries.papers import papers_of
from ..queries.single import Ask, standings_of
from ..queries.waiting import CHECKS, RETURN_CHECKS, in_queue_order, next_waiting, shown_with
from ..services import review_bulk, reviewing
from ..tables_reviewing import AdmissionQueue, ReturnQueue

GREEN_WINDOW = 500
TITLES = {State.ADMIT_SUBMITTED: "录取", State.RETURN_SUBMITTED: "退档"}


class Queue(OfBulks):
    """What the pages of one queue share; ``state`` says which queue."""

    deed = review_bulk.REVIEWS

    state: State = State.ADMIT_SUBMITTED

    @property
    def returns(self) -> bool:
        return self.state == State.RETURN_SUBMITTED

    @property
    def checks(self):
        return RETURN_CHECKS if self.returns else CHECKS

    def queue(self):
        return in_queue_order(reviewing.QUEUES[self.state](self.actor))

    def filtered(self, query: str):
        """The queue as a list's query string limits it: what is posted is run again."""
        filters = (ReturnFilters if self.returns else AdmissionFilters)(
            QueryDict(query), queryset=self.queue(), request=self.request
        )
        return filters.qs

    def get_context_data(self, **kwargs):
        return super().get_context_data(word=TITLES[self.state], checks=self.checks, **kwargs)


class ReviewListView(Queue, KeysFirstListView):
    """The queue: oldest first, one's own taken before all."""

    model = Placement
    template_name = "dispatch/review_queue.html"

    @property
    def table_class(self):
        return ReturnQueue if self.returns else AdmissionQueue

    @property
    def filterset_class(self):
        return ReturnFilters if self.returns else AdmissionFilters

    def get_queryset(self):
        return shown_with(self.queue())

    def get_table_kwargs(self):
        return {"url": f"{self.function.url_name}__one"}

    @property
    def list_actions(self):
        word = TITLES[self.state]
        return (
            {"title": "退回复议登记", "url": self.page("sent_back"), "icon": "journal-text"},
            self.records_action(),
            {
                "title": f"通过所选{word}",
                "url": self.page("approve"),
                "bulk": True,
                "primary": True,
                "icon": "check-lg",
            },
            {
                "title": "退回复议",
                "url": self.page("refuse"),
                "bulk": True,
                "danger": True,
                "icon": "arrow-return-left",
            },
        )

    def get_context_data(self, **kwargs):
        first = self.keys[:GREEN_WINDOW]
        rows = self.object_list.filter(pk__in=first, green=True, taken_by__isnull=True)
        green = rows.order_by().count() if first else 0
        names = {tail: self.page(tail) for tail in ("approve", "take", "lay_back")}
        looked_at = GREEN_WINDOW if len(self.keys) > GREEN_WINDOW else 0
        more = self.at_work() | kwargs
        return super().get_context_data(green=green, looked_at=looked_at, pages=names, **more)


class ReviewDeed(Queue, ActionView):
    """A deed on chosen rows, or with ``all`` on all rows of the ``query`` within ``limits``."""

    template_name = "dispatch/review_deed.html"
    confirm = True
    limits = {"taken_by__isnull": True}

    @cached_property
    def whole(self) -> bool:
        return bool(self.request.POST.get("all"))

    @cached_property
    def chosen(self) -> list[int]:
        if self.whole:
            rows = self.filtered(self.request.POST.get("query", "")).filter(**self.limits)
            return list(rows.values_list("pk", flat=True))
        return [int(key) for key in self.request.POST.getlist("chosen") if key.isdecimal()]

    def preview(self, data):
        if not self.chosen:
            raise Refusal("没有选择考生，或所选考生均已不在待审状态。")
        rows = self.queue().filter(pk__in=self.chosen)
        count = len(self.chosen) if self.whole else rows.order_by().count()
        failing = 0 if self.whole else rows.order_by().filter(green=False).count()
        warnings = []
        if failing:
            warnings.append(f"其中 {failing} 名有未通过的系统检查，请逐一核对。")
        if count != len(self.chosen):
            warnings.append(f"{len(self.chosen) - count} 名已不在待审状态。")
        return {
            "count": count,
            "unit": "名考生",
            "words": self.words,
            "warnings": warnings,
            "header": (
                "考生号",
                "姓名",
                "院校",
                "批次",
                "投档成绩",
                "退档原因" if self.returns else "录取专业",
            ),
            "rows": [
                (
                    row.candidate.number,
                    row.candidate.name,
                    row.school.name,
                    row.batch.name if row.batch else "",
                    marks(row.dispatch_score),
                    (row.reason if self.returns else row.plan_line and row.plan_line.major_name) or "",
                )
                for row in shown_with(rows)[:20]
            ],
        }

    def get_context_data(self, **kwargs):
        chosen = {"chosen": self.chosen, "whole": self.whole}
        return super().get_context_data(cancel_url=self.page(), **chosen, **kwargs)

    def get(self, request, *args, **kwargs):
        return redirect(self.page())


class ApproveView(ReviewDeed):
    """Approve what was chosen; ``all`` with ``query`` approves all green rows of the query."""

    submit_label = "通过"
    limits = {"taken_by__isnull": True, "green": True}
    done = "{result}"
    started: ReviewBulk | None = None

    @property
    def words(self):
        target = "退回在库，可再次投档" if self.returns else "成为“录取”"
        if self.whole and len(self.chosen) > review_bulk.AT_ONCE:
            return f"将在后台逐批检查，届时系统检查仍全部通过的{target}；其余留在待审列表，并写明原因。"
        return f"审核通过后，下列考生{target}。"

    def act(self, data):
        word = TITLES[self.state]
        if not self.whole:
            approve = reviewing.returns_approve if self.returns else reviewing.admissions_approve
            return f"已审核通过 {approve(actor=self.actor, placements=self.chosen)} 名考生的{word}。"
        what = {"actor": self.actor, "state": self.state, "placements": self.chosen}
        if len(self.chosen) > review_bulk.AT_ONCE:
            self.started = review_bulk.review_bulk_start(**what)
            return f"已开始批量通过 {len(self.chosen)} 名考生的{word}，可以离开本页，结果随时可查。"
        answers = reviewing.rows_approve_each(**what).values()
        left = [answer for answer in answers if not answer.done]
        if len(left) == len(answers):
            raise Refusal("没有可以审核的考生：可能已被处理、撤回，或由其他人员审核中。")
        if left:
            named = "".join(f"{answer.number or '一名考生'}：{answer.words}" for answer in left[:5])
            messages.warning(self.request, f"{len(left)} 名未办。{named}")
        return f"已审核通过 {len(answers) - len(left)} 名考生的{word}。"

    def get_success_url(self):
        return self.page("bulk", pk=self.started.pk) if self.started else super().get_success_url()


class ReasonForm(CodedReasonForm, ActionForm):
    reason_use = "reconsider"
    words = forms.CharField(
        label="情况说明",
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="学校将看到原因和这段文字",
    )


class AdmissionReasonForm(ReasonForm):
    reason_function = "dispatch.review_admissions"


class ReturnReasonForm(ReasonForm):
    reason_function = "dispatch.review_returns"


class RefuseView(ReviewDeed):
    """Send what was chosen back to the schools, with a reason."""

    submit_label = "退回"
    danger = True
    limits = {"taken_by__isnull": True, "not_own": True, "not_held": True}

    def get_form_class(self):
        return ReturnReasonForm if self.returns else AdmissionReasonForm

    @property
    def words(self):
        if self.returns:
            return "下列考生的退档退回学校重新审阅。"
        return "下列考生退回学校重新审阅，在库录取的考生回到在库；所占计划同时释放。"

    done = "已退回 {result} 名考生。"

    def post(self, request, *args, **kwargs):
        """From the list the rows come without a reason: it is asked for first."""
        if "reason" in request.POST:
            return super().post(request, *args, **kwargs)
        return self.render_to_response(self.get_context_data(form=self.get_form_class()(actor=self.actor)))

    def act(self, data):
        refuse = reviewing.returns_refuse if self.returns else reviewing.admissions_refuse
        if not self.chosen:
            raise Refusal("没有选择考生。")
        what = {"reason": data["reason"], "words": data["words"]}
        return refuse(actor=self.actor, placements=self.chosen, **what)


class TakeView(Queue, FunctionView):
    """Take the next ten for oneself, and no further ten on a double click."""

    @transaction.atomic
    def post(self, request, **kwargs):
        if not self.first_time():
            messages.info(request, TWICE)
            return redirect(self.page() + "?mine=1")
        taken = reviewing.rows_take(actor=self.actor, state=self.state)
        messages.success(request, f"已领取 {taken} 名，{reviewing.ReviewTake.MINUTES} 分钟内学校不能撤回。")
        return redirect(self.page() + "?mine=1" if taken else self.page())


class LayBackView(Queue, FunctionView):
    """Lay back what one has taken."""

    def post(self, request, **kwargs):
        laid = reviewing.rows_lay_back(actor=self.actor, state=self.state)
        messages.success(request, f"已放回 {laid} 名。")
        return redirect(self.page())


class OneForm(forms.Form):
    """Mixed into the form of a reason: approving needs none."""

    decision = forms.ChoiceField(choices=(("approve", "通过"), ("refuse", "退回")))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = self.data.get("decision") == "refuse"

    def clean(self):
        if self.data.get("decision") != "refuse":
            return self.cleaned_data
        return super().clean()


class OneAdmissionForm(OneForm, AdmissionReasonForm):
    pass


class OneReturnForm(OneForm, ReturnReasonForm):
    pass


class ReviewOneView(Queue, ObjectMixin, ActionView):
    """One candidate of the queue: the whole case, approve or send back with a reason."""

    model = Placement
    template_name = "dispatch/review_one.html"
    done = "{result}"

    def rows(self):
        related = ("candidate__feeder_school", "candidate__ethnic_group", "decided_by")
        return shown_with(self.queue(), *related)

    def get_form_class(self):
        return OneReturnForm if self.returns else OneAdmissionForm

    def act(self, data):
        what = {"actor": self.actor, "placements": [self.object.pk]}
        if data["decision"] == "approve":
            (reviewing.returns_approve if self.returns else reviewing.admissions_approve)(**what)
            return f"考生 {self.object.candidate.number} 审核通过。"
        refuse = reviewing.returns_refuse if self.returns else reviewing.admissions_refuse
        refuse(**what, reason=data["reason"], words=data["words"])
        return f"考生 {self.object.candidate.number} 已退回。"

    def conditions(self) -> str:
        """What the special conditions of the school say of him, where no run has looked at them."""
        row = self.object
        if self.returns or row.conditions_met:
            return ""
        ask = Ask(row.candidate_id, row.school_id, row.batch_id)
        return standings_of([ask])[ask].against or "现有数据符合，请核对材料"

    def confirmation(self) -> dict:
        """How the candidate has confirmed at the school, where his city asks for it."""
        row = self.object
        if self.returns or not ways_of(row.city) or row.sheet_id is None:
            return {}
        found = self.visible(Confirmation).select_related("recorded_by").filter(pk=row.pk).first()
        image = self.page("confirmation", pk=row.pk) if found and found.path else ""
        return {"asked_to_confirm": True, "confirmed": found, "confirmed_image": image}

    def get_success_url(self):
        """The next of the queue, or the list when it is empty."""
        return self.following or self.page()

    @property
    def following(self) -> str:
        """Page of the next of the queue; empty at its end."""
        row = next_waiting(self.actor, self.state, self.kwargs["pk"])
        return self.page("one", pk=row.pk) if row else ""

    def get_context_data(self, **kwargs):
        person, row = self.object.candidate, self.object
        subjects = Subject.objects.filter(season=person.season_id, city=person.city).order_by("position")
        scores = [
            (s, person.scores[s.position] if s.position < len(person.scores) else None) for s in subjects
        ]
        choices = person.choices.filter(batch=row.batch_id).select_related("school").order_by("position")
        return super().get_context_data(
            results=[(title, getattr(row, name)) for name, title in self.checks],
            scores=scores,
            choices=choices,
            papers=[(paper, self.page("paper", pk=row.pk, paper=paper.pk)) for paper in papers_of(row)],
            events=as_told(
                self.actor,
                person.events.select_related("deed__actor", "school", "reason").order_by("-pk")[:20],
            ),
            conditions=self.conditions(),
            **self.confirmation(),
            rounds=row.reconsiderations.select_related("officer").order_by("round"),
            next_url=self.following,
            cancel_url=self.page(),
            **kwargs,
        )
