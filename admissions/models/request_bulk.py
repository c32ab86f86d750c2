"""Approval of many requests at once, carried out by a worker: who asked for it, and what came of each."""

from django.db import models

from .bulk import Bulk, outcome_field
from .request import Request, RequestRowQuerySet


class RequestBulk(Bulk):
    """One approval in bulk; its rows are the requests that were meant when it was confirmed."""

    under = models.CharField(max_length=20, blank=True)

    class Meta(Bulk.Meta):
        verbose_name = "批量同意"
        indexes = [models.Index(fields=["organisation", "function"], name="request_bulk_of")]

    @property
    def queue(self) -> dict[str, str]:
        return {"function": self.function, "under": self.under}


class RequestBulkRow(models.Model):
    """One request of a bulk: waiting, agreed to, or left out with the reason."""

    bulk = models.ForeignKey(RequestBulk, models.CASCADE, related_name="rows")
    request = models.ForeignKey(Request, models.CASCADE, related_name="+")
    outcome = outcome_field("已同意")
    words = models.TextField("说明", blank=True)

    objects = RequestRowQuerySet.as_manager()

    class Meta:
        verbose_name = "批量同意的申请"
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["bulk", "request"], name="request_bulk_once")]
