"""How sheets stand: counts of their dossiers, and the rows of the reading page."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef

from admissions.lifecycle import UNDECIDED, State
from quotas.models import PlanLine

from ..models import Placement, Reconsideration, Sheet
from .confirming import is_confirmed
from .papers import has_paper, lacks_paper

_COUNT = """
    SELECT s.id, found.*, plan.seats, plan.seats - plan.taken
    FROM dispatch_sheet s
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(l.seats_planned + l.seats_changed + l.seats_over), 0) AS seats,
            coalesce(sum(l.seats_taken), 0) AS taken
        FROM quotas_planline l WHERE l.batch_id = s.batch_id AND l.school_id = s.school_id
    ) plan
    LEFT JOIN (
        SELECT p.sheet_id, count(*), count(*) FILTER (WHERE p.closed_at IS NOT NULL AND p.reason_id IS NOT NULL),
            count(*) FILTER (WHERE d.state IN ('sent', 'reading') AND NOT d.held),
            count(*) FILTER (WHERE d.state = 'propose_admit'), count(*) FILTER (WHERE d.state = 'propose_return'),
            count(*) FILTER (WHERE d.state = 'admit_submitted'), count(*) FILTER (WHERE d.state = 'return_submitted'),
            count(*) FILTER (WHERE d.state IN ('admitted', 'registered')), count(*) FILTER (WHERE d.held),
            count(*) FILTER (WHERE p.plan_line_id IS NULL AND d.state = 'propose_admit'),
            count(*) FILTER (WHERE d.state = 'propose_return' AND NOT d.held AND r.needs_attachment AND NOT EXISTS (
                SELECT 1 FROM admissions_dossierpaper a WHERE a.placement_id = p.id))
        FROM dispatch_placement p
        LEFT JOIN admissions_dossier d ON d.candidate_id = p.candidate_id AND d.placement_id = p.id
            AND p.closed_at IS NULL
        LEFT JOIN admissions_returnreason r ON r.code = p.reason_id
        WHERE p.sheet_id = ANY(%s) GROUP BY p.sheet_id
    ) found ON found.sheet_id = s.id
    WHERE s.id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class SheetCounts:
    """Numbers of one sheet; ``plan`` and ``left`` are the school's seats in the batch, at this moment."""

    received: int = 0
    returned: int = 0
    undecided: int = 0
    to_admit: int = 0
    to_return: int = 0
    admissions_waiting: int = 0
    returns_waiting: int = 0
    admitted: int = 0
    held: int = 0
    lacking_major: int = 0
    lacking_paper: int = 0
    plan: int = 0
    left: int = 0

    @property
    def proposed(self) -> int:
        return self.to_admit + self.to_return

    @property
    def waiting(self) -> int:
        return self.admissions_waiting + self.returns_waiting

    @property
    def decided(self) -> int:
        return self.received - self.undecided

    @property
    def may_submit(self) -> bool:
        return not self.undecided


def counts_of(sheets: Iterable[Sheet]) -> dict[int, SheetCounts]:
    """Counts of some sheets, by primary key; one query for all of them.

    Args:
        sheets: of which the caller may see all.
    """
    keys = [sheet.pk for sheet in sheets]
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [keys, keys])
        return {key: SheetCounts(*(number or 0 for number in row)) for key, _, *row in cursor.fetchall()}


SHOWN = {
    "": ("全部", None),
    "undecided": ("未定", (State.SENT, State.READING)),
    "admit": ("拟录取", (State.PROPOSE_ADMIT,)),
    "unconfirmed": ("拟录取未确认", (State.PROPOSE_ADMIT,)),
    "return": ("拟退档", (State.PROPOSE_RETURN,)),
    "lacking": ("拟退档缺材料", (State.PROPOSE_RETURN,)),
    "submitted": (
        "已提交",
        (State.ADMIT_SUBMITTED, State.RETURN_SUBMITTED, State.ADMITTED, State.REGISTERED),
    ),
    "again": (
        "退回复议",
        (State.SENT, State.READING, State.PROPOSE_ADMIT, State.PROPOSE_RETURN),
    ),
}


def sent_back(sheets: Iterable[Sheet]) -> dict[int, int]:
    """How many dossiers of some sheets an office has sent back and the school has not decided anew, by key.

    Args:
        sheets: of which the caller may see all.
    """
    rows = Reconsideration.objects.filter(
        placement__sheet__in=[sheet.pk for sheet in sheets],
        placement__closed_at=None,
        candidate__dossier__placement_id=F("placement_id"),
        candidate__dossier__state__in=UNDECIDED,
    )
    counts = rows.order_by().values("placement__sheet").annotate(n=Count("placement", distinct=True))
    return {row["placement__sheet"]: row["n"] for row in counts}


def rows_of(sheet: Sheet, *, shown: str = "", major: int | None = None):
    """Placements of a sheet that are open, best first, with what the list of the reading page shows.

    Args:
        sheet: one the caller may see.
        shown: a key of ``SHOWN``; ``lacking`` are returns whose reason needs a paper that is not
            there, ``unconfirmed`` admissions that the candidate has not confirmed.
        major: primary key of a plan line to limit to.
    """
    rows = (
        Placement.objects.open()
        .filter(sheet=sheet, candidate__dossier__placement_id=F("pk"))
        .select_related("candidate__dossier", "plan_line", "reason")
        .annotate(
            sent_back=Exists(Reconsideration.objects.filter(placement=OuterRef("pk"))), papered=has_paper()
        )
        .order_by(F("dispatch_score").desc(nulls_last=True), "rank", "pk")
    )
    if shown == "again":
        rows = rows.filter(sent_back=True)
    states = SHOWN.get(shown, SHOWN[""])[1]
    if states:
        rows = rows.filter(candidate__dossier__state__in=states)
    if shown == "unconfirmed":
        rows = rows.exclude(is_confirmed())
    if shown == "lacking":
        rows = rows.filter(lacks_paper())
    return rows.filter(plan_line=major) if major else rows


@dataclass(frozen=True, slots=True)
class Difference:
    """A plan line beside what a sheet proposes for it.

    Attributes:
        line: with ``left``; its ``seats_over`` were given above the plan to equals at the last seat.
        before: seats taken by others than the sheet's proposals.
        proposed: dossiers of the sheet proposed for it and not yet submitted.
    """

    line: PlanLine
    before: int
    proposed: int

    @property
    def over(self) -> int:
        """Seats taken above the plan without those given to equals."""
        planned = self.line.seats - self.line.seats_over
        return max(self.before + self.proposed - planned, 0)


def differences_of(sheet: Sheet) -> list[Difference]:
    """The school's plan lines of the sheet's batch, each beside what the sheet proposes.

    Args:
        sheet: one the caller may see.
    """
    rows = Placement.objects.open().filter(sheet=sheet, candidate__dossier__placement_id=F("pk"))
    rows = rows.filter(candidate__dossier__state=State.PROPOSE_ADMIT)
    proposed = dict(rows.order_by().values_list("plan_line").annotate(Count("pk")))
    found = ((line, proposed.get(line.pk, 0)) for line in lines_of(sheet))
    return [Difference(line, line.seats_taken - count, count) for line, count in found]


def lines_of(sheet: Sheet) -> list[PlanLine]:
    """The school's plan lines in the sheet's batch, each with ``left``."""
    lines = PlanLine.objects.filter(school=sheet.school_id, batch=sheet.batch_id, city=sheet.batch.city)
    return list(lines.with_left().order_by("major_code", "pk"))
