"""Beside an open dossier: who else has it open, and what of the person is shown whole on the record."""

from django.shortcuts import get_object_or_404

from accounts.refusals import Refusal
from accounts.views.base import FunctionView, PageView

from ..models import Placement
from ..services.handing import read_by
from ..services.revealing import contacts_reveal
from .sheet import SheetMixin


class OwnDossier(SheetMixin, FunctionView):
    """A page about one dossier of a sheet that the actor reads."""

    @property
    def placement(self) -> Placement:
        rows = read_by(self.actor, Placement.objects.open()).select_related("candidate__dossier")
        return get_object_or_404(rows, sheet=self.object, candidate=self.kwargs["candidate"])


class PresenceView(OwnDossier, PageView):
    """The line itself; an open page asks for it every few seconds."""

    template_name = "dispatch/presence.html"

    def get_context_data(self, **kwargs):
        placement = self.placement
        shown = self.request.GET.get("version", "")
        changed = shown.isdecimal() and int(shown) != placement.candidate.dossier.version
        context = {"person": placement.candidate, "version": shown, "changed": changed, "names": self.names}
        return super().get_context_data(**kwargs) | context | self.presence(placement.candidate_id)


class RevealView(OwnDossier):
    """Telephone and address, whole, for the reason given; answers with the pane, or with the page."""

    def post(self, request, **kwargs):
        placement, words, shown = self.placement, "", None
        try:
            shown = contacts_reveal(
                actor=self.actor, placement=placement, purpose=request.POST.get("purpose", "")
            )
        except Refusal as refusal:
            words = str(refusal)
        return self.answer(placement.candidate_id, words=words, contacts=shown)
