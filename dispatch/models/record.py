"""What a run leaves for ever: its rehearsals, its verifications, and the chain of seals."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import TenantQuerySet
from admissions.models import Season

from .run import Run


class RunRowQuerySet(TenantQuerySet):
    """Rows of a run, seen by whoever sees the run."""

    def visible_to(self, actor):
        if actor.scope is None:
            return self.none()
        return self.filter(run__in=Run.objects.visible_to(actor).values("pk"))


class Rehearsal(models.Model):
    """One rehearsal of a run: what was asked, what was read and what came of it.

    The last formal one (``asked`` is empty) is what a second person confirms. The others answer what
    would be if: ``asked`` may hold ``lines`` (all lines moved by that many hundredths of a mark),
    ``plans_percent`` (all seats changed by that), ``plans`` (seats more or fewer, by key of the school) and
    ``parameters`` (other values of the mode); with ``from`` (number of the formal one it starts from) and
    ``difference`` (how many make each move, and ``lowest``, the schools whose lowest one sent differs).
    Its arrays lie in folders of their own (``runs.kept_path``).
    """

    run = models.ForeignKey(Run, models.CASCADE, related_name="rehearsals")
    number = models.PositiveSmallIntegerField("序号")
    asked = models.JSONField("假设", default=dict)
    parameters = models.JSONField("参数", default=dict)
    input_digest = models.CharField("输入摘要", max_length=64)
    outcome_digest = models.CharField("结果摘要", max_length=64)
    fingerprint = models.CharField("指纹", max_length=64)
    candidates = models.PositiveIntegerField("参加投档")
    sent = models.PositiveIntegerField("投出")
    by_choice = ArrayField(models.PositiveIntegerField(), default=list, verbose_name="各志愿投出")
    faults = models.JSONField("核验结果", default=list)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("时间", auto_now_add=True)

    objects = RunRowQuerySet.as_manager()

    class Meta:
        verbose_name = "预演"
        ordering = ["run", "-number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="rehearsal_once")]


class Verification(models.Model):
    """One recomputation of an executed run, and whether it gave what the run says. Only ever added."""

    class Method(models.TextChoices):
        SECOND = "second", "数据库第二实现"
        REPLAY = "replay", "内核重算"

    run = models.ForeignKey(Run, models.PROTECT, related_name="verifications")
    method = models.CharField("方法", max_length=8, choices=Method)
    outcome_digest = models.CharField("重算结果摘要", max_length=64)
    agrees = models.BooleanField("一致")
    words = models.TextField("说明", blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("时间", auto_now_add=True)

    objects = RunRowQuerySet.as_manager()

    class Meta:
        verbose_name = "重算核对"
        ordering = ["-pk"]


class Seal(models.Model):
    """One link of the chain that runs of a season form: what happened to a run, and the link before.

    ``digest`` is the SHA-256 of ``previous`` and ``content``, so that a run removed or altered shows.
    Rows are only ever added; the database refuses the rest.
    """

    season = models.ForeignKey(Season, models.PROTECT, related_name="+")
    number = models.PositiveIntegerField("序号")
    run = models.ForeignKey(Run, models.PROTECT, related_name="seals")
    deed = models.CharField("事项", max_length=10)
    content = models.TextField("内容")
    previous = models.CharField("前一封条", max_length=64, blank=True)
    digest = models.CharField("封条", max_length=64)
    at = models.DateTimeField("时间", auto_now_add=True)

    objects = RunRowQuerySet.as_manager()

    class Meta:
        verbose_name = "投档封条"
        ordering = ["season", "number"]
        constraints = [models.UniqueConstraint(fields=["season", "number"], name="seal_once")]
