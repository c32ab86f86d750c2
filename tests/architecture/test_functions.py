"""The function table is true: every row has a page carrying it, and no page stands without a row."""

from pathlib import Path

import pytest
from django.template.loader import select_template
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLPattern

from accounts.functions import BY_KEY, FUNCTIONS, OFFICIAL, End, functions_of
from accounts.roles import EVERYBODY, REVIEWING, ROLES, SENDING
from accounts.views.base import PAGES_WITHOUT_FUNCTION, FunctionView, NotYetOpenView

ROOT = Path(__file__).parents[2]


def views(patterns=None, namespace=""):
    """Every view of the resolver with its full name."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name}", pattern.callback
        else:
            yield from views(
                pattern.url_patterns, f"{pattern.namespace}:" if pattern.namespace else namespace
            )


def view_of(function):
    return dict(views())[function.url_name]


def test_the_official_table_is_whole():
    assert len(OFFICIAL) == 87
    assert len({function.key for function in FUNCTIONS}) == len(FUNCTIONS)
    entries = sum(len(function.ends) for function in OFFICIAL)
    assert entries == 92
    assert sum(End.SCHOOL in function.ends for function in OFFICIAL) == 25


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.key)
def test_each_row_resolves_to_a_view_carrying_it(function):
    view = view_of(function)
    assert issubclass(view.view_class, FunctionView)
    assert view.view_initkwargs["function"] is function
    assert reverse(function.url_name) == f"/{function.app}/{function.slug}/"


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.key)
def test_each_open_row_has_a_template_and_a_test(function):
    view = view_of(function)
    if view.view_class is NotYetOpenView:
        return
    page = view.view_class(**view.view_initkwargs)
    assert select_template(page.get_template_names())
    named = ROOT / "tests" / function.app / f"test_{function.name}.py"
    shared = ROOT / "tests" / "accounts" / "test_session.py"
    assert named.exists() or (function.app == "accounts" and shared.exists()), f"{named} is missing"


def test_no_view_stands_without_a_row():
    for name, view in views():
        if name in PAGES_WITHOUT_FUNCTION:
            continue
        assert issubclass(view.view_class, FunctionView), name
        function = view.view_initkwargs["function"]
        assert name.split("__")[0] == function.url_name


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.key)
def test_each_row_refuses_without_permission(function, cast, client_of):
    if function.key in EVERYBODY:
        return
    assert client_of(cast.idle).get(reverse(function.url_name)).status_code == 403


def test_whoever_sends_does_not_review():
    for role in ROLES:
        assert not (role.functions & SENDING and role.functions & REVIEWING), role.title
    assert SENDING
    assert REVIEWING


def test_each_end_has_the_official_order():
    for end in End:
        official = [f for f in OFFICIAL if end in f.ends]
        shown = [f for f in functions_of(end) if f in official]
        assert shown == official


def test_the_menu_tells_what_is_not_yet_open(cast, client_of):
    page = client_of(cast.city).get(reverse("accounts:workbench")).content.decode()
    closed = view_of(BY_KEY["dispatch.recall_dossier"]).view_class is NotYetOpenView
    entry = page[page.index(reverse("dispatch:recall_dossier")) :].split("</li>")[0]
    assert ("尚未开放" in entry) == closed
    entry = page[page.index(f'href="{reverse("dispatch:dispatch_batch")}"') :].split("</li>")[0]
    assert "尚未开放" not in entry
