"""Whether an execution is in the database whole, or not at all: what a rehearsal promised, looked up afresh.

What is expected is taken down before the execution and kept outside of the database; what is found is counted
from the rows themselves, in one snapshot. The run's own word is not relied on.
"""

import hashlib

import numpy as np
from django.db import connection, transaction
from django.db.models import F

from admissions.models import Dossier, DossierEvent
from dispatch.kernel.problem import Outcome, digest
from dispatch.loading import snapshot_load
from dispatch.models import Run
from dispatch.placing import partition_of
from quotas.models import PlanLine

WHOLE, ABSENT, BETWEEN = "whole", "absent", "BETWEEN"

_COUNTS = {
    "sheets": "SELECT count(*) FROM dispatch_sheet WHERE run_id = %(run)s AND cancelled_at IS NULL",
    "dossiers on sheets": "SELECT coalesce(sum(size), 0) FROM dispatch_sheet WHERE run_id = %(run)s"
    " AND cancelled_at IS NULL",
    "sheets of another size than said": "SELECT count(*) FROM dispatch_sheet s WHERE s.run_id = %(run)s AND s.size <>"
    " (SELECT count(*) FROM dispatch_placement p WHERE p.run_id = s.run_id AND p.sheet_id = s.id"
    " AND p.school_id = s.school_id)",
    "placements": "SELECT count(*) FROM dispatch_placement WHERE run_id = %(run)s AND closed_at IS NULL",
    "candidates placed": "SELECT count(DISTINCT candidate_id) FROM dispatch_placement WHERE run_id = %(run)s",
    "dossiers sent": "SELECT count(*) FROM admissions_dossier d JOIN dispatch_placement p"
    " ON p.id = d.placement_id AND p.candidate_id = d.candidate_id AND p.school_id = d.school_id"
    " WHERE p.run_id = %(run)s AND d.state = 'sent'",
    "dossiers in the pool": "SELECT count(*) FROM admissions_dossier WHERE state = 'pool'"
    " AND placement_id IS NULL AND school_id IS NULL",
    "events of a dispatch": "SELECT count(*) FROM admissions_dossierevent WHERE step = 'dispatch'",
    "events of the placements": "SELECT count(DISTINCT e.candidate_id) FROM admissions_dossierevent e"
    " JOIN dispatch_placement p ON p.id = e.placement_id AND p.candidate_id = e.candidate_id"
    " WHERE p.run_id = %(run)s AND e.step = 'dispatch'",
    "deeds": "SELECT count(*) FROM accounts_deed WHERE subject = %(deed)s",
    "seals of the execution": "SELECT count(*) FROM dispatch_seal WHERE run_id = %(run)s AND deed = 'execute'",
    "partitions of the run": "SELECT count(*) FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid"
    " WHERE inhparent = 'dispatch_placement'::regclass AND c.relname = %(part)s",
    "tables that are no partition": "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND NOT relispartition"
    " AND relname ~ '^dispatch_placement_r[0-9]'",
}


class Promised:
    """What some work must leave behind, to the row; or nothing.

    Attributes:
        absent, whole: what is found before it, and after it, by name.
        telling: names of counts that are as before only as long as nothing of it is there.
    """

    absent: dict
    whole: dict
    telling: tuple[str, ...]

    def found(self) -> dict:
        """What is in the database at this moment, as one snapshot shows it."""
        inside = connection.in_atomic_block  # of a transaction that looks at what it has itself done
        with transaction.atomic(), connection.cursor() as cursor:
            if not inside:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            return self.look(cursor)

    def look(self, cursor) -> dict:
        """What is in the database, within one snapshot."""
        raise NotImplementedError

    def verdict(self) -> tuple[str, list[str]]:
        """Whether it is whole, absent or between the two, and then what differs from the nearer one."""
        found = self.found()
        for word, expected in ((WHOLE, self.whole), (ABSENT, self.absent)):
            if found == expected:
                return word, []
        begun = any(found[name] != self.absent[name] for name in self.telling)
        nearer = self.whole if begun else self.absent
        return BETWEEN, [
            f"{name}: {short(value)} instead of {short(nearer[name])}"
            for name, value in found.items()
            if value != nearer[name]
        ]


class Promise(Promised):
    """What an execution of a confirmed run must leave behind, to the row; or nothing.

    Args:
        run: confirmed and not executed.
    """

    telling = ("placements", "dossiers sent")

    def __init__(self, run: Run):
        if run.state != Run.State.CONFIRMED:
            raise ValueError(f"the run is {run.state}")
        self.run, self.digest = run.pk, run.outcome_digest
        self.words = {"run": run.pk, "part": partition_of(run), "deed": f"投档 {run}"}
        with transaction.atomic():
            snapshot = snapshot_load(run.batch, run.parameters)
        self.candidates, self.schools = snapshot.candidates, snapshot.schools
        self.rows = ""
        self.absent = self.found()
        over = dict(self.absent["seats over the plan"])
        if run.parameters["ratio_percent"] <= 100:
            for row in run.schools.filter(sent__gt=F("plan")):
                over[row.school_id] = over.get(row.school_id, 0) + row.sent - row.plan
        sent, size = run.sent, run.schools.filter(sent__gt=0).count()
        added = {
            "sheets": size, "dossiers on sheets": sent, "placements": sent, "candidates placed": sent,
            "dossiers sent": sent, "dossiers in the pool": -sent, "events of a dispatch": sent,
            "events of the placements": sent, "deeds": 1, "seals of the execution": 1, "partitions of the run": 1,
        }  # fmt: skip
        self.whole = {
            name: value + added.get(name, 0) for name, value in self.absent.items() if name in _COUNTS
        }
        self.whole |= {"state": Run.State.EXECUTED.value, "seats over the plan": over, "outcome": self.digest}

    def look(self, cursor) -> dict:
        found = {}
        for name, statement in _COUNTS.items():
            cursor.execute(statement, self.words)
            found[name] = int(cursor.fetchone()[0])
        found["state"] = Run.objects.values_list("state", flat=True).get(pk=self.run)
        found["seats over the plan"] = self._over()
        found["outcome"] = self._outcome(cursor)
        return found

    def undone(self) -> list[str]:
        """What is left of the run after it was cancelled and should not be: nothing, if all is well."""
        found = self.found()
        expected = {name: self.absent[name] for name in ("dossiers in the pool", "seats over the plan")}
        expected |= {"placements": 0, "sheets": 0, "dossiers sent": 0, "state": Run.State.CANCELLED.value}
        back = DossierEvent.objects.filter(step="cancel_run").count()
        wrong = [
            f"{name}: {short(found[name])} after the undo"
            for name, value in expected.items()
            if found[name] != value
        ]
        if back != self.whole["placements"] or Dossier.objects.filter(version=2).count() != back:
            wrong.append(f"{back} dossiers went back")
        return wrong

    def _over(self) -> dict[int, int]:
        over: dict[int, int] = {}
        for school, seats in PlanLine.objects.exclude(seats_over=0).values_list("school", "seats_over"):
            over[school] = over.get(school, 0) + seats
        return over

    def _outcome(self, cursor) -> str:
        """Digest of the outcome that the placements amount to; scores, ranks and tie values never vary either."""
        cursor.execute(
            "SELECT candidate_id, school_id, choice_position, dispatch_score, rank, tie_values FROM dispatch_placement"
            " WHERE run_id = %s ORDER BY candidate_id",
            [self.run],
        )
        rows = cursor.fetchall()
        if not rows:
            return ""
        said = hashlib.sha256(repr(rows).encode()).hexdigest()
        self.rows = self.rows or said
        where = {key: place for place, key in enumerate(self.candidates.tolist())}
        position = np.full(len(where), -1, np.int16)
        unit = np.full(len(where), -1, np.int32)
        at = [where[row[0]] for row in rows]
        position[at] = [row[2] - 1 for row in rows]
        unit[at] = np.searchsorted(self.schools, [row[1] for row in rows])
        return digest(Outcome(position, unit)) + ("" if said == self.rows else " with other scores or ranks")


def short(value) -> str:
    """A value in at most 64 characters."""
    return str(value) if len(str(value)) <= 64 else f"{str(value)[:64]}…"
