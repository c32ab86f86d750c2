"""The request engine (申请 → 审核): what every kind of request shares.

``admissions.requests`` is the contract of a kind and the registry; ``asking`` is the school's side here,
``deciding`` that of the parties, ``attaching`` the papers that go with a request.
"""

from ...requests import Asked, Check, Light, Party, RequestKind, kind_of, kinds, kinds_of, office_of, register
from .asking import request_draft, request_submit, request_withdraw
from .attaching import attachment_add, attachment_remove
from .bulk import AT_ONCE, REQUESTS, requests_bulk_start
from .deciding import (
    request_approve,
    request_refuse,
    request_return,
    requests_approve_green,
    requests_lay_back,
    requests_take,
)

__all__ = [
    "AT_ONCE",
    "REQUESTS",
    "Asked",
    "Check",
    "Light",
    "Party",
    "RequestKind",
    "attachment_add",
    "attachment_remove",
    "kind_of",
    "kinds",
    "kinds_of",
    "office_of",
    "register",
    "request_approve",
    "request_draft",
    "request_refuse",
    "request_return",
    "request_submit",
    "request_withdraw",
    "requests_approve_green",
    "requests_bulk_start",
    "requests_lay_back",
    "requests_take",
]
