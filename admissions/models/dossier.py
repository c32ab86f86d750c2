"""The dossier: a narrow row that moves, apart from the wide candidate, and the events of its life."""

from django.db import models
from django.db.models import Q

from accounts.models import Deed, TenantQuerySet

from ..lifecycle import BY_STEP, FREE, OVERLAYS, WORDS, State
from .candidate import Candidate
from .reference import ReturnReason
from .school import School
from .season import Season

STATES = [(state.value, word) for state, word in WORDS.items()]


class DossierQuerySet(TenantQuerySet):
    source_path = ""
    supervisor_column = "school__supervisor"
    school_column = "school"


class Dossier(models.Model):
    """Where a candidate's dossier is. Only ``dossiers_move`` writes here.

    The row points to its one open placement; since there is one row per candidate there can be no
    second. The import makes it in the statement that makes the candidate, so no key is checked per row.
    No column that moves is indexed, so that a move rewrites no index (HOT).
    """

    candidate = models.OneToOneField(Candidate, models.CASCADE, primary_key=True, db_constraint=False)
    season = models.ForeignKey(Season, models.PROTECT, db_index=False, db_constraint=False)
    province = models.CharField("省", max_length=2)
    city = models.CharField("市", max_length=4)
    county = models.CharField("县区", max_length=6)
    state = models.CharField("状态", max_length=16, choices=STATES, default=State.POOL.value)
    held = models.BooleanField("挂起", default=False)
    version = models.PositiveIntegerField("版本", default=0)
    school = models.ForeignKey(School, models.PROTECT, null=True, db_index=False, db_constraint=False)
    placement_id = models.BigIntegerField("投档记录", null=True)
    changed_at = models.DateTimeField("变动时间", auto_now_add=True)

    objects = DossierQuerySet.as_manager()

    class Meta:
        verbose_name = "档案"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=sorted(FREE), placement_id__isnull=True, school__isnull=True)
                | (~Q(state__in=sorted(FREE)) & Q(placement_id__isnull=False, school__isnull=False)),
                name="dossier_at_school_or_free",
            )
        ]
        indexes = [
            models.Index(fields=["season", "city"], name="dossier_city"),
            models.Index(fields=["season", "county"], name="dossier_county"),
        ]

    @property
    def word(self) -> str:
        return "挂起" if self.held else State(self.state).word


class DossierEventQuerySet(TenantQuerySet):
    source_path = "candidate__"
    school_column = "school"


class DossierEvent(models.Model):
    """One step of one dossier. Only ever added; 考生轨迹查询 reads these and nothing else."""

    candidate = models.ForeignKey(Candidate, models.CASCADE, related_name="events", db_constraint=False)
    at = models.DateTimeField("时间")
    step = models.CharField("步骤", max_length=24)
    source = models.CharField("原状态", max_length=16)
    target = models.CharField("新状态", max_length=16)
    deed = models.ForeignKey(Deed, models.PROTECT, db_index=False, db_constraint=False)
    school = models.ForeignKey(School, models.PROTECT, null=True, db_index=False, db_constraint=False)
    placement_id = models.BigIntegerField(null=True)
    reason = models.ForeignKey(ReturnReason, models.PROTECT, null=True, db_index=False, db_constraint=False)
    note = models.TextField("说明", blank=True)

    objects = DossierEventQuerySet.as_manager()

    class Meta:
        verbose_name = "档案轨迹"
        ordering = ["candidate", "pk"]
        indexes = [
            # A reset and its undoing are looked at as a whole; other events are not in the index.
            models.Index(
                fields=["deed"],
                condition=Q(step__in=["reset_unregistered", "restore_unregistered"]),
                name="event_of_reset",
            )
        ]

    @property
    def word(self) -> str:
        return BY_STEP[self.step].word if self.step in BY_STEP else OVERLAYS.get(self.step, self.step)
