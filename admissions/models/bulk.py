"""What a worker carries out for an officer, row by row: who asked for it, and what came of each row."""

from django.conf import settings
from django.db import models

from accounts.models import Organisation, TenantQuerySet

from .job import Job


class Outcome(models.TextChoices):
    """What came of one row of a bulk; how ``DONE`` is called depends on the deed."""

    OPEN = "", "待办"
    DONE = "done", "已同意"
    LEFT = "left", "未办"


def outcome_field(done: str) -> models.CharField:
    """The column with the outcome of a row.

    Args:
        done: what a row is that was carried out, in words.
    """
    labels = {Outcome.DONE: done}
    choices = [(one.value, labels.get(one, one.label)) for one in Outcome]
    return models.CharField("结果", max_length=4, choices=choices, default=Outcome.OPEN, blank=True)


class BulkQuerySet(TenantQuerySet):
    """Seen by the organisation that decides, and by nobody above it."""

    def visible_to(self, actor):
        if actor.organisation_id is None:
            return self.none()
        return self.filter(organisation=actor.organisation_id)


class Bulk(models.Model):
    """One deed on many rows; its rows, ``rows``, are those that were meant when it was confirmed."""

    function = models.CharField("功能", max_length=60)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="审核人"
    )
    made_at = models.DateTimeField("开始时间", auto_now_add=True)
    job = models.OneToOneField(Job, models.PROTECT, null=True, related_name="+")

    objects = BulkQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def queue(self) -> dict[str, str]:
        """The queue that it works on; of one officer only one bulk of a queue is at work."""
        return {"function": self.function}
