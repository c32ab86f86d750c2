"""Sheets for tests: a run that has been released, with its placements and dossiers sent."""

from collections.abc import Sequence
from itertools import count

from django.utils import timezone

from accounts.models import User
from admissions.models import Batch, Candidate, Choice, Dossier, School
from admissions.services.dossiers import Move, dossiers_move
from dispatch.loading import parameters_of
from dispatch.models import Placement, Run, RunSchool, Sheet
from dispatch.services import deciding, pool, submitting
from quotas.models import PlanLine
from tests.factories_papers import stored

_rounds = count(1)


def sheet_released(
    actor: User,
    batch: Batch,
    school: School,
    candidates: Sequence[Candidate],
    *,
    majors: Sequence[str] = ("710201",),
    accepts_adjustment: bool = True,
    released: bool = True,
) -> Sheet:
    """A sheet with these candidates on it, best total first; each has chosen the school with the majors.

    Args:
        actor: a dispatching officer: he counts as the one who made the run.
        batch: of the candidates' city.
        school: that gets the sheet.
        candidates: in the pool.
        majors: their major choices; empty for none.
        accepts_adjustment: 服从调剂.
        released: whether the school sees it yet.
    """
    now = timezone.now()
    run = Run.objects.create(
        batch=batch,
        round=next(_rounds),
        state=Run.State.RELEASED if released else Run.State.EXECUTED,
        parameters=parameters_of(batch) | {"ratio_percent": 100},
        created_by=actor,
        executed_at=now,
        sent=len(candidates),
    )
    ranked = sorted(candidates, key=lambda c: -c.total)
    RunSchool.objects.create(
        run=run,
        school=school,
        plan=10,
        offered=10,
        wanted=len(ranked),
        sent=len(ranked),
        lowest=ranked[-1].total,
    )
    sheet = Sheet.objects.create(
        run=run,
        batch=batch,
        school=school,
        number=f"2021{batch.city}{batch.code}{run.round:02d}{school.code}",
        size=len(candidates),
        released_at=now if released else None,
    )
    Choice.objects.bulk_create(
        (
            Choice(
                candidate=candidate,
                batch=batch,
                position=1,
                school=school,
                majors=list(majors),
                accepts_adjustment=accepts_adjustment,
            )
            for candidate in ranked
        ),
        ignore_conflicts=True,
    )
    placements = Placement.objects.bulk_create(
        Placement(
            sheet=sheet,
            candidate=candidate,
            season=batch.season,
            batch=batch,
            province=candidate.province,
            city=candidate.city,
            county=candidate.county,
            school=school,
            supervisor=school.supervisor,
            method=Placement.Method.DISPATCH,
            choice_position=1,
            dispatch_score=candidate.total,
            rank=rank,
        )
        for rank, candidate in enumerate(ranked, 1)
    )
    moves = [Move(p.candidate_id, placement=p.pk, school=school.pk) for p in placements]
    dossiers_move(actor=actor, step="dispatch", moves=moves)
    return sheet


def state_of(candidate: Candidate) -> str:
    """Where the candidate's dossier is now."""
    return Dossier.objects.get(pk=candidate.pk).state


def version_of(candidate: Candidate) -> int:
    """The version of the candidate's dossier now."""
    return Dossier.objects.get(pk=candidate.pk).version


def placement_of(candidate: Candidate) -> Placement:
    """The last placement of the candidate."""
    return Placement.objects.filter(candidate=candidate).order_by("pk").last()


def sheet_submitted(actor: User, leader: User, batch: Batch, school: School, admitted, returned=()) -> Sheet:
    """A sheet on which the leader has decided and which he has submitted.

    Args:
        actor: as for ``sheet_released``.
        leader: of the school.
        batch, school: likewise.
        admitted: candidates proposed for admission.
        returned: candidates proposed for return, for reason 01.
    """
    sheet = sheet_released(actor, batch, school, [*admitted, *returned])
    deciding.sheet_open(actor=leader, sheet=sheet)
    for candidate in returned:
        deciding.dossier_propose_return(
            actor=leader, sheet=sheet, candidate=candidate.pk, version=version_of(candidate), reason="01"
        )
    submitting.majors_assign(actor=leader, sheet=sheet)
    submitting.sheet_submit(actor=leader, sheet=sheet)
    sheet.refresh_from_db()
    return sheet


def admitted_from_pool(actor: User, candidate: Candidate, plan_line: PlanLine) -> Placement:
    """A candidate whom a school has admitted from the pool, with the application that he has signed.

    Args:
        actor: of the school.
        candidate: in the pool.
        plan_line: of the school, for the candidate's city.
    """
    who = {"number": candidate.number, "proof": candidate.name}
    return pool.admit_from_pool(actor=actor, plan_line=plan_line.pk, paper=stored("申请书.pdf"), **who)
