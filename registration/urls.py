from accounts.views.base import not_yet_open, serve
from admissions.views.imports import import_pages
from admissions.views.requests import request_pages

from .views import cancelling, changes, deadlines, late, restoring, students, upload

app_name = "registration"
urlpatterns = [
    serve("registration.register_students", students.RegisterStudentsView),
    serve("registration.register_students", students.RegisterView, "register"),
    serve("registration.register_students", students.CancelView, "cancel"),
    serve("registration.register_students", students.UndoView, "undo"),
    serve("registration.register_students", upload.UploadView, "upload"),
    serve("registration.change_major", changes.RegisteredView),
    serve("registration.change_major", changes.ChangeMajorView, "<int:pk>"),
    serve("registration.cancel_registration", cancelling.CancelListView),
    serve("registration.cancel_registration", cancelling.CancelRegistrationView, "<int:pk>"),
    serve("registration.cancel_registration", cancelling.CancelChosenView, "cancel"),
    serve("registration.cancel_registration", cancelling.CancelListedView, "upload"),
    serve("registration.reset_unregistered", deadlines.ResetUnregisteredView),
    serve("registration.reset_unregistered", restoring.RestoreView, "restore/<int:pk>"),
    serve("registration.reset_unregistered", restoring.RestorationView, "restoration/<int:pk>"),
    *request_pages("registration.request_withdrawal"),
    *request_pages("registration.request_transfer"),
    *request_pages("registration.enter_late_candidate"),
    *import_pages("registration.import_late_candidates", upload_is_home=True),
    serve("registration.view_late_results", late.LateResultsView),
]
urlpatterns += not_yet_open(app_name, urlpatterns)
