"""A list of candidate numbers, and what can be done with each of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import User
from admissions.lifecycle import State
from admissions.services.windows import season_of

from ..queries.students import own_students

NOT_HERE = "不在本校录取名单中"


@dataclass(frozen=True, slots=True)
class Named:
    """A line of the list.

    Attributes:
        line: its place, from 1.
        number: the candidate number as given.
        name: of the candidate, if found.
        candidate: primary key, if he can be registered.
        words: the result in words.
    """

    line: int
    number: str
    name: str
    candidate: int | None
    words: str


def students_named(*, actor: User, numbers: Sequence[str]) -> list[Named]:
    """Look up each number among the students of the actor's school; nothing is written.

    Args:
        actor: of the school.
        numbers: as uploaded or pasted, in order.
    """
    rows = own_students(actor, season_of(actor)).filter(candidate__number__in=set(numbers))
    found = {row.candidate.number: row.candidate for row in rows}
    results, seen = [], {}
    for line, number in enumerate(numbers, 1):
        candidate = found.get(number)
        if number in seen:
            words = f"与第 {seen[number]} 行重复"
        elif candidate is None:
            words = NOT_HERE
        elif candidate.dossier.held:
            words = "档案已挂起"
        elif candidate.dossier.state == State.REGISTERED:
            words = "已经注册"
        else:
            words = ""
        seen.setdefault(number, line)
        results.append(
            Named(
                line,
                number,
                candidate.name if candidate else "",
                None if words else candidate.pk,
                words or "可注册",
            )
        )
    return results
