"""How a plan line came to its seats: one row for each change that took effect."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import TenantQuerySet
from admissions.models import Request

from .plan import PlanLine


class PlanChangeQuerySet(TenantQuerySet):
    """Seen by whoever sees the plan line."""

    def visible_to(self, actor):
        return self.filter(line__in=PlanLine.objects.visible_to(actor).values("pk"))


class PlanChange(models.Model):
    """One change of a line's seats. Rows are only ever added; the database refuses the rest.

    ``before`` and ``after`` are seats in force (planned, changed and over); ``other`` is the line that
    gave or got the seats of a transfer.
    """

    class Way(models.TextChoices):
        CHANGE = "change", "增减"
        OUT = "out", "调出"
        IN = "in", "调入"
        RESERVE = "reserve", "机动"

    line = models.ForeignKey(PlanLine, models.PROTECT, related_name="changes", verbose_name="计划")
    other = models.ForeignKey(PlanLine, models.PROTECT, null=True, related_name="+", verbose_name="对方计划")
    way = models.CharField("方式", max_length=8, choices=Way)
    seats = models.IntegerField("增减数")
    before = models.PositiveIntegerField("原计划数")
    after = models.PositiveIntegerField("现计划数")
    request = models.ForeignKey(Request, models.PROTECT, null=True, related_name="+", verbose_name="申请")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("时间", auto_now_add=True)

    objects = PlanChangeQuerySet.as_manager()

    class Meta:
        verbose_name = "计划变动"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(after=models.F("before") + models.F("seats")) & ~Q(seats=0),
                name="plan_change_adds_up",
            ),
        ]
