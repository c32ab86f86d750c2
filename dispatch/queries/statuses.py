"""Which status candidates have, had, and how two versions of a city differ (设置考生状态)."""

from collections.abc import Iterable

from accounts.models import User
from admissions.lifecycle import State
from admissions.models import Candidate, DossierEvent, Season
from admissions.services.controls import Rows

from ..models import CandidateStatus, StatusChange, StatusRequest

GENERAL = StatusRequest.Status.GENERAL


def statuses_now(candidates: Iterable[int]) -> dict[int, dict]:
    """Status and reason of those who have one.

    Who is out of the pool by the data of general high schools has no row; he counts as 已被普通高中录取, in the
    words of that import.

    Args:
        candidates: primary keys.
    """
    keys = list(candidates)
    rows = CandidateStatus.objects.filter(pk__in=keys).values_list("pk", "status", "words")
    found = {pk: {"status": status, "words": words} for pk, status, words in rows}
    imported = (
        Candidate.objects.filter(pk__in=keys, dossier__state=State.EXCLUDED)
        .exclude(pk__in=found)
        .values_list("pk", flat=True)
    )
    events = DossierEvent.objects.filter(candidate__in=imported, target=State.EXCLUDED).exclude(
        source=State.EXCLUDED
    )
    notes = dict(events.order_by("pk").values_list("candidate", "note"))
    return found | {pk: {"status": GENERAL, "words": notes.get(pk, "")[:200]} for pk in imported}


def versions_differ(
    *, actor: User, season: Season, city: str, old: int, new: int | None = None
) -> tuple[Rows, Rows]:
    """Those candidates whose status differs between two versions of a city, in the one and in the other.

    A version's state is today's with all later changes undone, so that no version keeps a copy of persons.

    Args:
        actor: only candidates he sees.
        season, city: whose versions.
        old: number of a version; 0 for before the first.
        new: likewise; None for now.

    Returns:
        rows by candidate number, without those who had no status.
    """
    low = old if new is None else min(old, new)
    keys = list(_undone(actor, season, city, low))
    now = statuses_now(keys)

    def at(number: int | None) -> dict:
        undone = {} if number is None else _undone(actor, season, city, number)
        return {key: undone.get(key, now.get(key)) for key in keys}

    before, after = at(old), at(new)
    numbers = dict(Candidate.objects.filter(pk__in=keys).values_list("pk", "number"))
    differ = sorted((numbers[key], key) for key in keys if before[key] != after[key])
    return (
        {(number,): before[key] for number, key in differ if before[key]},
        {(number,): after[key] for number, key in differ if after[key]},
    )


def _undone(actor: User, season: Season, city: str, number: int) -> dict[int, dict | None]:
    """Of all whom a version after this one has changed: what they had in it."""
    later = StatusChange.objects.visible_to(actor).filter(
        request__season=season, request__city=city, request__version__gt=number
    )
    first = later.order_by("candidate", "request__version").distinct("candidate")
    return {
        pk: {"status": was, "words": words} if was else None
        for pk, was, words in first.values_list("candidate", "was", "was_words")
    }
