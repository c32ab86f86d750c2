"""The second implementation of the rules, in the database, and the placements that stand there.

It shares nothing with the kernel but the frozen input: PL/pgSQL goes through the candidates one by one
(migration 0007, docs/decisions/0014), and all comparing is done by SQL on the rows that stand.
"""

import hashlib
from dataclasses import dataclass, field

import numpy as np
from django.db import connection

from admissions.bulk import INT4, INT8, copy_in

from .kernel.problem import Outcome
from .models import Run
from .second_rounds import rounds_hold, rounds_write
from .snapshot import Snapshot

NAMED = 5
"""How many candidates are named where something differs."""
TABLES = """
CREATE TEMP TABLE dispatch_case (rank integer NOT NULL, candidate bigint NOT NULL, score integer NOT NULL,
    equals integer NOT NULL, segment integer NOT NULL, choices integer[] NOT NULL, places integer[], feeder integer)
    ON COMMIT DROP;
CREATE TEMP TABLE dispatch_case_unit (unit integer NOT NULL, school bigint NOT NULL, seats integer NOT NULL)
    ON COMMIT DROP;
"""
FOUND = """
CREATE TEMP TABLE dispatch_found ON COMMIT DROP AS
SELECT c.candidate, u.school, f.choice, c.score, c.rank
FROM {function}(%s::integer[], %s) f JOIN dispatch_case c USING (rank) JOIN dispatch_case_unit u USING (unit)
"""
STANDING = (
    "SELECT candidate_id AS candidate, school_id AS school, choice_position AS choice,"
    " dispatch_score AS score, rank{via} FROM dispatch_placement WHERE run_id = %s"
)
DIGEST = """
SELECT count(*), encode(sha256(coalesce(string_agg(int8send(candidate) || int8send(school) || int2send(choice)
    || int4send(score) || int4send(rank){via}, '' ORDER BY candidate, school), '')), 'hex') FROM ({rows}) x
"""
VIA = " || int2send(via)"
ROW = [("candidate", ">i8"), ("school", ">i8"), ("choice", ">i2"), ("score", ">i4"), ("rank", ">i4")]


@dataclass(frozen=True, slots=True)
class Difference:
    """What does not agree.

    Attributes:
        words: what it is, for the officer.
        count: candidates (or schools) concerned.
        numbers: the first of them by candidate number or school code.
    """

    words: str
    count: int
    numbers: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        of = (
            f"：{'、'.join(self.numbers)}{' 等' if self.count > len(self.numbers) else ''}"
            if self.numbers
            else ""
        )
        return f"{self.words} {self.count}{of}"


def outcome_rows_digest(snapshot: Snapshot, outcome: Outcome) -> str:
    """The digest of the placements that an outcome means.

    SHA-256 over a record for each candidate sent, by the candidate's key: candidate and school (8 bytes),
    choice from 1 (2), dispatch score in hundredths and rank from 1 (4), all big-endian; where seats are allotted
    also the round through which he came (2).
    ``placements_digest`` computes the same in SQL.
    """
    sent = np.flatnonzero(outcome.unit >= 0)
    sent = sent[np.argsort(snapshot.candidates[sent], kind="stable")]
    rows = np.empty(len(sent), ROW if outcome.via is None else [*ROW, ("via", ">i2")])
    rows["candidate"], rows["school"] = snapshot.candidates[sent], snapshot.schools[outcome.unit[sent]]
    rows["choice"], rows["score"] = outcome.position[sent] + 1, snapshot.score[sent]
    rows["rank"] = snapshot.rank()[sent]
    if outcome.via is not None:
        rows["via"] = outcome.via[sent]
    return hashlib.sha256(rows.tobytes()).hexdigest()


def placements_digest(run: Run) -> tuple[int, str]:
    """Number and digest of a run's placements as they stand in the database."""
    return _ask(_digest_of(_standing(run), "allotted" in run.parameters), [run.pk])[0]


def _standing(run: Run) -> str:
    """The placements of a run as rows of a digest."""
    return STANDING.format(via=", via" if "allotted" in run.parameters else "")


def _digest_of(rows: str, via: bool) -> str:
    return DIGEST.format(rows=rows, via=VIA if via else "")


def case_write(snapshot: Snapshot) -> None:
    """Lay the frozen input before the second implementation: temporary tables until the transaction ends."""
    problem = snapshot.problem
    along = problem.order
    choices = problem.choices + 1
    if problem.eligible is not None:
        choices = np.where(problem.eligible, choices, 0)
    segment = np.zeros(len(along), np.int32) if snapshot.tier is None else snapshot.tier
    columns = {
        "rank": np.arange(1, len(along) + 1, dtype=INT4),
        "candidate": snapshot.candidates[along].astype(INT8),
        "score": snapshot.score[along].astype(INT4),
        "equals": problem.tie_group[along].astype(INT4),
        "segment": segment[along].astype(INT4),
        "choices": choices[along],
    }
    if problem.place is not None:
        columns["places"] = problem.place[along]
    if snapshot.quota is not None:
        columns["feeder"] = snapshot.feeder[along].astype(INT4)
    units = {
        "unit": np.arange(1, len(snapshot.schools) + 1, dtype=INT4),
        "school": snapshot.schools.astype(INT8),
        "seats": problem.seats.astype(INT4),
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "DROP TABLE IF EXISTS pg_temp.dispatch_case, pg_temp.dispatch_case_unit, pg_temp.dispatch_found"
        )
        cursor.execute(TABLES)
        copy_in("dispatch_case", columns)
        copy_in("dispatch_case_unit", units)
        cursor.execute(
            "CREATE UNIQUE INDEX ON dispatch_case (rank); CREATE INDEX ON dispatch_case (segment, rank)"
        )
        cursor.execute("ANALYZE dispatch_case; ANALYZE dispatch_case_unit")
    if snapshot.quota is not None:
        rounds_write(snapshot)


def case_solve(snapshot: Snapshot) -> str:
    """Let the second implementation find who goes where, into ``dispatch_found``.

    Args:
        snapshot: whose input ``case_write`` has laid out: its rule is applied.

    Returns:
        digest as of ``outcome_rows_digest``.

    Cost: linear; seconds a million candidates in ``docs/benchmarks.md``.
    """
    function = "dispatch_by_hand" if snapshot.problem.place is None else "dispatch_by_hand_own"
    allotted = snapshot.quota is not None
    if allotted:
        rounds_hold(snapshot)
    else:
        with connection.cursor() as cursor:
            cursor.execute(FOUND.format(function=function), [list(snapshot.bands), str(snapshot.ties)])
    return _ask(_digest_of("TABLE dispatch_found", allotted))[0][1]


def differences(run: Run) -> list[Difference]:
    """What the second implementation finds otherwise than the placements say: both ways, duplicates too."""
    rows = _ask(
        f"""
        WITH standing AS ({_standing(run)}),
        missing AS (TABLE dispatch_found EXCEPT ALL TABLE standing),
        surplus AS (TABLE standing EXCEPT ALL TABLE dispatch_found),
        told AS (
            SELECT candidate, CASE WHEN s.candidate IS NULL THEN 1 WHEN m.candidate IS NULL THEN 2 WHEN
                (m.school, m.choice) IS DISTINCT FROM (s.school, s.choice) THEN 3 WHEN
                (m.score, m.rank) IS DISTINCT FROM (s.score, s.rank) THEN 4 ELSE 5 END AS kind
            FROM missing m FULL JOIN surplus s USING (candidate))
        SELECT kind, count(*), (array_agg(c.number ORDER BY c.number COLLATE "C"))[:{NAMED}]
        FROM told LEFT JOIN admissions_candidate c ON c.id = told.candidate GROUP BY kind ORDER BY kind
        """,
        [run.pk],
    )
    words = {
        1: "应投出而没有投档记录",
        2: "不应投出而有投档记录",
        3: "投往的院校或志愿不同",
        4: "成绩或位次不同",
        5: "录取途径（统招、指标到校）不同",
    }
    return [
        Difference(words[kind], number, [n or "（考生不存在）" for n in named])
        for kind, number, named in rows
    ]


def _ask(query: str, params=()) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query, list(params))
        return cursor.fetchall()
