"""The HTML of documents: templates of `templates/documents/`, rendered without Django's settings."""

from functools import cache
from pathlib import Path

from django.template import Context, Engine

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


@cache
def _engine():
    return Engine(dirs=[TEMPLATES], autoescape=True)


def skeleton(name, **values):
    """Render a template of `templates/documents/`; values are escaped.

    Args:
        name: file name, such as "roster.html".
        values: what the template uses; text or lists of text, since no locale is at hand.
    """
    context = Context(values, use_l10n=False, use_tz=False)
    return _engine().get_template(f"documents/{name}").render(context)
