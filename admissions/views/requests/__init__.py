"""Pages of requests, one mechanism for all kinds; ``request_pages`` binds them."""

from accounts.views.base import serve

from ...requests import CONSENTS, kind_of
from . import asking, bulk, deciding


def request_pages(*keys: str) -> list:
    """Bind all pages of some kinds, below the functions that ask and those that decide.

    Args:
        keys: of the functions that ask; their kinds are registered. Kinds that share their review are
            named in one call.
    """
    kinds = [kind_of(key) for key in keys]
    deciding_under = {(kind.review, kind.under): None for kind in kinds}
    deciding_under |= {(kind.consent, CONSENTS): None for kind in kinds if kind.consent}
    asking_pages = [page for key in keys for page in _asking(key)]
    return asking_pages + [page for place in deciding_under for page in _deciding(*place)]


def _asking(key: str) -> list:
    return [
        serve(key, asking.OwnRequestsView),
        serve(key, asking.NewRequestView, "new"),
        serve(key, asking.OwnRequestView, "<int:pk>"),
        serve(key, asking.EditRequestView, "<int:pk>/edit"),
        serve(key, asking.SubmitRequestView, "<int:pk>/submit"),
        serve(key, asking.WithdrawRequestView, "<int:pk>/withdraw"),
        serve(key, asking.AttachView, "<int:pk>/attach"),
        serve(key, asking.DetachView, "<int:pk>/detach/<int:attachment>"),
        serve(key, asking.OwnPaperView, "<int:pk>/paper/<int:attachment>"),
    ]


def _deciding(key: str, under: str = "") -> list:
    """Pages of those who decide, below their function or a tail of it."""
    first = f"{under}/" if under else ""
    pages = (
        (deciding.RequestQueueView, ""),
        (bulk.ApproveGreenView, "approve"),
        (bulk.BulksView, "bulks"),
        (bulk.BulkView, "bulk/<int:pk>"),
        (bulk.BulkGoOnView, "bulk/<int:pk>/go-on"),
        (deciding.TakeView, "take"),
        (deciding.LayBackView, "lay-back"),
        (deciding.DecideView, "<int:pk>"),
        (deciding.ReviewPaperView, "<int:pk>/paper/<int:attachment>"),
    )
    return [serve(key, view, f"{first}{tail}".strip("/"), under=under) for view, tail in pages]
