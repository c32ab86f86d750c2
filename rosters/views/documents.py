"""A document on the page: shown in place, each look on the record."""

from django.http import FileResponse
from django.shortcuts import get_object_or_404

from accounts.views.base import FunctionView

from ..models import Roster
from ..numbers import print_batch
from ..services.files import roster_open

#: Chromium shows a PDF by a page of its own, which needs its styles; nothing else may be loaded.
POLICY = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"


class RosterFileView(FunctionView):
    """The PDF of a roster or of notices, in place or (``?download``) as a file.

    Looking is written down: the ledger and the deed are the only rows that a GET may add.
    """

    def rosters(self):
        """Documents that this function shows."""
        return self.visible(Roster)

    def get(self, request, pk):
        rows = self.rosters().exclude(state=Roster.State.QUEUED).select_related("school", "season")
        roster = get_object_or_404(rows, pk=pk)
        path = roster_open(actor=self.actor, roster=roster)
        batch = print_batch(
            year=roster.season.year,
            stage=roster.stage,
            school_code=roster.school.code,
            version=roster.version,
        )
        response = FileResponse(
            path.open("rb"),
            content_type="application/pdf",
            as_attachment="download" in request.GET,
            filename=f"{roster.get_kind_display()}-{roster.school.name}-{batch}.pdf",
        )
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["X-Frame-Options"] = "SAMEORIGIN"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response
