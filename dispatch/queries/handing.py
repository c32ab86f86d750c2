"""How the members of a school stand with what was handed to them."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import OuterRef, Subquery

from accounts.models import User

from ..models import HandOut, Placement, Sheet
from ..services.handing import LEADER

_WORK = """
    SELECT h.sheet_id, h.member_id, count(*),
        count(*) FILTER (WHERE d.state IN ('sent', 'reading')), count(*) FILTER (WHERE d.state = 'propose_admit'),
        count(*) FILTER (WHERE d.state = 'propose_return'),
        count(*) FILTER (WHERE d.state NOT IN ('sent', 'reading', 'propose_admit', 'propose_return')),
        max(h.note)
    FROM dispatch_handout h
    JOIN dispatch_placement p ON p.id = h.placement_id AND p.closed_at IS NULL AND p.sheet_id = h.sheet_id
    JOIN admissions_dossier d ON d.candidate_id = p.candidate_id AND d.placement_id = p.id
    WHERE h.sheet_id = ANY(%s) GROUP BY h.sheet_id, h.member_id
"""


@dataclass(frozen=True, slots=True)
class Work:
    """Dossiers of a sheet in one member's hands; ``note`` is a word with which one came back."""

    handed: int = 0
    undecided: int = 0
    to_admit: int = 0
    to_return: int = 0
    submitted: int = 0
    note: str = ""

    @property
    def decided(self) -> int:
        return self.handed - self.undecided


def work_of(sheets: Iterable[Sheet]) -> dict[int, dict[int | None, Work]]:
    """What each member has of some sheets, by sheet and member; None is the leader with what came back.

    Sheets that were never handed out are missing.

    Args:
        sheets: of which the caller may see all.
    """
    found: dict[int, dict[int | None, Work]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_WORK, [[sheet.pk for sheet in sheets]])
        for sheet, member, *figures in cursor.fetchall():
            found.setdefault(sheet, {})[member] = Work(*figures)
    return found


def own_work(actor: User, sheets: Iterable[Sheet], *, handed: Iterable[int] | None = None) -> dict[int, Work]:
    """A member's own part of those sheets that were handed out; nothing for a leader.

    Args:
        actor: of the school.
        sheets: his school's.
        handed: keys of those that were handed out, if that is known.
    """
    sheets = list(sheets)
    if actor.may(LEADER) or not sheets:
        return {}
    if handed is None:
        handed = HandOut.objects.filter(sheet__in=sheets).values_list("sheet", flat=True).distinct()
    work = work_of(sheets)
    return {key: work.get(key, {}).get(actor.pk, Work()) for key in handed}


def with_members(rows):
    """Placements with the name of the member who reads each, as ``member_name``, and ``back_note``."""
    hand_out = HandOut.objects.filter(pk=OuterRef("pk"))
    return rows.annotate(
        member_name=Subquery(hand_out.values("member__name")[:1]),
        back_note=Subquery(hand_out.values("note")[:1]),
    )


def counties_of(sheet: Sheet) -> list[str]:
    """Codes of the counties from which the dossiers of a sheet come."""
    rows = Placement.objects.open().filter(sheet=sheet)
    return list(rows.order_by("county").values_list("county", flat=True).distinct())
