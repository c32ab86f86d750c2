from django.db import migrations, models

from ..triggers import guard_sql


class Migration(migrations.Migration):
    """A step back from the reset of the unregistered, and an index by which its events are found."""

    dependencies = [("admissions", "0018_allotted_seats")]

    operations = [
        migrations.RunPython(
            lambda apps, editor: editor.execute(guard_sql(), None), migrations.RunPython.noop
        ),
        migrations.AddIndex(
            model_name="dossierevent",
            index=models.Index(
                condition=models.Q(step__in=["reset_unregistered", "restore_unregistered"]),
                fields=["deed"],
                name="event_of_reset",
            ),
        ),
    ]
