"""Numbers of admission notices: given once to an admission, and never again."""

from secrets import token_hex

from django.db import models

from accounts.models import TenantQuerySet
from admissions.models import Candidate, School, Season


def new_code() -> str:
    """A code beside the number that nobody can guess, so that numbers cannot be tried out."""
    return token_hex(6)


class NoticeNumberQuerySet(TenantQuerySet):
    source_path = "candidate__"
    supervisor_column = "school__supervisor"
    school_column = "school"


class NoticeNumber(models.Model):
    """The number of one admission's notice.

    A new admission of the same candidate gets a new number; a notice holds as long as its placement
    is the one the dossier is on (domain.md §8.8: numbered, revocable, verifiable).
    """

    placement_id = models.BigIntegerField("投档记录", primary_key=True)
    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="+")
    season = models.ForeignKey(Season, models.PROTECT)
    school = models.ForeignKey(School, models.PROTECT)
    serial = models.PositiveIntegerField("流水号")
    number = models.CharField("通知书编号", max_length=40)
    code = models.CharField("核验码", max_length=12, default=new_code)
    given_at = models.DateTimeField("编号时间", auto_now_add=True)

    objects = NoticeNumberQuerySet.as_manager()

    class Meta:
        verbose_name = "通知书编号"
        constraints = [
            models.UniqueConstraint(fields=["season", "school", "serial"], name="notice_serial_once"),
            models.UniqueConstraint(fields=["season", "number"], name="notice_number_once"),
        ]
