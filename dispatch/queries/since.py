"""What has changed since a run was rehearsed, so that its rehearsal no longer holds.

An execution reads everything anew and is refused where its fingerprint would be another one; that is the guard. Here
officers are told beforehand, who did what, so that nobody confirms or waits for what cannot be executed.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from accounts.refusals import Refusal
from admissions.lifecycle import State
from admissions.models import Choice, Dossier, DossierEvent, School

from ..loading import units_of
from ..models import Run
from ..models.run import PAUSING_STATES
from ..runs import run_formal, taken_part

SHOWN = 20
LOOKED_AT = 5_000
"""Candidates whose dossiers moved are looked at so far; another batch's run may move a city."""
AWAITING = (Run.State.REHEARSED, Run.State.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Since:
    """What is another now than in the rehearsal.

    Attributes:
        count: candidates who took part and may not any more, or the other way round.
        bounded: whether there may be more, since no more than ``LOOKED_AT`` were looked at.
        events: the last steps of the first of them, the latest first, with candidate, school and deed.
        plans: schools whose seats left are others now: school, seats then, seats now.
    """

    count: int
    bounded: bool
    events: list[DossierEvent]
    plans: list[tuple[School, int, int]]

    def __bool__(self) -> bool:
        return bool(self.count or self.plans)

    @property
    def words(self) -> str:
        """In one sentence, without the end."""
        least = "至少 " if self.bounded else ""
        said = [f"{least}{self.count} 名考生的档案有变动"] if self.count else []
        return "，".join(said + ([f"{len(self.plans)} 所院校的计划余额有变化"] if self.plans else []))


def since_rehearsed(run: Run) -> Since | None:
    """What has changed for a run that waits for its confirmation or execution.

    Args:
        run: of any state; with its batch.

    Returns:
        None where no rehearsal waits any more, or its files are gone.

    Cost: one pass over the dossiers of the city.
    """
    formal = run_formal(run) if run.state in AWAITING else None
    if formal is None:
        return None
    try:
        took_part, schools, left = taken_part(formal)
    except Refusal:
        return None
    batch = run.batch
    chose = Choice.objects.filter(batch=batch)
    if run.only_schools:
        chose = chose.filter(school__in=run.only_schools)
    moved = Dossier.objects.filter(season=batch.season_id, city=batch.city, changed_at__gt=formal.made_at)
    moved = moved.order_by("-changed_at").values_list("candidate", "state", "held")[:LOOKED_AT]
    free = {candidate: state == State.POOL and not held for candidate, state, held in moved}
    bounded = len(free) == LOOKED_AT
    free = {key: free[key] for key in chose.filter(candidate__in=free).values_list("candidate", flat=True)}
    keys = np.array(list(free), np.int64)
    other = keys[np.isin(keys, took_part) != np.array(list(free.values()), bool)].tolist()
    events = DossierEvent.objects.filter(candidate__in=other[: SHOWN * 10], at__gt=formal.made_at)
    events = events.select_related("candidate", "school", "deed__actor", "deed__organisation")
    found = Since(len(other), bounded, list(events.order_by("-pk")[:SHOWN]), _plans(run, schools, left))
    # An execution that has ended meanwhile is what changed them.
    return found if not found or Run.objects.filter(pk=run.pk, state=run.state).exists() else None


def runs_under_way(batches: Iterable[int]) -> tuple[dict[int, Run], dict[int, Run]]:
    """The runs that bear on whoever moves a dossier of a batch now; one question for all.

    Args:
        batches: primary keys.

    Returns:
        by batch, those that pause its schools (as ``services.school.runs_pausing``), and those whose rehearsal
        waits for the second person and would become void; batches without are missing.
    """
    states = {*PAUSING_STATES, Run.State.REHEARSED}
    runs = list(Run.objects.filter(batch__in=list(batches), state__in=states).select_related("batch"))
    pausing = {run.batch_id: run for run in runs if run.pauses}
    return pausing, {run.batch_id: run for run in runs if not run.pauses}


def _plans(run: Run, schools: np.ndarray, left: np.ndarray) -> list[tuple[School, int, int]]:
    """Schools whose seats left are others now than when they were read."""
    before = dict(zip(schools.tolist(), left.tolist(), strict=True))
    now = dict(zip(*(part.tolist() for part in units_of(run.batch, run.parameters)), strict=True))
    other = [key for key in before.keys() | now.keys() if before.get(key) != now.get(key)]
    names = School.objects.only("code", "name").in_bulk(other)
    rows = [(names[key], before.get(key, 0), now.get(key, 0)) for key in other]
    return sorted(rows, key=lambda row: row[0].code)
