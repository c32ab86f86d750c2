"""Walls in the database: row-level security for tenants, rows that are only ever added.

The SQL is made here, so that every app builds the same walls; migrations carry it out.
"""

from django.db import migrations

WEB_ROLE = "zhongzhao_web"
LISTS = ("provinces", "cities", "counties")


def _listed(column: str, setting: str, cast: str = "varchar[]") -> str:
    """Whether a column is in a setting; the sub-select is evaluated once a query, not once a row."""
    return (
        f"{column} = ANY ((SELECT string_to_array(nullif(current_setting('zhongzhao.{setting}', true), ''), ','))"
        f"::{cast})"
    )


def sources(prefix: str = "") -> str:
    """Condition: the row's source region is seen. ``prefix`` is a table alias with its dot."""
    pairs = (("province", "provinces"), ("city", "cities"), ("county", "counties"))
    return "(" + " OR ".join(_listed(prefix + column, setting) for column, setting in pairs) + ")"


def schools(column: str) -> str:
    """Condition: the school is one's own, or supervised from the regions seen."""
    supervised = " OR ".join(
        _listed(f"left(s.supervisor, {length})::varchar", setting)
        for length, setting in ((2, "provinces"), (4, "cities"), (6, "counties"))
    )
    own = _listed(column, "schools", "bigint[]")
    return (
        f"({own} OR EXISTS (SELECT 1 FROM admissions_school s"
        f" WHERE s.organisation_id = {column} AND ({supervised})))"
    )


def concerned(regions: str, schools: str) -> str:
    """Condition: one of the row's regions is seen, or one of its schools is one's own.

    Args:
        regions: column with codes of regions, those above them included.
        schools: column with keys of schools.
    """
    seen = ", ".join(f"nullif(current_setting('zhongzhao.{name}', true), '')" for name in LISTS)
    own = "nullif(current_setting('zhongzhao.schools', true), '')"
    return (
        f"({regions} && (SELECT string_to_array(concat_ws(',', {seen}), ','))::varchar[]"
        f" OR {schools} && (SELECT string_to_array({own}, ','))::bigint[])"
    )


def wall(table: str, condition: str) -> migrations.RunSQL:
    """Operation: the web role sees and changes only rows of the condition.

    New rows are not held to it, because a dossier may leave one's sight by one's own deed.
    """
    return migrations.RunSQL(
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
        f"CREATE POLICY tenant ON {table} TO {WEB_ROLE} USING ({condition}) WITH CHECK (true);",
        f"DROP POLICY tenant ON {table}; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;",
    )


def append_only(table: str) -> migrations.RunSQL:
    """Operation: rows of the table can be added and read, by nobody changed or deleted."""
    return migrations.RunSQL(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION zhongzhao_append_only();"
        f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {WEB_ROLE};",
        f"DROP TRIGGER append_only ON {table}; GRANT UPDATE, DELETE ON {table} TO {WEB_ROLE};",
    )


GROUND = migrations.RunSQL(
    f"""
    DO $$ BEGIN
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{WEB_ROLE}') THEN
            RAISE EXCEPTION 'role {WEB_ROLE} is missing: a superuser must run'
                ' CREATE ROLE {WEB_ROLE} NOLOGIN; GRANT {WEB_ROLE} TO the owner of this database;';
        END IF;
    END $$;
    GRANT USAGE ON SCHEMA public TO {WEB_ROLE};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {WEB_ROLE};
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {WEB_ROLE};
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {WEB_ROLE};
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO {WEB_ROLE};
    CREATE FUNCTION zhongzhao_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END $$;
    """,
    "DROP FUNCTION zhongzhao_append_only();",
)
