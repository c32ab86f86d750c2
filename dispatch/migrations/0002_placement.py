from django.db import migrations

from accounts.walls import WEB_ROLE, schools, sources, wall

# Columns in the order of their widths, so that a row of the mass path has no holes.
TABLE = """
CREATE SEQUENCE dispatch_placement_id_seq AS bigint;
CREATE TABLE dispatch_placement (
    id bigint NOT NULL DEFAULT nextval('dispatch_placement_id_seq'),
    run_id bigint,
    sheet_id bigint,
    candidate_id bigint NOT NULL,
    season_id bigint NOT NULL,
    batch_id bigint,
    school_id bigint NOT NULL,
    plan_line_id bigint,
    decided_by_id bigint,
    opened_at timestamptz NOT NULL DEFAULT statement_timestamp(),
    decided_at timestamptz,
    closed_at timestamptz,
    dispatch_score integer,
    rank integer,
    choice_position smallint CHECK (choice_position > 0),
    province varchar(2) NOT NULL,
    city varchar(4) NOT NULL,
    county varchar(6) NOT NULL,
    supervisor varchar(6) NOT NULL,
    method varchar(8) NOT NULL CHECK (method IN ('dispatch', 'pool', 'upload')),
    reason_id varchar(4),
    reason_words text NOT NULL DEFAULT '',
    tie_values integer[] NOT NULL DEFAULT '{}'
) PARTITION BY LIST (run_id);
CREATE INDEX placement_id ON dispatch_placement (id);
CREATE INDEX placement_candidate ON dispatch_placement (candidate_id);
CREATE INDEX placement_sheet ON dispatch_placement (sheet_id);
CREATE INDEX placement_school ON dispatch_placement (school_id, season_id);
-- No DEFAULT partition: attaching another would lock it against everybody, and two attaching at once
-- would wait for each other.
CREATE TABLE dispatch_placement_single PARTITION OF dispatch_placement FOR VALUES IN (NULL);
CREATE UNIQUE INDEX placement_single_open ON dispatch_placement_single (candidate_id)
    WHERE closed_at IS NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0001_initial"), ("admissions", "0002_walls")]

    operations = [
        migrations.RunSQL(TABLE, "DROP TABLE dispatch_placement; DROP SEQUENCE dispatch_placement_id_seq;"),
        wall("dispatch_placement", sources() + " OR " + schools("dispatch_placement.school_id")),
        migrations.RunSQL(
            f"REVOKE ALL ON dispatch_placement_single, dispatch_frozenchoices FROM {WEB_ROLE};",
            migrations.RunSQL.noop,
        ),
    ]
