"""The electronic dossier (考生电子档案): all that is known of a candidate, on one page."""

from dataclasses import dataclass

from ..models import Candidate, Choice, Concession, Major, Subject


@dataclass(frozen=True, slots=True)
class WholeDossier:
    """One candidate's dossier.

    Attributes:
        candidate: the person.
        marks: subjects with his marks in hundredths, None where he has none.
        concessions: his policy features.
        choices: all his choices, each with the names of its majors.
    """

    candidate: Candidate
    marks: list[tuple[Subject, int | None]]
    concessions: list[Concession]
    choices: list[tuple[Choice, list[str]]]


def dossier_of(candidate: Candidate) -> WholeDossier:
    """The whole dossier of a candidate the caller may see.

    Args:
        candidate: with its relations.
    """
    subjects = Subject.objects.filter(season=candidate.season_id, city=candidate.city).order_by("position")
    scores = candidate.scores
    choices = list(
        Choice.objects.filter(candidate=candidate)
        .select_related("batch", "school")
        .order_by("batch__position", "position")
    )
    codes = {code for choice in choices for code in choice.majors}
    names = dict(Major.objects.filter(code__in=codes).values_list("code", "name"))
    return WholeDossier(
        candidate=candidate,
        marks=[(s, scores[s.position] if s.position < len(scores) else None) for s in subjects],
        concessions=list(
            Concession.objects.filter(
                season=candidate.season_id, city=candidate.city, code__in=candidate.concessions or []
            )
        ),
        choices=[(choice, [names.get(code, code) for code in choice.majors]) for choice in choices],
    )
