"""What is known of candidates beside the examination: tests of schools, and traits such as grades."""

from django.db import models

from accounts.models import TenantQuerySet
from admissions.models import Batch, Candidate, School, Season


class OfCandidateQuerySet(TenantQuerySet):
    source_path = "candidate__"


class SchoolTest(models.Model):
    """What a candidate did at a school's own test or interview in a batch (面试、专业技能考核)."""

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="tests")
    school = models.ForeignKey(School, models.PROTECT, db_index=False)
    candidate = models.ForeignKey(Candidate, models.CASCADE, db_constraint=False)
    marks = models.PositiveIntegerField("考核成绩（百分之一分）", default=0)
    passed = models.BooleanField("合格", default=True)

    objects = OfCandidateQuerySet.as_manager()

    class Meta:
        verbose_name = "院校考核成绩"
        constraints = [
            models.UniqueConstraint(fields=["batch", "school", "candidate"], name="school_test_once")
        ]


class Trait(models.Model):
    """A thing known of a candidate under a name of the city's own: 综合素质 A, 应届 是, 体检 02.

    What a condition or a tie key may ask for although no column is made for it.
    """

    season = models.ForeignKey(Season, models.CASCADE, db_index=False)
    candidate = models.ForeignKey(Candidate, models.CASCADE, db_constraint=False)
    code = models.CharField("项目", max_length=20)
    value = models.CharField("内容", max_length=20)

    objects = OfCandidateQuerySet.as_manager()

    class Meta:
        verbose_name = "考生附加信息"
        constraints = [models.UniqueConstraint(fields=["candidate", "code"], name="trait_once")]
