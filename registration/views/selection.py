"""Rows chosen in a list, or all rows that its query finds, as the input of a deed."""

import hashlib

from django import forms
from django.contrib import messages
from django.http import QueryDict
from django.shortcuts import redirect

from accounts.forms import ActionForm
from accounts.refusals import Refusal
from accounts.views.base import ActionView


class SelectionForm(ActionForm):
    """What a list sends: keys ticked, or ``all`` and the query string, which is run again."""

    chosen = forms.TypedMultipleChoiceField(required=False, coerce=int, widget=forms.MultipleHiddenInput)
    all = forms.BooleanField(required=False, widget=forms.HiddenInput)
    query = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["chosen"].valid_value = lambda value: str(value).isdecimal()


class SelectionView(ActionView):
    """A deed on chosen rows. Subclasses give ``filterset_class`` and ``rows``.

    The list posts without a key of its own: a form with fields to fill in is then shown first,
    without complaint about what could not yet be filled in.
    """

    form_class = SelectionForm
    template_name = "components/action.html"
    filterset_class = None
    confirm = True

    def rows(self):
        """All rows that may be chosen, seen through the actor's eyes."""
        raise NotImplementedError

    def get(self, request, *args, **kwargs):
        return redirect(self.page())

    def post(self, request, *args, **kwargs):
        if "form_key" not in request.POST and any(not f.is_hidden for f in self.get_form()):
            form = self.get_form_class()(actor=self.actor, initial=self.posted())
            asked = SelectionForm(request.POST, actor=self.actor)
            asked.is_valid()
            try:
                chosen = self.preview(asked.cleaned_data)
            except Refusal as refusal:
                messages.error(request, str(refusal))
                return redirect(self.page())
            return self.render_to_response(self.get_context_data(form=form, chosen=chosen))
        return super().post(request, *args, **kwargs)

    def form_valid(self, form):
        if "edit" in self.request.POST and all(field.is_hidden for field in form):
            return redirect(self.page())  # there is nothing to fill in but the choice itself
        return super().form_valid(form)

    def posted(self) -> dict:
        post = self.request.POST
        return {"chosen": post.getlist("chosen"), "all": post.get("all"), "query": post.get("query", "")}

    def selected(self, data: dict):
        """The rows chosen, found again now.

        Raises:
            Refusal: if nothing is chosen, or something that is not among the rows.
        """
        if data["all"]:
            found = self.filterset_class(QueryDict(data["query"]), self.rows(), request=self.request)
            if not found.form.is_valid():
                raise Refusal("查询条件有误，请返回列表重新查询。")
            return found.qs
        wanted = set(data["chosen"])
        if not wanted:
            raise Refusal("没有选择任何一行。", hint="请返回列表勾选。")
        rows = self.rows().filter(pk__in=wanted)
        if (missing := len(wanted) - rows.count()) > 0:
            raise Refusal(f"所选的行中有 {missing} 行已不在列表中，请返回列表重新选择。")
        return rows

    def seen(self, keys) -> None:
        """Keep what the confirmation is about; sent again with it, ``as_seen`` compares."""
        post = self.request.POST.copy()
        post["seen"] = digest_of(keys)
        self.request.POST = post

    def as_seen(self, keys):
        """The keys, if they are those that the confirmation has shown.

        Raises:
            Refusal: if the query finds others by now; nothing is done then.
        """
        seen = self.request.POST.get("seen")
        if seen and seen != digest_of(keys):
            raise Refusal("您核对之后名单已有变动，未作任何改动。", hint="请返回列表重新选择、核对。")
        return keys

    def get_context_data(self, **kwargs):
        return super().get_context_data(cancel_url=self.page(), **kwargs)


def digest_of(keys) -> str:
    """Digest of some keys, in whatever order."""
    return hashlib.sha256(",".join(map(str, sorted(keys))).encode()).hexdigest()
