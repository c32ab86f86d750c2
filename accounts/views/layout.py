"""What every page shows around its own: the menu of one's end, who one is, where one is."""

from functools import cache

from django.urls import NoReverseMatch, reverse
from pypinyin import Style, lazy_pinyin


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
                    "url": _address(f.url_name),
                    "initials": initials(f.title),
                    "here": f.url_name == here,
                }
                for f in functions
            ],
        }
        for group, functions in user.menu
    ]
    return {"menu": menu, "locked_layout": False}


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:  # an app under construction has no address yet
        return ""
