"""Runs: one dispatch of a batch, from rehearsal to release, kept for ever."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import TenantQuerySet
from admissions.models import Batch, Candidate, School

from .control import BatchRowQuerySet

OPEN_STATES = ("draft", "rehearsed", "confirmed")
PAUSING_STATES = ("confirmed", "executed")  # schools do nothing in its batch


class Run(models.Model):
    """A dispatch: parameters → checks → rehearsal → a second person → execution → release.

    ``fingerprint`` joins parameters, input and outcome; what a second person confirms is this very
    fingerprint, and an execution that would give another one is refused.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "待预演"
        REHEARSED = "rehearsed", "已预演，待复核"
        CONFIRMED = "confirmed", "已复核，待执行"
        EXECUTED = "executed", "已投档，待发布"
        RELEASED = "released", "已发布院校"
        CANCELLED = "cancelled", "已撤销"

    class Kind(models.TextChoices):
        """Which function of the table opened it; all go through the same procedure."""

        BATCH = "dispatch_batch", "批量投档"
        SCHOOL = "dispatch_school", "指定院校投档"
        LOTTERY = "admit_by_lottery", "指定派位录取"

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="runs", verbose_name="批次")
    kind = models.CharField("方式", max_length=16, choices=Kind, default=Kind.BATCH)
    only_schools = ArrayField(models.BigIntegerField(), default=list, verbose_name="指定院校")
    round = models.PositiveSmallIntegerField("轮次")
    state = models.CharField("状态", max_length=10, choices=State, default=State.DRAFT)
    parameters = models.JSONField("参数", default=dict)
    input_digest = models.CharField("输入摘要", max_length=64, blank=True)
    outcome_digest = models.CharField("结果摘要", max_length=64, blank=True)
    fingerprint = models.CharField("指纹", max_length=64, blank=True)
    candidates = models.PositiveIntegerField("参加投档", default=0)
    sent = models.PositiveIntegerField("投出", default=0)
    faults = models.JSONField("核验结果", default=list)
    left_out = models.JSONField("隔离院校", default=list)
    roster_digest = models.CharField("名单摘要", max_length=64, blank=True)
    roster_size = models.PositiveIntegerField("名单人数", default=0)
    randomness = models.CharField("公开随机数", max_length=200, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    rehearsed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    executed_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)

    objects = BatchRowQuerySet.as_manager()

    class Meta:
        verbose_name = "投档"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["batch"],
                condition=Q(state__in=OPEN_STATES),
                name="one_open_run_per_batch",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=models.F("created_by")),
                name="confirmed_by_a_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch.name} 第 {self.round} 轮"

    @property
    def function(self) -> str:
        """Key of the function that opened it."""
        return f"dispatch.{self.kind}"

    @property
    def open(self) -> bool:
        """Whether it may still be rehearsed."""
        return self.state in OPEN_STATES

    @property
    def admits(self) -> bool:
        """Whether it admits at once, so that no school reads."""
        return self.kind == self.Kind.LOTTERY

    @property
    def drawn(self) -> bool:
        """Whether lottery numbers take part, so that it needs a public seed."""
        return "lottery" in self.parameters.get("tie_keys", ())

    @property
    def practice(self) -> bool:
        """Whether its last rehearsal was 演练: numbers from a seed that is not the public one."""
        return bool(self.rehearsed_at and self.parameters.get("practice"))

    @property
    def word(self) -> str:
        """Its state in words."""
        if self.practice and self.state == self.State.DRAFT:
            return "已演练，待公开随机数" if not self.randomness else "待预演"
        if self.admits and self.state == self.State.EXECUTED:
            return "已录取，待发布"
        return self.get_state_display()

    @property
    def round_name(self) -> str:
        """Season, city, batch and round, as they go into the seed: ``2021autumn-4401-42-1``."""
        season = self.batch.season
        return f"{season.year}{season.intake}-{self.batch.city}-{self.batch.code}-{self.round}"

    @property
    def pauses(self) -> bool:
        """Whether the schools of its batch do nothing meanwhile; since ``confirmed_at``."""
        return self.state in PAUSING_STATES


class RunSchool(models.Model):
    """What a run gives one school: the line of the rehearsal table."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="schools")
    school = models.ForeignKey(School, models.PROTECT, verbose_name="院校")
    plan = models.PositiveIntegerField("计划余额")
    offered = models.PositiveIntegerField("可投数")
    wanted = models.PositiveIntegerField("填报人数")
    sent = models.PositiveIntegerField("投出")
    lowest = models.IntegerField("最低分", null=True)
    lowest_rank = models.IntegerField("最低分位次", null=True)
    lowest_keys = ArrayField(models.IntegerField(), default=list, verbose_name="最低分同分比较值")
    kept = models.PositiveIntegerField("指标", null=True)
    allotted = models.PositiveIntegerField("指标投出", null=True)
    lowest_allotted = models.IntegerField("指标最低分", null=True)
    lowest_unified = models.IntegerField("统招最低分", null=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        verbose_name = "院校投档结果"
        ordering = ["school"]
        constraints = [models.UniqueConstraint(fields=["run", "school"], name="run_school_once")]

    @property
    def short(self) -> int:
        """Seats that found nobody."""
        return max(self.offered - self.sent, 0)


class FrozenChoices(models.Model):
    """A candidate's choices of a batch as one array: what a dispatch reads and its digest covers.

    ``schools`` holds the school of each choice in the candidate's order, 0 where there is none.
    """

    batch = models.ForeignKey(Batch, models.CASCADE, db_constraint=False)
    candidate = models.ForeignKey(Candidate, models.CASCADE, db_constraint=False, db_index=False)
    schools = ArrayField(models.IntegerField())

    class Meta:
        verbose_name = "冻结志愿"
