"""What is examined in a city and what a concession gives. Marks are hundredths, so that no fraction is lost."""

from django.db import models

from accounts.models import TenantQuerySet

from .season import Season


class CityQuerySet(TenantQuerySet):
    """Rows of a city, seen by its office, its counties and the province."""

    def visible_to(self, actor):
        scope = actor.scope
        if scope is None:
            return self.none()
        own = models.Q(pk__in=[])
        for code in scope.regions:
            own |= models.Q(season__province=code) if len(code) == 2 else models.Q(city=code[:4])
        if scope.schools:
            own |= models.Q(season__province=scope.province)
        return self.filter(own)


class Subject(models.Model):
    """A subject of a city's examination; ``position`` is its place in ``Candidate.scores``, from 0."""

    season = models.ForeignKey(Season, models.CASCADE)
    city = models.CharField("市", max_length=4)
    position = models.PositiveSmallIntegerField("序号")
    code = models.CharField("代码", max_length=20)
    name = models.CharField("科目", max_length=20)
    full_marks = models.PositiveIntegerField("满分（百分之一分）")
    counted = models.BooleanField("计入总分", default=True)

    objects = CityQuerySet.as_manager()

    class Meta:
        verbose_name = "科目"
        ordering = ["season", "city", "position"]
        constraints = [
            models.UniqueConstraint(fields=["season", "city", "position"], name="subject_once_per_position"),
            models.UniqueConstraint(fields=["season", "city", "code"], name="subject_once_per_code"),
        ]

    def __str__(self) -> str:
        return self.name


class Concession(models.Model):
    """A policy feature that gives points or goes before at a tie (照顾特征)."""

    class Kind(models.TextChoices):
        POINTS = "points", "加分"
        PRIORITY = "priority", "同分优先"

    season = models.ForeignKey(Season, models.CASCADE)
    city = models.CharField("市", max_length=4)
    code = models.CharField("代码", max_length=4)
    name = models.CharField("名称", max_length=60)
    kind = models.CharField("方式", max_length=8, choices=Kind)
    points = models.PositiveIntegerField("分值（百分之一分）", default=0)

    objects = CityQuerySet.as_manager()

    class Meta:
        verbose_name = "照顾特征"
        ordering = ["season", "city", "code"]
        constraints = [models.UniqueConstraint(fields=["season", "city", "code"], name="concession_once")]

    def __str__(self) -> str:
        return self.name
