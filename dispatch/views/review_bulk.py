"""Approval of a whole queue of audit by a worker: the list of bulks, one with its rows, going on with it."""

from admissions.views.bulks import BulkGoOn, BulkPage, BulksPage

from ..tables_reviewing import ReviewBulkRowTable
from .reviewing import Queue


class ReviewBulksView(Queue, BulksPage):
    """Approvals in bulk of one's own organisation, the last first."""


class ReviewBulkView(Queue, BulkPage):
    """One approval in bulk: how far it is, and what came of each candidate."""

    table_class = ReviewBulkRowTable
    related = ("candidate__dossier", "placement__school", "placement__plan_line", "placement__reason")

    def get_table_kwargs(self):
        return super().get_table_kwargs() | {"state": self.state}


class ReviewBulkGoOnView(Queue, BulkGoOn):
    """Let the worker go on with what an interrupted or cancelled bulk has left."""
