import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts.walls import append_only, concerned, wall

OF_REQUEST = "EXISTS (SELECT 1 FROM admissions_request r WHERE r.id = request_id)"


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_walls"),
        ("admissions", "0009_plan_review"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Request",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(help_text="提出申请的功能", max_length=60, verbose_name="种类")),
                ("number", models.CharField(max_length=20, unique=True, verbose_name="申请编号")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "草稿"),
                            ("submitted", "审核中"),
                            ("effective", "已生效"),
                            ("refused", "不同意"),
                            ("withdrawn", "已撤回"),
                        ],
                        default="draft",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("version", models.PositiveIntegerField(default=0, verbose_name="版本")),
                ("payload", models.JSONField(default=dict, verbose_name="内容")),
                (
                    "facts",
                    models.JSONField(default=list, help_text="名称与值，依次", verbose_name="内容（文字）"),
                ),
                ("summary", models.CharField(max_length=200, verbose_name="申请事项")),
                ("reason", models.CharField(blank=True, max_length=4, verbose_name="理由代码")),
                ("words", models.TextField(blank=True, verbose_name="理由")),
                ("subject", models.CharField(blank=True, max_length=60)),
                (
                    "regions",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=6), default=list, size=None
                    ),
                ),
                (
                    "schools",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="填写时间")),
                ("submitted_at", models.DateTimeField(null=True, verbose_name="提交时间")),
                ("due_at", models.DateTimeField(null=True, verbose_name="办理期限")),
                ("closed_at", models.DateTimeField(null=True, verbose_name="办结时间")),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="申请人",
                    ),
                ),
                (
                    "candidate",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="admissions.candidate",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organisation",
                        verbose_name="申请单位",
                    ),
                ),
                (
                    "school",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="admissions.school",
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
                "verbose_name": "申请",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="RequestAttachment",
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
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attachments",
                        to="admissions.request",
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
                "verbose_name": "附件",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="RequestEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="时间")),
                (
                    "deed",
                    models.CharField(
                        choices=[
                            ("drafted", "填写"),
                            ("changed", "修改"),
                            ("attached", "上传附件"),
                            ("detached", "删除附件"),
                            ("submitted", "提交"),
                            ("withdrawn", "撤回"),
                            ("approved", "同意"),
                            ("refused", "不同意"),
                            ("returned", "退回修改"),
                            ("effective", "生效"),
                        ],
                        max_length=10,
                        verbose_name="事项",
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("draft", "草稿"),
                            ("submitted", "审核中"),
                            ("effective", "已生效"),
                            ("refused", "不同意"),
                            ("withdrawn", "已撤回"),
                        ],
                        max_length=10,
                        verbose_name="原状态",
                    ),
                ),
                (
                    "target",
                    models.CharField(
                        choices=[
                            ("draft", "草稿"),
                            ("submitted", "审核中"),
                            ("effective", "已生效"),
                            ("refused", "不同意"),
                            ("withdrawn", "已撤回"),
                        ],
                        max_length=10,
                        verbose_name="新状态",
                    ),
                ),
                ("words", models.TextField(blank=True, verbose_name="说明")),
                ("content", models.JSONField(default=dict, verbose_name="当时的内容")),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organisation",
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="admissions.request",
                    ),
                ),
            ],
            options={
                "verbose_name": "申请轨迹",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="RequestParty",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("role", models.CharField(help_text="如 调出市", max_length=20, verbose_name="身份")),
                (
                    "decision",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "待审"),
                            ("approved", "同意"),
                            ("refused", "不同意"),
                            ("returned", "退回修改"),
                        ],
                        default="",
                        max_length=10,
                        verbose_name="意见",
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True, verbose_name="审核时间")),
                ("reason", models.CharField(blank=True, max_length=4, verbose_name="理由代码")),
                ("words", models.TextField(blank=True, verbose_name="理由")),
                ("taken_at", models.DateTimeField(null=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="审核人",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organisation",
                        verbose_name="审核单位",
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parties",
                        to="admissions.request",
                    ),
                ),
                (
                    "taken_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "审核方",
                "ordering": ["pk"],
            },
        ),
        migrations.AddIndex(
            model_name="request",
            index=django.contrib.postgres.indexes.GinIndex(fields=["regions"], name="request_regions"),
        ),
        migrations.AddIndex(
            model_name="request",
            index=django.contrib.postgres.indexes.GinIndex(fields=["schools"], name="request_schools"),
        ),
        migrations.AddIndex(
            model_name="request",
            index=models.Index(
                condition=models.Q(("state", "submitted")),
                fields=["kind", "submitted_at"],
                name="request_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="request",
            index=models.Index(fields=["organisation", "kind"], name="request_own"),
        ),
        migrations.AddConstraint(
            model_name="request",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "submitted"), models.Q(("subject", ""), _negated=True)),
                fields=("season", "subject"),
                name="one_open_request_per_subject",
            ),
        ),
        migrations.AddConstraint(
            model_name="request",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", "draft"),
                    ("state", "withdrawn"),
                    ("submitted_at__isnull", False),
                    _connector="OR",
                ),
                name="request_submitted_before_decided",
            ),
        ),
        migrations.AddIndex(
            model_name="requestparty",
            index=models.Index(
                condition=models.Q(("decision", "")), fields=["organisation"], name="request_party_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="requestparty",
            constraint=models.UniqueConstraint(fields=("request", "organisation"), name="request_party_once"),
        ),
        migrations.AddConstraint(
            model_name="requestparty",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decision", ""),
                    models.Q(("decided_at__isnull", False), ("decided_by__isnull", False)),
                    _connector="OR",
                ),
                name="request_party_decided_by_somebody",
            ),
        ),
        wall("admissions_request", concerned("regions", "schools")),
        wall("admissions_requestparty", OF_REQUEST),
        wall("admissions_requestattachment", OF_REQUEST),
        wall("admissions_requestevent", OF_REQUEST),
        append_only("admissions_requestevent"),
    ]
