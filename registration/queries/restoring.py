"""Resets of the unregistered as they stand now: who could have his place back, who could not, and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection

from accounts.context import unwalled
from accounts.models import Deed, User
from accounts.scopes import LEVELS
from admissions.lifecycle import State
from admissions.models import School, Season, Window
from dispatch.models import SchoolControl
from dispatch.models.run import PAUSING_STATES

RESET, RESTORE = "reset_unregistered", "restore_unregistered"
FREE = "free"
OUTCOMES = {
    FREE: "可恢复",
    "back": "已撤销恢复",
    "elsewhere": "已在别处投档或录取",
    "held": "档案挂起",
    "out": "已设为不参加",
    "shut": "院校暂停或停招",
    "busy": "批次正在投档",
    "full": "计划已被占用",
}
SHOWN = 200

# ``step || ''`` keeps the planner off the index of resets, in which it would read all of them for each candidate.
_RESETS = """
    SELECT e.deed_id, count(*),
        count(*) FILTER (WHERE b.candidate_id IS NOT NULL),
        count(*) FILTER (WHERE b.candidate_id IS NULL AND d.state = '{pool}'),
        count(*) FILTER (WHERE b.candidate_id IS NULL AND d.state <> '{pool}')
    FROM admissions_dossierevent e
    JOIN admissions_dossier d ON d.candidate_id = e.candidate_id
    LEFT JOIN LATERAL (
        SELECT r.candidate_id FROM admissions_dossierevent r
        WHERE r.candidate_id = e.candidate_id AND r.step || '' = '{restore}' AND r.placement_id = e.placement_id
            AND r.id > e.id LIMIT 1
    ) b ON true
    WHERE e.step = '{reset}' AND d.season_id = %s AND d.{column} = %s
    GROUP BY e.deed_id ORDER BY e.deed_id DESC LIMIT %s
"""

# Seats are given in the order of dispatch score, rank, number; of each line as many as it has left.
_FOUND = """
    SELECT e.candidate_id, e.placement_id, p.school_id, p.batch_id, p.plan_line_id, c.number, c.name,
        p.dispatch_score, p.rank,
        l.seats_planned + l.seats_changed + l.seats_over - l.seats_taken AS seats,
        CASE
            WHEN EXISTS (
                SELECT 1 FROM admissions_dossierevent r
                WHERE r.candidate_id = e.candidate_id AND r.step || '' = '{restore}'
                    AND r.placement_id = e.placement_id AND r.id > e.id
            ) THEN 'back'
            WHEN d.state = '{excluded}' THEN 'out'
            WHEN d.state <> '{pool}' THEN 'elsewhere'
            WHEN d.held THEN 'held'
            WHEN NOT s.active OR EXISTS (
                SELECT 1 FROM dispatch_schoolcontrol k
                WHERE k.batch_id = p.batch_id AND k.school_id = p.school_id AND k.status = '{paused}'
            ) THEN 'shut'
            WHEN p.batch_id = ANY (ARRAY(SELECT batch_id FROM dispatch_run WHERE state = ANY(%(pausing)s)))
                THEN 'busy'
            WHEN p.plan_line_id IS NOT NULL AND l.id IS NULL THEN 'full'
            ELSE '{free}'
        END AS outcome
    FROM admissions_dossierevent e
    JOIN admissions_dossier d ON d.candidate_id = e.candidate_id
    JOIN admissions_candidate c ON c.id = e.candidate_id
    JOIN dispatch_placement p ON p.id = e.placement_id
    JOIN admissions_school s ON s.organisation_id = p.school_id
    LEFT JOIN quotas_planline l ON l.id = p.plan_line_id
    WHERE e.deed_id = %(deed)s AND e.step = '{reset}' AND d.{column} = %(region)s
        AND (%(school)s::bigint IS NULL OR p.school_id = %(school)s::bigint)
        AND (cardinality(%(candidates)s::bigint[]) = 0 OR e.candidate_id = ANY(%(candidates)s::bigint[]))
"""
_ORDERED = f"""
    SELECT *, row_number() OVER (
        PARTITION BY plan_line_id, outcome ORDER BY dispatch_score DESC NULLS LAST, rank NULLS LAST, number
    ) AS place FROM ({_FOUND}) found
"""
_STANDING = f"""(
    SELECT candidate_id, placement_id, school_id, batch_id, plan_line_id, number, name,
        CASE WHEN outcome = '{FREE}' AND plan_line_id IS NOT NULL AND place > seats THEN 'full' ELSE outcome END
            AS outcome
    FROM ({_ORDERED}) ordered
) standing"""
_COUNTS = f"SELECT school_id, outcome, count(*) FROM {_STANDING} GROUP BY 1, 2"
_LEFT = f"""
    SELECT number, standing.name, s.code, s.name, outcome FROM {_STANDING}
    JOIN admissions_school s ON s.organisation_id = school_id
    WHERE outcome NOT IN ('{FREE}', 'back') ORDER BY s.code, outcome, number LIMIT %(shown)s
"""
_EACH = f"""
    SELECT candidate_id, placement_id, school_id, batch_id, plan_line_id, outcome FROM {_STANDING} ORDER BY 1
"""
_NUMBERS = f"SELECT number, candidate_id FROM {_STANDING} WHERE number = ANY(%(numbers)s)"


@dataclass(frozen=True, slots=True)
class Reset:
    """One execution of the reset, of candidates from one region.

    Attributes:
        deed: of the record; who did it and when.
        window: of registration that had closed.
        count: dossiers reset.
        back: of these, those who have their places back.
        pool: who lie in the pool now.
        gone: who are elsewhere by now, or take part no more.
    """

    deed: Deed
    window: Window
    count: int
    back: int
    pool: int
    gone: int


@dataclass(frozen=True, slots=True)
class Part:
    """What of a reset is looked at.

    Attributes:
        deed: key of the reset.
        region: code of the province or city that the candidates come from.
        school: key of the only school, or None.
        candidates: keys; none are all.
    """

    deed: int
    region: str
    school: int | None = None
    candidates: tuple[int, ...] = ()


class Standing(NamedTuple):
    """How one candidate stands: what he was reset from, by keys, and the outcome."""

    candidate: int
    placement: int
    school: int
    batch: int | None
    line: int | None
    outcome: str


def resets_of(
    actor: User, season: Season, windows: Mapping[str, Window], *, most: int = 10, deed: int | None = None
) -> list[Reset]:
    """The last resets that touched candidates of the actor's own region, the newest first.

    Args:
        actor: of a province or a city; others have none.
        season: of the admissions.
        windows: of registration, by what their resets are called in the record.
        most: how many at most.
        deed: key of the only one that is wanted.
    """
    region = actor.organisation.region
    if len(region) not in (2, 4) or actor.scope is None or not actor.scope.holds_region(region):
        return []
    sql = _filled(_RESETS, region)
    if deed is not None:
        sql = sql.replace("WHERE e.step", "WHERE e.deed_id = %s AND e.step")
    with unwalled(), connection.cursor() as cursor:
        cursor.execute(sql, [*([deed] if deed is not None else []), season.pk, region, most])
        counts = {key: numbers for key, *numbers in cursor.fetchall()}
    deeds = Deed.objects.filter(pk__in=counts, subject__in=windows)
    rows = deeds.select_related("actor", "organisation").order_by("-pk")
    return [Reset(row, windows[row.subject], *counts[row.pk]) for row in rows]


def counts_of(part: Part) -> dict[int, dict[str, int]]:
    """How many stand how, by school: outcome → number. The caller answers for the region being the actor's."""
    counts: dict[int, dict[str, int]] = {}
    for school, outcome, number in _asked(part, _COUNTS):
        counts.setdefault(school, {})[outcome] = number
    return counts


def left_out(part: Part) -> list[tuple[str, str, str, str, str]]:
    """The first ``SHOWN`` who cannot have their places back: number, name, school's code and name, why."""
    rows = _asked(part, _LEFT, shown=SHOWN)
    return [(*row, OUTCOMES[outcome]) for *row, outcome in rows]


def standings(part: Part) -> list[Standing]:
    """Each dossier, by candidate."""
    return [Standing(*row) for row in _asked(part, _EACH)]


def candidates_numbered(part: Part, numbers: Iterable[str]) -> dict[str, int]:
    """Of some candidate numbers those that the reset touched, with their keys."""
    return dict(_asked(part, _NUMBERS, numbers=list(numbers)))


def counts_by_school(counts: dict[int, dict[str, int]]) -> list[tuple]:
    """Rows for a page: code, name and the number of each outcome; the most places back first."""
    names = {s.pk: (s.code, s.name) for s in School.objects.filter(pk__in=counts)}
    rows = [(*names[key], *(found.get(outcome, 0) for outcome in OUTCOMES)) for key, found in counts.items()]
    return sorted(rows, key=lambda row: (-row[2], row[0]))


def total_of(counts: dict[int, dict[str, int]]) -> dict[str, int]:
    """The number of each outcome over all schools, in their order, without those that nobody has."""
    sums = {outcome: sum(found.get(outcome, 0) for found in counts.values()) for outcome in OUTCOMES}
    return {outcome: number for outcome, number in sums.items() if number}


def _asked(part: Part, what: str, **more) -> list[tuple]:
    params = {
        "deed": part.deed,
        "region": part.region,
        "school": part.school,
        "candidates": list(part.candidates),
        "pausing": list(PAUSING_STATES),
    }
    with unwalled(), connection.cursor() as cursor:
        cursor.execute(_filled(what, part.region), params | more)
        return cursor.fetchall()


def _filled(sql: str, region: str) -> str:
    return sql.format(
        column=LEVELS[len(region)],
        reset=RESET,
        restore=RESTORE,
        pool=State.POOL,
        excluded=State.EXCLUDED,
        paused=SchoolControl.Status.PAUSED,
        free=FREE,
    )
