"""The rows of the reading page: two hundred at a time, so they are drawn without the engine of templates."""

from html import escape

from django import template
from django.utils.safestring import mark_safe

from accounts.templatetags.interface import grouped, icon, state_badge
from admissions.lifecycle import State
from admissions.templatetags.words import marks

register = template.Library()
PROPOSED = (State.PROPOSE_ADMIT, State.PROPOSE_RETURN)


@register.simple_tag(takes_context=True)
def reading_rows(context, rows) -> str:
    """Rows of a sheet, each with the address of its dossier.

    Context: pane and decide (addresses), keep (query string of the filters), chosen (key of the open dossier),
    handed and leader (whether the reader of each is told), csrf_token.
    """
    given = {name: context.get(name, "") for name in ("pane", "decide", "chosen")}
    given["keep"], given["token"] = (
        escape(context.get("keep", "")),
        escape(str(context.get("csrf_token", ""))),
    )
    given["readers"] = context.get("handed") and context.get("leader")
    return mark_safe("\n".join(_row(row, **given) for row in rows))  # noqa: S308 - each part is escaped


def _row(row, *, pane, decide, chosen, keep, token, readers) -> str:
    person, dossier = row.candidate, row.candidate.dossier
    key, name, score = row.candidate_id, escape(person.name), marks(row.dispatch_score)
    place = f"?dossier={key}" + (f"&amp;{keep}" if keep else "")
    cells = (
        f'<td class="num">{grouped(row.rank)}</td>'
        f'<td><a data-open href="{place}">{escape(person.number)}</a></td>'
        f"<td>{name}</td>" + (f"<td>{_reader(row)}</td>" if readers else "") + f'<td class="num">{score}</td>'
        f'<td class="num">{"" if row.choice_position is None else row.choice_position}</td>'
        f"<td>{state_badge(dossier.state, dossier.held)}{_sent_back() if row.sent_back else ''}</td>"
        f'<td class="reading-what">{_what(row)}</td>'
        f"<td>{_undo(key, name, dossier, decide, keep, token) if _may_undo(dossier) else ''}</td>"
    )
    return (
        f'<tr data-row="{key}" id="row-{key}" data-url="{pane}{key}/{f"?{keep}" if keep else ""}"'
        f' data-address="{place}" data-say="{name}，{score} 分，{dossier.word}"'
        f' aria-selected="{"true" if key == chosen else "false"}">{cells}</tr>'
    )


def _sent_back() -> str:
    return (
        f' <span class="sent-back" title="招办曾退回复议">{icon("arrow-return-left")}'
        '<span class="visually-hidden">招办曾退回复议</span></span>'
    )


def _reader(row) -> str:
    """Who of the school reads it; the leader also what came back to him."""
    if row.member_name or not row.back_note:
        return escape(row.member_name or "组长")
    note = f'<span class="visually-hidden">（退回：{escape(row.back_note)}）</span>'
    return f"组长{note}{icon('arrow-counterclockwise')}"


def _what(row) -> str:
    """The major proposed, or the reason of a return."""
    if row.plan_line:
        return escape(row.plan_line.major_name)
    if not row.reason:
        return ""
    paper = f"{_paper(row.papered)} " if row.reason.needs_attachment else ""
    said = escape(row.reason.name + (f"：{row.reason_words}" if row.reason_words else ""))
    return f'{paper}<span title="{said}">{said}</span>'  # what is cut off is told by the pointer


def _paper(there: bool) -> str:
    """Whether the paper that a reason asks for is there."""
    mark = icon("file-earmark-text")
    if not there:
        return f'<span class="state state-bad">{mark}缺材料</span>'
    words = '<span class="visually-hidden">已附材料</span>'
    return f'<span class="state-mark" title="已附书面材料">{mark}{words}</span>'


def _may_undo(dossier) -> bool:
    return dossier.state in PROPOSED and not dossier.held


def _undo(key: int, name: str, dossier, decide: str, keep: str, token: str) -> str:
    fields = {"csrfmiddlewaretoken": token, "candidate": key, "version": dossier.version}
    fields |= {"decision": "undecide", "keep": keep}
    hidden = "".join(
        f'<input type="hidden" name="{field}" value="{value}">' for field, value in fields.items()
    )
    return (
        f'<form method="post" action="{decide}" hx-post="{decide}" hx-target="#row-{key}" hx-swap="outerHTML">{hidden}'
        '<button class="btn btn-sm btn-link reading-undo" data-key="u" title="撤销，改为待定（u）"'
        f' aria-label="撤销 {name} 的决定">{icon("arrow-counterclockwise")}</button></form>'
    )
