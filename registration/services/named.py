"""A list of candidate numbers, and what can be done with each of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from accounts.models import User
from admissions.lifecycle import State
from admissions.models import Candidate, Window
from admissions.services.windows import season_of, shut_at

from ..queries.students import own_students
from .registered import why_not_changed
from .students import places_of

NOT_HERE = "不在本校录取名单中"


@dataclass(frozen=True, slots=True)
class Named:
    """A line of the list.

    Attributes:
        line: its place, from 1.
        number: the candidate number as given.
        name: of the candidate, if found.
        candidate: primary key, if the deed can be done on him.
        words: the result in words.
    """

    line: int
    number: str
    name: str
    candidate: int | None
    words: str


def students_named(*, actor: User, numbers: Sequence[str]) -> list[Named]:
    """Look up each number for registration among the students of the actor's school; nothing is written.

    Args:
        actor: of the school.
        numbers: as uploaded or pasted, in order.
    """

    found = _found(actor, numbers)
    season = season_of(actor)
    places = places_of(season, [candidate.dossier for candidate in found.values()])
    shut = shut_at(season=season, kind=Window.Kind.REGISTRATION, places=places.values())

    def why_not(candidate: Candidate) -> str:
        if candidate.dossier.held:
            return "档案已挂起"
        return "已经注册" if candidate.dossier.state == State.REGISTERED else shut[places[candidate.pk]]

    return _checked(numbers, found, why_not, "可注册")


def registered_named(*, actor: User, numbers: Sequence[str]) -> list[Named]:
    """Look up each number for a deed on registered students of the actor's school; nothing is written.

    Args:
        actor: of the school.
        numbers: as uploaded or pasted, in order.
    """
    found = _found(actor, numbers)
    registered = [c.pk for c in found.values() if c.dossier.state == State.REGISTERED]
    wrong = why_not_changed(actor, registered)

    def why_not(candidate: Candidate) -> str:
        return wrong.get(candidate.pk, "") if candidate.dossier.state == State.REGISTERED else "尚未注册"

    return _checked(numbers, found, why_not, "可注销")


def _found(actor: User, numbers: Sequence[str]) -> dict[str, Candidate]:
    rows = own_students(actor, season_of(actor)).filter(candidate__number__in=set(numbers))
    return {row.candidate.number: row.candidate for row in rows}


def _checked(
    numbers: Sequence[str], found: dict[str, Candidate], why_not: Callable[[Candidate], str], good: str
) -> list[Named]:
    """Each line with its result; a number that stands twice counts once."""
    results, seen = [], {}
    for line, number in enumerate(numbers, 1):
        candidate = found.get(number)
        if number in seen:
            words = f"与第 {seen[number]} 行重复"
        elif candidate is None:
            words = NOT_HERE
        else:
            words = why_not(candidate)
        seen.setdefault(number, line)
        results.append(
            Named(
                line,
                number,
                candidate.name if candidate else "",
                None if words else candidate.pk,
                words or good,
            )
        )
    return results
