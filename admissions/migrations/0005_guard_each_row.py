from django.db import migrations

from ..triggers import guard_sql


class Migration(migrations.Migration):
    """Renew the guard: it looks at each row, so that the time of a move grows with the rows only.

    And leave room in each page of dossiers for all its rows once more, so that a dispatch that moves
    them all rewrites no index (HOT); with 30 % left free, half of the rows had to go elsewhere.
    """

    dependencies = [("admissions", "0004_cancel_registration")]

    operations = [
        migrations.RunPython(
            lambda apps, editor: editor.execute(guard_sql(), None), migrations.RunPython.noop
        ),
        migrations.RunSQL(
            "ALTER TABLE admissions_dossier SET (fillfactor = 45)",
            "ALTER TABLE admissions_dossier SET (fillfactor = 70)",
        ),
    ]
