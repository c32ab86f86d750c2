import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts.walls import append_only, schools, sources, wall

# A constraint of its own name: runs carried out before have the former one in their partitions, and keep it.
METHODS = """
ALTER TABLE dispatch_placement DROP CONSTRAINT placement_way;
ALTER TABLE dispatch_placement ADD CONSTRAINT placement_method_known
    CHECK (method IN ('dispatch', 'pool', 'upload', 'lottery', 'transfer', 'late', 'single', 'special'));
"""
FORMER = """
ALTER TABLE dispatch_placement DROP CONSTRAINT placement_method_known;
ALTER TABLE dispatch_placement ADD CONSTRAINT placement_way
    CHECK (method IN ('dispatch', 'pool', 'upload', 'lottery', 'transfer', 'late'));
"""
SEEN = sources("dispatch_singledispatch.") + " OR " + schools("dispatch_singledispatch.school_id")


class Migration(migrations.Migration):
    """Dossiers sent one by one, and the sheets they are sent on."""

    dependencies = [
        ("admissions", "0010_requests"),
        ("dispatch", "0008_transfer_and_late"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SingleDispatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "step",
                    models.CharField(
                        choices=[
                            ("dispatch_above_line", "线上点投"),
                            ("admit_above_line", "线上点投并录取"),
                            ("dispatch_below_line", "线下点投"),
                            ("admit_below_line", "线下点投并录取"),
                            ("special_dispatch", "批件投档"),
                        ],
                        max_length=20,
                        verbose_name="方式",
                    ),
                ),
                ("placement_id", models.BigIntegerField(unique=True)),
                ("province", models.CharField(max_length=2)),
                ("city", models.CharField(max_length=4)),
                ("county", models.CharField(max_length=6)),
                ("supervisor", models.CharField(max_length=6)),
                (
                    "major",
                    models.CharField(
                        blank=True,
                        help_text="直接录取的，代码和名称",
                        max_length=120,
                        verbose_name="录取专业",
                    ),
                ),
                (
                    "line",
                    models.PositiveIntegerField(help_text="百分之一分；0 为未设", verbose_name="控制线"),
                ),
                ("score", models.IntegerField(null=True, verbose_name="投档成绩")),
                ("reason", models.CharField(max_length=100, verbose_name="理由")),
                ("words", models.TextField(blank=True, verbose_name="说明")),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="执行时间")),
            ],
            options={
                "verbose_name": "单独投档",
                "ordering": ["-pk"],
            },
        ),
        migrations.AddField(
            model_name="sheet",
            name="request",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="admissions.request",
            ),
        ),
        migrations.AlterField(
            model_name="sheet",
            name="run",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sheets",
                to="dispatch.run",
            ),
        ),
        migrations.AddConstraint(
            model_name="sheet",
            constraint=models.CheckConstraint(
                condition=models.Q(("run__isnull", False), ("request__isnull", False), _connector="XOR"),
                name="sheet_of_a_run_or_a_request",
            ),
        ),
        migrations.AddField(
            model_name="singledispatch",
            name="agreed_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="批准人",
            ),
        ),
        migrations.AddField(
            model_name="singledispatch",
            name="asked_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="申请人",
            ),
        ),
        migrations.AddField(
            model_name="singledispatch",
            name="batch",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="admissions.batch",
                verbose_name="批次",
            ),
        ),
        migrations.AddField(
            model_name="singledispatch",
            name="candidate",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="admissions.candidate",
            ),
        ),
        migrations.AddField(
            model_name="singledispatch",
            name="request",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="admissions.request",
                verbose_name="申请",
            ),
        ),
        migrations.AddField(
            model_name="singledispatch",
            name="school",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="admissions.school",
                verbose_name="院校",
            ),
        ),
        migrations.AddField(
            model_name="singledispatch",
            name="season",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="admissions.season"
            ),
        ),
        migrations.AddIndex(
            model_name="singledispatch",
            index=models.Index(fields=["season", "step"], name="single_step"),
        ),
        migrations.AddConstraint(
            model_name="singledispatch",
            constraint=models.CheckConstraint(
                condition=models.Q(("asked_by", models.F("agreed_by")), _negated=True),
                name="single_agreed_by_a_second_person",
            ),
        ),
        migrations.RunSQL(METHODS, FORMER),
        wall("dispatch_singledispatch", SEEN),
        append_only("dispatch_singledispatch"),
    ]
