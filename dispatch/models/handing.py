"""Which member of a school reads which dossier of a sheet (组长录退)."""

from django.conf import settings
from django.db import models

from .sheet import Sheet


class HandOut(models.Model):
    """A placement that the leader has handed to a member, or that came back to him.

    As long as a sheet has no such row all members read all of it; once it has, each reads what he was
    handed. ``member`` is empty for what the leader has called back or was given back. Whoever writes here
    holds the lock of the dossier, so that a decision under way and a recall see each other.
    """

    placement_id = models.BigIntegerField(primary_key=True)
    sheet = models.ForeignKey(Sheet, models.CASCADE, related_name="hand_outs")
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="组员"
    )
    handed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    handed_at = models.DateTimeField("分发时间")
    note = models.CharField("说明", max_length=200, blank=True, default="")

    class Meta:
        verbose_name = "档案分发"
