"""What every page shows around its own: the menu of one's end, who one is, where one is."""

from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

from django.template.loader import render_to_string
from django.urls import resolve, reverse
from pypinyin import Style, lazy_pinyin

from ..functions import Function
from .base import NotYetOpenView


@cache
def initials(title: str) -> str:
    """Pinyin initials of a title, for the search box of the menu: 批量投档 is ``pltd``."""
    return "".join(lazy_pinyin(title, style=Style.FIRST_LETTER)).lower()


def layout(request) -> dict:
    """Menu and place for the base template; nothing before log-in."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or getattr(user, "organisation", None) is None:
        return {}
    here = request.resolver_match.view_name.split("__")[0] if request.resolver_match else ""
    return {
        "menu": [menu_group(title, functions, here_in(functions, here)) for title, functions in user.menu]
    }


def here_in(functions: tuple[Function, ...], here: str) -> str:
    """The place, if it is one of these functions; else nothing, so that a group looks alike from everywhere else."""
    return here if any(f.url_name == here for f in functions) else ""


@dataclass(frozen=True)
class MenuGroup:
    """A group of the menu as one who may use these functions sees it from one place.

    Attributes:
        title: of the group.
        open: whether the place is in it.
        entries: its functions, each as title, url, is_open, initials and here.
        html: how it is drawn.
    """

    title: str
    open: bool
    entries: list[dict]

    @cached_property
    def html(self) -> str:
        return render_to_string("layout/menu_group.html", {"group": self})


@lru_cache(maxsize=2048)
def menu_group(title: str, functions: tuple[Function, ...], here: str) -> MenuGroup:
    """A group of the menu; it follows from its arguments alone, so it is made and drawn once."""
    entries = [
        {
            "title": f.title,
            "url": _page(f.url_name)[0],
            "is_open": _page(f.url_name)[1],
            "initials": initials(f.title),
            "here": f.url_name == here,
        }
        for f in functions
    ]
    return MenuGroup(title, bool(here), entries)


@cache
def _page(name: str) -> tuple[str, bool]:
    """Address of a function's own page, and whether it is open."""
    address = reverse(name)
    return address, not issubclass(resolve(address).func.view_class, NotYetOpenView)
