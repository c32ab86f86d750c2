"""The parties: a queue and a page for each request; approval of many at once is ``bulk``."""

from django.contrib import messages
from django.db import transaction
from django.http import QueryDict
from django.shortcuts import redirect
from django.utils.functional import cached_property

from accounts.views.base import TWICE, ActionView, FunctionView
from accounts.views.lists import KeysFirstListView

from ...filters_requests import RequestQueueFilter
from ...forms_requests import DecisionForm
from ...models import Request
from ...queries import requests as queries
from ...services import requests as services
from ...tables_requests import RequestQueueTable
from ..bulks import OfBulks
from .shared import OfKind, OneRequest, PaperView


class Queue(OfBulks, OfKind):
    """What the pages of a queue share."""

    deed = services.REQUESTS

    @property
    def queue_of(self):
        return super().queue_of | {"under": self.under}

    def url_of(self, tail):
        return super().url_of(self.below(tail))

    def queue(self):
        return queries.in_queue_order(queries.requests_seen(self.actor, *self.kinds))

    def filtered(self, query: str):
        """The queue as a list's query string limits it: what is posted is run again."""
        given = {"queryset": self.queue(), "request": self.request, "kinds": self.kinds}
        return RequestQueueFilter(QueryDict(query), **given).qs


class RequestQueueView(Queue, KeysFirstListView):
    """The queue: one's own taken first, then the oldest."""

    model = Request
    table_class = RequestQueueTable
    filterset_class = RequestQueueFilter

    def get_template_names(self):
        return [*([] if self.under else [self.function.template]), "admissions/requests_queue.html"]

    def get_queryset(self):
        return self.queue()

    def get_filterset_kwargs(self, filterset_class):
        return super().get_filterset_kwargs(filterset_class) | {"kinds": self.kinds}

    def get_table_kwargs(self):
        url = f"{self.function.url_name}__{self.below('one')}"
        consents = self.kind.consent == self.function.key
        return {"url": url, "kinds": self.kinds, "known": self.checks, "consents": consents}

    @cached_property
    def checks(self):
        """Of the first ``BULK`` rows of the list, in whatever order the table shows it."""
        return queries.waiting_checks(self.object_list.filter(pk__in=self.keys[: queries.BULK]))

    @property
    def list_actions(self):
        approve = {"title": "同意所选（须检查全部通过）", "url": self.page("approve"), "icon": "check-lg"}
        return (*self.register_links(), self.records_action(), approve | {"bulk": True, "primary": True})

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            green=len(queries.green_ones(self.checks)),
            looked_at=queries.BULK if len(self.keys) > queries.BULK else 0,
            pages={name: self.page(name) for name in ("approve", "take", "lay_back")},
            **self.at_work(),
            **kwargs,
        )


class TakeView(Queue, FunctionView):
    """Take the next ten for oneself, and no further ten on a double click."""

    @transaction.atomic
    def post(self, request, **kwargs):
        if not self.first_time():
            messages.info(request, TWICE)
            return redirect(self.page() + "?taken=1")
        taken = services.requests_take(actor=self.actor, kinds=self.kinds)
        messages.success(request, f"已领取 {taken} 件，30 分钟内申请单位不能撤回，其他人不能审核。")
        return redirect(self.page() + "?taken=1" if taken else self.page())


class LayBackView(Queue, FunctionView):
    """Lay back what one has taken."""

    def post(self, request, **kwargs):
        messages.success(
            request, f"已放回 {services.requests_lay_back(actor=self.actor, kinds=self.kinds)} 件。"
        )
        return redirect(self.page())


class DecideView(OneRequest, ActionView):
    """One request of the queue: the whole case, and what one's office answers."""

    asking = False
    form_class = DecisionForm
    template_name = "admissions/requests_one.html"
    done = "{result}"

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"kind": self.kind}

    def act(self, data):
        what = {"actor": self.actor, "request": self.object.pk, "words": data["words"]}
        if data["decision"] == "approve":
            return services.request_approve(**what)
        if data["decision"] == "refuse":
            services.request_refuse(**what, reason=data["reason"])
            return f"申请 {self.object.number}：不同意，已告知申请单位。"
        services.request_return(**what, reason=data["reason"])
        return f"申请 {self.object.number} 已退回申请单位修改。"

    def get_success_url(self):
        """The next of the queue, or the queue when it is empty."""
        following = queries.waiting_for(self.actor, *self.kinds).filter(taken_by_other__isnull=True)
        following = following.exclude(pk=self.kwargs["pk"]).first()
        return self.page("one", pk=following.pk) if following else self.page()


class ReviewPaperView(PaperView):
    """A paper of a request that one's office sees."""

    asking = False
