"""What a city sets before dossiers are sent: lines and what schools may do."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import TenantQuerySet
from admissions.models import Batch, School


class BatchRowQuerySet(TenantQuerySet):
    """Rows of a batch, seen by the offices of its city and above."""

    def visible_to(self, actor):
        if actor.scope is None:
            return self.none()
        return self.filter(batch__in=Batch.objects.visible_to(actor).values("pk"))


class RegionLine(models.Model):
    """Lowest dispatch score of a batch, for the whole city or for one county (设置区域分数线)."""

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="lines")
    county = models.CharField("县区", max_length=6, blank=True, help_text="空为全市")
    score = models.PositiveIntegerField("分数线（百分之一分）")

    objects = BatchRowQuerySet.as_manager()

    class Meta:
        verbose_name = "区域分数线"
        constraints = [models.UniqueConstraint(fields=["batch", "county"], name="region_line_once")]


class SchoolControl(models.Model):
    """What a school may do in a batch, and what of it an office must audit."""

    class Status(models.TextChoices):
        OPEN = "open", "可投档"
        PAUSED = "paused", "暂停"
        FINISHED = "finished", "录取结束"

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="controls")
    school = models.ForeignKey(School, models.PROTECT)
    status = models.CharField("院校状态", max_length=10, choices=Status, default=Status.OPEN)
    reviews_admissions = models.BooleanField("录取须审核", default=True)
    reviews_returns = models.BooleanField("退档须审核", default=True)
    line = models.PositiveIntegerField("院校分数线（百分之一分）", null=True, blank=True)

    objects = BatchRowQuerySet.as_manager()

    class Meta:
        verbose_name = "院校控制"
        constraints = [
            models.UniqueConstraint(fields=["batch", "school"], name="school_control_once"),
            models.CheckConstraint(
                condition=Q(line__isnull=True) | Q(line__gte=0), name="school_line_positive"
            ),
        ]


class ControlVersion(models.Model):
    """All that one function has set for a batch, as it stood after one change: to compare and to go back to.

    Rows are only ever added; the database refuses the rest.
    """

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="versions")
    function = models.CharField("功能", max_length=60)
    number = models.PositiveIntegerField("版本")
    content = models.JSONField("内容")
    note = models.CharField("说明", max_length=200, blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("时间", auto_now_add=True)

    objects = BatchRowQuerySet.as_manager()

    class Meta:
        verbose_name = "投档控制版本"
        ordering = ["batch", "function", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "function", "number"], name="control_version_once")
        ]
