"""What all pages of requests share: the kind, one request with all that belongs to it, its papers."""

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property

from accounts.views.base import FunctionView, ObjectMixin, UnderMixin

from ...coded import code_said
from ...models import Request
from ...queries import requests as queries
from ...services import requests as services
from ..papers import paper_response


class OfKind(UnderMixin):
    """What all pages share: the kinds that the function belongs to; those of whoever decides may stand under."""

    @cached_property
    def kinds(self):
        return services.kinds_of(self.function.key)

    @cached_property
    def kind(self):
        return self.kinds[0]

    def register_links(self) -> list[dict]:
        """Links to the lists of what took effect."""
        url = f"{self.function.url_name}__register"
        titles = dict.fromkeys(kind.register for kind in self.kinds if kind.register)
        return [{"title": title, "url": reverse(url), "icon": "journal-text"} for title in titles]

    def get_context_data(self, **kwargs):
        return super().get_context_data(kind=self.kind, **kwargs)


class OneRequest(OfKind, ObjectMixin):
    """A page about one request: what it says, its papers, its parties, its trail."""

    model = Request
    asking = True

    @cached_property
    def kind(self):
        return services.kind_of(self.object.kind)

    def rows(self):
        if self.asking:
            return queries.own_requests(self.actor, self.kinds[0])
        return queries.requests_seen(self.actor, *self.kinds)

    def here(self) -> str:
        return self.page("one", pk=self.object.pk)

    def get_context_data(self, **kwargs):
        row = self.object
        found = queries.checks_of([row]).get(row.pk, ())
        ground = next((r.name for r in self.kind.reasons("ask") if r.code == row.reason), row.reason)
        papers = [
            (paper, self.page("paper", pk=row.pk, attachment=paper.pk)) for paper in row.attachments.all()
        ]
        waits = self.kind.consent_first and row.state == Request.State.SUBMITTED
        return super().get_context_data(
            consent_until=self.kind.consent_until(row) if waits else None,
            checks=list(zip(self.kind.checks, found, strict=False)),
            ground=ground,
            papers=papers,
            parties=[
                (party, self._words(party))
                for party in row.parties.select_related("organisation", "decided_by")
            ],
            standing=() if self.asking or not row.open else self.kind.standing(row),
            events=row.events.select_related("actor", "organisation"),
            **({"cancel_url": self.page()} | kwargs),
        )

    def _words(self, party) -> str:
        return code_said(party.reason, party.words) if party.reason else party.words


class PaperView(OneRequest, FunctionView):
    """The bytes of a paper, on the record; a browser saves it and runs nothing of it."""

    def get(self, request, pk, attachment):
        paper = get_object_or_404(self.object.attachments, pk=attachment)
        return paper_response(self.actor, paper, of=self.object.number, inline=False)
