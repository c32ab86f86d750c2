"""Approval of a whole queue of audit, carried out by a worker: who asked for it, and what came of each candidate."""

from django.db import models

from accounts.models import TenantQuerySet
from admissions.models import Bulk, Candidate, outcome_field

from .placement import Placement


class ReviewBulk(Bulk):
    """One approval in bulk of 审核录取 or 审核退档; its rows are the candidates that were meant."""

    class Meta(Bulk.Meta):
        verbose_name = "批量通过"
        indexes = [models.Index(fields=["organisation", "function"], name="review_bulk_of")]


class ReviewBulkRowQuerySet(TenantQuerySet):
    """Seen from the source region alone, which audits."""

    source_path = ""


class ReviewBulkRow(models.Model):
    """One candidate of a bulk: waiting, passed, or left out with the reason."""

    _FREE = {"on_delete": models.DO_NOTHING, "db_constraint": False}

    bulk = models.ForeignKey(ReviewBulk, models.CASCADE, related_name="rows")
    placement = models.ForeignKey(Placement, related_name="+", **_FREE)
    candidate = models.ForeignKey(Candidate, related_name="+", **_FREE)
    province = models.CharField(max_length=2)
    city = models.CharField(max_length=4)
    county = models.CharField("生源县区", max_length=6)
    outcome = outcome_field("已通过")
    words = models.TextField("说明", blank=True)

    objects = ReviewBulkRowQuerySet.as_manager()

    class Meta:
        verbose_name = "批量通过的考生"
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["bulk", "placement"], name="review_bulk_once")]
