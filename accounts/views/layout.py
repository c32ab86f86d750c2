"""What every page shows around its own: the menu of one's end, who one is, where one is."""

from functools import cache

from django.urls import resolve, reverse
from pypinyin import Style, lazy_pinyin

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
    menu = [
        {
            "title": group,
            "open": any(f.url_name == here for f in functions),
            "entries": [
                {
                    "title": f.title,
                    "url": _page(f.url_name)[0],
                    "is_open": _page(f.url_name)[1],
                    "initials": initials(f.title),
                    "here": f.url_name == here,
                }
                for f in functions
            ],
        }
        for group, functions in user.menu
    ]
    return {"menu": menu}


@cache
def _page(name: str) -> tuple[str, bool]:
    """Address of a function's own page, and whether it is open."""
    address = reverse(name)
    return address, not issubclass(resolve(address).func.view_class, NotYetOpenView)
