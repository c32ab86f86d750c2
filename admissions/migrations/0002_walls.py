from django.db import migrations

from accounts.walls import append_only, schools, sources, wall

from ..triggers import FUNCTION, guard_sql

AT_SCHOOL = (
    "EXISTS (SELECT 1 FROM admissions_dossier d WHERE d.candidate_id = {column} AND "
    + schools("d.school_id")
    + ")"
)
OF_CANDIDATE = "EXISTS (SELECT 1 FROM admissions_candidate c WHERE c.id = candidate_id)"


class Migration(migrations.Migration):
    dependencies = [("admissions", "0001_initial")]

    operations = [
        migrations.RunPython(
            lambda apps, editor: editor.execute(guard_sql(), None),
            lambda apps, editor: editor.execute(f"DROP FUNCTION {FUNCTION} CASCADE", None),
        ),
        migrations.RunSQL("ALTER TABLE admissions_dossier SET (fillfactor = 70)", migrations.RunSQL.noop),
        append_only("admissions_dossierevent"),
        wall(
            "admissions_candidate",
            sources() + " OR " + AT_SCHOOL.format(column="admissions_candidate.id"),
        ),
        wall("admissions_dossier", sources() + " OR " + schools("admissions_dossier.school_id")),
        wall("admissions_dossierevent", OF_CANDIDATE),
        wall("admissions_choice", OF_CANDIDATE),
    ]
