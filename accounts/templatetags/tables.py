"""The rows of a list, drawn without the engine of templates: cell by cell it took most of a list's time."""

from django import template
from django.utils.formats import localize
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import mark_safe
from django.utils.timezone import template_localtime
from django_tables2 import A

register = template.Library()
KEY = A("pk")


@register.simple_tag
def table_rows(table) -> str:
    """Rows of the page of a table; nothing if it has none. See ``components/table.html``."""
    fixed = {column.name: _attributes(column) for column in table.columns if not _varies(table, column)}
    rows = []
    for number, row in enumerate(table.paginated_rows, 1):
        cells = [
            _choice(number, KEY.resolve(row.record))
            if column.name == "chosen"
            else f"<td {fixed.get(column.name) or _attributes(column)}>{_text(column, cell)}</td>"
            for column, cell in row.items()
        ]
        rows.append(f"<tr {row.attrs.as_html()}>{''.join(cells)}</tr>")
    return mark_safe("\n".join(rows))  # noqa: S308 - each part is escaped


def _attributes(column) -> str:
    return column.attrs["td"].as_html() or " "


def _varies(table, column) -> bool:
    """Whether attributes of a column's cells are functions of the row."""
    held = {**table.attrs, **column.column.attrs}
    return any(callable(value) for value in held.get("td", held.get("cell", {})).values())


def _choice(number: int, key) -> str:
    return format_html(
        '<td class="choose"><input type="checkbox" class="form-check-input" name="chosen" form="bulk" value="{}"'
        ' data-choose aria-label="选择第 {} 行"></td>',
        str(key),
        str(number),
    )


def _text(column, cell) -> str:
    if isinstance(cell, str):
        return conditional_escape(cell)
    use_l10n = column.localize if column.localize is not None else True
    return conditional_escape(localize(template_localtime(cell), use_l10n=use_l10n))
