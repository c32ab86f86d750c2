from django.db import migrations

# Run as its owner, so that it looks over the wall of whoever asks: it tells whether, and neither who nor where.
FUNCTION = """
    CREATE FUNCTION dispatch_taken_elsewhere(candidate bigint) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT EXISTS (
            SELECT 1 FROM admissions_candidate c
            JOIN admissions_candidate o ON o.id_number = c.id_number
            JOIN admissions_dossier d ON d.candidate_id = o.id
            WHERE c.id = candidate AND o.id <> c.id AND o.season_id = c.season_id AND c.id_number <> ''
            AND d.state IN ('admit_submitted', 'admitted', 'registered')
        )
    $$;
    REVOKE ALL ON FUNCTION dispatch_taken_elsewhere(bigint) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION dispatch_taken_elsewhere(bigint) TO zhongzhao_web;
"""


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0018_allotted"), ("accounts", "0002_walls")]
    operations = [migrations.RunSQL(FUNCTION, "DROP FUNCTION dispatch_taken_elsewhere(bigint)")]
