"""Sheets: the numbered set of dossiers that one run or one agreed request hands to one school (投档单)."""

from django.db import models

from accounts.models import TenantQuerySet
from admissions.models import Batch, Request, School

from .run import Run


class SheetQuerySet(TenantQuerySet):
    """Seen by the city that sends, by the supervisor, and by the school once released."""

    def visible_to(self, actor):
        scope = actor.scope
        if scope is None:
            return self.none()
        seen = scope.supervised("school__supervisor")
        for code in scope.regions:
            seen |= (
                models.Q(batch__season__province=code) if len(code) == 2 else models.Q(batch__city=code[:4])
            )
        if scope.schools:
            released = models.Q(released_at__isnull=False, cancelled_at__isnull=True)
            seen |= scope.own_schools("school") & released
        return self.filter(seen)


class Sheet(models.Model):
    """A sheet: released to the school, read, submitted, settled; or cancelled as a whole.

    It comes of a run, or of a request for 点投 or 批件投档; the number of the request is then its own.
    """

    run = models.ForeignKey(Run, models.PROTECT, null=True, related_name="sheets")
    request = models.ForeignKey(Request, models.PROTECT, null=True, related_name="+")
    batch = models.ForeignKey(Batch, models.PROTECT, verbose_name="批次")
    school = models.ForeignKey(School, models.PROTECT, verbose_name="院校")
    number = models.CharField("投档单编号", max_length=30, unique=True)
    size = models.PositiveIntegerField("档案数")
    released_at = models.DateTimeField("发布时间", null=True)
    opened_at = models.DateTimeField("院校打开时间", null=True)
    submitted_at = models.DateTimeField("院校提交时间", null=True)
    cancelled_at = models.DateTimeField("撤销时间", null=True)

    objects = SheetQuerySet.as_manager()

    class Meta:
        verbose_name = "投档单"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["run", "school"], name="one_sheet_per_run_and_school"),
            models.CheckConstraint(
                condition=models.Q(run__isnull=False) ^ models.Q(request__isnull=False),
                name="sheet_of_a_run_or_a_request",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def word(self) -> str:
        """How it stands, in words."""
        if self.cancelled_at:
            return "已撤销"
        if self.submitted_at:
            return "派位录取" if self.run and self.run.admits else "已提交"
        if self.opened_at:
            return "院校在阅"
        return "已发布" if self.released_at else "待发布"
