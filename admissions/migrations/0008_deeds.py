from django.db import migrations

from ..triggers import guard_sql


class Migration(migrations.Migration):
    """Renew the guard for the deeds of offices: cancelling, recalling, lottery, single dispatch, transfer."""

    dependencies = [("admissions", "0007_dispatch_rules")]

    operations = [
        migrations.RunPython(
            lambda apps, editor: editor.execute(guard_sql(), None), migrations.RunPython.noop
        ),
    ]
