"""Versions of what an office sets: compared with what stands now, and gone back to."""

from django.conf import settings
from django.db import models


class StoredVersion(models.Model):
    """All that one function has set on one ground, as it stood after one change.

    The ground (a batch, a season) is the subclass's. Rows are only ever added; the database refuses the rest.
    """

    function = models.CharField("功能", max_length=60)
    number = models.PositiveIntegerField("版本")
    content = models.JSONField("内容")
    note = models.CharField("说明", max_length=200, blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("时间", auto_now_add=True)

    class Meta:
        abstract = True
