from django.urls import path

from accounts.views.base import not_yet_open

from .views.jobs import CancelJobView, JobView

app_name = "admissions"
urlpatterns = [
    path("jobs/<uuid:pk>/", JobView.as_view(), name="job"),
    path("jobs/<uuid:pk>/cancel/", CancelJobView.as_view(), name="job_cancel"),
]
urlpatterns += not_yet_open(app_name, urlpatterns)
