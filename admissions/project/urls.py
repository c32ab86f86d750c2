"""Root of the addresses: one prefix per app, the app's name in it as in the function table."""

from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="accounts:workbench"), name="home"),
    path("accounts/", include("accounts.urls")),
    path("admissions/", include("admissions.urls")),
    path("quotas/", include("quotas.urls")),
    path("dispatch/", include("dispatch.urls")),
    path("registration/", include("registration.urls")),
    path("rosters/", include("rosters.urls")),
]
handler400 = "accounts.views.errors.bad_request"
handler403 = "accounts.views.errors.forbidden"
handler404 = "accounts.views.errors.not_found"
handler500 = "accounts.views.errors.server_error"
