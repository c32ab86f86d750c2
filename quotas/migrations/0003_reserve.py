import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts.walls import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("admissions", "0010_requests"),
        ("quotas", "0002_plan_changes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="planchange",
            name="way",
            field=models.CharField(
                choices=[("change", "增减"), ("out", "调出"), ("in", "调入"), ("reserve", "机动")],
                max_length=8,
                verbose_name="方式",
            ),
        ),
        migrations.CreateModel(
            name="Reserve",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("seats", models.PositiveIntegerField(verbose_name="机动计划数")),
                ("used", models.PositiveIntegerField(default=0, verbose_name="已使用")),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        to="admissions.batch",
                        verbose_name="批次",
                    ),
                ),
                (
                    "school",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="admissions.school",
                        verbose_name="院校",
                    ),
                ),
            ],
            options={
                "verbose_name": "机动计划",
                "ordering": ["batch", "school"],
                "constraints": [
                    models.UniqueConstraint(fields=("batch", "school"), name="reserve_once"),
                    models.CheckConstraint(
                        condition=models.Q(("used__lte", models.F("seats"))), name="reserve_used_within_seats"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReserveVersion",
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="admissions.batch"
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
                "verbose_name": "机动计划版本",
                "ordering": ["batch", "-number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("batch", "function", "number"), name="reserve_version_once"
                    )
                ],
            },
        ),
        append_only("quotas_reserveversion"),
    ]
