"""补录考生: who was entered by a school in the second stage, and the counters of their numbers."""

from django.db import models

from accounts.models import TenantQuerySet
from admissions.models import Candidate, Request, School, Season


class LateCandidateQuerySet(TenantQuerySet):
    source_path = "candidate__"
    supervisor_column = "school__supervisor"
    school_column = "school"


class LateCandidate(models.Model):
    """A candidate who is not of the base roll: entered by a school, given his number with the city's approval.

    The row says what the wide row of a candidate does not: what he is, where he comes from, and the person who
    entered him, whom the notice wants named (粤招办〔2021〕28号 四（二）2). It stays when he leaves the school.
    """

    candidate = models.OneToOneField(Candidate, models.PROTECT, primary_key=True, related_name="late")
    request = models.OneToOneField(Request, models.PROTECT, related_name="late_candidate")
    season = models.ForeignKey(Season, models.PROTECT, related_name="+")
    school = models.ForeignKey(School, models.PROTECT, related_name="+", verbose_name="补录学校")
    number = models.CharField("考生号", max_length=20)
    category = models.CharField("考生类别", max_length=4, help_text="申请理由的代码")
    graduated_from = models.CharField("毕业学校或原单位", max_length=100, blank=True)
    graduated_in = models.PositiveSmallIntegerField("毕业年份", null=True)
    handler = models.CharField("经办人", max_length=60)
    issued_at = models.DateTimeField("派号时间", auto_now_add=True)

    objects = LateCandidateQuerySet.as_manager()

    class Meta:
        verbose_name = "补录考生"
        indexes = [models.Index(fields=["school", "season"], name="late_candidate_school")]

    def __str__(self) -> str:
        return self.number


class LateCounter(models.Model):
    """The last serial number given out under the fixed part of a number; its row is locked by whoever gives."""

    season = models.ForeignKey(Season, models.PROTECT, related_name="+")
    head = models.CharField("号段", max_length=20)
    last = models.PositiveIntegerField("已用到", default=0)

    class Meta:
        verbose_name = "补录考生号段"
        constraints = [models.UniqueConstraint(fields=["season", "head"], name="late_counter_once")]
