"""设置考生状态: asked for by one officer, carried out when another agrees."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from admissions.models import Season
from admissions.models.score import CityQuerySet


class StatusRequest(models.Model):
    """A request to take candidates out of the pool, or to put them back into it."""

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
    status = models.CharField("设为", max_length=12, choices=Status)
    words = models.CharField("原因", max_length=200)
    candidates = ArrayField(models.BigIntegerField(), verbose_name="考生")
    state = models.CharField("状态", max_length=10, choices=State, default=State.SUBMITTED)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("提交时间", auto_now_add=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField("复核时间", null=True)
    answer = models.CharField("复核意见", max_length=200, blank=True)

    objects = CityQuerySet.as_manager()

    class Meta:
        verbose_name = "考生状态申请"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="effective") | ~Q(decided_by=models.F("made_by")),
                name="status_decided_by_a_second_person",
            )
        ]
