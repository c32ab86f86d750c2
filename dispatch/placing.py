"""``Outcome`` → placements: a run writes a table of its own and makes it a partition at its end."""

import numpy as np
from django.db import connection

from accounts.models import User
from accounts.walls import WEB_ROLE
from admissions.bulk import INT2, INT4, INT8, copy_in
from admissions.models import School

from .kernel.problem import Outcome
from .models import Placement, Run
from .snapshot import Snapshot


def placements_write(
    run: Run,
    snapshot: Snapshot,
    outcome: Outcome,
    sheets: dict[int, int],
    lines: np.ndarray | None = None,
    actor: User | None = None,
) -> int:
    """Write a run's placements into a table of their own; ``placements_attach`` makes it a partition.

    Args:
        run: being executed.
        snapshot, outcome: of the run.
        sheets: primary key of the sheet of each school, by the school's key.
        lines: int64[n], the plan line of each candidate sent, where the run admits at once.
        actor: who admits then.

    Returns:
        number of placements.
    """
    batch, part = run.batch, partition_of(run)
    fixed = {"run_id": run.pk, "season_id": batch.season_id, "batch_id": batch.pk}
    method = Placement.Method.DISPATCH if lines is None else Placement.Method.LOTTERY
    texts = {"province": batch.season.province, "city": batch.city, "method": method.value}
    if lines is not None:
        fixed |= {"decided_by_id": actor.pk}
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE {part} (LIKE dispatch_placement INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
        )
        cursor.execute(f"REVOKE ALL ON {part} FROM {WEB_ROLE}")
        for column, value in fixed.items():
            cursor.execute(f"ALTER TABLE {part} ALTER {column} SET DEFAULT {int(value)}")
        for column, value in texts.items():
            cursor.execute(f"ALTER TABLE {part} ALTER {column} SET DEFAULT '{value}'")
        if lines is not None:
            cursor.execute(f"ALTER TABLE {part} ALTER decided_at SET DEFAULT statement_timestamp()")
    sent = np.flatnonzero(outcome.unit >= 0)
    supervisors = dict(
        School.objects.filter(pk__in=snapshot.schools.tolist()).values_list("pk", "supervisor")
    )
    of_unit = np.array([supervisors[key].encode() for key in snapshot.schools.tolist()], "S6")
    sheet_of_unit = np.array([sheets.get(key, 0) for key in snapshot.schools.tolist()], INT8)
    rank = snapshot.rank()
    for length in (2, 4, 6):  # a text column of the binary form is of one width
        rows = sent[np.char.str_len(of_unit)[outcome.unit[sent]] == length]
        units = outcome.unit[rows]
        if not len(rows):
            continue
        copy_in(
            part,
            {
                "sheet_id": sheet_of_unit[units],
                "candidate_id": snapshot.candidates[rows].astype(INT8),
                "school_id": snapshot.schools[units].astype(INT8),
                "dispatch_score": snapshot.score[rows].astype(INT4),
                "rank": rank[rows].astype(INT4),
                "choice_position": (outcome.position[rows] + 1).astype(">i2"),
                "county": snapshot.counties[rows],
                "supervisor": of_unit[units].astype(f"S{length}"),
                "tie_values": snapshot.keys[rows],
            }
            | ({} if lines is None else {"plan_line_id": lines[rows].astype(INT8)})
            | ({} if outcome.via is None else {"via": outcome.via[rows].astype(INT2)}),
        )
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {part} ADD CHECK (run_id IS NOT NULL AND run_id = {int(run.pk)})")
        # Without statistics the planner takes a fresh table for a handful of rows.
        cursor.execute(f"ANALYZE {part} (run_id, candidate_id, sheet_id, school_id)")
    return len(sent)


def placements_attach(run: Run) -> None:
    """Make a run's table a partition; call it last, since runs of other cities wait from here to the end.

    Args:
        run: whose placements were written in this transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"ALTER TABLE dispatch_placement ATTACH PARTITION {partition_of(run)} FOR VALUES IN ({int(run.pk)})"
        )


def partition_of(run: Run) -> str:
    """Name of the table that holds a run's placements."""
    return f"dispatch_placement_r{int(run.pk)}"
