"""Approval of many requests at once, carried out by a worker: who asked for it, and what came of each."""

from django.conf import settings
from django.db import models

from accounts.models import Organisation, TenantQuerySet

from .job import Job
from .request import Request, RequestRowQuerySet


class RequestBulkQuerySet(TenantQuerySet):
    """Seen by the organisation that decides, and by nobody above it."""

    def visible_to(self, actor):
        if actor.organisation_id is None:
            return self.none()
        return self.filter(organisation=actor.organisation_id)


class RequestBulk(models.Model):
    """One approval in bulk; its rows are the requests that were meant when it was confirmed."""

    function = models.CharField("功能", max_length=60)
    under = models.CharField(max_length=20, blank=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="审核人"
    )
    made_at = models.DateTimeField("开始时间", auto_now_add=True)
    job = models.OneToOneField(Job, models.PROTECT, null=True, related_name="+")

    objects = RequestBulkQuerySet.as_manager()

    class Meta:
        verbose_name = "批量同意"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["organisation", "function"], name="request_bulk_of")]

    def __str__(self) -> str:
        return f"批量同意 {self.pk}"


class RequestBulkRow(models.Model):
    """One request of a bulk: waiting, agreed to, or left out with the reason."""

    class Outcome(models.TextChoices):
        OPEN = "", "待办"
        DONE = "done", "已同意"
        LEFT = "left", "未办"

    bulk = models.ForeignKey(RequestBulk, models.CASCADE, related_name="rows")
    request = models.ForeignKey(Request, models.CASCADE, related_name="+")
    outcome = models.CharField("结果", max_length=4, choices=Outcome, default=Outcome.OPEN, blank=True)
    words = models.TextField("说明", blank=True)

    objects = RequestRowQuerySet.as_manager()

    class Meta:
        verbose_name = "批量同意的申请"
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["bulk", "request"], name="request_bulk_once")]
