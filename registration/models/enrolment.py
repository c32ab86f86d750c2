"""Enrolments: who came to the school and was registered there."""

from django.conf import settings
from django.db import models

from accounts.models import TenantQuerySet
from admissions.models import Candidate, School, Season
from quotas.models import PlanLine


class EnrolmentQuerySet(TenantQuerySet):
    source_path = "candidate__"
    supervisor_column = "school__supervisor"
    school_column = "school"


class Enrolment(models.Model):
    """A registered student: only these stand in a roster (粤招办〔2021〕28号 二（四）1)."""

    candidate = models.OneToOneField(Candidate, models.PROTECT, primary_key=True)
    season = models.ForeignKey(Season, models.PROTECT)
    school = models.ForeignKey(School, models.PROTECT)
    plan_line = models.ForeignKey(PlanLine, models.PROTECT, verbose_name="录取专业")
    placement_id = models.BigIntegerField("投档记录")
    stage = models.PositiveSmallIntegerField("阶段")
    registered_at = models.DateTimeField("注册时间", auto_now_add=True)
    registered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        verbose_name = "注册"
        indexes = [models.Index(fields=["school", "season", "stage"], name="enrolment_school")]
