"""Nobody comes in without logging in; nothing foreign is loaded by a page."""

import time
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.shortcuts import redirect, resolve_url

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; object-src 'none'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
OPEN_TO_ALL = frozenset({"accounts:log_in", "rosters:verify_notice"})
OPEN_WHEN_LOCKED = frozenset({"accounts:lock_screen", "accounts:log_out", "accounts:unlock"})
OPEN_BEFORE_CHANGE = OPEN_WHEN_LOCKED | {"accounts:change_password"}

# What an open page asks for by itself, with nobody at the desk: it keeps no screen from locking.
BY_ITSELF = "__presence"


def page_of(request) -> str:
    """The page to come back to after the lock: of a fragment the one that it belongs to, of a deed none."""
    if request.method != "GET":
        return ""
    if shown := request.headers.get("HX-Current-URL"):
        parts = urlsplit(shown)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path
    return request.get_full_path()


class ContentPolicyMiddleware:
    """Every answer forbids what it does not need (security.md, "Pages cannot be turned")."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        if request.path.startswith(settings.STATIC_URL):
            return response
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class LoginMiddleware:
    """Default deny: every view but the log-in asks for a user, and a locked screen for his password."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        name = request.resolver_match.view_name
        if name in OPEN_TO_ALL:
            return None
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path(), resolve_url(settings.LOGIN_URL))
        now = int(time.time())
        if now - request.session.setdefault("entered", now) > settings.SESSION_COOKIE_AGE:
            logout(request)  # however busy it was: an absolute limit
            return redirect_to_login(request.get_full_path(), resolve_url(settings.LOGIN_URL))
        idle = now - request.session.get("last_seen", now) > settings.IDLE_LOCK_SECONDS
        if idle and not request.session.get("locked"):
            request.session["locked"] = True
            request.session["locked_page"] = page_of(request)
        if request.session.get("locked"):
            return None if name in OPEN_WHEN_LOCKED else redirect("accounts:unlock")
        if now - request.session.get("last_seen", 0) > 60 and not name.endswith(BY_ITSELF):
            request.session["last_seen"] = now
        if request.user.must_change_password and name not in OPEN_BEFORE_CHANGE:
            return redirect("accounts:change_password")
        return None
