"""The trigger that refuses what no step of the lifecycle allows, made from the same table.

The condition of a row trigger is reckoned by the executor itself; the function is called for an offender
only. Checking a whole statement means joining its rows before and after, which have neither index nor
statistics, and the planner took the nested loop: 26 s for 16 000 dossiers (docs/decisions/0020).
"""

from .lifecycle import EDGES, State

FUNCTION = "admissions_dossier_guard"


def guard_body() -> str:
    """Body of the guard: says what is wrong with the one row it is called for."""
    edges = ", ".join(f"('{source}', '{target}')" for source, target in sorted(EDGES))
    return f"""
BEGIN
    IF TG_OP = 'INSERT' THEN
        RAISE EXCEPTION 'dossier %: a life begins in the pool, not as %', NEW.candidate_id, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.held OR (OLD.state, NEW.state) NOT IN ({edges}) THEN
        RAISE EXCEPTION 'dossier %: no step leads from % to %', OLD.candidate_id,
            OLD.state || CASE WHEN OLD.held THEN ' (held)' ELSE '' END, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END """


def guard_sql() -> str:
    """SQL that makes or renews the guard and its two triggers."""
    edges = ",".join(f"{source}>{target}" for source, target in sorted(EDGES))
    return f"""
    CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $guard${guard_body()}$guard$;
    DROP TRIGGER IF EXISTS guard_update ON admissions_dossier;
    DROP TRIGGER IF EXISTS guard_insert ON admissions_dossier;
    CREATE TRIGGER guard_update AFTER UPDATE ON admissions_dossier FOR EACH ROW
        WHEN (OLD.state <> NEW.state
              AND (OLD.held OR OLD.state || '>' || NEW.state <> ALL ('{{{edges}}}'::text[])))
        EXECUTE FUNCTION {FUNCTION}();
    CREATE TRIGGER guard_insert AFTER INSERT ON admissions_dossier FOR EACH ROW
        WHEN (NEW.state <> '{State.POOL}')
        EXECUTE FUNCTION {FUNCTION}();
    """
