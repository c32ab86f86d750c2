import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

from accounts.walls import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("admissions", "0010_requests"),
        ("quotas", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PlanChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "way",
                    models.CharField(
                        choices=[("change", "增减"), ("out", "调出"), ("in", "调入")],
                        max_length=8,
                        verbose_name="方式",
                    ),
                ),
                ("seats", models.IntegerField(verbose_name="增减数")),
                ("before", models.PositiveIntegerField(verbose_name="原计划数")),
                ("after", models.PositiveIntegerField(verbose_name="现计划数")),
                ("made_at", models.DateTimeField(auto_now_add=True, verbose_name="时间")),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes",
                        to="quotas.planline",
                        verbose_name="计划",
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
                (
                    "other",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="quotas.planline",
                        verbose_name="对方计划",
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="admissions.request",
                        verbose_name="申请",
                    ),
                ),
            ],
            options={
                "verbose_name": "计划变动",
                "ordering": ["-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "after",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("before"), "+", models.F("seats")
                                ),
                            ),
                            models.Q(("seats", 0), _negated=True),
                        ),
                        name="plan_change_adds_up",
                    )
                ],
            },
        ),
        append_only("quotas_planchange"),
    ]
