"""Candidates: the wide row, written by imports and corrections, read by whoever may."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import TenantQuerySet

from .reference import EthnicGroup
from .school import FeederSchool, SignupPoint
from .season import Season


class Sex(models.TextChoices):
    """GB/T 2261.1."""

    MALE = "1", "男"
    FEMALE = "2", "女"


class CandidateQuerySet(TenantQuerySet):
    source_path = ""
    school_column = "dossier__school"


class Candidate(models.Model):
    """A candidate of a season. The number is opaque text; marks are hundredths.

    Code tables carry no foreign key in the database here and in the other tables of the mass path:
    the import checks every code, code rows are never deleted, and a key checked per row costs as
    much as the row.
    """

    season = models.ForeignKey(Season, models.PROTECT, db_index=False, db_constraint=False)
    number = models.CharField("考生号", max_length=20)
    name = models.CharField("姓名", max_length=60)
    sex = models.CharField("性别", max_length=1, choices=Sex)
    id_type = models.CharField("证件类型", max_length=2, default="1")
    id_number = models.CharField("证件号码", max_length=20)
    born_on = models.DateField("出生日期")
    ethnic_group = models.ForeignKey(
        EthnicGroup, models.PROTECT, verbose_name="民族", db_index=False, db_constraint=False
    )
    political_status = models.CharField("政治面貌", max_length=2, blank=True)
    student_number = models.CharField("学籍号", max_length=20, blank=True)
    exam_number = models.CharField("准考证号", max_length=20, blank=True)
    feeder_school = models.ForeignKey(
        FeederSchool, models.PROTECT, null=True, verbose_name="毕业学校", db_constraint=False
    )
    signup_point = models.ForeignKey(
        SignupPoint, models.PROTECT, null=True, verbose_name="报名点", db_constraint=False
    )
    province = models.CharField("省", max_length=2)
    city = models.CharField("市", max_length=4)
    county = models.CharField("县区", max_length=6)
    phone = models.CharField("联系电话", max_length=30, blank=True)
    address = models.CharField("家庭住址", max_length=200, blank=True)
    postcode = models.CharField("邮政编码", max_length=6, blank=True)
    guardian = models.CharField("监护人", max_length=60, blank=True)
    scores = ArrayField(models.IntegerField(null=True), default=list, verbose_name="科目成绩")
    total = models.IntegerField("总分", null=True)
    concessions = ArrayField(models.CharField(max_length=4), default=list, verbose_name="照顾特征")
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    objects = CandidateQuerySet.as_manager()

    class Meta:
        verbose_name = "考生"
        constraints = [models.UniqueConstraint(fields=["season", "number"], name="candidate_once_per_number")]
        indexes = [
            models.Index(fields=["season", "city", "number"], name="candidate_city"),
            models.Index(fields=["season", "county", "number"], name="candidate_county"),
            models.Index(fields=["id_number"], name="candidate_id_number"),
            models.Index(fields=["name"], name="candidate_name", opclasses=["varchar_pattern_ops"]),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"
