"""What must hold of the rows whatever happened: one query for each rule, which gives the rows that break it."""

from django.db import connection

from admissions.lifecycle import FREE, OVERLAYS, STEPS, TAKES_SEAT, State


def _list(values) -> str:
    return "(" + ", ".join(f"'{value}'" for value in sorted(values)) + ")"


MARKS = _list(set(OVERLAYS) - {"hold_dossier", "release_dossier"})  # they leave the version as it is
OF_CLOCK = _list(step.key for step in STEPS if not step.function)
NEED_REASON = _list(step.key for step in STEPS if step.reason)

RULES = {
    "seats taken are those of the dossiers that take one": f"""
        SELECT l.id, l.seats_taken, count(d.candidate_id) FROM quotas_planline l
        LEFT JOIN dispatch_placement p ON p.plan_line_id = l.id
        LEFT JOIN admissions_dossier d ON d.placement_id = p.id AND d.candidate_id = p.candidate_id
            AND d.state IN {_list(TAKES_SEAT)}
        GROUP BY l.id HAVING l.seats_taken <> count(d.candidate_id)""",
    "who takes a seat has a plan line": f"""
        SELECT d.candidate_id, d.state FROM admissions_dossier d JOIN dispatch_placement p ON p.id = d.placement_id
        WHERE d.state IN {_list(TAKES_SEAT)} AND p.plan_line_id IS NULL""",
    "a plan line is of the school, batch and city of the placement": """
        SELECT p.id FROM dispatch_placement p JOIN quotas_planline l ON l.id = p.plan_line_id
        WHERE (l.school_id, l.city, l.batch_id) IS DISTINCT FROM (p.school_id, p.city::varchar, p.batch_id)""",
    "seats are within the plan": """
        SELECT id, seats_taken FROM quotas_planline
        WHERE seats_taken > seats_planned + seats_changed + seats_over OR seats_planned + seats_changed < 0""",
    "changes of a plan add up": """
        SELECT l.id, l.seats_changed, coalesce(sum(c.seats), 0) FROM quotas_planline l
        LEFT JOIN quotas_planchange c ON c.line_id = l.id
        GROUP BY l.id HAVING l.seats_changed <> coalesce(sum(c.seats), 0)""",
    "a transfer of seats makes none": """
        SELECT request_id, sum(seats) FROM quotas_planchange WHERE way IN ('out', 'in')
        GROUP BY request_id HAVING sum(seats) <> 0 OR count(*) <> 2""",
    "a reserve has given what its lines got": """
        SELECT r.id, r.used, coalesce(sum(c.seats), 0) FROM quotas_reserve r
        LEFT JOIN quotas_planline l ON l.batch_id = r.batch_id AND l.school_id = r.school_id
        LEFT JOIN quotas_planchange c ON c.line_id = l.id AND c.way = 'reserve'
        GROUP BY r.id HAVING r.used <> coalesce(sum(c.seats), 0)""",
    "at most one open placement": """
        SELECT candidate_id, count(*) FROM dispatch_placement WHERE closed_at IS NULL
        GROUP BY candidate_id HAVING count(*) > 1""",
    "a dossier is on its open placement, or on none": f"""
        SELECT d.candidate_id, d.state, d.placement_id, p.id FROM admissions_dossier d
        LEFT JOIN dispatch_placement p ON p.candidate_id = d.candidate_id AND p.closed_at IS NULL
        WHERE d.placement_id IS DISTINCT FROM p.id OR d.school_id IS DISTINCT FROM p.school_id
            OR (d.state IN {_list(FREE)}) <> (d.placement_id IS NULL)""",
    "each event begins where the one before ended": f"""
        SELECT candidate_id, id, step, source, before FROM (
            SELECT e.*, lag(e.target, 1, '{State.POOL}') OVER (PARTITION BY candidate_id ORDER BY id) AS before
            FROM admissions_dossierevent e) chain
        WHERE source <> before""",
    "a dossier is where its last event led": f"""
        SELECT d.candidate_id, d.state, e.target FROM admissions_dossier d JOIN LATERAL (
            SELECT target FROM admissions_dossierevent WHERE candidate_id = d.candidate_id ORDER BY id DESC LIMIT 1
        ) e ON true WHERE d.state <> e.target
        UNION ALL SELECT d.candidate_id, d.state, 'no event' FROM admissions_dossier d
        WHERE d.state <> '{State.POOL}' AND NOT EXISTS (
            SELECT 1 FROM admissions_dossierevent e WHERE e.candidate_id = d.candidate_id)""",
    "the version counts the events": f"""
        SELECT d.candidate_id, d.version, count(e.id) FROM admissions_dossier d
        LEFT JOIN admissions_dossierevent e ON e.candidate_id = d.candidate_id AND e.step NOT IN {MARKS}
        GROUP BY d.candidate_id HAVING d.version <> count(e.id)""",
    "held is what was last said of it": """
        SELECT d.candidate_id, d.held FROM admissions_dossier d LEFT JOIN LATERAL (
            SELECT step FROM admissions_dossierevent WHERE candidate_id = d.candidate_id
            AND step IN ('hold_dossier', 'release_dossier') ORDER BY id DESC LIMIT 1
        ) e ON true WHERE d.held <> coalesce(e.step = 'hold_dossier', false)""",
    "no step is taken while a dossier is held": f"""
        SELECT candidate_id, id, step FROM (
            SELECT e.*, (SELECT h.step FROM admissions_dossierevent h WHERE h.candidate_id = e.candidate_id
                AND h.id < e.id AND h.step IN ('hold_dossier', 'release_dossier') ORDER BY h.id DESC LIMIT 1) AS lies
            FROM admissions_dossierevent e) found
        WHERE lies = 'hold_dossier' AND step <> 'release_dossier' AND step NOT IN {MARKS}""",
    "each event has its deed, with who and whose": f"""
        SELECT e.id, e.step, d.function FROM admissions_dossierevent e JOIN accounts_deed d ON d.id = e.deed_id
        WHERE (d.actor_id IS NULL OR d.organisation_id IS NULL) AND e.step NOT IN {OF_CLOCK}
            AND e.step NOT LIKE 'overdue%'""",
    "a deed counts its events": """
        SELECT d.id, d.subject, d.count, count(e.id) FROM accounts_deed d
        JOIN admissions_dossierevent e ON e.deed_id = d.id GROUP BY d.id HAVING d.count <> count(e.id)""",
    "a step that needs a reason has one": f"""
        SELECT id, step FROM admissions_dossierevent
        WHERE step IN {NEED_REASON} AND reason_id IS NULL AND note = ''""",
    "the reason of a return is that of its placement": """
        SELECT e.id, e.reason_id, p.reason_id FROM admissions_dossierevent e
        JOIN dispatch_placement p ON p.id = e.placement_id
        WHERE e.step IN ('pass_return', 'review_return', 'auto_return') AND e.reason_id IS DISTINCT FROM p.reason_id""",
    "who is registered is enrolled, and nobody else": """
        SELECT coalesce(d.candidate_id, n.candidate_id), d.state, n.placement_id FROM admissions_dossier d
        FULL JOIN registration_enrolment n ON n.candidate_id = d.candidate_id
        WHERE (coalesce(d.state, '') = 'registered') <> (n.candidate_id IS NOT NULL)""",
    "an enrolment is that of the placement": """
        SELECT n.candidate_id FROM registration_enrolment n
        JOIN admissions_dossier d ON d.candidate_id = n.candidate_id
        JOIN dispatch_placement p ON p.id = d.placement_id
        WHERE (n.placement_id, n.school_id, n.plan_line_id) IS DISTINCT FROM (p.id, p.school_id, p.plan_line_id)""",
    "nothing is open on a cancelled sheet or run": """
        SELECT p.id FROM dispatch_placement p JOIN dispatch_sheet s ON s.id = p.sheet_id
        LEFT JOIN dispatch_run r ON r.id = s.run_id
        WHERE p.closed_at IS NULL AND (s.cancelled_at IS NOT NULL OR r.cancelled_at IS NOT NULL)""",
    "a submitted sheet has nothing undecided, or decided and not submitted": """
        SELECT s.number, d.candidate_id, d.state FROM dispatch_sheet s
        JOIN dispatch_placement p ON p.sheet_id = s.id AND p.closed_at IS NULL
        JOIN admissions_dossier d ON d.placement_id = p.id AND NOT d.held
        WHERE s.submitted_at IS NOT NULL AND d.state IN ('sent', 'reading', 'propose_admit', 'propose_return')
            AND NOT EXISTS (SELECT 1 FROM admissions_dossierevent e
                WHERE e.candidate_id = d.candidate_id AND e.step = 'release_dossier' AND e.placement_id = p.id)""",
    "nobody audits what does not wait": """
        SELECT t.placement_id, d.state FROM dispatch_reviewtake t JOIN dispatch_placement p ON p.id = t.placement_id
        JOIN admissions_dossier d ON d.candidate_id = p.candidate_id WHERE p.closed_at IS NOT NULL""",
    "a request that took effect was agreed to by all, and has its effect": """
        SELECT r.number, r.kind FROM admissions_request r WHERE r.state = 'effective' AND (
            EXISTS (SELECT 1 FROM admissions_requestparty p WHERE p.request_id = r.id
                AND p.decision NOT IN ('approved', 'lapsed'))
            OR r.kind = 'registration.enter_late_candidate' AND NOT EXISTS (
                SELECT 1 FROM registration_latecandidate l WHERE l.request_id = r.id)
            OR r.kind LIKE 'quotas%' AND NOT EXISTS (SELECT 1 FROM quotas_planchange c WHERE c.request_id = r.id)
            OR r.kind LIKE 'dispatch%' AND NOT EXISTS (
                SELECT 1 FROM dispatch_singledispatch s WHERE s.request_id = r.id)
            OR r.kind IN ('registration.request_transfer', 'registration.request_withdrawal') AND 1 <> (
                SELECT count(*) FROM admissions_dossierevent e WHERE e.candidate_id = r.candidate_id
                AND e.step IN ('transfer', 'withdraw_after_admission') AND strpos(e.note, r.number) > 0))""",
    "what was not agreed to has no effect": """
        SELECT r.number, r.state FROM admissions_request r WHERE r.state <> 'effective' AND (
            EXISTS (SELECT 1 FROM registration_latecandidate l WHERE l.request_id = r.id)
            OR EXISTS (SELECT 1 FROM quotas_planchange c WHERE c.request_id = r.id)
            OR EXISTS (SELECT 1 FROM dispatch_singledispatch s WHERE s.request_id = r.id))""",
    "late candidates have numbers without a gap, each person one": """
        SELECT c.head, c.last, count(l.*) FROM registration_latecounter c
        LEFT JOIN registration_latecandidate l ON starts_with(l.number, c.head)
        GROUP BY c.id HAVING c.last <> count(l.*)
        UNION ALL SELECT id_number, 0, count(*) FROM admissions_candidate GROUP BY id_number HAVING count(*) > 1""",
}


def faults() -> list[str]:
    """Each rule that is broken, with the first rows that break it; none if all is well."""
    found = []
    with connection.cursor() as cursor:
        for rule, query in RULES.items():
            cursor.execute(query)
            if rows := cursor.fetchall():
                found.append(f"{rule}: {len(rows)} not, e.g. {rows[:5]}")
    return found
