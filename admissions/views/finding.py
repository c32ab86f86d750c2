"""考生轨迹查询、考生电子档案: one candidate by his whole number; every look is written down."""

from accounts.context import deed_record
from accounts.views.base import FunctionView, ObjectMixin, PageView

from ..models import DossierPaper
from ..queries.dossier import dossier_of
from ..queries.track import candidate_numbered, papers_of, track_of
from .papers import paper_response


class OneCandidatePage(PageView):
    """A page about one candidate, asked for by ``?number=``; another tenant's does not exist (404)."""

    def get(self, request, *args, **kwargs):
        number = request.GET.get("number", "").strip()
        candidate = candidate_numbered(self.actor, number) if number else None
        if candidate:
            deed_record(actor=self.actor, subject=f"{self.function.title} {candidate.number}")
        context = self.get_context_data(number=number, candidate=candidate)
        return self.render_to_response(context, status=404 if number and not candidate else 200)

    def get_context_data(self, *, candidate, **kwargs):
        papers = papers_of(self.actor, candidate) if candidate else []
        return super().get_context_data(
            candidate=candidate,
            events=track_of(self.actor, candidate) if candidate else [],
            papers=[(paper, self.page("paper", pk=paper.pk)) for paper in papers],
            **kwargs,
        )


class FindTrackView(OneCandidatePage):
    """考生轨迹查询."""


class ViewDossierView(OneCandidatePage):
    """考生电子档案."""

    def get_context_data(self, *, candidate, **kwargs):
        whole = dossier_of(candidate) if candidate else None
        return super().get_context_data(candidate=candidate, whole=whole, **kwargs)


class CandidatePaperView(ObjectMixin, FunctionView):
    """The bytes of a paper by which a school let a candidate go."""

    model = DossierPaper

    def rows(self):
        return super().rows().filter(candidate__season__current=True).select_related("candidate")

    def get(self, request, **kwargs):
        return paper_response(self.actor, self.object, of=self.object.candidate.number)
