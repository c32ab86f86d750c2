"""恢复未注册考生 taken back: asked for by one officer, carried out when a second agrees."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from accounts.models import Deed, TenantQuerySet
from admissions.models import School, Season, Window


class RestorationQuerySet(TenantQuerySet):
    """Seen by the office of its region and those above."""

    supervisor_column = "region"


class Restoration(models.Model):
    """What of one reset is to be taken back, why, and how many got their places back.

    Candidates are kept by key, never by name: the row stands behind no wall of persons.
    """

    class State(models.TextChoices):
        SUBMITTED = "submitted", "待复核"
        CONFIRMED = "confirmed", "已同意"
        DONE = "done", "已执行"
        REFUSED = "refused", "未同意"
        WITHDRAWN = "withdrawn", "已撤回"

    OPEN = (State.SUBMITTED, State.CONFIRMED)

    season = models.ForeignKey(Season, models.PROTECT, related_name="+")
    window = models.ForeignKey(Window, models.PROTECT, related_name="+", verbose_name="时间窗")
    deed = models.ForeignKey(Deed, models.PROTECT, related_name="+", verbose_name="撤销的恢复")
    region = models.CharField("区域", max_length=4, help_text="省或市的代码：只办这里的生源")
    school = models.ForeignKey(School, models.PROTECT, null=True, related_name="+", verbose_name="院校")
    candidates = ArrayField(models.BigIntegerField(), default=list, verbose_name="考生", help_text="空为全部")
    words = models.CharField("原因", max_length=200)
    state = models.CharField("状态", max_length=10, choices=State, default=State.SUBMITTED)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("提交时间", auto_now_add=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField("复核时间", null=True)
    answer = models.CharField("复核意见", max_length=200, blank=True)
    done_at = models.DateTimeField("执行时间", null=True)
    outcome = models.JSONField("结果", default=dict, help_text="院校 → 结果 → 人数")

    objects = RestorationQuerySet.as_manager()

    class Meta:
        verbose_name = "撤销恢复未注册考生"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state__in=["confirmed", "done"])
                | (Q(decided_by__isnull=False) & ~Q(decided_by=F("made_by"))),
                name="restoration_by_two_persons",
            ),
            models.CheckConstraint(
                condition=Q(state="done", done_at__isnull=False)
                | (~Q(state="done") & Q(done_at__isnull=True)),
                name="restoration_done_at",
            ),
        ]
