"""Students admitted and registered, for the tests of registration and rosters."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from admissions.models import Candidate, Dossier, Season, Window
from admissions.services.dossiers import Move, dossiers_move
from dispatch.models import Placement
from quotas.models import PlanLine
from registration.models import Enrolment

#: Names that are hard to print: extension B, extension A, a middle dot.
RARE = ("张𬱖", "䶮小华", "买买提·吐尔逊")


def make_window(
    season: Season,
    kind: str = "registration",
    stage: int = 1,
    *,
    opens: timedelta = timedelta(days=-10),
    closes: timedelta = timedelta(days=10),
) -> Window:
    """A window around now, open unless told otherwise.

    Args:
        season: of the province.
        kind: ``dispatch``, ``registration`` or ``printing``.
        stage: 1 or 2.
        opens: from now.
        closes: from now.
    """
    now = timezone.now()
    values = {"opens_at": now + opens, "closes_at": now + closes}
    return Window.objects.update_or_create(season=season, kind=kind, stage=stage, defaults=values)[0]


def admit(candidates: Sequence[Candidate], line: PlanLine | None, *, school=None) -> list[Placement]:
    """Candidates of the pool on placements of their own, through every step to admitted, seats taken.

    Args:
        candidates: in the pool.
        line: plan line whose seats they take; None for an upload without a major.
        school: where there is no line.
    """
    school = school or line.school
    placements = [
        Placement.objects.create(
            candidate=candidate,
            season=candidate.season,
            batch=line.batch if line else None,
            province=candidate.province,
            city=candidate.city,
            county=candidate.county,
            school=school,
            supervisor=school.supervisor,
            method="dispatch" if line else "upload",
            plan_line=line,
            choice_position=1,
            dispatch_score=candidate.total,
        )
        for candidate in candidates
    ]
    enter = [Move(p.candidate_id, placement=p.pk, school=school.pk) for p in placements]
    steps = ["dispatch", "read", "propose_admit", "submit_admission", "review_admission"]
    for step in steps if line else ["upload_admission"]:
        dossiers_move(actor=None, step=step, moves=enter)
    if line:
        PlanLine.objects.filter(pk=line.pk).update(seats_taken=F("seats_taken") + len(placements))
    return placements


def register(placements: Sequence[Placement], user, *, stage: int = 1, at: datetime | None = None) -> None:
    """Register admitted students without asking for a window.

    Args:
        placements: as ``admit`` gives them.
        user: who registers them.
        stage: of the season.
        at: when; now if not given.
    """
    dossiers_move(actor=None, step="register", moves=[Move(p.candidate_id) for p in placements])
    Enrolment.objects.bulk_create(
        Enrolment(
            candidate_id=p.candidate_id,
            season_id=p.season_id,
            school_id=p.school_id,
            plan_line_id=p.plan_line_id,
            placement_id=p.pk,
            stage=stage,
            registered_at=at or timezone.now(),
            registered_by=user,
        )
        for p in placements
    )


def state_of(candidate: Candidate) -> str:
    """Where a dossier is now."""
    return Dossier.objects.get(pk=candidate.pk).state
