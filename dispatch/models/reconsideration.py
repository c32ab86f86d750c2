"""What an office sent back to a school to be decided anew (退回复议), round by round."""

from django.conf import settings
from django.db import models

from accounts.models import TenantQuerySet
from admissions.coded import code_said
from admissions.models import Batch, Candidate, School, Season

from .placement import Placement


class ReconsiderationQuerySet(TenantQuerySet):
    """Carries both scopes, as placements do."""

    source_path = ""
    supervisor_column = "supervisor"
    school_column = "school"


class Reconsideration(models.Model):
    """One decision of a school that an office did not accept, and why. Rows are only ever added.

    The placement itself is undecided again; ``proposed`` keeps what the school had decided.
    """

    class Step(models.TextChoices):
        ADMISSION = "reconsider_admission", "录取退回复议"
        POOL = "refuse_admission", "在库录取不通过"
        RETURN = "reconsider_return", "退档退回复议"

    _FREE = {"on_delete": models.DO_NOTHING, "db_constraint": False}

    placement = models.ForeignKey(Placement, related_name="reconsiderations", **_FREE)
    candidate = models.ForeignKey(Candidate, related_name="+", **_FREE)
    season = models.ForeignKey(Season, models.PROTECT, related_name="+")
    batch = models.ForeignKey(Batch, null=True, related_name="+", **_FREE)
    province = models.CharField(max_length=2)
    city = models.CharField(max_length=4)
    county = models.CharField("生源县区", max_length=6)
    school = models.ForeignKey(School, verbose_name="院校", related_name="+", **_FREE)
    supervisor = models.CharField(max_length=6)
    step = models.CharField("种类", max_length=20, choices=Step)
    round = models.PositiveSmallIntegerField("次数", help_text="这份档案在该校第几次被退回复议")
    code = models.CharField("原因代码", max_length=4)
    words = models.CharField("情况说明", max_length=500, blank=True)
    proposed = models.CharField("学校原决定", max_length=700)
    officer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField("退回时间", auto_now_add=True)

    objects = ReconsiderationQuerySet.as_manager()

    class Meta:
        verbose_name = "退回复议"
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["placement", "round"], name="reconsidered_once")]
        indexes = [
            models.Index(fields=["school", "at"], name="reconsidered_school"),
            models.Index(fields=["county", "at"], name="reconsidered_county"),
        ]

    @property
    def reason_words(self) -> str:
        """Code, name and words, as the track shows them."""
        return code_said(self.code, self.words)
