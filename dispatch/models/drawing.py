"""Public randomness: what was drawn before witnesses for a run, and for which roster."""

from django.conf import settings
from django.db import models

from .record import RunRowQuerySet
from .run import Run


class Drawing(models.Model):
    """Public randomness entered for a run. The last one of the run's roster counts; rows are only ever added.

    ``seed`` is the SHA-256, in hexadecimal, of ``randomness``, ``roster_digest`` and the run's ``round_name``
    written one after the other (domain.md §6.7).
    """

    run = models.ForeignKey(Run, models.PROTECT, related_name="drawings")
    number = models.PositiveSmallIntegerField("序号")
    roster_digest = models.CharField("名单摘要", max_length=64)
    randomness = models.CharField("公开随机数", max_length=200)
    origin = models.CharField("随机数来源", max_length=200)
    witnesses = models.CharField("见证人", max_length=200)
    reason = models.CharField("重新录入原因", max_length=200, blank=True)
    seed = models.CharField("种子", max_length=64)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("录入时间", auto_now_add=True)

    objects = RunRowQuerySet.as_manager()

    class Meta:
        verbose_name = "公开随机数"
        ordering = ["run", "-number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="drawing_once")]
