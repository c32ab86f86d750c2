"""指标到校（名额分配）: seats of a school that are kept for the candidates of each junior school."""

from django.db import models
from django.db.models import Q

from admissions.models import Batch, FeederSchool, School

from .reserve import OfBatchQuerySet


class Allotment(models.Model):
    """Seats that a school keeps in a batch for one junior school.

    By school and not by major, since a dispatch sends to schools (decision 0003); they are part of the
    school's plan there, not beside it.
    """

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="allotments", verbose_name="批次")
    school = models.ForeignKey(School, models.PROTECT, verbose_name="院校")
    feeder = models.ForeignKey(FeederSchool, models.PROTECT, verbose_name="毕业学校")
    seats = models.PositiveIntegerField("指标数")

    objects = OfBatchQuerySet.as_manager()

    class Meta:
        verbose_name = "指标分配"
        ordering = ["batch", "school", "feeder"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "school", "feeder"], name="allotment_once"),
            models.CheckConstraint(condition=Q(seats__gt=0), name="allotment_of_seats"),
        ]
