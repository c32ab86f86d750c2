"""Choices as rows, for entry and review; a dispatch freezes them as arrays."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import TenantQuerySet

from .batch import Batch
from .candidate import Candidate
from .school import School


class ChoiceQuerySet(TenantQuerySet):
    source_path = "candidate__"
    school_column = "school"


class Choice(models.Model):
    """One choice of a candidate in a batch; ``position`` counts from 1."""

    candidate = models.ForeignKey(Candidate, models.CASCADE, related_name="choices", db_index=False)
    batch = models.ForeignKey(Batch, models.CASCADE, db_index=False, db_constraint=False)
    position = models.PositiveSmallIntegerField("志愿序号")
    school = models.ForeignKey(
        School, models.PROTECT, verbose_name="院校", db_index=False, db_constraint=False
    )
    majors = ArrayField(models.CharField(max_length=8), default=list, verbose_name="专业志愿")
    accepts_adjustment = models.BooleanField("服从调剂", default=False)

    objects = ChoiceQuerySet.as_manager()

    class Meta:
        verbose_name = "志愿"
        ordering = ["candidate", "batch", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["candidate", "batch", "position"], name="choice_once_per_position"
            ),
        ]
        indexes = [models.Index(fields=["batch", "school"], name="choice_school")]
