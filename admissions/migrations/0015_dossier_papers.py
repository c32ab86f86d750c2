import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts.walls import schools, sources, wall

TASK = "admissions.tasks.papers_sweep"


def wake(apps, editor):
    """Every six hours; what is old enough is decided by the clock when the task runs."""
    every, _ = apps.get_model("django_celery_beat", "IntervalSchedule").objects.get_or_create(
        every=6, period="hours"
    )
    apps.get_model("django_celery_beat", "PeriodicTask").objects.update_or_create(
        name="清理无人引用的书面材料", defaults={"task": TASK, "interval": every}
    )


def sleep(apps, editor):
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(task=TASK).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("django_celery_beat", "0019_alter_periodictasks_options"),
        ("accounts", "0002_walls"),
        ("admissions", "0014_whereabouts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="returnreason",
            name="needs_attachment",
            field=models.BooleanField(default=False, verbose_name="须附书面材料"),
        ),
        migrations.CreateModel(
            name="DossierPaper",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="上传时的文件名，只用于显示", max_length=200, verbose_name="文件名"
                    ),
                ),
                ("path", models.CharField(max_length=100, verbose_name="存放位置")),
                ("kind", models.CharField(max_length=4, verbose_name="格式")),
                ("size", models.PositiveIntegerField(verbose_name="字节数")),
                ("digest", models.CharField(help_text="SHA-256", max_length=64, verbose_name="摘要")),
                ("uploaded_at", models.DateTimeField(auto_now_add=True, verbose_name="上传时间")),
                ("placement_id", models.BigIntegerField()),
                ("province", models.CharField(max_length=2)),
                ("city", models.CharField(max_length=4)),
                ("county", models.CharField(max_length=6)),
                (
                    "candidate",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="papers",
                        to="admissions.candidate",
                    ),
                ),
                (
                    "reason",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="admissions.returnreason",
                        verbose_name="上传时的原因",
                    ),
                ),
                (
                    "school",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="admissions.school",
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "退档和注销的书面材料",
                "ordering": ["pk"],
                "indexes": [models.Index(fields=["path"], name="dossier_paper_path")],
                "constraints": [
                    models.UniqueConstraint(fields=("placement_id", "digest"), name="dossier_paper_once")
                ],
            },
        ),
        wall("admissions_dossierpaper", sources() + " OR " + schools("admissions_dossierpaper.school_id")),
        migrations.RunPython(wake, sleep),
    ]
