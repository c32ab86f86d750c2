"""Approval of many requests at once: a few while the officer waits, more by a worker, with what came of each."""

from django import forms
from django.contrib import messages
from django.shortcuts import redirect

from accounts.forms import ActionForm
from accounts.refusals import Refusal
from accounts.views.base import ActionView

from ...models import RequestBulk
from ...queries import requests as queries
from ...services import requests as services
from ...tables_bulks import RequestBulkRowTable
from ..bulks import BulkGoOn, BulkPage, BulksPage
from .deciding import Queue

HEADER = ("申请编号", "申请单位", "申请事项")


class ChosenForm(ActionForm):
    chosen = forms.TypedMultipleChoiceField(required=False, coerce=int, widget=forms.MultipleHiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["chosen"].valid_value = lambda value: str(value).isdecimal()


class ApproveGreenView(Queue, ActionView):
    """Approve what was chosen, or with ``all`` every row of the ``query``: those of them that are green."""

    form_class = ChosenForm
    template_name = "components/action.html"
    confirm = True
    submit_label = "同意"
    done = "{result}"
    started: RequestBulk | None = None

    def get(self, request, *args, **kwargs):
        return redirect(self.page())

    def get_context_data(self, **kwargs):
        return super().get_context_data(cancel_url=self.page(), **kwargs)

    def form_valid(self, form):
        if "edit" in self.request.POST:  # there is nothing to fill in but the choice itself
            return redirect(self.page())
        return super().form_valid(form)

    @property
    def whole(self) -> bool:
        return bool(self.request.POST.get("all"))

    def meant(self, data) -> list[int]:
        """Keys of what waits for the actor now, of the query or of what was chosen, in the queue's order."""
        if self.whole:
            rows = self.filtered(self.request.POST.get("query", ""))
        else:
            rows = self.queue().filter(pk__in=data["chosen"])
        return list(rows.filter(mine=True, taken_by_other__isnull=True).values_list("pk", flat=True))

    def green(self, keys: list[int]) -> list[int]:
        """Those of some keys, at most ``BULK``, that are green now."""
        return queries.green_ones(queries.waiting_checks(self.queue().filter(pk__in=keys[: queries.BULK])))

    def preview(self, data):
        keys = self.meant(data)
        green = self.green(keys)
        if not green and len(keys) <= queries.BULK:
            raise Refusal("所选申请中没有系统检查全部通过、待本单位审核的。", hint="请逐件审核。")
        if self.whole and len(keys) <= queries.BULK:
            keys = green
        shown = [(r.number, r.organisation.name, r.summary) for r in self.queue().filter(pk__in=keys)[:20]]
        if len(keys) <= services.AT_ONCE:
            count, words = len(green), "下列申请系统检查全部通过，将逐件同意；各方都同意的随即生效。"
            shown = [(r.number, r.organisation.name, r.summary) for r in self.queue().filter(pk__in=green)]
            left = len(set(data["chosen"])) - len(green) if not self.whole else 0
            warnings = [f"另有 {left} 件检查未全部通过或已不待本单位审核，不在其列。"] if left else []
        else:
            count, warnings = len(keys), []
            words = "将在后台逐件检查，只同意届时系统检查全部通过的，各方都同意的随即生效；其余留在待审列表并写明原因。"
            looked_at = min(len(keys), queries.BULK)
            if len(green) < looked_at:
                among = f"前 {looked_at} 件中" if looked_at < len(keys) else "其中"
                warnings.append(f"{among}目前有 {looked_at - len(green)} 件检查未全部通过，不会同意。")
        return {
            "count": count,
            "unit": "件",
            "words": words,
            "header": HEADER,
            "rows": shown,
            "warnings": warnings,
        }

    def act(self, data):
        keys = self.meant(data)
        if self.whole and len(keys) <= queries.BULK:
            keys = self.green(keys)
        if len(keys) > services.AT_ONCE:
            self.started = services.requests_bulk_start(actor=self.actor, kinds=self.kinds, requests=keys)
            return f"已开始批量同意 {len(keys)} 件，可以离开本页，结果随时可查。"
        green = self.green(keys)
        done, left = services.requests_approve_green(actor=self.actor, kinds=self.kinds, requests=green)
        if not done:
            raise Refusal("；".join(left) or "没有可以批量同意的申请。")
        for words in left:
            messages.warning(self.request, words)
        return f"已同意 {done} 件申请。"

    def get_success_url(self):
        return self.page("bulk", pk=self.started.pk) if self.started else self.page()


class BulksView(Queue, BulksPage):
    """Approvals in bulk of one's own organisation, the last first."""


class BulkView(Queue, BulkPage):
    """One approval in bulk: how far it is, and what came of each request."""

    table_class = RequestBulkRowTable
    related = ("request__organisation",)


class BulkGoOnView(Queue, BulkGoOn):
    """Let the worker go on with what an interrupted or cancelled bulk has left."""
