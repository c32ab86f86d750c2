"""Coming in, going out, locking the screen, changing the password."""

import time

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth import views as auth
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.views.generic import FormView

from ..forms import ChangePasswordForm, LogInForm, UnlockForm
from ..services.users import password_change
from ..workbench import parts_for, waiting_for
from .base import ActionView, FunctionView, PageView


class LogInView(auth.LoginView):
    template_name = "accounts/log_in.html"
    authentication_form = LogInForm
    redirect_authenticated_user = True

    def form_valid(self, form):
        response = super().form_valid(form)
        self.request.session["last_seen"] = int(time.time())
        return response

    def form_invalid(self, form):
        return self.render_to_response(self.get_context_data(form=form), status=422)


def locked_out(request, credentials, *args, **kwargs):
    """After five failures: the account is closed for a quarter of an hour."""
    form = LogInForm(request)
    context = {"form": form, "locked_out": True, "minutes": int(settings.AXES_COOLOFF_TIME * 60)}
    return render(request, "accounts/log_in.html", context, status=429)


class LogOutView(ActionView):
    """退出系统."""

    def form_valid(self, form):
        return auth.LogoutView.as_view(next_page=reverse_lazy("accounts:log_in"))(self.request)


class LockScreenView(ActionView):
    """锁定系统: every page but unlock and log out answers the lock page until the password is given."""

    def form_valid(self, form):
        self.request.session["locked"] = True
        self.request.session["locked_page"] = self.request.POST.get("page", "")
        return redirect("accounts:unlock")


class UnlockView(FormView):
    """The lock page."""

    template_name = "accounts/unlock.html"
    form_class = UnlockForm

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"user": self.request.user}

    def form_valid(self, form):
        page = self.request.session.pop("locked_page", "")
        self.request.session.pop("locked", None)
        self.request.session.pop("unlock_failures", None)
        self.request.session["last_seen"] = int(time.time())
        own = page.startswith("/") and not page.startswith("//")
        return redirect(page if own else reverse(settings.LOGIN_REDIRECT_URL))

    def form_invalid(self, form):
        failures = self.request.session.get("unlock_failures", 0) + 1
        self.request.session["unlock_failures"] = failures
        if failures >= settings.AXES_FAILURE_LIMIT:
            logout(self.request)  # whoever goes on guessing meets the log-in, which counts by account
            return redirect(settings.LOGIN_URL)
        return self.render_to_response(self.get_context_data(form=form), status=422)


class ChangePasswordView(ActionView):
    """修改密码."""

    form_class = ChangePasswordForm
    done = "密码已修改。"

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"user": self.actor}

    def form_valid(self, form):
        password_change(user=self.actor, password=form.cleaned_data["new_password1"])
        update_session_auth_hash(self.request, self.actor)
        messages.success(self.request, self.done)
        return redirect(settings.LOGIN_REDIRECT_URL)


class WorkbenchView(PageView):
    """工作台: what waits, what runs, how far one is; each app registers its parts."""

    def get_context_data(self, **kwargs):
        return super().get_context_data(parts=parts_for(self.actor), **kwargs)


class WaitingView(FunctionView):
    """The numbers beside the entries of the menu; a page fetches them once it is shown."""

    def get(self, request):
        return JsonResponse(waiting_for(self.actor), headers={"Cache-Control": "no-store"})
