"""Deeds: who did what, when and from where. Rows are only ever added; the database refuses the rest."""

from django.conf import settings
from django.db import models

from .organisation import TenantQuerySet


class DeedQuerySet(TenantQuerySet):
    supervisor_column = "organisation__region"
    school_column = "organisation"


class Deed(models.Model):
    """One write that an actor asked for, or one look at something that is guarded."""

    at = models.DateTimeField("时间", auto_now_add=True, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="操作人"
    )
    organisation = models.ForeignKey(
        "accounts.Organisation", models.PROTECT, null=True, related_name="+", verbose_name="机构"
    )
    function = models.CharField("功能", max_length=60)
    address = models.GenericIPAddressField("来源地址", null=True)
    subject = models.CharField("对象", max_length=200, blank=True)
    count = models.PositiveIntegerField("数量", default=1)
    note = models.TextField("说明", blank=True)

    objects = DeedQuerySet.as_manager()

    class Meta:
        verbose_name = "操作记录"
        ordering = ["-pk"]


class SubmittedForm(models.Model):
    """A form that was carried out, by the key it was sent with: sent twice, it is done once."""

    key = models.UUIDField("提交编号", primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    function = models.CharField("功能", max_length=60)
    at = models.DateTimeField("时间", auto_now_add=True)

    class Meta:
        verbose_name = "已提交表单"
