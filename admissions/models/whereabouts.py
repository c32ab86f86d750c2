"""Where candidates went who chose a school or were at it (查看考生去向): a view, not a table."""

from django.db import models

from accounts.models import TenantQuerySet

from .candidate import Candidate, Sex
from .school import School
from .season import Season


class WhereaboutsQuerySet(TenantQuerySet):
    """Rows of one's own schools; the view itself gives no others."""

    def visible_to(self, actor):
        if actor.scope is None:
            return self.none()
        return self.filter(actor.scope.own_schools("asker"))


class Whereabouts(models.Model):
    """One candidate as one school may know of him.

    A school does not see dossiers that are elsewhere: row-level security hides them. The view
    ``dispatch_whereabouts`` stands outside of the wall and limits itself to the schools of the scope that is
    set, to those who named or were at one of them, and to these columns. It is made by the migrations of
    ``dispatch``, which knows what has been released: until then nobody learns where a dossier was sent, nor who
    named a school before the choices of his batch were dispatched.
    """

    class Where(models.TextChoices):
        HERE = "here", "在本校"
        POOL = "pool", "在库（未录取）"
        MOVING = "moving", "投档办理中"
        ELSEWHERE = "elsewhere", "已投其他院校"
        ADMITTED = "admitted", "已被其他院校录取"
        REGISTERED = "registered", "已在其他院校注册"
        EXCLUDED = "excluded", "不参加录取"

    _FREE = {"on_delete": models.DO_NOTHING, "db_constraint": False, "related_name": "+"}

    candidate = models.OneToOneField(Candidate, primary_key=True, **_FREE)
    asker = models.ForeignKey(School, **_FREE)
    season = models.ForeignKey(Season, **_FREE)
    number = models.CharField("考生号", max_length=20)
    name = models.CharField("姓名", max_length=60)
    sex = models.CharField("性别", max_length=1, choices=Sex)
    city = models.CharField("生源地市", max_length=4)
    county = models.CharField("生源县区", max_length=6)
    position = models.PositiveSmallIntegerField("本校志愿序号", null=True)
    was_here = models.BooleanField("曾投本校")
    where = models.CharField("去向", max_length=10, choices=Where)
    at_school = models.ForeignKey(School, null=True, **_FREE)
    changed_at = models.DateTimeField("变动时间")

    objects = WhereaboutsQuerySet.as_manager()

    class Meta:
        verbose_name = "考生去向"
        managed = False
        db_table = "dispatch_whereabouts"
