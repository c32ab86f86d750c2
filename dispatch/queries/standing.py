"""What can be said of a run's placements without its arrays: by SQL, on the rows that stand."""

import json

from django.db import connection

from ..models import Run
from ..second import NAMED, Difference

TWICE = """
SELECT candidate_id FROM dispatch_placement WHERE run_id = %(run)s GROUP BY candidate_id HAVING count(*) > 1
"""
# The nearer place goes first, there the kind of plan before all kinds; a school with several kinds may take a
# dossier for any of them; the province's lowest line holds wherever it is higher (设置区域分数线).
BELOW_REGION = """
WITH said AS (SELECT %(parameters)s::jsonb AS p),
line AS (
    SELECT x.county, x.school_id, min(greatest(
        coalesce((p->'kind_lines'->k.kind->>x.county)::int, (p->'lines'->>x.county)::int,
                 (p->'kind_lines'->k.kind->>'')::int, (p->'lines'->>'')::int, 0),
        coalesce((p->'province_lines'->>k.kind)::int, (p->'province_lines'->>'')::int, 0))) AS score
    FROM (SELECT DISTINCT county, school_id FROM dispatch_placement WHERE run_id = %(run)s) x
    JOIN (SELECT DISTINCT school_id, kind FROM quotas_planline WHERE batch_id = %(batch)s) k USING (school_id)
    CROSS JOIN said GROUP BY x.county, x.school_id)
SELECT candidate_id FROM dispatch_placement JOIN line USING (county, school_id)
WHERE run_id = %(run)s AND dispatch_score < line.score
"""
BELOW_SCHOOL = """
SELECT p.candidate_id FROM dispatch_placement p
LEFT JOIN dispatch_schoolline c ON c.batch_id = p.batch_id AND c.school_id = p.school_id AND c.county = p.county
LEFT JOIN dispatch_schoolline a ON a.batch_id = p.batch_id AND a.school_id = p.school_id AND a.county = ''
WHERE p.run_id = %(run)s AND p.dispatch_score < coalesce(c.score, a.score)
"""
NOT_CHOSEN = """
SELECT p.candidate_id FROM dispatch_placement p
LEFT JOIN dispatch_frozenchoices f ON f.batch_id = p.batch_id AND f.candidate_id = p.candidate_id
WHERE p.run_id = %(run)s AND f.schools[p.choice_position] IS DISTINCT FROM p.school_id
"""
RETURNED = """
SELECT p.candidate_id FROM dispatch_placement p JOIN dispatch_placement b
    ON b.batch_id = p.batch_id AND b.candidate_id = p.candidate_id AND b.school_id = p.school_id
WHERE p.run_id = %(run)s AND b.run_id IS DISTINCT FROM p.run_id AND b.reason_id IS NOT NULL
    AND b.closed_at < %(executed)s
"""
OUT_OF_RANGE = """
SELECT candidate_id FROM dispatch_placement WHERE run_id = %(run)s
    AND (batch_id, season_id, city) IS DISTINCT FROM (%(batch)s, %(season)s, %(city)s)
"""
# More than offered only by equals all of whom were let in: of one score and the same tie values.
OVER = """
WITH sent AS (SELECT school_id, count(*) AS n FROM dispatch_placement WHERE run_id = %(run)s GROUP BY school_id),
equals AS (
    SELECT school_id, max(n) AS n FROM (
        SELECT school_id, count(*) AS n FROM dispatch_placement WHERE run_id = %(run)s
        GROUP BY school_id, dispatch_score, tie_values) e GROUP BY school_id)
SELECT s.school_id FROM sent s JOIN equals e USING (school_id)
LEFT JOIN dispatch_runschool r ON r.run_id = %(run)s AND r.school_id = s.school_id
WHERE s.n > coalesce(r.offered, 0)
    AND NOT (%(accept_all)s AND (%(own_order)s OR s.n - coalesce(r.offered, 0) < e.n))
"""
# Seats kept for a junior school went to its candidates, and no more of them than there are.
ALLOTTED = """
SELECT p.school_id FROM dispatch_placement p JOIN admissions_candidate c ON c.id = p.candidate_id
LEFT JOIN quotas_allotment a ON a.batch_id = p.batch_id AND a.school_id = p.school_id AND a.feeder_id = c.feeder_school_id
WHERE p.run_id = %(run)s AND p.via = 2 GROUP BY p.school_id, c.feeder_school_id
HAVING count(*) > coalesce(max(a.seats), 0) AND NOT (%(accept_all)s AND max(a.seats) IS NOT NULL)
"""
# Through a round that the mode holds, and through none where nothing is allotted.
WRONG_WAY = """
SELECT candidate_id FROM dispatch_placement WHERE run_id = %(run)s
    AND (via IS NOT NULL) IS DISTINCT FROM %(allotted)s OR run_id = %(run)s AND via = 4 AND NOT %(after)s
"""
COUNTED = """
WITH sent AS (
    SELECT school_id, count(*) AS n, min(sheet_id) AS first, max(sheet_id) AS last
    FROM dispatch_placement WHERE run_id = %(run)s GROUP BY school_id)
SELECT coalesce(s.school_id, r.school_id, h.school_id) FROM sent s
FULL JOIN (SELECT * FROM dispatch_runschool WHERE run_id = %(run)s AND sent > 0) r ON r.school_id = s.school_id
FULL JOIN (SELECT * FROM dispatch_sheet WHERE run_id = %(run)s) h ON h.school_id = coalesce(s.school_id, r.school_id)
WHERE (s.n, s.n, s.first, s.last) IS DISTINCT FROM (r.sent::bigint, h.size::bigint, h.id, h.id)
"""
ALWAYS = (
    ("同一考生投出不止一次", TWICE),
    ("投档成绩低于区域分数线", BELOW_REGION),
    ("此前在本批次已被该校退档", RETURNED),
    ("批次或城市与本次投档不同", OUT_OF_RANGE),
    ("录取途径与投档模式不符", WRONG_WAY),
)
WHILE_IT_STANDS = (("所投院校与填报志愿不符", NOT_CHOSEN),)
BEFORE_RELEASE = (("投档成绩低于院校分数线", BELOW_SCHOOL),)
SCHOOLS_BEFORE_RELEASE = (("指标生超过分配给其毕业学校的指标", ALLOTTED),)
OF_SCHOOLS = (
    ("院校投出数超过可投数", OVER),
    ("院校投档记录与投档单数目不符", COUNTED),
)


def standing_faults(run: Run) -> list[Difference]:
    """What is wrong with the placements of an executed run, whatever its arrays say.

    Nobody twice, nobody below a line, nobody returned before, everybody where he chose, no school above
    what it was offered except by equals who were all let in, and as many as its sheet says; through a round that
    the mode holds, and no junior school with more than its seats. Lines and allotted seats of
    schools, which may be set anew after the release, are looked at before it only; choices, which are
    frozen anew once a run is undone, as long as it stands.

    Args:
        run: executed; any time after.

    Returns:
        one for each kind, with the first candidates or schools by their numbers; none if all is well.
    """
    parameters = {
        "run": run.pk,
        "batch": run.batch_id,
        "season": run.batch.season_id,
        "city": run.batch.city,
        "executed": run.executed_at,
        "parameters": json.dumps(run.parameters),
        "accept_all": run.parameters["tie_policy"] == "accept_all",
        # each round may let in its own equals; then who they are is for the second implementation to say
        "own_order": run.parameters["mode"] == "deferred_acceptance" or "allotted" in run.parameters,
        "allotted": "allotted" in run.parameters,
        "after": run.parameters.get("allotted", {}).get("when") == "after",
    }
    of_candidates, of_schools = list(ALWAYS), list(OF_SCHOOLS)
    if run.cancelled_at is None:
        of_candidates += WHILE_IT_STANDS
        if run.released_at is None:
            of_candidates += BEFORE_RELEASE
            of_schools += SCHOOLS_BEFORE_RELEASE
    found = [
        _named(words, query, parameters, "admissions_candidate", "id", "number")
        for words, query in of_candidates
    ]
    found += [
        _named(words, query, parameters, "admissions_school", "organisation_id", "code")
        for words, query in of_schools
    ]
    return [difference for difference in found if difference.count]


def _named(words: str, query: str, parameters: dict, table: str, key: str, shown: str) -> Difference:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH wrong AS ({query}) SELECT count(*), coalesce((SELECT array_agg(n) FROM (
                SELECT t.{shown} AS n FROM {table} t WHERE t.{key} IN (TABLE wrong)
                ORDER BY t.{shown} COLLATE "C" LIMIT {NAMED}) few), '{{}}') FROM wrong""",
            parameters,
        )
        count, numbers = cursor.fetchone()
    return Difference(words, count, numbers)
