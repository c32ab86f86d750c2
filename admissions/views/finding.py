"""考生轨迹查询、考生电子档案: one candidate by his whole number; every look is written down."""

from accounts.context import deed_record
from accounts.views.base import PageView

from ..queries.dossier import dossier_of
from ..queries.track import candidate_numbered, track_of


class OneCandidatePage(PageView):
    """A page about one candidate, asked for by ``?number=``; another tenant's does not exist (404)."""

    def get(self, request, *args, **kwargs):
        number = request.GET.get("number", "").strip()
        candidate = candidate_numbered(self.actor, number) if number else None
        if candidate:
            deed_record(actor=self.actor, subject=f"{self.function.title} {candidate.number}")
        context = self.get_context_data(number=number, candidate=candidate)
        return self.render_to_response(context, status=404 if number and not candidate else 200)


class FindTrackView(OneCandidatePage):
    """考生轨迹查询."""

    def get_context_data(self, *, candidate, **kwargs):
        events = track_of(candidate) if candidate else []
        return super().get_context_data(candidate=candidate, events=events, **kwargs)


class ViewDossierView(OneCandidatePage):
    """考生电子档案."""

    def get_context_data(self, *, candidate, **kwargs):
        whole = dossier_of(candidate) if candidate else None
        events = track_of(candidate) if candidate else []
        return super().get_context_data(candidate=candidate, whole=whole, events=events, **kwargs)
