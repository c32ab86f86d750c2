"""Parameters of a dispatch in the officer's words."""

from django import template
from django.urls import reverse
from django.utils.html import format_html

from accounts.templatetags.interface import grouped
from admissions.models import Batch

from ..models import Run
from ..queries import parameters

register = template.Library()
register.simple_tag(parameters.tie_words)
register.filter(parameters.parameter_words)


@register.simple_tag
def parameters_sheet(batch: Batch, of: dict, run: Run | str) -> dict:
    """Parameters with their difference from last time; a run that is not opened yet is empty to a template."""
    return parameters.parameters_sheet(batch, of, run or None)


@register.simple_tag
def run_url(run: Run, tail: str = "", number: int | None = None) -> str:
    """Address of a run's page, or of one below it, in the function that opened the run.

    Args:
        run: of any kind.
        tail: words of the page below, joined by two underscores.
        number: of the rehearsal it is about, if it is about one.
    """
    name = f"dispatch:{run.kind}__run" + (f"__{tail}" if tail else "")
    return reverse(name, kwargs={"pk": run.pk} | ({} if number is None else {"number": number}))


@register.simple_tag(takes_context=True)
def run_allowed(context, run: Run) -> str:
    """Address of a run's page for whoever may open it; empty for others."""
    actor = context["request"].user
    seen = actor.may(run.function) and Run.objects.visible_to(actor).filter(pk=run.pk).exists()
    return run_url(run) if seen else ""


@register.filter
def signed(number: int | None) -> str:
    """A difference with its sign, in groups of three: +1 234, −5, 0; empty for none."""
    if number is None:
        return ""
    sign = "+" if number > 0 else "−" if number < 0 else ""
    return f"{sign}{grouped(abs(number))}"


@register.filter
def signed_marks(hundredths: int | None) -> str:
    """A difference of hundredths of a mark as marks with its sign: 150 is +1.5."""
    return "" if hundredths is None else f"{hundredths / 100:+g}".replace("-", "−") if hundredths else "0"


@register.filter
def pair(values: tuple) -> str:
    """Before and after: one value where both are the same, otherwise both with an arrow between."""
    before, after = ("—" if value is None or value == "" else grouped(value) for value in values)
    if before == after:
        return after
    return format_html('<span class="was">{} →</span> <strong>{}</strong>', before, after)
