from django.db import migrations

TASK = "registration.tasks.deadlines_keep"


def wake(apps, editor):
    """Every five minutes; what is due is decided by the clock when the task runs."""
    every, _ = apps.get_model("django_celery_beat", "IntervalSchedule").objects.get_or_create(
        every=5, period="minutes"
    )
    apps.get_model("django_celery_beat", "PeriodicTask").objects.update_or_create(
        name="注册截止后恢复未注册考生", defaults={"task": TASK, "interval": every}
    )


def sleep(apps, editor):
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(task=TASK).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("registration", "0002_walls"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [migrations.RunPython(wake, sleep)]
