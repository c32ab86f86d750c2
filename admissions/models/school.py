"""Schools that admit, schools that candidates come from, and where they signed up."""

from django.db import models

from accounts.models import Organisation, TenantQuerySet

from .season import ProvinceQuerySet


class SchoolQuerySet(ProvinceQuerySet):
    """The list of schools is public within the province."""

    def supervised_by(self, actor):
        """Schools under the actor's office: the second of the two scopes."""
        return self.filter(actor.scope.supervised("supervisor"))


class School(models.Model):
    """A school that admits. Its key is that of its organisation."""

    class Kind(models.TextChoices):
        VOCATIONAL = "vocational", "中等职业学校"
        SKILLED = "skilled", "技工院校"
        FIVE_YEAR = "five_year", "五年制高职"
        GENERAL = "general", "普通高中"

    organisation = models.OneToOneField(Organisation, models.PROTECT, primary_key=True, verbose_name="机构")
    code = models.CharField("学校代码", max_length=20)
    name = models.CharField("学校名称", max_length=100)
    kind = models.CharField("办学类型", max_length=10, choices=Kind)
    province = models.CharField("省", max_length=2)
    region = models.CharField("所在地", max_length=6)
    supervisor = models.CharField("主管单位区域", max_length=6)
    address = models.CharField("地址", max_length=200, blank=True)
    phone = models.CharField("电话", max_length=30, blank=True)
    active = models.BooleanField("具备招生资格", default=True)

    objects = SchoolQuerySet.as_manager()

    class Meta:
        verbose_name = "院校"
        ordering = ["province", "code"]
        constraints = [models.UniqueConstraint(fields=["province", "code"], name="school_once_per_code")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class LocalQuerySet(TenantQuerySet):
    source_path = ""


class LocalRow(models.Model):
    """A row of a county."""

    province = models.CharField("省", max_length=2)
    city = models.CharField("市", max_length=4)
    county = models.CharField("县区", max_length=6)
    code = models.CharField("代码", max_length=20)
    name = models.CharField("名称", max_length=100)

    objects = LocalQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["province", "code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class FeederSchool(LocalRow):
    """A school candidates come from (毕业学校)."""

    class Meta(LocalRow.Meta):
        verbose_name = "毕业学校"
        constraints = [models.UniqueConstraint(fields=["province", "code"], name="feeder_school_once")]


class SignupPoint(LocalRow):
    """Where candidates sign up (报名点)."""

    class Meta(LocalRow.Meta):
        verbose_name = "报名点"
        constraints = [models.UniqueConstraint(fields=["province", "code"], name="signup_point_once")]
