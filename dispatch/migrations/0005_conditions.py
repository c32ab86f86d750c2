import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts.walls import wall

OF_CANDIDATE = "EXISTS (SELECT 1 FROM admissions_candidate c WHERE c.id = {table}.candidate_id)"


class Migration(migrations.Migration):
    dependencies = [
        ("admissions", "0007_dispatch_rules"),
        ("dispatch", "0004_procedure"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ProvinceLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(blank=True, help_text="空为全部", max_length=4, verbose_name="计划类型"),
                ),
                (
                    "score",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="分数线（百分之一分）"),
                ),
                (
                    "percent",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="满分的百分之几"),
                ),
            ],
            options={
                "verbose_name": "全省最低分数线",
                "ordering": ["season", "kind"],
            },
        ),
        migrations.CreateModel(
            name="SchoolCondition",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("group", models.PositiveSmallIntegerField(default=1, verbose_name="组号")),
                ("kind", models.CharField(max_length=12, verbose_name="项目")),
                ("item", models.CharField(blank=True, max_length=60, verbose_name="对象")),
                ("demand", models.CharField(blank=True, max_length=200, verbose_name="要求")),
            ],
            options={
                "verbose_name": "投档特殊条件",
                "ordering": ["batch", "school", "group", "pk"],
            },
        ),
        migrations.CreateModel(
            name="SchoolLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "county",
                    models.CharField(blank=True, help_text="空为全市", max_length=6, verbose_name="县区"),
                ),
                ("score", models.PositiveIntegerField(verbose_name="分数线（百分之一分）")),
            ],
            options={
                "verbose_name": "院校区域分数线",
            },
        ),
        migrations.CreateModel(
            name="SchoolTest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("marks", models.PositiveIntegerField(default=0, verbose_name="考核成绩（百分之一分）")),
                ("passed", models.BooleanField(default=True, verbose_name="合格")),
            ],
            options={
                "verbose_name": "院校考核成绩",
            },
        ),
        migrations.CreateModel(
            name="StatusRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("city", models.CharField(max_length=4, verbose_name="市")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("abstains", "不参加"),
                            ("disqualified", "取消资格"),
                            ("general", "已被普通高中录取"),
                            ("absent", "缺考"),
                            ("restored", "恢复"),
                        ],
                        max_length=12,
                        verbose_name="设为",
                    ),
                ),
                ("words", models.CharField(max_length=200, verbose_name="原因")),
                (
                    "candidates",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None, verbose_name="考生"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("submitted", "待复核"),
                            ("effective", "已生效"),
                            ("refused", "未通过"),
                            ("withdrawn", "已撤回"),
                        ],
                        default="submitted",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("made_at", models.DateTimeField(auto_now_add=True, verbose_name="提交时间")),
                ("decided_at", models.DateTimeField(null=True, verbose_name="复核时间")),
                ("answer", models.CharField(blank=True, max_length=200, verbose_name="复核意见")),
            ],
            options={
                "verbose_name": "考生状态申请",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="Trait",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=20, verbose_name="项目")),
                ("value", models.CharField(max_length=20, verbose_name="内容")),
            ],
            options={
                "verbose_name": "考生附加信息",
            },
        ),
        migrations.RemoveConstraint(
            model_name="regionline",
            name="region_line_once",
        ),
        migrations.AddField(
            model_name="regionline",
            name="kind",
            field=models.CharField(blank=True, help_text="空为全部", max_length=4, verbose_name="计划类型"),
        ),
        migrations.AddConstraint(
            model_name="regionline",
            constraint=models.UniqueConstraint(
                fields=("batch", "county", "kind"), name="region_line_once_per_kind"
            ),
        ),
        migrations.AddField(
            model_name="provinceline",
            name="season",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="admissions.season"),
        ),
        migrations.AddField(
            model_name="schoolcondition",
            name="batch",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="conditions", to="admissions.batch"
            ),
        ),
        migrations.AddField(
            model_name="schoolcondition",
            name="school",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="admissions.school"),
        ),
        migrations.AddField(
            model_name="schoolline",
            name="batch",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="school_lines",
                to="admissions.batch",
            ),
        ),
        migrations.AddField(
            model_name="schoolline",
            name="school",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="admissions.school"),
        ),
        migrations.AddField(
            model_name="schooltest",
            name="batch",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="tests", to="admissions.batch"
            ),
        ),
        migrations.AddField(
            model_name="schooltest",
            name="candidate",
            field=models.ForeignKey(
                db_constraint=False, on_delete=django.db.models.deletion.CASCADE, to="admissions.candidate"
            ),
        ),
        migrations.AddField(
            model_name="schooltest",
            name="school",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="admissions.school"
            ),
        ),
        migrations.AddField(
            model_name="statusrequest",
            name="decided_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="statusrequest",
            name="made_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="statusrequest",
            name="season",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="admissions.season"),
        ),
        migrations.AddField(
            model_name="trait",
            name="candidate",
            field=models.ForeignKey(
                db_constraint=False, on_delete=django.db.models.deletion.CASCADE, to="admissions.candidate"
            ),
        ),
        migrations.AddField(
            model_name="trait",
            name="season",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, to="admissions.season"
            ),
        ),
        migrations.AddConstraint(
            model_name="provinceline",
            constraint=models.UniqueConstraint(fields=("season", "kind"), name="province_line_once"),
        ),
        migrations.AddConstraint(
            model_name="provinceline",
            constraint=models.CheckConstraint(
                condition=models.Q(("score__isnull", True), ("percent__isnull", True), _connector="XOR"),
                name="province_line_one_unit",
            ),
        ),
        migrations.AddConstraint(
            model_name="schoolcondition",
            constraint=models.UniqueConstraint(
                fields=("batch", "school", "group", "kind", "item", "demand"), name="school_condition_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="schoolline",
            constraint=models.UniqueConstraint(fields=("batch", "school", "county"), name="school_line_once"),
        ),
        migrations.AddConstraint(
            model_name="schooltest",
            constraint=models.UniqueConstraint(
                fields=("batch", "school", "candidate"), name="school_test_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="statusrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "effective"), _negated=True),
                    models.Q(("decided_by", models.F("made_by")), _negated=True),
                    _connector="OR",
                ),
                name="status_decided_by_a_second_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="trait",
            constraint=models.UniqueConstraint(fields=("candidate", "code"), name="trait_once"),
        ),
        migrations.RunSQL(
            "INSERT INTO dispatch_schoolline (batch_id, school_id, county, score)"
            " SELECT batch_id, school_id, '', line FROM dispatch_schoolcontrol WHERE line IS NOT NULL",
            "UPDATE dispatch_schoolcontrol c SET line = l.score FROM dispatch_schoolline l"
            " WHERE l.batch_id = c.batch_id AND l.school_id = c.school_id AND l.county = ''",
        ),
        migrations.RemoveConstraint(
            model_name="schoolcontrol",
            name="school_line_positive",
        ),
        migrations.RemoveField(
            model_name="schoolcontrol",
            name="line",
        ),
        wall("dispatch_schooltest", OF_CANDIDATE.format(table="dispatch_schooltest")),
        wall("dispatch_trait", OF_CANDIDATE.format(table="dispatch_trait")),
    ]
