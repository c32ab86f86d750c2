"""Placements: one dossier on its way to one school; history that stays."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import TenantQuerySet
from admissions.models import Batch, Candidate, ReturnReason, School, Season
from quotas.models import PlanLine

from .run import Run
from .sheet import Sheet


class PlacementQuerySet(TenantQuerySet):
    """Carries both scopes: by source region and by supervisor."""

    source_path = ""
    supervisor_column = "supervisor"
    school_column = "school"

    def open(self):
        """Placements that a dossier is on now."""
        return self.filter(closed_at__isnull=True)

    def current(self):
        """Open placements that their dossiers point to: for lists, together with a state of the dossier.

        Written as two bounds: of an equality between two columns that are unique the planner expects one row
        in all, and then joins the rest of a list of thousands by nested loops.
        """
        key = models.F("pk")
        path = "candidate__dossier__placement_id"
        return self.open().filter(**{f"{path}__gte": key, f"{path}__lte": key})

    def released(self):
        """Placements that do not wait on a sheet for its release: until then the school knows nothing."""
        return self.exclude(sheet__isnull=False, sheet__released_at__isnull=True)


class Placement(models.Model):
    """One dossier on one school's table: by dispatch, from the pool, or by a city's upload.

    The table is partitioned by run (a run fills a partition of its own and then attaches it); it is
    made by the migration, not by Django, and holds no foreign keys in the database: the mass path
    writes it from rows that were just read under lock.
    """

    class Method(models.TextChoices):
        DISPATCH = "dispatch", "投档"
        POOL = "pool", "在库录取"
        UPLOAD = "upload", "地市导入"
        LOTTERY = "lottery", "派位录取"
        TRANSFER = "transfer", "转校"
        LATE = "late", "补录"
        SINGLE = "single", "点投"
        SPECIAL = "special", "批件投档"

    class Via(models.IntegerChoices):
        """The round of a run with allotted seats through which a candidate came."""

        UNIFIED = 1, "统招"
        ALLOTTED = 2, "指标到校"
        CONVERTED = 4, "指标余额转统招"

    _FREE = {"on_delete": models.DO_NOTHING, "db_constraint": False}

    run = models.ForeignKey(Run, null=True, related_name="placements", **_FREE)
    sheet = models.ForeignKey(Sheet, null=True, related_name="placements", **_FREE)
    candidate = models.ForeignKey(Candidate, related_name="placements", **_FREE)
    season = models.ForeignKey(Season, **_FREE)
    batch = models.ForeignKey(Batch, null=True, **_FREE)
    province = models.CharField(max_length=2)
    city = models.CharField(max_length=4)
    county = models.CharField(max_length=6)
    school = models.ForeignKey(School, verbose_name="院校", **_FREE)
    supervisor = models.CharField(max_length=6)
    method = models.CharField("方式", max_length=8, choices=Method)
    via = models.PositiveSmallIntegerField("录取途径", null=True, choices=Via)
    choice_position = models.PositiveSmallIntegerField("志愿序号", null=True)
    dispatch_score = models.IntegerField("投档成绩", null=True)
    rank = models.IntegerField("位次", null=True)
    tie_values = ArrayField(models.IntegerField(), default=list, verbose_name="同分比较值")
    plan_line = models.ForeignKey(PlanLine, null=True, verbose_name="录取专业", **_FREE)
    reason = models.ForeignKey(ReturnReason, null=True, verbose_name="退档原因", **_FREE)
    reason_words = models.TextField("原因说明", blank=True, default="")
    opened_at = models.DateTimeField("投档时间", auto_now_add=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, related_name="+", **_FREE)
    decided_at = models.DateTimeField("决定时间", null=True)
    closed_at = models.DateTimeField("结束时间", null=True)

    objects = PlacementQuerySet.as_manager()

    class Meta:
        verbose_name = "投档记录"
        managed = False
        db_table = "dispatch_placement"
        ordering = ["-pk"]


class ReviewTake(models.Model):
    """A placement that an officer has taken for audit: until he is done the school cannot withdraw it.

    It lasts for ``MINUTES``; the row goes when the audit is done or the officer lays it back.
    """

    MINUTES = 30

    placement_id = models.BigIntegerField(primary_key=True)
    officer = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    taken_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "审核领取"
