"""The one door through which every page goes.

``serve`` binds a view to a row of the function table; ``FunctionView`` checks the function, opens the
context of the deed and the wall of the database; ``ActionView`` carries out one deed, once.
"""

from contextlib import ExitStack
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.views import View
from django.views.generic import TemplateView
from django.views.generic.edit import FormView

from ..context import deed_context, walled, walled_to_the_end
from ..forms import ActionForm
from ..functions import BY_KEY, FUNCTIONS, Function
from ..models import SubmittedForm
from ..refusals import Refusal
from ..workbench import waiting_changed
from .errors import refusal_page

# Before log-in, behind the lock, open to families, and the progress of whatever job a function started.
PAGES_WITHOUT_FUNCTION = (
    "home",
    "accounts:log_in",
    "accounts:unlock",
    "admissions:job",
    "admissions:job_cancel",
    "rosters:verify_notice",
)
READING = ("GET", "HEAD", "OPTIONS")
_HARMLESS = (
    "SELECT",
    "SAVEPOINT",
    "RELEASE SAVEPOINT",
    "ROLLBACK TO SAVEPOINT",
    "SET LOCAL ROLE",
    "RESET ROLE",
    # Looking is a deed too: rows that only ever record who looked at what.
    'INSERT INTO "ACCOUNTS_DEED"',
    'INSERT INTO "ROSTERS_PRINTING"',
)


def serve(key: str, view: type["FunctionView"], tail: str = "", **options):
    """Bind a view to a function of the table.

    Args:
        key: ``app.name`` of the function; its URL and name follow from it.
        view: a FunctionView.
        tail: a page below the function's own, e.g. ``"<int:pk>/rehearse"``; it is named after the
            function, two underscores and its words, ``dispatch_batch__rehearse``.
        options: attributes of the view.

    Raises:
        KeyError: if no such function stands in the table.
    """
    function = BY_KEY[key]
    words = [part for part in tail.split("/") if part and not part.startswith("<")]
    name = "__".join([function.name, *(word.replace("-", "_") for word in words)])
    if tail and not words:
        name += "__one"
    route = f"{function.slug}/{tail.strip('/')}/" if tail else f"{function.slug}/"
    return path(route, view.as_view(function=function, **options), name=name)


def not_yet_open(app: str, patterns: list) -> list:
    """Bindings for those functions of an app that no page serves yet.

    Args:
        app: label of the app.
        patterns: the bindings it has.
    """
    open_names = {pattern.name for pattern in patterns if getattr(pattern, "name", None)}
    return [
        serve(function.key, NotYetOpenView)
        for function in FUNCTIONS
        if function.app == app and function.name not in open_names
    ]


def refuse_writes(execute, sql, params, many, context):
    """Database wrapper of reading requests: whatever could change a row is an error."""
    statement = str(sql).lstrip("( \n").upper()
    if not statement.startswith(_HARMLESS):
        raise RuntimeError(f"A reading request tried to write: {statement[:80]}")
    return execute(sql, params, many, context)


#: Told of a form that is sent again.
TWICE = "该操作已经提交过，没有重复执行。"


class FunctionView(View):
    """A page of a function: asks for the function, and sees through the actor's eyes only."""

    function: Function = None

    def dispatch(self, request, *args, **kwargs):
        if not request.user.may(self.function):
            raise PermissionDenied(f"您没有“{self.function.title}”功能的权限。")
        try:
            return self.within(request, *args, **kwargs)
        except Refusal as refusal:  # outside of a form, such as of an export
            answer = refusal_page(request, refusal)
            if request.method in READING and connection.in_atomic_block:
                transaction.set_rollback(True)  # whoever was refused a look did not look
            return answer

    def first_time(self) -> bool:
        """Whether this very form is sent for the first time; waits for a twin under way.

        The form carries ``form_key`` (the template tag of that name); ask within the transaction of the deed.

        Raises:
            Refusal: if the key is none that a page has given.
        """
        try:
            key = UUID(self.request.POST.get("form_key") or str(uuid4()))
        except ValueError:
            raise Refusal("表单已失效，请刷新页面后重新提交。") from None
        _, created = SubmittedForm.objects.get_or_create(
            key=key, defaults={"user": self.actor, "function": self.function.key}
        )
        return created

    def within(self, request, *args, **kwargs):
        """Serve the request in the context of its deed, within the wall of the actor's scope."""
        with ExitStack() as stack:
            address = request.META.get("REMOTE_ADDR")
            stack.enter_context(deed_context(function=self.function.key, address=address))
            if request.method in READING:
                stack.enter_context(walled_to_the_end(request.user.scope))
                stack.enter_context(connection.execute_wrapper(refuse_writes))
            else:
                stack.enter_context(walled(request.user.scope))
            response = super().dispatch(request, *args, **kwargs)
            if hasattr(response, "render") and not response.is_rendered:
                response.render()
            return response

    @property
    def actor(self):
        return self.request.user

    def visible(self, model):
        """Rows of a model that the actor may see."""
        return model.objects.visible_to(self.actor)

    def page(self, tail: str = "", **kwargs) -> str:
        """Address of this function, or of a page below it."""
        name = self.function.url_name + (f"__{tail}" if tail else "")
        return reverse(name, kwargs=kwargs or None)

    def get_template_names(self):
        return [self.template_name or self.function.template]

    def get_context_data(self, **kwargs):
        return super().get_context_data(function=self.function, **kwargs)


class PageView(FunctionView, TemplateView):
    """A page that only shows."""


class NotYetOpenView(PageView):
    """A function of the official table whose page is not built yet: said so, in one way."""

    template_name = "layout/not_yet_open.html"


class ActionView(FunctionView, FormView):
    """A form that carries out one deed.

    Subclasses give ``form_class``, ``done`` (what is told afterwards) and ``act``; with ``confirm``
    the deed is first shown by ``preview`` and done when it is sent again. A form sent twice is done
    once; a refusal is told in the form and nothing is written.
    """

    form_class = ActionForm
    template_name = None
    confirm = False
    done = "操作已完成。"
    submit_label = "提交"

    def get_template_names(self):
        return [self.template_name or self.function.template, "components/action.html"]

    def act(self, data: dict):
        """Carry out the deed; what it returns is shown by ``done`` as ``{result}``."""
        raise NotImplementedError

    def preview(self, data: dict) -> dict:
        """What is shown before a deed is confirmed: ``count``, ``rows`` (the first 20), ``warnings``."""
        return {}

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"actor": self.actor}

    def get_context_data(self, **kwargs):
        key = self.request.POST.get("form_key") or str(uuid4())
        return super().get_context_data(form_key=key, submit_label=self.submit_label, **kwargs)

    def form_valid(self, form):
        if "edit" in self.request.POST:  # back from the confirmation, as it was filled in
            return self.render_to_response(self.get_context_data(form=form))
        if self.confirm and "confirmed" not in self.request.POST:
            try:
                preview = self.preview(form.cleaned_data)
            except Refusal as refusal:
                return self.refused(form, refusal)
            return self.render_to_response(self.get_context_data(form=form, preview=preview))
        try:
            with transaction.atomic():
                if not self.first_time():
                    messages.info(self.request, TWICE)
                    return redirect(self.get_success_url())
                result = self.act(form.cleaned_data)
        except Refusal as refusal:
            return self.refused(form, refusal)
        waiting_changed(self.actor)
        messages.success(self.request, self.done.format(result=result))
        return redirect(self.get_success_url())

    def form_invalid(self, form):
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def refused(self, form, refusal: Refusal):
        form.add_error(None, str(refusal))
        return self.form_invalid(form)

    def get_success_url(self):
        return self.page()


class UnderMixin:
    """A page of a set that may stand below a tail of a function which has pages of its own.

    Attributes:
        under: the tail; empty where the set is the function's own.
    """

    under = ""

    def below(self, tail: str) -> str:
        """The tail of a page of this set."""
        if not self.under:
            return tail
        return self.under if tail in ("", "one") else f"{self.under}__{tail}"

    def page(self, tail: str = "", **kwargs) -> str:
        return super().page(self.below(tail), **kwargs)


class ObjectMixin:
    """A page about one row: another tenant's row does not exist for the actor (404)."""

    model = None
    pk_kwarg = "pk"

    def rows(self):
        return self.visible(self.model)

    @cached_property
    def object(self):
        return get_object_or_404(self.rows(), pk=self.kwargs[self.pk_kwarg])

    def get_context_data(self, **kwargs):
        return super().get_context_data(object=self.object, **kwargs)
