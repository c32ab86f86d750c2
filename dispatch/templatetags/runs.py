"""Parameters of a dispatch in the officer's words."""

import re

from django import template
from django.urls import reverse

from admissions.models import Batch, Subject

from ..models import Run

register = template.Library()
OWN_KEYS = {
    "concession_priority": "照顾对象优先",
    "raw_total": "原始总分",
    "lottery": "随机序号",
    "choice_order": "志愿顺序",
}


@register.simple_tag
def tie_words(batch: Batch, keys: list[str]) -> str:
    """Tie keys in their order, subjects by their names: 照顾对象优先 → 语文＋数学 → 语文."""
    subjects = Subject.objects.filter(season=batch.season_id, city=batch.city)
    names = OWN_KEYS | dict(subjects.values_list("code", "name"))
    parts = (re.split(r"\s*\+\s*", key) for key in keys or ())
    return " → ".join("＋".join(names.get(part, part) for part in key) for key in parts)


@register.simple_tag
def run_url(run: Run, tail: str = "") -> str:
    """Address of a run's page, or of one below it, in the function that opened the run."""
    name = f"dispatch:{run.kind}__run" + (f"__{tail}" if tail else "")
    return reverse(name, kwargs={"pk": run.pk})
