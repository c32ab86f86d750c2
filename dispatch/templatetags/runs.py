"""Parameters of a dispatch in the officer's words."""

import re

from django import template

from admissions.models import Batch, Subject

register = template.Library()
OWN_KEYS = {"concession_priority": "照顾对象优先", "raw_total": "原始总分", "lottery": "随机序号"}


@register.simple_tag
def tie_words(batch: Batch, keys: list[str]) -> str:
    """Tie keys in their order, subjects by their names: 照顾对象优先 → 语文＋数学 → 语文."""
    subjects = Subject.objects.filter(season=batch.season_id, city=batch.city)
    names = OWN_KEYS | dict(subjects.values_list("code", "name"))
    parts = (re.split(r"\s*\+\s*", key) for key in keys or ())
    return " → ".join("＋".join(names.get(part, part) for part in key) for key in parts)
