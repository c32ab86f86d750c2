"""Scanned papers: whose bytes lie outside of the web under a name of our own."""

from django.conf import settings
from django.db import models

from accounts.models import TenantQuerySet

from .candidate import Candidate
from .reference import ReturnReason
from .school import School


class StoredPaper(models.Model):
    """What every scanned paper has, whatever it goes with.

    Attributes:
        FOLDER: below ``MEDIA_ROOT``, of the papers of this model alone.
    """

    FOLDER = ""

    name = models.CharField("文件名", max_length=200, help_text="上传时的文件名，只用于显示")
    path = models.CharField("存放位置", max_length=100)
    kind = models.CharField("格式", max_length=4)
    size = models.PositiveIntegerField("字节数")
    digest = models.CharField("摘要", max_length=64, help_text="SHA-256")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField("上传时间", auto_now_add=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def said(self) -> str:
        """Name and digest, for the record."""
        return f"{self.name}（摘要 {self.digest[:16]}）"


class DossierPaperQuerySet(TenantQuerySet):
    source_path = ""
    school_column = "school"


class DossierPaper(StoredPaper):
    """A paper that a school gives with a coded reason for letting a candidate go (退档、注销, domain.md §8.9).

    Or with his application to be admitted from the pool (录取在库考生, domain.md §4.5): that has no reason.

    It belongs to a placement, by its key only, as an event does. One file may serve many candidates: its bytes
    are stored once, and each has a row.
    """

    FOLDER = "dossiers"

    placement_id = models.BigIntegerField()
    candidate = models.ForeignKey(Candidate, models.DO_NOTHING, related_name="papers", db_constraint=False)
    school = models.ForeignKey(
        School, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    reason = models.ForeignKey(
        ReturnReason, models.PROTECT, null=True, related_name="+", verbose_name="上传时的原因", db_index=False
    )
    province = models.CharField(max_length=2)
    city = models.CharField(max_length=4)
    county = models.CharField(max_length=6)

    objects = DossierPaperQuerySet.as_manager()

    class Meta:
        verbose_name = "退档和注销的书面材料"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["placement_id", "digest"], name="dossier_paper_once"),
        ]
        indexes = [models.Index(fields=["path"], name="dossier_paper_path")]
