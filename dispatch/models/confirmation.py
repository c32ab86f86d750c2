"""A candidate has come to the school and confirmed that he will attend it (衡教通〔2021〕127号 九)."""

from django.conf import settings
from django.db import models

from accounts.models import TenantQuerySet
from admissions.models import Candidate, School
from quotas.models import PlanLine


class ConfirmationQuerySet(TenantQuerySet):
    source_path = ""
    school_column = "school"


class Confirmation(models.Model):
    """How and when, and for which major: proposed for another one, he must confirm anew.

    It belongs to a placement, by its key only. The image of a signature or of the person at the desk lies outside of
    the web; a card is read and leaves none.
    """

    class Method(models.TextChoices):
        CARD = "card", "身份证读卡"
        SIGNATURE = "signature", "电子签名"
        PHOTO = "photo", "现场拍照"

    FOLDER = "confirmations"

    placement_id = models.BigIntegerField(primary_key=True)
    candidate = models.ForeignKey(Candidate, models.DO_NOTHING, related_name="+", db_constraint=False)
    school = models.ForeignKey(School, models.DO_NOTHING, related_name="+", db_constraint=False)
    plan_line = models.ForeignKey(PlanLine, models.PROTECT, related_name="+", verbose_name="确认的专业")
    province = models.CharField(max_length=2)
    city = models.CharField(max_length=4)
    county = models.CharField(max_length=6)
    method = models.CharField("确认方式", max_length=9, choices=Method)
    confirmed_at = models.DateTimeField("确认时间")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    name = models.CharField("文件名", max_length=200, blank=True)
    path = models.CharField("存放位置", max_length=100, blank=True)
    kind = models.CharField("格式", max_length=4, blank=True)
    size = models.PositiveIntegerField("字节数", default=0)
    digest = models.CharField("摘要", max_length=64, blank=True)

    objects = ConfirmationQuerySet.as_manager()

    class Meta:
        verbose_name = "到校确认"
