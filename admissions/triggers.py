"""The trigger that refuses what no step of the lifecycle allows, made from the same table."""

from .lifecycle import EDGES, State

FUNCTION = "admissions_dossier_guard"


def guard_body() -> str:
    """Body of the guard: compares each statement's rows before and after, once a statement."""
    edges = ", ".join(f"('{source}', '{target}')" for source, target in sorted(EDGES))
    return f"""
DECLARE offender record;
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT candidate_id, state INTO offender FROM after WHERE state <> '{State.POOL}' LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'dossier %: a life begins in the pool, not as %', offender.candidate_id,
                offender.state USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    END IF;
    SELECT b.candidate_id, b.state AS source, a.state AS target, b.held INTO offender
    FROM before b JOIN after a USING (candidate_id)
    WHERE a.state <> b.state
      AND (b.held OR (b.state, a.state) NOT IN ({edges}))
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'dossier %: no step leads from % to %', offender.candidate_id,
            offender.source || CASE WHEN offender.held THEN ' (held)' ELSE '' END, offender.target
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END """


def guard_sql() -> str:
    """SQL that makes or renews the guard and its two triggers."""
    return f"""
    CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $guard${guard_body()}$guard$;
    DROP TRIGGER IF EXISTS guard_update ON admissions_dossier;
    DROP TRIGGER IF EXISTS guard_insert ON admissions_dossier;
    CREATE TRIGGER guard_update AFTER UPDATE ON admissions_dossier
        REFERENCING OLD TABLE AS before NEW TABLE AS after
        FOR EACH STATEMENT EXECUTE FUNCTION {FUNCTION}();
    CREATE TRIGGER guard_insert AFTER INSERT ON admissions_dossier
        REFERENCING NEW TABLE AS after
        FOR EACH STATEMENT EXECUTE FUNCTION {FUNCTION}();
    """
