"""设置考生状态: asked for by one officer, carried out when another agrees; each agreed request is a version."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from admissions.models import Candidate, Season
from admissions.models.score import CityQuerySet

from .testing import OfCandidateQuerySet

MIXED = "mixed"


class StatusRequest(models.Model):
    """A request to take candidates out of the pool, or to put them back into it.

    When it takes effect it is the next version of its city: who asked, who agreed, when, and by its
    ``StatusChange`` rows what was and is to be. A version holds the differences only, so that no copy of
    persons is kept beside them; any earlier state follows from them (``dispatch.queries.statuses``).
    """

    class Status(models.TextChoices):
        ABSTAINS = "abstains", "不参加"
        DISQUALIFIED = "disqualified", "取消资格"
        GENERAL = "general", "已被普通高中录取"
        ABSENT = "absent", "缺考"
        RESTORED = "restored", "恢复"

    class State(models.TextChoices):
        SUBMITTED = "submitted", "待复核"
        EFFECTIVE = "effective", "已生效"
        REFUSED = "refused", "未通过"
        WITHDRAWN = "withdrawn", "已撤回"

    season = models.ForeignKey(Season, models.CASCADE)
    city = models.CharField("市", max_length=4)
    status = models.CharField("设为", max_length=12, choices=[*Status.choices, (MIXED, "多种状态")])
    words = models.CharField("原因", max_length=200)
    candidates = ArrayField(models.BigIntegerField(), verbose_name="考生")
    state = models.CharField("状态", max_length=10, choices=State, default=State.SUBMITTED)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("提交时间", auto_now_add=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField("复核时间", null=True)
    answer = models.CharField("复核意见", max_length=200, blank=True)
    version = models.PositiveIntegerField("版本", null=True)
    back_to = models.PositiveIntegerField("还原为", null=True)

    objects = CityQuerySet.as_manager()

    class Meta:
        verbose_name = "考生状态申请"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="effective") | ~Q(decided_by=models.F("made_by")),
                name="status_decided_by_a_second_person",
            ),
            models.UniqueConstraint(fields=["season", "city", "version"], name="status_version_once"),
            models.CheckConstraint(
                condition=Q(state="effective", version__isnull=False)
                | (~Q(state="effective") & Q(version__isnull=True)),
                name="status_version_when_effective",
            ),
        ]


class StatusChange(models.Model):
    """What a request asks of one candidate: his status when it was asked, and the one he is to have.

    Rows are only ever added.
    """

    request = models.ForeignKey(StatusRequest, models.PROTECT, related_name="changes")
    candidate = models.ForeignKey(Candidate, models.DO_NOTHING, db_constraint=False, related_name="+")
    was = models.CharField("原状态", max_length=12, blank=True, help_text="空为没有状态")
    was_words = models.CharField("原来的原因", max_length=200, blank=True)
    status = models.CharField("设为", max_length=12, choices=StatusRequest.Status)
    words = models.CharField("原因", max_length=200)

    objects = OfCandidateQuerySet.as_manager()

    class Meta:
        verbose_name = "考生状态变更"
        constraints = [
            models.UniqueConstraint(fields=["request", "candidate"], name="status_change_once_per_candidate")
        ]
        indexes = [models.Index(fields=["candidate"], name="status_change_candidate")]


class CandidateStatus(models.Model):
    """The status a candidate has now, set by a request that was agreed to; his dossier is out of the pool."""

    candidate = models.OneToOneField(
        Candidate, models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="status"
    )
    season = models.ForeignKey(Season, models.CASCADE)
    status = models.CharField(
        "状态", max_length=12, choices=[one for one in StatusRequest.Status.choices if one[0] != "restored"]
    )
    words = models.CharField("原因", max_length=200)
    request = models.ForeignKey(StatusRequest, models.PROTECT, related_name="+", verbose_name="申请")
    since = models.DateTimeField("设置时间", auto_now_add=True)

    objects = OfCandidateQuerySet.as_manager()

    class Meta:
        verbose_name = "考生状态"
