import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts.walls import append_only

# A constraint of its own name: runs carried out before have the former one in their partitions, and keep it.
METHODS = """
ALTER TABLE dispatch_placement DROP CONSTRAINT dispatch_placement_method_check;
ALTER TABLE dispatch_placement ADD CONSTRAINT placement_method
    CHECK (method IN ('dispatch', 'pool', 'upload', 'lottery'));
"""
FORMER = """
ALTER TABLE dispatch_placement DROP CONSTRAINT placement_method;
ALTER TABLE dispatch_placement ADD CONSTRAINT dispatch_placement_method_check
    CHECK (method IN ('dispatch', 'pool', 'upload'));
"""


class Migration(migrations.Migration):
    """Public randomness of a lottery, and admission by it."""

    dependencies = [
        ("dispatch", "0005_conditions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="roster_size",
            field=models.PositiveIntegerField(default=0, verbose_name="名单人数"),
        ),
        migrations.AlterField(
            model_name="placement",
            name="method",
            field=models.CharField(
                choices=[
                    ("dispatch", "投档"),
                    ("pool", "在库录取"),
                    ("upload", "地市导入"),
                    ("lottery", "派位录取"),
                ],
                max_length=8,
                verbose_name="方式",
            ),
        ),
        migrations.RunSQL(METHODS, FORMER),
        migrations.CreateModel(
            name="Drawing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField(verbose_name="序号")),
                ("roster_digest", models.CharField(max_length=64, verbose_name="名单摘要")),
                ("randomness", models.CharField(max_length=200, verbose_name="公开随机数")),
                ("origin", models.CharField(max_length=200, verbose_name="随机数来源")),
                ("witnesses", models.CharField(max_length=200, verbose_name="见证人")),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="重新录入原因")),
                ("seed", models.CharField(max_length=64, verbose_name="种子")),
                ("made_at", models.DateTimeField(auto_now_add=True, verbose_name="录入时间")),
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="drawings",
                        to="dispatch.run",
                    ),
                ),
            ],
            options={
                "verbose_name": "公开随机数",
                "ordering": ["run", "-number"],
                "constraints": [models.UniqueConstraint(fields=("run", "number"), name="drawing_once")],
            },
        ),
        append_only("dispatch_drawing"),
    ]
