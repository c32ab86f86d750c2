"""The year's intake and its windows: when what may be done."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import TenantQuerySet


class ProvinceQuerySet(TenantQuerySet):
    """Rows of the whole province: everyone in it sees them."""

    province_column = "province"

    def visible_to(self, actor):
        if actor.scope is None:
            return self.none()
        return self.filter(**{self.province_column: actor.scope.province})


class Season(models.Model):
    """One year's intake of a province (招生年度、季)."""

    province = models.CharField("省", max_length=2)
    year = models.PositiveSmallIntegerField("年度")
    intake = models.CharField("招生季", max_length=6, default="autumn")
    name = models.CharField("名称", max_length=60)
    current = models.BooleanField("当前", default=True)

    objects = ProvinceQuerySet.as_manager()

    class Meta:
        verbose_name = "招生年度"
        constraints = [
            models.UniqueConstraint(fields=["province", "year", "intake"], name="season_once"),
            models.UniqueConstraint(
                fields=["province"], condition=Q(current=True), name="one_current_season"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class WindowQuerySet(ProvinceQuerySet):
    """Those of the province, and of cities those seen; a school sees all, for it takes candidates from many."""

    province_column = "season__province"

    def visible_to(self, actor):
        rows = super().visible_to(actor)
        if actor.scope is None or actor.scope.schools or actor.scope.province in actor.scope.regions:
            return rows
        return rows.filter(city__in=["", *(code[:4] for code in actor.scope.regions)])

    def of_province(self):
        """Windows that hold for the whole province."""
        return self.filter(city="", batch=None, plan_kind="")

    def deadlines(self):
        """Those of schools, and those of the province that are set apart; not the plain ones of its calendar."""
        return self.filter(kind__in=Window.CITY_KINDS) | self.set_apart()

    def set_apart(self):
        """Those of a batch or of a kind of plan alone, of the kinds that only the province sets."""
        return self.filter(kind__in=Window.NARROW_KINDS).exclude(batch=None, plan_kind="")


class Window(models.Model):
    """A span of time in which a kind of deed is open (粤招办〔2021〕28号 二（二）（三）（四）).

    Those of ``CITY_KINDS`` are deadlines of schools: a city may set its own, for all its batches or for one,
    which then go before that of the province. Those of ``NARROW_KINDS`` are the province's alone: it may set
    others for a batch or for a kind of plan, such as 三二分段 (二（三）1), which then go before its own.
    """

    class Kind(models.TextChoices):
        DISPATCH = "dispatch", "投档录取"
        REGISTRATION = "registration", "新生注册"
        PRINTING = "printing", "名册打印备案"
        READING = "reading", "院校阅档"
        CONFIRMING = "confirming", "预录提交"

    CITY_KINDS = (Kind.READING, Kind.CONFIRMING)
    NARROW_KINDS = (Kind.REGISTRATION,)

    season = models.ForeignKey(Season, models.CASCADE, related_name="windows")
    kind = models.CharField("事项", max_length=14, choices=Kind)
    stage = models.PositiveSmallIntegerField("阶段", default=1)
    city = models.CharField("市", max_length=4, blank=True, help_text="空为全省")
    batch = models.ForeignKey("admissions.Batch", models.CASCADE, null=True, verbose_name="批次")
    plan_kind = models.CharField("计划类型", max_length=4, blank=True, help_text="空为各类")
    opens_at = models.DateTimeField("开始时间")
    closes_at = models.DateTimeField("截止时间")

    objects = WindowQuerySet.as_manager()

    class Meta:
        verbose_name = "时间窗"
        ordering = ["season", "stage", "opens_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["season", "kind", "stage", "city", "batch", "plan_kind"],
                name="window_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(closes_at__gt=models.F("opens_at")), name="window_forward"),
        ]

    @property
    def is_open(self) -> bool:
        """Decided by the clock at the moment of asking, never by a schedule having run."""
        return self.opens_at <= timezone.now() < self.closes_at

    @property
    def has_closed(self) -> bool:
        return timezone.now() >= self.closes_at
