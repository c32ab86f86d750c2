"""The track of a candidate (考生轨迹查询): the events of his dossier, and nothing else."""

from collections.abc import Iterable

from accounts.models import User

from ..models import Candidate, DossierEvent, DossierPaper


def candidate_numbered(actor: User, number: str) -> Candidate | None:
    """The candidate of the current season whose whole number this is; None if the actor does not see him.

    Args:
        actor: who asks.
        number: candidate number, exact; an ID number serves as well.
    """
    number = number.strip()
    seen = Candidate.objects.visible_to(actor).filter(season__current=True)
    seen = seen.select_related("dossier__school", "feeder_school", "signup_point", "ethnic_group", "season")
    return seen.filter(number=number).first() or seen.filter(id_number=number.upper()).first()


#: Why a dossier is held or released is for whoever may do so (domain.md §4.7).
HOLDS = ("hold_dossier", "release_dossier")


def as_told(actor: User, events: Iterable[DossierEvent]) -> list[DossierEvent]:
    """Events as an actor may read them: without the words of a hold, if holding is none of his functions.

    Args:
        actor: who reads; of a school never.
        events: of a candidate he may see.
    """
    told = list(events)
    if not any(actor.may(f"dispatch.{step}") for step in HOLDS):
        for event in told:
            if event.step in HOLDS:
                event.note = ""
    return told


def track_of(actor: User, candidate: Candidate) -> list[DossierEvent]:
    """What happened to a candidate's dossier, oldest first, each with who did it where.

    Args:
        actor: who asks.
        candidate: one the caller may see.
    """
    events = DossierEvent.objects.filter(candidate=candidate)
    rows = events.select_related("deed__actor", "deed__organisation", "school", "reason")
    return as_told(actor, rows.order_by("pk"))


def papers_of(actor: User, candidate: Candidate) -> list[DossierPaper]:
    """Papers by which schools let a candidate go or propose to, oldest first.

    Args:
        actor: who asks.
        candidate: one the caller may see.
    """
    seen = DossierPaper.objects.visible_to(actor).filter(candidate=candidate)
    return list(seen.select_related("reason", "school", "uploaded_by").order_by("pk"))
