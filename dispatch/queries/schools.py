"""Schools of a batch as an officer chooses some of them."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection
from django.db.models import F, Q, Sum

from accounts.models import User
from admissions.lifecycle import State
from admissions.models import Batch, School
from quotas.models import PlanLine

from ..models import SchoolControl, Sheet

SHOWN = 100

_WANTED = """
    SELECT ch.school_id, count(DISTINCT ch.candidate_id) FROM admissions_choice ch
    JOIN admissions_dossier d ON d.candidate_id = ch.candidate_id
    WHERE ch.batch_id = %s AND ch.school_id = ANY(%s) AND d.state = %s AND NOT d.held GROUP BY ch.school_id
"""


@dataclass(frozen=True, slots=True)
class SchoolRow:
    """One school of a batch: its plan, who wants it, and what stands against sending it more.

    Attributes:
        school: the school.
        plan, left: seats in all, and those not taken.
        wanted: candidates in the pool, not held, who chose it.
        unsettled: numbers of sheets it has not submitted.
        status: what the city has set for it in words, empty if it is open.
        chosen: whether the officer has chosen it.
    """

    school: School
    plan: int
    left: int
    wanted: int
    unsettled: list[str]
    status: str
    chosen: bool


def schools_planned(batch: Batch):
    """Schools that have a plan in a batch."""
    return School.objects.filter(pk__in=PlanLine.objects.filter(batch=batch).values("school"))


def schools_to_choose(
    actor: User, batch: Batch, words: str, chosen: Collection[int]
) -> tuple[list[SchoolRow], int]:
    """The schools chosen so far, then those of a search, ``SHOWN`` at most.

    Args:
        actor: an officer of the batch's city.
        batch: visible to him.
        words: part of a name, or the beginning of a code; empty for all.
        chosen: keys of schools.

    Returns:
        rows; and how many schools the search found beside those chosen.
    """
    schools = schools_planned(batch).order_by("code")
    found = schools.exclude(pk__in=chosen)
    if words:
        found = found.filter(Q(name__contains=words) | Q(code__startswith=words))
    rows = [*schools.filter(pk__in=chosen), *found[:SHOWN]]
    keys = [school.pk for school in rows]
    plans = {
        row["school"]: row
        for row in PlanLine.objects.filter(batch=batch, school__in=keys)
        .order_by()
        .values("school")
        .annotate(
            plan=Sum(F("seats_planned") + F("seats_changed") + F("seats_over")), taken=Sum("seats_taken")
        )
    }
    unsettled: dict[int, list[str]] = {}
    waiting = Sheet.objects.visible_to(actor).filter(
        batch=batch, school__in=keys, submitted_at__isnull=True, cancelled_at__isnull=True
    )
    for school, number in waiting.values_list("school", "number"):
        unsettled.setdefault(school, []).append(number)
    closed = SchoolControl.objects.filter(batch=batch, school__in=keys)
    closed = {
        row.school_id: row.get_status_display() for row in closed.exclude(status=SchoolControl.Status.OPEN)
    }
    with connection.cursor() as cursor:
        cursor.execute(_WANTED, [batch.pk, keys, State.POOL.value])
        wanted = dict(cursor.fetchall())
    return [
        SchoolRow(
            school=school,
            plan=plans[school.pk]["plan"],
            left=plans[school.pk]["plan"] - plans[school.pk]["taken"],
            wanted=wanted.get(school.pk, 0),
            unsettled=unsettled.get(school.pk, []),
            status=closed.get(school.pk, ""),
            chosen=school.pk in chosen,
        )
        for school in rows
    ], found.count()
