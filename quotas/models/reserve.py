"""机动计划: seats of a school that stand outside of its plan lines until they are given to one."""

from django.db import models
from django.db.models import F, Q

from accounts.models import TenantQuerySet
from admissions.models import Batch, School, StoredVersion


class OfBatchQuerySet(TenantQuerySet):
    """Rows of a batch, seen by whoever sees the batch."""

    def visible_to(self, actor):
        if actor.scope is None:
            return self.none()
        return self.filter(batch__in=Batch.objects.visible_to(actor).values("pk"))


class Reserve(models.Model):
    """Seats a school keeps back in a batch; a dispatch does not offer them.

    ``used`` seats have gone to plan lines (``PlanChange`` says to which).
    """

    batch = models.ForeignKey(Batch, models.CASCADE, verbose_name="批次")
    school = models.ForeignKey(School, models.PROTECT, verbose_name="院校")
    seats = models.PositiveIntegerField("机动计划数")
    used = models.PositiveIntegerField("已使用", default=0)

    objects = OfBatchQuerySet.as_manager()

    class Meta:
        verbose_name = "机动计划"
        ordering = ["batch", "school"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "school"], name="reserve_once"),
            models.CheckConstraint(condition=Q(used__lte=F("seats")), name="reserve_used_within_seats"),
        ]


class ReserveVersion(StoredVersion):
    """All that a control of this app has set for a batch: reserves, allotments."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="+")

    objects = OfBatchQuerySet.as_manager()

    class Meta:
        verbose_name = "机动计划版本"
        ordering = ["batch", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "function", "number"], name="reserve_version_once")
        ]
