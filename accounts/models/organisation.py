"""Organisations: the tenants."""

from django.db import models

from ..functions import End


class TenantQuerySet(models.QuerySet):
    """Rows that belong to tenants; each subclass says by which columns.

    Attributes:
        source_path: path to ``province``, ``city``, ``county`` of the source region, or None.
        supervisor_column: path to the region code of the supervising office, or None.
        school_column: path to the school's key, or None.
    """

    source_path: str | None = None
    supervisor_column: str | None = None
    school_column: str | None = None

    def visible_to(self, actor):
        """Rows the actor may see: every list, count, export and object goes through here.

        Args:
            actor: a user; none is seen by whoever has no organisation.
        """
        scope = actor.scope
        if scope is None:
            return self.none()
        seen = models.Q(pk__in=[])
        if self.source_path is not None:
            seen |= scope.sources(self.source_path)
        if self.supervisor_column is not None:
            seen |= scope.supervised(self.supervisor_column)
        if self.school_column is not None and scope.schools:
            seen |= scope.own_schools(self.school_column)
        return self.filter(seen)


class OrganisationQuerySet(TenantQuerySet):
    supervisor_column = "region"
    school_column = "pk"


class Organisation(models.Model):
    """A province, city or county office, or a school."""

    class Kind(models.TextChoices):
        PROVINCE = "province", "省招办"
        CITY = "city", "市招办"
        COUNTY = "county", "县区招办"
        SCHOOL = "school", "学校"

    kind = models.CharField("类别", max_length=8, choices=Kind)
    code = models.CharField("代码", max_length=20)
    name = models.CharField("名称", max_length=100)
    province = models.CharField("省", max_length=2)
    region = models.CharField("区域代码", max_length=6, help_text="所辖区域；学校为主管单位的区域")
    active = models.BooleanField("启用", default=True)

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        verbose_name = "机构"
        ordering = ["province", "region", "code"]
        constraints = [
            models.UniqueConstraint(fields=["province", "kind", "code"], name="organisation_once_per_code"),
        ]
        permissions = [("act_for_organisation", "代办该机构业务")]

    def __str__(self) -> str:
        return self.name

    @property
    def end(self) -> End:
        return End.SCHOOL if self.kind == self.Kind.SCHOOL else End.OFFICE
