"""Files that came in: kept as they were, with what was found and what became of them."""

from django.conf import settings
from django.db import models

from accounts.models import TenantQuerySet

from .season import Season


class ImportedFileQuerySet(TenantQuerySet):
    supervisor_column = "organisation__region"
    school_column = "organisation"


class ImportedFile(models.Model):
    """One file of one profile: uploaded, checked in a dry run, confirmed, written.

    ``digest`` is that of the bytes, ``plan_digest`` that of what would be written; a confirmation
    carries both and is refused if either has changed.
    """

    class State(models.TextChoices):
        UPLOADED = "uploaded", "待检查"
        CHECKED = "checked", "检查通过，待确认"
        FAULTY = "faulty", "有错误"
        CONFIRMED = "confirmed", "已确认，待写入"
        WRITTEN = "written", "已写入"
        REFUSED = "refused", "已拒绝"

    season = models.ForeignKey(Season, models.PROTECT)
    organisation = models.ForeignKey("accounts.Organisation", models.PROTECT)
    function = models.CharField("功能", max_length=60)
    profile = models.CharField("格式", max_length=40)
    city = models.CharField("市", max_length=4)
    path = models.CharField("存放位置", max_length=200)
    file_name = models.CharField("文件名", max_length=200)
    size = models.BigIntegerField("字节数")
    digest = models.CharField("文件摘要", max_length=64)
    plan_digest = models.CharField("变更摘要", max_length=64, blank=True)
    state = models.CharField("状态", max_length=10, choices=State, default=State.UPLOADED)
    rows_read = models.PositiveIntegerField("读入", default=0)
    rows_new = models.PositiveIntegerField("新增", default=0)
    rows_changed = models.PositiveIntegerField("变更", default=0)
    rows_same = models.PositiveIntegerField("不变", default=0)
    rows_vanishing = models.PositiveIntegerField("消失", default=0)
    findings = models.JSONField("检查结果", default=list)
    findings_count = models.PositiveIntegerField("错误数", default=0)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    written_at = models.DateTimeField(null=True)

    objects = ImportedFileQuerySet.as_manager()

    class Meta:
        verbose_name = "导入文件"
        ordering = ["-pk"]
