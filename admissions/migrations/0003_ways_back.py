from django.db import migrations

from ..triggers import guard_sql


class Migration(migrations.Migration):
    """Renew the guard: submissions can be withdrawn, and pass without audit."""

    dependencies = [("admissions", "0002_walls")]

    operations = [
        migrations.RunPython(
            lambda apps, editor: editor.execute(guard_sql(), None), migrations.RunPython.noop
        ),
    ]
