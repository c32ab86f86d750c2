"""Pages of requests, one mechanism for all kinds; ``request_pages`` binds them for one kind."""

from accounts.views.base import serve

from ...services.requests import kind_of
from . import asking, deciding


def request_pages(key: str) -> list:
    """Bind all pages of one kind, below the function that asks and the one that decides.

    Args:
        key: of the function that asks; its kind is registered.
    """
    review = kind_of(key).review
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
        serve(review, deciding.RequestQueueView),
        serve(review, deciding.ApproveGreenView, "approve"),
        serve(review, deciding.TakeView, "take"),
        serve(review, deciding.LayBackView, "lay-back"),
        serve(review, deciding.DecideView, "<int:pk>"),
        serve(review, deciding.ReviewPaperView, "<int:pk>/paper/<int:attachment>"),
    ]
