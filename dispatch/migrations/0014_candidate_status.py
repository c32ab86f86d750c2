import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts.walls import append_only, wall

OF_CANDIDATE = "EXISTS (SELECT 1 FROM admissions_candidate c WHERE c.id = {table}.candidate_id)"


def number_versions(apps, editor):
    """Play the requests of before again: what each found, and who has which status by now."""
    get = apps.get_model
    Request, Change = get("dispatch", "StatusRequest"), get("dispatch", "StatusChange")
    Status, Dossier = get("dispatch", "CandidateStatus"), get("admissions", "Dossier")
    rows = sorted(
        Request.objects.all(), key=lambda r: (r.decided_at if r.state == "effective" else r.made_at, r.pk)
    )
    numbers, now = {}, {}
    for row in rows:
        Change.objects.bulk_create(
            Change(
                request=row, candidate_id=key, status=row.status, words=row.words,
                was=now[key].status if key in now else "", was_words=now[key].words if key in now else "",
            )
            for key in row.candidates
        )  # fmt: skip
        if row.state != "effective":
            continue
        place = row.season_id, row.city
        row.version = numbers[place] = numbers.get(place, 0) + 1
        row.save(update_fields=["version"])
        for key in row.candidates:
            now.pop(key, None)
            if row.status != "restored":
                now[key] = row
    out = set(Dossier.objects.filter(pk__in=now, state="excluded").values_list("pk", flat=True))
    for key, row in now.items():
        if key in out:
            Status.objects.create(
                candidate_id=key, season_id=row.season_id, status=row.status, words=row.words, request=row
            )
            Status.objects.filter(pk=key).update(since=row.decided_at)


class Migration(migrations.Migration):
    dependencies = [
        ("admissions", "0014_whereabouts"),
        ("dispatch", "0013_reconsideration"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CandidateStatus",
            fields=[
                (
                    "candidate",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="status",
                        serialize=False,
                        to="admissions.candidate",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("abstains", "不参加"),
                            ("disqualified", "取消资格"),
                            ("general", "已被普通高中录取"),
                            ("absent", "缺考"),
                        ],
                        max_length=12,
                        verbose_name="状态",
                    ),
                ),
                ("words", models.CharField(max_length=200, verbose_name="原因")),
                ("since", models.DateTimeField(auto_now_add=True, verbose_name="设置时间")),
            ],
            options={
                "verbose_name": "考生状态",
            },
        ),
        migrations.CreateModel(
            name="ProvinceVersion",
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
            ],
            options={
                "verbose_name": "全省最低分数线版本",
                "ordering": ["season", "-number"],
            },
        ),
        migrations.CreateModel(
            name="StatusChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "was",
                    models.CharField(
                        blank=True, help_text="空为没有状态", max_length=12, verbose_name="原状态"
                    ),
                ),
                ("was_words", models.CharField(blank=True, max_length=200, verbose_name="原来的原因")),
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
            ],
            options={
                "verbose_name": "考生状态变更",
            },
        ),
        migrations.AddField(
            model_name="statusrequest",
            name="back_to",
            field=models.PositiveIntegerField(null=True, verbose_name="还原为"),
        ),
        migrations.AddField(
            model_name="statusrequest",
            name="version",
            field=models.PositiveIntegerField(null=True, verbose_name="版本"),
        ),
        migrations.AlterField(
            model_name="statusrequest",
            name="status",
            field=models.CharField(
                choices=[
                    ("abstains", "不参加"),
                    ("disqualified", "取消资格"),
                    ("general", "已被普通高中录取"),
                    ("absent", "缺考"),
                    ("restored", "恢复"),
                    ("mixed", "多种状态"),
                ],
                max_length=12,
                verbose_name="设为",
            ),
        ),
        migrations.AddField(
            model_name="candidatestatus",
            name="request",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="dispatch.statusrequest",
                verbose_name="申请",
            ),
        ),
        migrations.AddField(
            model_name="candidatestatus",
            name="season",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="admissions.season"),
        ),
        migrations.AddField(
            model_name="provinceversion",
            name="made_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="provinceversion",
            name="season",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="admissions.season"
            ),
        ),
        migrations.AddField(
            model_name="statuschange",
            name="candidate",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="admissions.candidate",
            ),
        ),
        migrations.AddField(
            model_name="statuschange",
            name="request",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="changes",
                to="dispatch.statusrequest",
            ),
        ),
        migrations.AddConstraint(
            model_name="provinceversion",
            constraint=models.UniqueConstraint(
                fields=("season", "function", "number"), name="province_version_once"
            ),
        ),
        migrations.AddIndex(
            model_name="statuschange",
            index=models.Index(fields=["candidate"], name="status_change_candidate"),
        ),
        migrations.AddConstraint(
            model_name="statuschange",
            constraint=models.UniqueConstraint(
                fields=("request", "candidate"), name="status_change_once_per_candidate"
            ),
        ),
        wall("dispatch_candidatestatus", OF_CANDIDATE.format(table="dispatch_candidatestatus")),
        wall("dispatch_statuschange", OF_CANDIDATE.format(table="dispatch_statuschange")),
        append_only("dispatch_statuschange"),
        append_only("dispatch_provinceversion"),
        migrations.RunPython(number_versions, migrations.RunPython.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="statusrequest",
            constraint=models.UniqueConstraint(
                fields=("season", "city", "version"), name="status_version_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="statusrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "effective"), ("version__isnull", False)),
                    models.Q(models.Q(("state", "effective"), _negated=True), ("version__isnull", True)),
                    _connector="OR",
                ),
                name="status_version_when_effective",
            ),
        ),
    ]
