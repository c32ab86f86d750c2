from django.urls import path

from accounts.views.base import not_yet_open, serve

from .views.jobs import CancelJobView, JobView
from .views.windows import WindowsView, WindowView

app_name = "admissions"
urlpatterns = [
    path("jobs/<uuid:pk>/", JobView.as_view(), name="job"),
    path("jobs/<uuid:pk>/cancel/", CancelJobView.as_view(), name="job_cancel"),
    serve("admissions.set_windows", WindowsView),
    serve("admissions.set_windows", WindowView, "<str:kind>/<int:stage>"),
]
urlpatterns += not_yet_open(app_name, urlpatterns)
