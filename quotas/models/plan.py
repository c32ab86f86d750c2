"""Plan lines: how many seats a school offers to a source city, by major and kind."""

from django.db import models
from django.db.models import F, Q

from accounts.models import TenantQuerySet
from admissions.models import Batch, School, Season


class PlanLineQuerySet(TenantQuerySet):
    """Seen by the source city and its counties, by the supervisor, and by the school."""

    supervisor_column = "school__supervisor"
    school_column = "school"

    def visible_to(self, actor):
        scope = actor.scope
        if scope is None:
            return self.none()
        seen = scope.supervised(self.supervisor_column) | scope.own_schools(self.school_column)
        for code in scope.regions:
            seen |= Q(season__province=code) if len(code) == 2 else Q(city=code[:4])
        return self.filter(seen)

    def with_left(self):
        """Each line with ``left``: seats that may still be taken."""
        return self.annotate(
            left=F("seats_planned") + F("seats_changed") + F("seats_over") - F("seats_taken")
        )


class PlanLine(models.Model):
    """School × major × source city × kind × batch, with its seats.

    ``seats_planned`` is the original number, ``seats_changed`` the sum of approved changes,
    ``seats_over`` what a tie was allowed in excess, ``seats_taken`` counts dossiers proposed for
    admission or further. The CHECK is the last wall against one seat too many.
    """

    season = models.ForeignKey(Season, models.PROTECT)
    batch = models.ForeignKey(Batch, models.PROTECT, verbose_name="批次")
    school = models.ForeignKey(School, models.PROTECT, verbose_name="院校")
    city = models.CharField("生源地市", max_length=4)
    kind = models.CharField("计划类型", max_length=4, blank=True)
    major_code = models.CharField("专业代码", max_length=8)
    major_name = models.CharField("专业", max_length=60)
    track = models.CharField("方向", max_length=60, blank=True)
    length = models.CharField("学制", max_length=10, default="3")
    tuition = models.PositiveIntegerField("学费（元/年）", default=0)
    boarding = models.PositiveIntegerField("住宿费（元/年）", default=0)
    seats_planned = models.PositiveIntegerField("计划数")
    seats_changed = models.IntegerField("增减", default=0)
    seats_over = models.PositiveIntegerField("同分超额", default=0)
    seats_taken = models.PositiveIntegerField("已占用", default=0)

    objects = PlanLineQuerySet.as_manager()

    class Meta:
        verbose_name = "院校计划"
        ordering = ["batch", "school", "major_code"]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "school", "major_code", "track", "kind"], name="plan_line_once"
            ),
            models.CheckConstraint(
                condition=Q(seats_taken__lte=F("seats_planned") + F("seats_changed") + F("seats_over")),
                name="seats_taken_within_plan",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.school_id} {self.major_name}"

    @property
    def seats(self) -> int:
        """Seats in force."""
        return self.seats_planned + self.seats_changed + self.seats_over

    @property
    def seats_left(self) -> int:
        return self.seats - self.seats_taken
