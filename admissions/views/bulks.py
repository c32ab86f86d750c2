"""Pages about deeds in bulk of one queue: the list of them, one with its rows, and going on with it."""

from django.contrib import messages
from django.db.models import Count, Q
from django.shortcuts import get_object_or_404, redirect
from django.utils.functional import cached_property

from accounts.refusals import Refusal
from accounts.views.base import FunctionView
from accounts.views.lists import ListView

from ..filters_bulks import BulkFilter, BulkRowFilter
from ..models import Job, Outcome
from ..services.bulks import Deed, bulk_go_on
from ..tables_bulks import BulkTable


class OfBulks:
    """What pages about the bulks of one queue share.

    Their pages are ``bulks``, ``bulk`` and ``bulk__go_on`` of the function.

    Attributes:
        deed: what the bulks do.
    """

    deed: Deed

    @property
    def queue_of(self) -> dict[str, str]:
        """The queue, as ``Bulk.queue`` names it."""
        return {"function": self.function.key}

    def bulks(self):
        rows = self.deed.bulk.objects.visible_to(self.actor).filter(**self.queue_of)
        return rows.select_related("officer", "job")

    def at_work(self) -> dict:
        """Context of the queue's list: the bulk at work, and its page."""
        running = self.bulks().filter(job__state__in=Job.UNDER_WAY).first()
        words = f"{running.officer.name}发起的{self.deed.named}正在办理。" if running else ""
        return {"running": words, "running_url": running and self.page("bulk", pk=running.pk)}

    def records_action(self) -> dict:
        """Link of the queue's list to the bulks."""
        return {"title": f"{self.deed.named}记录", "url": self.page("bulks"), "icon": "list-ul"}

    def url_of(self, tail: str) -> str:
        """Name of a page of the queue."""
        return f"{self.function.url_name}__{tail}"


class BulksPage(OfBulks, ListView):
    """Bulks of one's own organisation, the last first."""

    table_class = BulkTable
    filterset_class = BulkFilter
    template_name = "admissions/bulks.html"

    def get_queryset(self):
        counts = {name.lower(): Count("rows", Q(rows__outcome=Outcome[name])) for name in Outcome.names}
        return self.bulks().annotate(**counts).order_by("-pk")

    def get_table_kwargs(self):
        return {"url": self.url_of("bulk"), "title": self.deed.named}

    def get_context_data(self, **kwargs):
        return super().get_context_data(home=self.page(), title=self.deed.named, **kwargs)


class BulkPage(OfBulks, ListView):
    """One bulk: how far it is, and what came of each row. Subclasses give the rows' table and relations."""

    filterset_class = BulkRowFilter
    template_name = "admissions/bulk.html"
    related: tuple[str, ...] = ()

    @cached_property
    def bulk(self):
        return get_object_or_404(self.bulks(), pk=self.kwargs["pk"])

    def get_queryset(self):
        rows = self.visible(self.deed.row).filter(bulk=self.bulk)
        return rows.select_related(*self.related).order_by("pk")

    def get_table_kwargs(self):
        return {"url": self.url_of("one"), "title": self.deed.named}

    def get_context_data(self, **kwargs):
        bulk = self.bulk
        rows = self.deed.row.objects.filter(bulk=bulk).order_by().values("outcome").annotate(n=Count("pk"))
        counts = {row["outcome"]: row["n"] for row in rows}
        labels = self.deed.row._meta.get_field("outcome").choices
        at_rest = bulk.job.state not in Job.UNDER_WAY and counts.get(Outcome.OPEN, 0)
        return super().get_context_data(
            bulk=bulk,
            title=self.deed.named,
            counts=[(label, counts.get(value, 0), value) for value, label in labels],
            go_on=self.page("bulk__go_on", pk=bulk.pk) if at_rest else "",
            home=self.page(),
            **kwargs,
        )


class BulkGoOn(OfBulks, FunctionView):
    """Let the worker go on with what an interrupted or cancelled bulk has left."""

    def post(self, request, pk, **kwargs):
        bulk = get_object_or_404(self.bulks(), pk=pk)
        try:
            bulk_go_on(deed=self.deed, actor=self.actor, bulk=bulk)
        except Refusal as refusal:
            messages.error(request, str(refusal))
        return redirect(self.page("bulk", pk=pk))
