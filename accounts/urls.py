from django.urls import path

from .views import users
from .views.base import not_yet_open, serve
from .views.session import (
    ChangePasswordView,
    LockScreenView,
    LogInView,
    LogOutView,
    UnlockView,
    WaitingView,
    WorkbenchView,
)

app_name = "accounts"
urlpatterns = [
    path("log-in/", LogInView.as_view(), name="log_in"),
    path("unlock/", UnlockView.as_view(), name="unlock"),
    serve("accounts.workbench", WorkbenchView),
    serve("accounts.workbench", WaitingView, "waiting"),
    serve("accounts.lock_screen", LockScreenView),
    serve("accounts.change_password", ChangePasswordView),
    serve("accounts.log_out", LogOutView),
    serve("accounts.manage_users", users.ManageUsersView),
    serve("accounts.manage_users", users.CreateUserView, "create"),
    serve("accounts.manage_users", users.OpenSchoolUsersView, "schools"),
    serve("accounts.manage_users", users.ResetPasswordView, "reset/<int:pk>"),
    serve("accounts.manage_users", users.SwitchUserView, "switch/<int:pk>"),
]
urlpatterns += not_yet_open(app_name, urlpatterns)
