import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts.walls import append_only, sources, wall

TASK = "dispatch.tasks.auto_review_keep"


def wake(apps, editor):
    """Every five minutes, for messages that were lost; schools that submit ask at once."""
    every, _ = apps.get_model("django_celery_beat", "IntervalSchedule").objects.get_or_create(
        every=5, period="minutes"
    )
    apps.get_model("django_celery_beat", "PeriodicTask").objects.update_or_create(
        name="自动审核", defaults={"task": TASK, "interval": every}
    )


def sleep(apps, editor):
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(task=TASK).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("django_celery_beat", "0019_alter_periodictasks_options"),
        ("admissions", "0012_consent_lapses"),
        ("dispatch", "0010_hand_outs"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AutoRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("city", models.CharField(max_length=4, verbose_name="市")),
                (
                    "kind",
                    models.CharField(
                        choices=[("admissions", "录取"), ("returns", "退档")],
                        max_length=10,
                        verbose_name="审核",
                    ),
                ),
                ("plan_kind", models.CharField(blank=True, max_length=4, verbose_name="计划类型")),
                ("on", models.BooleanField(default=False, verbose_name="启用")),
                (
                    "batch",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="admissions.batch",
                        verbose_name="批次",
                    ),
                ),
                (
                    "school",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="admissions.school",
                        verbose_name="院校",
                    ),
                ),
                (
                    "season",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="admissions.season"),
                ),
            ],
            options={
                "verbose_name": "自动审核规则",
                "ordering": ["season", "city", "kind", "pk"],
            },
        ),
        migrations.CreateModel(
            name="AutoVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="版本")),
                ("content", models.JSONField(verbose_name="内容")),
                ("seed", models.CharField(max_length=32, verbose_name="抽样种子")),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="说明")),
                ("made_at", models.DateTimeField(auto_now_add=True, verbose_name="时间")),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="dispatch.autorule",
                    ),
                ),
            ],
            options={
                "verbose_name": "自动审核规则版本",
                "ordering": ["rule", "-number"],
            },
        ),
        migrations.CreateModel(
            name="AutoTrial",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(verbose_name="试运行日期")),
                ("decided", models.PositiveIntegerField(verbose_name="当日人工审核")),
                ("passed", models.PositiveIntegerField(verbose_name="规则会通过")),
                (
                    "refused",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        default=list,
                        size=None,
                        verbose_name="其中人工退回",
                    ),
                ),
                ("made_at", models.DateTimeField(auto_now_add=True, verbose_name="时间")),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="trials",
                        to="dispatch.autorule",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="trials",
                        to="dispatch.autoversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "自动审核试运行",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="AutoSwitch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("on", models.BooleanField(verbose_name="启用")),
                ("words", models.CharField(max_length=200, verbose_name="原因")),
                ("made_at", models.DateTimeField(auto_now_add=True, verbose_name="时间")),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="switches",
                        to="dispatch.autorule",
                    ),
                ),
                (
                    "trial",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="dispatch.autotrial",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="dispatch.autoversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "自动审核开关",
                "ordering": ["-pk"],
            },
        ),
        migrations.AddField(
            model_name="autorule",
            name="version",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="dispatch.autoversion",
            ),
        ),
        migrations.CreateModel(
            name="AutoDecision",
            fields=[
                (
                    "placement",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="auto_decision",
                        serialize=False,
                        to="dispatch.placement",
                    ),
                ),
                ("province", models.CharField(max_length=2)),
                ("city", models.CharField(max_length=4)),
                ("county", models.CharField(max_length=6, verbose_name="生源县区")),
                ("at", models.DateTimeField(verbose_name="通过时间")),
                ("sampled", models.BooleanField(default=False, verbose_name="抽中复核")),
                ("agrees", models.BooleanField(null=True, verbose_name="复核同意")),
                ("words", models.CharField(blank=True, max_length=500, verbose_name="复核说明")),
                ("checked_at", models.DateTimeField(null=True, verbose_name="复核时间")),
                (
                    "candidate",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="admissions.candidate",
                    ),
                ),
                (
                    "checked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "season",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="admissions.season"),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="dispatch.autorule",
                        verbose_name="规则",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="dispatch.autoversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "自动审核决定",
            },
        ),
        migrations.AddConstraint(
            model_name="autoversion",
            constraint=models.UniqueConstraint(fields=("rule", "number"), name="auto_version_once"),
        ),
        migrations.AddConstraint(
            model_name="autorule",
            constraint=models.UniqueConstraint(
                fields=("season", "city", "kind", "batch", "school", "plan_kind"),
                name="auto_rule_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddIndex(
            model_name="autodecision",
            index=models.Index(
                condition=models.Q(("agrees", None), ("sampled", True)),
                fields=["version"],
                name="auto_to_check",
            ),
        ),
        append_only("dispatch_autoversion"),
        append_only("dispatch_autotrial"),
        append_only("dispatch_autoswitch"),
        wall("dispatch_autodecision", sources()),
        migrations.RunPython(wake, sleep),
    ]
