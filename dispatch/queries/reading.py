"""What a school reads of one dossier, and what is shown around it."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from accounts.models import User
from admissions.deadlines import window_over
from admissions.lifecycle import BY_STEP, State
from admissions.models import (
    Batch,
    Choice,
    Concession,
    DossierEvent,
    DossierPaper,
    ReturnReason,
    Subject,
    Window,
)
from admissions.queries.track import as_told
from quotas.models import PlanLine

from ..models import Placement, Reconsideration, Sheet
from ..services.deciding import NO_MAJOR_LEFT
from ..services.handing import read_by
from .papers import has_paper, papers_of

# Reasons that digits choose, the frequent ones first; those that need words are chosen from the list.
FREQUENT = ("Z01", "13", "02", "15", "16", "07", "08", "21", "Z02", "01")


@dataclass(frozen=True, slots=True)
class Reading:
    """One dossier as the school sees it: its own choice only, no other school's.

    Attributes:
        placement: with candidate, dossier, plan line and reason.
        marks: subjects of the candidate's city with his marks in hundredths, None where he has none.
        choices: choices for this school, with the names of the majors and the seats each has left.
        concessions: his policy features.
        default: key of the plan line offered first.
        events: what happened to the dossier at this school.
        rounds: how often and why the office sent it back, the last first; while the school may decide.
        reasons: all reasons; ``quick`` those under a digit.
        papers: that the school has attached.
    """

    placement: Placement
    marks: list[tuple[Subject, int | None]]
    choices: list[tuple[Choice, list[str]]]
    concessions: list[Concession]
    default: int | None
    events: list[DossierEvent]
    rounds: list[Reconsideration]
    reasons: list[ReturnReason]
    quick: list[tuple[int, ReturnReason]]
    papers: list[DossierPaper]

    @property
    def proposes_return(self) -> bool:
        """Whether a paper may be attached now."""
        dossier = self.placement.candidate.dossier
        return not dossier.held and dossier.state == State.PROPOSE_RETURN

    @property
    def needs_paper(self) -> bool:
        """Whether the reason of the return asks for a paper."""
        return self.placement.reason is not None and self.placement.reason.needs_attachment

    @property
    def open(self) -> bool:
        """Whether the school may decide on it now."""
        dossier = self.placement.candidate.dossier
        return not dossier.held and dossier.state in BY_STEP["propose_admit"].sources

    @property
    def decided(self) -> bool:
        return self.placement.candidate.dossier.state in BY_STEP["undecide"].sources

    @property
    def has_majors(self) -> bool:
        return any(names for _, names in self.choices)


def reading_of(actor: User, sheet: Sheet, candidate: int, lines: list[PlanLine]) -> Reading | None:
    """One dossier of a sheet as the actor may read it; None if it is not on the sheet now, or not his to read.

    Args:
        actor: of the school.
        sheet: his school's.
        candidate: primary key.
        lines: the school's plan lines of the batch, with ``left``.
    """
    placement = (
        read_by(actor, Placement.objects.open())
        .filter(sheet=sheet, candidate=candidate, candidate__dossier__placement_id=F("pk"))
        .select_related(
            "candidate__dossier", "candidate__feeder_school", "candidate__ethnic_group", "plan_line", "reason"
        )
        .annotate(
            sent_back=Exists(Reconsideration.objects.filter(placement=OuterRef("pk"))), papered=has_paper()
        )
        .first()
    )
    if placement is None:
        return None
    person = placement.candidate
    subjects = Subject.objects.filter(season=person.season_id, city=person.city).order_by("position")
    left: Counter[str] = Counter()
    for line in lines:
        left[line.major_code] += line.left
    names = {line.major_code: f"{line.major_name}（余 {left[line.major_code]}）" for line in lines}
    own = Choice.objects.visible_to(actor).filter(candidate=candidate, batch=sheet.batch_id)
    choices = [
        (c, [names.get(code, code) for code in c.majors])
        for c in own.filter(school=sheet.school_id).order_by("position")
    ]
    events = as_told(
        actor,
        DossierEvent.objects.filter(candidate=candidate, school=sheet.school_id, placement_id=placement.pk)
        .select_related("deed__actor", "reason")
        .order_by("-pk")[:20],
    )
    reasons = list(ReturnReason.objects.all())
    first = (c for c, _ in choices if placement.choice_position in (None, 0, c.position))
    at = next(first, None)
    chosen = (at.majors, at.accepts_adjustment) if at and at.majors else ()
    if not chosen:
        reasons = [reason for reason in reasons if reason.pk not in NO_MAJOR_LEFT]
    by_code = {reason.pk: reason for reason in reasons if not reason.needs_words}
    quick = [by_code[code] for code in FREQUENT if code in by_code][:9]
    may_decide = person.dossier.state in BY_STEP["propose_admit"].sources
    rounds = []
    if may_decide and placement.sent_back:
        rounds = list(placement.reconsiderations.order_by("-round"))
    return Reading(
        placement=placement,
        marks=[(s, person.scores[s.position] if s.position < len(person.scores) else None) for s in subjects],
        choices=choices,
        concessions=list(
            Concession.objects.filter(season=person.season_id, city=person.city, code__in=person.concessions)
        )
        if person.concessions
        else [],
        default=placement.plan_line_id or _default(chosen, lines),
        events=events,
        rounds=rounds,
        reasons=reasons,
        quick=list(enumerate(quick, 1)),
        papers=list(papers_of(placement)) if placement.papered else [],
    )


def _majors_among(choices: list[Choice], placement: Placement):
    """As ``majors_chosen``, from the candidate's choices for this school in their order."""
    here = (c for c in choices if placement.choice_position in (None, 0, c.position))
    found = next(((c.majors, c.accepts_adjustment) for c in here), ())
    return found if found and found[0] else ()


def _default(chosen, lines: list[PlanLine]) -> int | None:
    for code in chosen[0] if chosen else ():
        for line in lines:
            if line.major_code == code and line.left > 0:
                return line.pk
    return None


def deadline_of(batch: Batch):
    """When a school must have decided: the end of its window of reading if there is one, else of dispatching."""
    if (window := window_over(batch, Window.Kind.READING)) is not None:
        return window.closes_at
    now = timezone.now()
    windows = Window.objects.filter(season=batch.season_id, kind=Window.Kind.DISPATCH, closes_at__gt=now)
    return windows.order_by("closes_at").values_list("closes_at", flat=True).first()


def placements_named(actor: User, words: str):
    """Open placements on released sheets of the actor's school by exact number, ID number or name.

    Args:
        actor: of a school.
        words: what was typed.
    """
    words = words.strip()
    return (
        Placement.objects.visible_to(actor)
        .open()
        .filter(
            Q(candidate__number=words) | Q(candidate__id_number=words.upper()) | Q(candidate__name=words),
            school__in=actor.scope.schools,
            sheet__in=Sheet.objects.visible_to(actor),
            candidate__dossier__placement_id=F("pk"),
        )
        .select_related("candidate__dossier", "sheet", "batch", "plan_line")
        .order_by("candidate__number")
    )


WAITING = (State.ADMIT_SUBMITTED, State.RETURN_SUBMITTED)
