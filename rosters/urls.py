from django.urls import path

from accounts.views.base import not_yet_open, serve

from .views import auditing, printing, progress, school, verifying

app_name = "rosters"
urlpatterns = [
    path(
        "verify-notice/<str:number>/<str:code>/", verifying.VerifyNoticeView.as_view(), name="verify_notice"
    ),
    serve("rosters.print_vocational_roster", printing.PrintVocationalRosterView),
    serve("rosters.print_vocational_roster", printing.SchoolRosterView, "school/<int:pk>"),
    serve("rosters.print_vocational_roster", printing.PrintedRosterView, "<int:pk>"),
    serve("rosters.print_vocational_roster", printing.PrintedFileView, "<int:pk>/pdf"),
    serve("rosters.audit_rosters", auditing.AuditRostersView),
    serve("rosters.audit_rosters", auditing.AuditRosterView, "<int:pk>"),
    serve("rosters.audit_rosters", printing.PrintedFileView, "<int:pk>/pdf"),
    serve("rosters.view_roster", school.ViewRosterView),
    serve("rosters.view_roster", school.OwnRosterView, "<int:pk>"),
    serve("rosters.view_roster", school.OwnRosterFileView, "<int:pk>/pdf"),
    serve("rosters.print_notices", school.PrintNoticesView),
    serve("rosters.print_notices", school.NoticesFileView, "<int:pk>/pdf"),
    serve("rosters.view_admitted", school.ViewAdmittedView),
    serve("rosters.count_progress", progress.CountProgressView),
    serve("rosters.find_school_progress", progress.FindSchoolProgressView),
]
urlpatterns += not_yet_open(app_name, urlpatterns)
