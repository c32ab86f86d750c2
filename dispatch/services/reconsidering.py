"""Writing down what an office sends back to a school (退回复议): every round, with what the school had decided."""

from collections import Counter
from collections.abc import Sequence

from admissions.models import ReturnReason
from quotas.models import PlanLine

from ..models import Placement, Reconsideration


def reconsiderations_write(
    *, actor, step: str, rows: Sequence[Placement], reason: str, words: str = ""
) -> list[Reconsideration]:
    """Keep one row for each placement that is sent back; the caller holds their dossiers locked.

    Args:
        actor: the officer.
        step: the step they were moved by, a value of ``Reconsideration.Step``.
        rows: as the school had decided on them.
        reason, words: code and further words, checked already.
    """
    keys = [row.pk for row in rows]
    before = Counter(Reconsideration.objects.filter(placement__in=keys).values_list("placement", flat=True))
    lines = PlanLine.objects.in_bulk({row.plan_line_id for row in rows if row.plan_line_id})
    reasons = ReturnReason.objects.in_bulk({row.reason_id for row in rows if row.reason_id})
    return Reconsideration.objects.bulk_create(
        Reconsideration(
            placement=row,
            candidate_id=row.candidate_id,
            season_id=row.season_id,
            batch_id=row.batch_id,
            province=row.province,
            city=row.city,
            county=row.county,
            school_id=row.school_id,
            supervisor=row.supervisor,
            step=step,
            round=before[row.pk] + 1,
            code=reason,
            words=words.strip(),
            proposed=_proposed(row, lines, reasons),
            officer=actor,
        )
        for row in rows
    )


def _proposed(row: Placement, lines: dict[int, PlanLine], reasons: dict[str, ReturnReason]) -> str:
    """What the school had decided: the major, or why it did not want him."""
    if line := lines.get(row.plan_line_id):
        return f"拟录取 {line.major_code} {line.major_name}"
    said = f"拟退档 {reasons[row.reason_id]}" if row.reason_id in reasons else "拟退档"
    return f"{said}：{row.reason_words}" if row.reason_words else said
