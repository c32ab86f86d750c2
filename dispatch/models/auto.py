"""自动审核管理: rules that let plain decisions of schools pass, their versions, trials and what they decided."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import TenantQuerySet
from admissions.models import Batch, Candidate, School, Season
from admissions.models.score import CityQuerySet

from .placement import Placement


class RuleRowQuerySet(TenantQuerySet):
    """Rows of a rule, seen by whoever sees the rule."""

    def visible_to(self, actor):
        return self.filter(rule__in=AutoRule.objects.visible_to(actor).values("pk"))


class AutoRule(models.Model):
    """For which decisions of a city a rule holds, and whether it is on; what it asks for is in its version."""

    class Kind(models.TextChoices):
        ADMISSIONS = "admissions", "录取"
        RETURNS = "returns", "退档"

    season = models.ForeignKey(Season, models.PROTECT)
    city = models.CharField("市", max_length=4)
    kind = models.CharField("审核", max_length=10, choices=Kind)
    batch = models.ForeignKey(Batch, models.PROTECT, null=True, verbose_name="批次", related_name="+")
    school = models.ForeignKey(School, models.PROTECT, null=True, verbose_name="院校", related_name="+")
    plan_kind = models.CharField("计划类型", max_length=4, blank=True)
    on = models.BooleanField("启用", default=False)
    version = models.ForeignKey("AutoVersion", models.PROTECT, null=True, related_name="+")

    objects = CityQuerySet.as_manager()

    class Meta:
        verbose_name = "自动审核规则"
        ordering = ["season", "city", "kind", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["season", "city", "kind", "batch", "school", "plan_kind"],
                name="auto_rule_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        parts = [self.batch and self.batch.name, self.school and self.school.name, self.plan_kind]
        return f"自动审核{self.get_kind_display()}（{'、'.join(filter(None, parts)) or '全市'}）"

    @property
    def breadth(self) -> tuple[int, int]:
        """Sort key: the narrowest rule first, the older of equals."""
        return -sum(map(bool, (self.batch_id, self.school_id, self.plan_kind))), self.pk


class AutoVersion(models.Model):
    """What a rule asks for, as it stood after one change. Rows are only ever added.

    ``seed`` draws the sample that a person checks again; nobody chooses it, and it can be drawn again from it.
    """

    rule = models.ForeignKey(AutoRule, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField("版本")
    content = models.JSONField("内容")
    seed = models.CharField("抽样种子", max_length=32)
    note = models.CharField("说明", max_length=200, blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("时间", auto_now_add=True)

    objects = RuleRowQuerySet.as_manager()

    class Meta:
        verbose_name = "自动审核规则版本"
        ordering = ["rule", "-number"]
        constraints = [models.UniqueConstraint(fields=["rule", "number"], name="auto_version_once")]


class AutoTrial(models.Model):
    """A version tried on what officers had decided on one day; nothing was decided. Rows are only ever added.

    ``refused`` holds the events by which an officer sent back what the rule would have let through.
    """

    rule = models.ForeignKey(AutoRule, models.PROTECT, related_name="trials")
    version = models.ForeignKey(AutoVersion, models.PROTECT, related_name="trials")
    day = models.DateField("试运行日期")
    decided = models.PositiveIntegerField("当日人工审核")
    passed = models.PositiveIntegerField("规则会通过")
    refused = ArrayField(models.BigIntegerField(), default=list, verbose_name="其中人工退回")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("时间", auto_now_add=True)

    objects = RuleRowQuerySet.as_manager()

    class Meta:
        verbose_name = "自动审核试运行"
        ordering = ["-pk"]


class AutoSwitch(models.Model):
    """A rule was switched on or off: by whom, when, why; by nobody if it did so itself. Only ever added."""

    rule = models.ForeignKey(AutoRule, models.PROTECT, related_name="switches")
    version = models.ForeignKey(AutoVersion, models.PROTECT, related_name="+")
    on = models.BooleanField("启用")
    words = models.CharField("原因", max_length=200)
    trial = models.ForeignKey(AutoTrial, models.PROTECT, null=True, related_name="+")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("时间", auto_now_add=True)

    objects = RuleRowQuerySet.as_manager()

    class Meta:
        verbose_name = "自动审核开关"
        ordering = ["-pk"]


class AutoDecisionQuerySet(TenantQuerySet):
    source_path = ""


class AutoDecision(models.Model):
    """A placement that a rule has let through, by which version; and what a person said of it afterwards."""

    placement = models.OneToOneField(
        Placement, models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="auto_decision"
    )
    rule = models.ForeignKey(AutoRule, models.PROTECT, verbose_name="规则")
    version = models.ForeignKey(AutoVersion, models.PROTECT, related_name="decisions")
    candidate = models.ForeignKey(Candidate, models.DO_NOTHING, db_constraint=False, related_name="+")
    season = models.ForeignKey(Season, models.PROTECT)
    province = models.CharField(max_length=2)
    city = models.CharField(max_length=4)
    county = models.CharField("生源县区", max_length=6)
    at = models.DateTimeField("通过时间")
    sampled = models.BooleanField("抽中复核", default=False)
    agrees = models.BooleanField("复核同意", null=True)
    words = models.CharField("复核说明", max_length=500, blank=True)
    checked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    checked_at = models.DateTimeField("复核时间", null=True)

    objects = AutoDecisionQuerySet.as_manager()

    class Meta:
        verbose_name = "自动审核决定"
        indexes = [
            models.Index(
                fields=["version"], name="auto_to_check", condition=models.Q(sampled=True, agrees=None)
            )
        ]
