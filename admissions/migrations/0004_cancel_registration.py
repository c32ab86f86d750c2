from django.db import migrations

from ..triggers import guard_sql


class Migration(migrations.Migration):
    """Renew the guard: a registration can be cancelled, a major changed."""

    dependencies = [("admissions", "0003_ways_back")]

    operations = [
        migrations.RunPython(
            lambda apps, editor: editor.execute(guard_sql(), None), migrations.RunPython.noop
        ),
    ]
