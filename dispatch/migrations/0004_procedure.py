import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts.walls import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("admissions", "0007_dispatch_rules"),
        ("dispatch", "0003_review_take"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="kind",
            field=models.CharField(
                choices=[
                    ("dispatch_batch", "批量投档"),
                    ("dispatch_school", "指定院校投档"),
                    ("admit_by_lottery", "指定派位录取"),
                ],
                default="dispatch_batch",
                max_length=16,
                verbose_name="方式",
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="left_out",
            field=models.JSONField(default=list, verbose_name="隔离院校"),
        ),
        migrations.AddField(
            model_name="run",
            name="only_schools",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), default=list, size=None, verbose_name="指定院校"
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="randomness",
            field=models.CharField(blank=True, max_length=200, verbose_name="公开随机数"),
        ),
        migrations.AddField(
            model_name="run",
            name="roster_digest",
            field=models.CharField(blank=True, max_length=64, verbose_name="名单摘要"),
        ),
        migrations.AddField(
            model_name="run",
            name="verified_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name="Verification",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        choices=[("second", "数据库第二实现"), ("replay", "内核重算")],
                        max_length=8,
                        verbose_name="方法",
                    ),
                ),
                ("outcome_digest", models.CharField(max_length=64, verbose_name="重算结果摘要")),
                ("agrees", models.BooleanField(verbose_name="一致")),
                ("words", models.TextField(blank=True, verbose_name="说明")),
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
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="verifications",
                        to="dispatch.run",
                    ),
                ),
            ],
            options={
                "verbose_name": "重算核对",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="ControlVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("function", models.CharField(max_length=60, verbose_name="功能")),
                ("number", models.PositiveIntegerField(verbose_name="版本")),
                ("content", models.JSONField(verbose_name="内容")),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="说明")),
                ("made_at", models.DateTimeField(auto_now_add=True, verbose_name="时间")),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="admissions.batch",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "投档控制版本",
                "ordering": ["batch", "function", "-number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("batch", "function", "number"), name="control_version_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Rehearsal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField(verbose_name="序号")),
                ("asked", models.JSONField(default=dict, verbose_name="假设")),
                ("parameters", models.JSONField(default=dict, verbose_name="参数")),
                ("input_digest", models.CharField(max_length=64, verbose_name="输入摘要")),
                ("outcome_digest", models.CharField(max_length=64, verbose_name="结果摘要")),
                ("fingerprint", models.CharField(max_length=64, verbose_name="指纹")),
                ("candidates", models.PositiveIntegerField(verbose_name="参加投档")),
                ("sent", models.PositiveIntegerField(verbose_name="投出")),
                (
                    "by_choice",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveIntegerField(),
                        default=list,
                        size=None,
                        verbose_name="各志愿投出",
                    ),
                ),
                ("faults", models.JSONField(default=list, verbose_name="核验结果")),
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
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rehearsals",
                        to="dispatch.run",
                    ),
                ),
            ],
            options={
                "verbose_name": "预演",
                "ordering": ["run", "-number"],
                "constraints": [models.UniqueConstraint(fields=("run", "number"), name="rehearsal_once")],
            },
        ),
        migrations.CreateModel(
            name="Seal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="序号")),
                ("deed", models.CharField(max_length=10, verbose_name="事项")),
                ("content", models.TextField(verbose_name="内容")),
                ("previous", models.CharField(blank=True, max_length=64, verbose_name="前一封条")),
                ("digest", models.CharField(max_length=64, verbose_name="封条")),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="时间")),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="seals", to="dispatch.run"
                    ),
                ),
                (
                    "season",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="admissions.season"
                    ),
                ),
            ],
            options={
                "verbose_name": "投档封条",
                "ordering": ["season", "number"],
                "constraints": [models.UniqueConstraint(fields=("season", "number"), name="seal_once")],
            },
        ),
        append_only("dispatch_controlversion"),
        append_only("dispatch_verification"),
        append_only("dispatch_seal"),
    ]
