from django.urls import path

from accounts.views.base import not_yet_open, serve

from .views import deadlines
from .views.basics import ManageCandidatesView
from .views.finding import CandidatePaperView, FindTrackView, ViewDossierView
from .views.imports import import_pages
from .views.jobs import CancelJobView, JobView
from .views.whereabouts import ViewWhereaboutsView
from .views.windows import WindowsView, WindowView

app_name = "admissions"
urlpatterns = [
    path("jobs/<uuid:pk>/", JobView.as_view(), name="job"),
    path("jobs/<uuid:pk>/cancel/", CancelJobView.as_view(), name="job_cancel"),
    serve("admissions.manage_candidates", ManageCandidatesView),
    *import_pages("admissions.manage_candidates"),
    *import_pages("admissions.import_general_admissions", upload_is_home=True),
    serve("admissions.set_windows", WindowsView),
    serve("admissions.set_windows", deadlines.NewDeadlineView, "new-deadline"),
    serve("admissions.set_windows", deadlines.DeadlineView, "deadline/<int:pk>"),
    serve("admissions.set_windows", deadlines.TouchedView, "touched/<int:pk>"),
    serve("admissions.set_windows", deadlines.PostponeView, "postpone"),
    serve("admissions.set_windows", WindowView, "<str:kind>/<int:stage>"),
    serve("admissions.find_track", FindTrackView),
    serve("admissions.find_track", CandidatePaperView, "paper/<int:pk>"),
    serve("admissions.view_dossier", ViewDossierView),
    serve("admissions.view_dossier", CandidatePaperView, "paper/<int:pk>"),
    serve("admissions.view_whereabouts", ViewWhereaboutsView),
]
urlpatterns += not_yet_open(app_name, urlpatterns)
