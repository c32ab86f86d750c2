"""Pages of requests, one mechanism for all kinds; ``request_pages`` binds them for one kind."""

from accounts.views.base import serve

from ...requests import CONSENTS, kind_of
from . import asking, deciding


def request_pages(key: str) -> list:
    """Bind all pages of one kind, below the function that asks and the one that decides.

    Args:
        key: of the function that asks; its kind is registered.
    """
    kind = kind_of(key)
    review, consent = kind.review, kind.consent
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
        *_deciding(review),
        *(_deciding(consent, CONSENTS) if consent else ()),
    ]


def _deciding(key: str, under: str = "") -> list:
    """Pages of those who decide: an office's stand below its function, a school's below a tail of it."""
    first = f"{under}/" if under else ""
    pages = (
        (deciding.RequestQueueView, ""),
        (deciding.ApproveGreenView, "approve"),
        (deciding.TakeView, "take"),
        (deciding.LayBackView, "lay-back"),
        (deciding.DecideView, "<int:pk>"),
        (deciding.ReviewPaperView, "<int:pk>/paper/<int:attachment>"),
    )
    return [serve(key, view, f"{first}{tail}".strip("/"), under=under) for view, tail in pages]
