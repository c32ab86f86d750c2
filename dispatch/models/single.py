"""Dossiers sent one by one (点投, 批件投档): who asked, who agreed, the line and the own score at that moment."""

from django.conf import settings
from django.db import models

from accounts.models import TenantQuerySet
from admissions.models import Batch, Candidate, Request, School, Season


class SingleDispatchQuerySet(TenantQuerySet):
    """Carries both scopes, as a placement does."""

    source_path = ""
    supervisor_column = "supervisor"
    school_column = "school"


class SingleDispatch(models.Model):
    """One dossier that was sent by itself on an agreed request. Rows are only ever added.

    Of the steps below the line these rows are the register that the office above reads; of 批件投档 they are
    the ledger of what was executed.
    """

    class Step(models.TextChoices):
        """The step of the dossier (``admissions.lifecycle``)."""

        ABOVE = "dispatch_above_line", "线上点投"
        ADMIT_ABOVE = "admit_above_line", "线上点投并录取"
        BELOW = "dispatch_below_line", "线下点投"
        ADMIT_BELOW = "admit_below_line", "线下点投并录取"
        SPECIAL = "special_dispatch", "批件投档"

    request = models.ForeignKey(Request, models.PROTECT, related_name="+", verbose_name="申请")
    step = models.CharField("方式", max_length=20, choices=Step)
    placement_id = models.BigIntegerField(unique=True)
    candidate = models.ForeignKey(Candidate, models.DO_NOTHING, db_constraint=False, related_name="+")
    season = models.ForeignKey(Season, models.PROTECT, related_name="+")
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="+", verbose_name="批次")
    province = models.CharField(max_length=2)
    city = models.CharField(max_length=4)
    county = models.CharField(max_length=6)
    school = models.ForeignKey(School, models.PROTECT, related_name="+", verbose_name="院校")
    supervisor = models.CharField(max_length=6)
    major = models.CharField("录取专业", max_length=120, blank=True, help_text="直接录取的，代码和名称")
    line = models.PositiveIntegerField("控制线", help_text="百分之一分；0 为未设")
    score = models.IntegerField("投档成绩", null=True)
    reason = models.CharField("理由", max_length=100)
    words = models.TextField("说明", blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="申请人"
    )
    agreed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="批准人"
    )
    at = models.DateTimeField("执行时间", auto_now_add=True)

    objects = SingleDispatchQuerySet.as_manager()

    class Meta:
        verbose_name = "单独投档"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(asked_by=models.F("agreed_by")), name="single_agreed_by_a_second_person"
            )
        ]
        indexes = [models.Index(fields=["season", "step"], name="single_step")]

    @property
    def short(self) -> int | None:
        """By how many hundredths of a mark the score falls short of the line; None if it does not."""
        if self.score is None or self.score >= self.line:
            return None
        return self.line - self.score
