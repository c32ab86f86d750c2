import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts.walls import append_only

TASK = "admissions.tasks.windows_keep"


def wake(apps, editor):
    """Every five minutes; what is due is decided by the clock when the task runs."""
    every, _ = apps.get_model("django_celery_beat", "IntervalSchedule").objects.get_or_create(
        every=5, period="minutes"
    )
    apps.get_model("django_celery_beat", "PeriodicTask").objects.update_or_create(
        name="期限提醒和到期", defaults={"task": TASK, "interval": every}
    )


def sleep(apps, editor):
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(task=TASK).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("django_celery_beat", "0019_alter_periodictasks_options"),
        ("accounts", "0002_walls"),
        ("admissions", "0012_consent_lapses"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Postponement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("before", models.DateTimeField(verbose_name="原截止时间")),
                ("after", models.DateTimeField(verbose_name="顺延至")),
                ("reason", models.CharField(max_length=200, verbose_name="原因")),
                ("made_at", models.DateTimeField(auto_now_add=True, verbose_name="时间")),
            ],
            options={
                "verbose_name": "期限顺延",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="WindowNotice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("due_at", models.DateTimeField(verbose_name="截止时间")),
                ("days", models.PositiveSmallIntegerField(verbose_name="提前天数")),
                ("schools", models.PositiveIntegerField(verbose_name="涉及院校")),
                ("candidates", models.PositiveIntegerField(verbose_name="涉及考生")),
                ("told_at", models.DateTimeField(auto_now_add=True, verbose_name="提醒时间")),
            ],
            options={
                "verbose_name": "期限提醒",
                "ordering": ["-pk"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="window",
            name="window_once",
        ),
        migrations.AddField(
            model_name="window",
            name="batch",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                to="admissions.batch",
                verbose_name="批次",
            ),
        ),
        migrations.AddField(
            model_name="window",
            name="city",
            field=models.CharField(blank=True, help_text="空为全省", max_length=4, verbose_name="市"),
        ),
        migrations.AlterField(
            model_name="window",
            name="kind",
            field=models.CharField(
                choices=[
                    ("dispatch", "投档录取"),
                    ("registration", "新生注册"),
                    ("printing", "名册打印备案"),
                    ("reading", "院校阅档"),
                    ("confirming", "预录提交"),
                ],
                max_length=14,
                verbose_name="事项",
            ),
        ),
        migrations.AddConstraint(
            model_name="window",
            constraint=models.UniqueConstraint(
                fields=("season", "kind", "stage", "city", "batch"), name="window_once", nulls_distinct=False
            ),
        ),
        migrations.AddField(
            model_name="postponement",
            name="deed",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.deed"
            ),
        ),
        migrations.AddField(
            model_name="postponement",
            name="made_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="postponement",
            name="window",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="postponements",
                to="admissions.window",
            ),
        ),
        migrations.AddField(
            model_name="windownotice",
            name="window",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="notices", to="admissions.window"
            ),
        ),
        migrations.AddConstraint(
            model_name="windownotice",
            constraint=models.UniqueConstraint(fields=("window", "due_at", "days"), name="window_told_once"),
        ),
        append_only("admissions_windownotice"),
        append_only("admissions_postponement"),
        migrations.RunPython(wake, sleep),
    ]
