"""What was told of a deadline before it came and when it had come, and by how much it was put off."""

from django.conf import settings
from django.db import models

from accounts.models import Deed, TenantQuerySet

from .season import Window


class OfWindowQuerySet(TenantQuerySet):
    """Rows of a window, seen by whoever sees the window."""

    def visible_to(self, actor):
        return self.filter(window__in=Window.objects.visible_to(actor).values("pk"))


class WindowNotice(models.Model):
    """The clock has told of a deadline: 7, 3 or 1 days before it, or (0) when it had passed. Only ever added.

    ``due_at`` is the deadline as it stood then: one that is put off is told of anew. There is one row for each,
    so a clock that strikes late or twice does nothing twice.
    """

    window = models.ForeignKey(Window, models.PROTECT, related_name="notices")
    due_at = models.DateTimeField("截止时间")
    days = models.PositiveSmallIntegerField("提前天数")
    schools = models.PositiveIntegerField("涉及院校")
    candidates = models.PositiveIntegerField("涉及考生")
    told_at = models.DateTimeField("提醒时间", auto_now_add=True)

    objects = OfWindowQuerySet.as_manager()

    class Meta:
        verbose_name = "期限提醒"
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["window", "due_at", "days"], name="window_told_once")]


class Postponement(models.Model):
    """A deadline was put off for everybody: by whom, from when to when, why. Rows are only ever added."""

    window = models.ForeignKey(Window, models.PROTECT, related_name="postponements")
    before = models.DateTimeField("原截止时间")
    after = models.DateTimeField("顺延至")
    reason = models.CharField("原因", max_length=200)
    deed = models.ForeignKey(Deed, models.PROTECT, related_name="+")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("时间", auto_now_add=True)

    objects = OfWindowQuerySet.as_manager()

    class Meta:
        verbose_name = "期限顺延"
        ordering = ["-pk"]
