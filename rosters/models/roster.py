"""Printed documents: stored once with their digest, filed by an office, opened on the record."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import TenantQuerySet
from admissions.models import School, Season


class RosterQuerySet(TenantQuerySet):
    supervisor_column = "school__supervisor"
    school_column = "school"


class Roster(models.Model):
    """One version of a school's roster or of its notices, as a PDF that never changes."""

    class Kind(models.TextChoices):
        VOCATIONAL = "vocational", "录取名册（中职或技工）"
        NOTICES = "notices", "录取通知书"

    class State(models.TextChoices):
        QUEUED = "queued", "排队打印"
        PRINTED = "printed", "已打印"
        FILED = "filed", "已备案"

    season = models.ForeignKey(Season, models.PROTECT)
    school = models.ForeignKey(School, models.PROTECT, verbose_name="院校")
    kind = models.CharField("文书", max_length=10, choices=Kind)
    stage = models.PositiveSmallIntegerField("阶段")
    version = models.PositiveSmallIntegerField("版本")
    state = models.CharField("状态", max_length=8, choices=State, default=State.QUEUED)
    path = models.CharField("存放位置", max_length=200, blank=True)
    digest = models.CharField("摘要", max_length=64, blank=True, help_text="文件的 SHA-256")
    content = models.CharField("内容摘要", max_length=64, blank=True, help_text="各行内容的 SHA-256")
    parameters = models.JSONField("打印参数", default=dict)
    pages = models.PositiveIntegerField("页数", default=0)
    students = models.PositiveIntegerField("人数", default=0)
    printed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    printed_at = models.DateTimeField("打印时间", null=True)
    filed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    filed_at = models.DateTimeField("备案时间", null=True)

    objects = RosterQuerySet.as_manager()

    class Meta:
        verbose_name = "录取名册"
        ordering = ["school", "kind", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["season", "school", "kind", "stage", "version"], name="roster_version_once"
            ),
            models.CheckConstraint(
                condition=Q(filed_by__isnull=True) | ~Q(filed_by=models.F("printed_by")),
                name="filed_by_a_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.school.name} {self.get_kind_display()} 第 {self.version} 版"


class Printing(models.Model):
    """The ledger: who opened or printed which document, when. Rows are only ever added."""

    roster = models.ForeignKey(Roster, models.PROTECT, related_name="printings")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField("时间", auto_now_add=True)
    copy = models.PositiveIntegerField("第几份")

    class Meta:
        verbose_name = "查阅打印记录"
        ordering = ["-pk"]
