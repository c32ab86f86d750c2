"""What a city sets before dossiers are sent: lines and what schools may do."""

from django.db import models
from django.db.models import Q

from accounts.models import TenantQuerySet
from admissions.models import Batch, School, Season, StoredVersion
from admissions.models.season import ProvinceQuerySet


class BatchRowQuerySet(TenantQuerySet):
    """Rows of a batch, seen by the offices of its city and above."""

    def visible_to(self, actor):
        if actor.scope is None:
            return self.none()
        return self.filter(batch__in=Batch.objects.visible_to(actor).values("pk"))


class SeasonRowQuerySet(ProvinceQuerySet):
    province_column = "season__province"


class ProvinceLine(models.Model):
    """Lowest line of a province, for all plans or for one kind of plan, below which no city's line counts.

    In marks, or, where totals differ from city to city, in per cent of full marks (鲁招考〔2019〕46号 二3: 分数线成绩
    原则上达到满分分值的60%).
    """

    season = models.ForeignKey(Season, models.CASCADE)
    kind = models.CharField("计划类型", max_length=4, blank=True, help_text="空为全部")
    score = models.PositiveIntegerField("分数线（百分之一分）", null=True, blank=True)
    percent = models.PositiveSmallIntegerField("满分的百分之几", null=True, blank=True)

    objects = SeasonRowQuerySet.as_manager()

    class Meta:
        verbose_name = "全省最低分数线"
        ordering = ["season", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["season", "kind"], name="province_line_once"),
            models.CheckConstraint(
                condition=Q(score__isnull=True) ^ Q(percent__isnull=True), name="province_line_one_unit"
            ),
        ]


class RegionLine(models.Model):
    """Lowest dispatch score of a batch, for the whole city or one county, all plans or one kind of plan.

    The line of the county goes before that of the city, and at the same place the line of the kind before
    that of all kinds (设置区域分数线).
    """

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="lines")
    county = models.CharField("县区", max_length=6, blank=True, help_text="空为全市")
    kind = models.CharField("计划类型", max_length=4, blank=True, help_text="空为全部")
    score = models.PositiveIntegerField("分数线（百分之一分）")

    objects = BatchRowQuerySet.as_manager()

    class Meta:
        verbose_name = "区域分数线"
        constraints = [
            models.UniqueConstraint(fields=["batch", "county", "kind"], name="region_line_once_per_kind")
        ]


class SchoolLine(models.Model):
    """A school's own line in a batch, for the whole city or one county (设置院校区域分数线)."""

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="school_lines")
    school = models.ForeignKey(School, models.PROTECT)
    county = models.CharField("县区", max_length=6, blank=True, help_text="空为全市")
    score = models.PositiveIntegerField("分数线（百分之一分）")

    objects = BatchRowQuerySet.as_manager()

    class Meta:
        verbose_name = "院校区域分数线"
        constraints = [models.UniqueConstraint(fields=["batch", "school", "county"], name="school_line_once")]


class SchoolCondition(models.Model):
    """One condition of a school in a batch; ``condition_kinds.py`` says what kinds there are.

    Groups must all be met; within a group one condition is enough (设置院校投档特殊条件限制).
    """

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="conditions")
    school = models.ForeignKey(School, models.PROTECT)
    group = models.PositiveSmallIntegerField("组号", default=1)
    kind = models.CharField("项目", max_length=12)
    item = models.CharField("对象", max_length=60, blank=True)
    demand = models.CharField("要求", max_length=200, blank=True)

    objects = BatchRowQuerySet.as_manager()

    class Meta:
        verbose_name = "投档特殊条件"
        ordering = ["batch", "school", "group", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "school", "group", "kind", "item", "demand"], name="school_condition_once"
            )
        ]


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

    objects = BatchRowQuerySet.as_manager()

    class Meta:
        verbose_name = "院校控制"
        constraints = [models.UniqueConstraint(fields=["batch", "school"], name="school_control_once")]


class ControlVersion(StoredVersion):
    """All that one function has set for a batch."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="versions")

    objects = BatchRowQuerySet.as_manager()

    class Meta:
        verbose_name = "投档控制版本"
        ordering = ["batch", "function", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "function", "number"], name="control_version_once")
        ]


class ProvinceVersion(StoredVersion):
    """All lowest lines of a province's season."""

    season = models.ForeignKey(Season, models.PROTECT, related_name="+")

    objects = SeasonRowQuerySet.as_manager()

    class Meta:
        verbose_name = "全省最低分数线版本"
        ordering = ["season", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["season", "function", "number"], name="province_version_once")
        ]
