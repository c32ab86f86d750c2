"""The rounds of allotted seats in the second implementation: who waits and what is left, by SQL, round after round.

It shares nothing with the kernel but the frozen input. Each round is laid before ``dispatch_by_hand`` as a dispatch
of its own: whoever has a place already asks for nothing, and in a round of allotted seats the units are pairs of
school and junior school.
"""

import numpy as np
from django.db import connection

from admissions.bulk import INT4, copy_in

from .kernel.allotment import Via
from .snapshot import Snapshot

TABLES = """
DROP TABLE IF EXISTS pg_temp.dispatch_all, pg_temp.dispatch_free, pg_temp.dispatch_kept, pg_temp.dispatch_came;
CREATE TEMP TABLE dispatch_kept (pair integer NOT NULL, unit integer NOT NULL, feeder integer NOT NULL,
    seats integer NOT NULL) ON COMMIT DROP;
"""
START = """
CREATE TEMP TABLE dispatch_all ON COMMIT DROP AS TABLE dispatch_case;
CREATE UNIQUE INDEX ON dispatch_all (rank);
CREATE TEMP TABLE dispatch_free ON COMMIT DROP AS SELECT u.unit, u.school, u.seats - coalesce(
    (SELECT sum(k.seats) FROM dispatch_kept k WHERE k.unit = u.unit), 0)::integer AS seats FROM dispatch_case_unit u;
CREATE TEMP TABLE dispatch_came (rank integer PRIMARY KEY, unit integer NOT NULL, choice smallint NOT NULL,
    via smallint NOT NULL) ON COMMIT DROP;
"""
CLEAR = "TRUNCATE dispatch_case; TRUNCATE dispatch_case_unit;"
COLUMNS = "a.rank, a.candidate, a.score, a.equals, a.segment"
LAID = "INSERT INTO dispatch_case (rank, candidate, score, equals, segment, choices)"
NOTHING = "array_fill(0, ARRAY[cardinality(a.choices)])"
UNIFIED = f"""
{LAID} SELECT {COLUMNS}, CASE WHEN c.rank IS NULL THEN a.choices ELSE {NOTHING} END
FROM dispatch_all a LEFT JOIN dispatch_came c USING (rank);
INSERT INTO dispatch_case_unit SELECT unit, school, seats FROM dispatch_free;
ANALYZE dispatch_case; ANALYZE dispatch_case_unit;
"""
UNIFIED_CAME = """
INSERT INTO dispatch_came SELECT f.rank, f.unit, f.choice, %(via)s FROM dispatch_by_hand(%(bands)s::integer[], %(ties)s) f;
UPDATE dispatch_free f SET seats = greatest(f.seats - n.number, 0)
FROM (SELECT unit, count(*)::integer AS number FROM dispatch_came WHERE via = %(via)s GROUP BY unit) n
WHERE n.unit = f.unit;
"""
# The lowest score for an allotted seat: absolute, and the lowest that came by the unified plan less the margin.
ALLOTTED = f"""
WITH cut AS (SELECT c.unit, min(a.score) AS score FROM dispatch_came c JOIN dispatch_all a USING (rank)
             WHERE c.via = 1 GROUP BY c.unit),
asks AS (
    SELECT a.rank, array_agg(CASE WHEN a.score >= greatest(%(floor)s, cut.score - %(margin)s)
                             THEN coalesce(k.pair, 0) ELSE 0 END ORDER BY x.no) AS choices
    FROM dispatch_all a CROSS JOIN LATERAL unnest(a.choices) WITH ORDINALITY AS x (unit, no)
    LEFT JOIN dispatch_kept k ON k.unit = x.unit AND k.feeder = a.feeder
    LEFT JOIN cut ON cut.unit = x.unit
    WHERE a.feeder >= 0 AND NOT EXISTS (SELECT FROM dispatch_came c WHERE c.rank = a.rank)
    GROUP BY a.rank)
{LAID} SELECT {COLUMNS}, coalesce(s.choices, {NOTHING}) FROM dispatch_all a LEFT JOIN asks s USING (rank);
INSERT INTO dispatch_case_unit SELECT pair, 0, seats FROM dispatch_kept;
ANALYZE dispatch_case; ANALYZE dispatch_case_unit;
"""
ALLOTTED_CAME = """
CREATE TEMP TABLE dispatch_now ON COMMIT DROP AS
SELECT f.rank, f.unit AS pair, f.choice FROM dispatch_by_hand(%(bands)s::integer[], %(ties)s) f;
INSERT INTO dispatch_came SELECT n.rank, k.unit, n.choice, 2 FROM dispatch_now n JOIN dispatch_kept k USING (pair);
UPDATE dispatch_free f SET seats = f.seats + l.seats FROM (
    SELECT k.unit, sum(greatest(k.seats - coalesce(n.number, 0), 0))::integer AS seats FROM dispatch_kept k
    LEFT JOIN (SELECT pair, count(*) AS number FROM dispatch_now GROUP BY pair) n USING (pair) GROUP BY k.unit) l
WHERE l.unit = f.unit;
DROP TABLE dispatch_now;
"""
FOUND = """
CREATE TEMP TABLE dispatch_found ON COMMIT DROP AS
SELECT a.candidate, u.school, c.choice, a.score, a.rank, c.via
FROM dispatch_came c JOIN dispatch_all a USING (rank) JOIN dispatch_free u USING (unit)
"""


def rounds_write(snapshot: Snapshot) -> None:
    """Lay the seats that schools keep beside the frozen input: temporary tables until the transaction ends.

    Args:
        snapshot: with allotted seats, whose candidates and units are laid out.
    """
    unit, feeder = np.nonzero(snapshot.quota)
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        if len(unit):
            columns = {
                "pair": np.arange(1, len(unit) + 1),
                "unit": unit + 1,
                "feeder": feeder,
                "seats": snapshot.quota[unit, feeder],
            }
            copy_in("dispatch_kept", {name: values.astype(INT4) for name, values in columns.items()})
        cursor.execute("CREATE UNIQUE INDEX ON dispatch_kept (unit, feeder); ANALYZE dispatch_kept")


def rounds_hold(snapshot: Snapshot) -> None:
    """Hold the rounds in the order that the mode says, into ``dispatch_found``.

    Args:
        snapshot: with allotted seats, laid out by ``second.case_write``.
    """
    when, floor, margin = snapshot.allotted.tolist()
    said = {
        "bands": list(snapshot.bands),
        "ties": str(snapshot.ties),
        "floor": floor,
        "margin": None if margin < 0 else margin,
    }
    unified = (UNIFIED, UNIFIED_CAME)
    held = [((ALLOTTED, ALLOTTED_CAME), Via.ALLOTTED), (unified, Via.UNIFIED)]
    if when:
        held = [(unified, Via.UNIFIED), held[0], (unified, Via.CONVERTED)]
    with connection.cursor() as cursor:
        cursor.execute(START)
        for (laid, came), via in held:
            cursor.execute(CLEAR)
            for part in (*laid.strip().split(";"), *came.strip().split(";")):
                if part.strip():
                    cursor.execute(part, said | {"via": int(via)})
        cursor.execute(FOUND)
