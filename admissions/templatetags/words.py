"""Words that pages of the apps above need: names of regions, marks, how a job stands."""

from functools import cache

from django import template
from django.urls import reverse

from ..jobs import job_interrupted, progress_of
from ..models import Region
from ..services.windows import window_words

register = template.Library()
register.filter("window_words", window_words)


@cache
def _regions() -> dict[str, str]:
    return dict(Region.objects.values_list("code", "name"))


@register.filter
def region_name(code: str) -> str:
    """Name of a region of GB/T 2260; the table changes with a standard, so it is read once."""
    if not code:
        return ""
    if code not in _regions():
        _regions.cache_clear()
    return _regions().get(code, code)


@register.filter
def marks(hundredths) -> str:
    """Hundredths of a mark as marks: 51250 is 512.5."""
    return "" if hundredths is None else f"{hundredths / 100:g}"


@register.filter
def interrupted(job) -> bool:
    """Whether the worker of a job has died, so that it may be started again."""
    return bool(job) and job_interrupted(job)


@register.inclusion_tag("components/progress.html", takes_context=True)
def job_progress(context, job) -> dict:
    """How a job stands, asking for itself again until it has ended."""
    own = job.owner_id == context["request"].user.pk
    return {
        "csrf_token": context.get("csrf_token"),
        "job": job,
        "progress": progress_of(job),
        "poll_url": reverse("admissions:job", args=[job.pk]),
        "cancel_url": reverse("admissions:job_cancel", args=[job.pk]) if own else "",
    }
