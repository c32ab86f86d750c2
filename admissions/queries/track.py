"""The track of a candidate (考生轨迹查询): the events of his dossier, and nothing else."""

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


def track_of(candidate: Candidate) -> list[DossierEvent]:
    """What happened to a candidate's dossier, oldest first, each with who did it where.

    Args:
        candidate: one the caller may see.
    """
    events = DossierEvent.objects.filter(candidate=candidate)
    return list(events.select_related("deed__actor", "deed__organisation", "school", "reason").order_by("pk"))


def papers_of(actor: User, candidate: Candidate) -> list[DossierPaper]:
    """Papers by which schools let a candidate go or propose to, oldest first.

    Args:
        actor: who asks.
        candidate: one the caller may see.
    """
    seen = DossierPaper.objects.visible_to(actor).filter(candidate=candidate)
    return list(seen.select_related("reason", "school", "uploaded_by").order_by("pk"))
