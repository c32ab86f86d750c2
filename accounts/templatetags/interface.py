"""Words and marks that every template needs: icons, grouped numbers, spans of time."""

from functools import cache, lru_cache
from uuid import uuid4

from django import template
from django.db.models import Model
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import mark_safe

register = template.Library()

# GB/T 2260, first level.
PROVINCES = {
    "11": "北京", "12": "天津", "13": "河北", "14": "山西", "15": "内蒙古", "21": "辽宁", "22": "吉林",
    "23": "黑龙江", "31": "上海", "32": "江苏", "33": "浙江", "34": "安徽", "35": "福建", "36": "江西",
    "37": "山东", "41": "河南", "42": "湖北", "43": "湖南", "44": "广东", "45": "广西", "46": "海南",
    "50": "重庆", "51": "四川", "52": "贵州", "53": "云南", "54": "西藏", "61": "陕西", "62": "甘肃",
    "63": "青海", "64": "宁夏", "65": "新疆", "71": "台湾", "81": "香港", "82": "澳门",
}  # fmt: skip

# One sign for each group of the official menu, and of ours.
GROUP_ICONS = {
    "首页": "house-door",
    "系统管理": "gear",
    "基本资料": "folder2-open",
    "投档控制": "sliders",
    "投档": "send",
    "审核管理": "clipboard-check",
    "档案管理": "archive",
    "数据查询": "search",
    "数据统计": "bar-chart",
    "信息交流": "bell",
    "招生日报": "journal-text",
    "数据上报": "upload",
}


@register.simple_tag
@cache
def icon(name: str, more: str = "") -> str:
    """An icon of the sprite, silent for screen readers: words always stand beside it."""
    address = static("vendor/bootstrap-icons/icons.svg")
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        more,
        address,
        name,
    )


@register.simple_tag
@lru_cache(maxsize=256)
def state_badge(state: str, held: bool = False) -> str:
    """``components/state.html``, drawn once for each state: lists show it in every row."""
    drawn = render_to_string("components/state.html", {"state": state, "held": held})
    return mark_safe(drawn.strip())  # noqa: S308 - a template has drawn it


@register.simple_tag
def form_key() -> str:
    """A key of its own for a form that is sent at once: sent twice, it is done once."""
    return format_html('<input type="hidden" name="form_key" value="{}">', uuid4())


@register.filter
def group_icon(title: str) -> str:
    return GROUP_ICONS.get(title, "list-ul")


@register.filter
def bulk(actions) -> list:
    """Those actions of a list that act on the chosen rows."""
    return [a for a in actions or () if (a.get("bulk") if isinstance(a, dict) else getattr(a, "bulk", False))]


@register.filter
def attribute(attrs, name: str):
    """One HTML attribute of a mapping, whose name a template cannot spell."""
    return attrs.get(name, "")


@register.filter
def province_name(code: str) -> str:
    return PROVINCES.get(str(code), "")


@register.filter
def grouped(value) -> str:
    """A whole number in groups of three, with spaces that do not break: 1 234."""
    try:
        return f"{int(value):,}".replace(",", "\u00a0")
    except (TypeError, ValueError):
        return "" if value is None else str(value)


@register.filter
def seconds_words(value) -> str:
    """Seconds as words of two units at most: 2 小时 10 分."""
    try:
        left = int(value)
    except (TypeError, ValueError):
        return ""
    if left < 60:
        return f"{max(left, 0)} 秒"
    days, left = divmod(left, 86400)
    hours, left = divmod(left, 3600)
    minutes, seconds = divmod(left, 60)
    units = [(days, "天"), (hours, "小时"), (minutes, "分"), (seconds, "秒")]
    first = next(place for place, (number, _) in enumerate(units) if number)
    return " ".join(f"{number} {unit}" for number, unit in units[first : first + 2] if number)


@register.filter
def waited(since) -> str:
    """How long ago a moment was, in words."""
    return seconds_words((timezone.now() - since).total_seconds()) if since else ""


@register.filter
def remaining(until) -> str:
    """How long it is until a moment: 还剩 …, or 已过 …."""
    if not until:
        return ""
    seconds = (until - timezone.now()).total_seconds()
    return f"还剩 {seconds_words(seconds)}" if seconds > 0 else f"已过 {seconds_words(-seconds)}"


@register.filter
def aged(since) -> str:
    """Class of how long something has waited: ``due-soon`` after half a day, ``due-late`` after a whole one."""
    if not since:
        return ""
    hours = (timezone.now() - since).total_seconds() / 3600
    return "due due-late" if hours >= 24 else "due due-soon" if hours >= 12 else ""


@register.filter
def urgency(until) -> str:
    """``late`` after a deadline, ``soon`` in its last two hours, else empty."""
    if not until:
        return ""
    seconds = (until - timezone.now()).total_seconds()
    return "late" if seconds <= 0 else "soon" if seconds < 7200 else ""


@register.filter
def shown(field) -> str:
    """What was chosen or entered in a bound field, in words, for the page that asks to confirm."""
    value = getattr(field.form, "cleaned_data", {}).get(field.name)
    if isinstance(value, bool):
        return "是" if value else "否"
    if value is None or value == "":
        return "—"
    choices = dict(getattr(field.field, "choices", ())) if not hasattr(field.field, "queryset") else {}
    if isinstance(value, Model) and hasattr(field.field, "label_from_instance"):
        return field.field.label_from_instance(value)  # as it stood in the list it was chosen from
    if isinstance(value, (list, tuple, set)) or hasattr(value, "all"):
        several = [str(choices.get(item, item)) for item in value]
        return "、".join(several[:8]) + (f" 等 {len(several)} 项" if len(several) > 8 else "")
    return str(choices.get(value, value))
