"""Rows → ``Problem``: a batch at one moment, read once, as arrays."""

import hashlib
import json
import re
from collections.abc import Sequence

import numpy as np
from django.db import connection
from django.db.models import F

from accounts.refusals import Refusal
from admissions.bulk import INT4, INT8, copy_out
from admissions.lifecycle import UNDECIDED, State
from admissions.models import Batch, Subject
from quotas.models import PlanLine

from .allotting import allotted_arrays, allotted_digest, allotted_of, feeder_sql
from .condition_kinds import TRAIT
from .conditions import barred_by, columns_of, rules_of
from .kernel.order import lottery_numbers, order_candidates, place_by_choice, seats_offered
from .kernel.problem import Outcome, Problem, digest
from .lines import lines_of, need_of
from .models import ControlVersion, FrozenChoices, Placement, Run, SchoolControl
from .snapshot import Snapshot, eligible_of, rule_of

RETURNED = "此前在本批次已被该校退档"
NO_COLUMN = ("lottery", "choice_order")


def parameters_of(batch: Batch, kind: str = Run.Kind.BATCH, only: Sequence[int] = (), seed: str = "") -> dict:
    """The mode of a batch with its lines, as plain data: what a run keeps and prints.

    Args:
        batch: of one city.
        kind: a ``Run.Kind``: by which function the dossiers are sent.
        only: keys of the schools the run is confined to; empty for all.
        seed: of the lottery; without it ``practice`` says that the seed here is good for practising only.
    """
    given = {
        "kind": str(kind),
        "only": sorted(only),
        "mode": batch.mode,
        "mode_version": batch.mode_version,
        "ratio_percent": batch.ratio_percent,
        "rounding": batch.rounding,
        "tie_policy": batch.tie_policy,
        "tie_keys": list(batch.tie_keys),
        "tiers": list(batch.tiers),
        "bands": list(batch.bands),
        "choices": batch.choices_allowed,
        **lines_of(batch),
        "versions": versions_of(batch),
        "seed": seed or f"{batch.season_id}-{batch.city}-{batch.code}",
        **allotted_of(batch, kind, only),
    }
    if kind == Run.Kind.LOTTERY:  # by the number alone, a seat for each who is drawn
        by_choice = batch.mode == Batch.Mode.CHOICE_FIRST
        given |= {
            "mode": str(Batch.Mode.CHOICE_FIRST if by_choice else Batch.Mode.SCORE_FIRST),
            "ratio_percent": 100,
            "tie_policy": str(Batch.Ties.STRICT),
            "tie_keys": ["lottery"],
            "tiers": [],
            "bands": [],
        }
    return given | ({"practice": True} if "lottery" in given["tie_keys"] and not seed else {})


def versions_of(batch: Batch) -> dict[str, int]:
    """The version of everything that was set for a batch, by function."""
    rows = ControlVersion.objects.filter(batch=batch).order_by("function", "number")
    return dict(rows.values_list("function", "number"))


def choices_freeze(batch: Batch) -> int:
    """Write the choices of a batch as one array per candidate; once dossiers were sent they stay.

    A run that was undone as a whole has sent nothing.

    Returns:
        number of candidates with choices.
    """
    frozen = FrozenChoices.objects.filter(batch=batch)
    if batch.runs.filter(executed_at__isnull=False, cancelled_at__isnull=True).exists():
        return frozen.count()
    frozen.delete()
    columns = ", ".join(
        f"coalesce(max(school_id) FILTER (WHERE position = {position}), 0)::int"
        for position in range(1, batch.choices_allowed + 1)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO dispatch_frozenchoices (batch_id, candidate_id, schools)"
            f" SELECT batch_id, candidate_id, ARRAY[{columns}] FROM admissions_choice"
            " WHERE batch_id = %s GROUP BY batch_id, candidate_id",
            [batch.pk],
        )
        number = cursor.rowcount
        cursor.execute("ANALYZE dispatch_frozenchoices (batch_id, candidate_id)")
        return number


def snapshot_load(batch: Batch, parameters: dict) -> Snapshot:
    """Read a batch as it stands: who is in the pool with a choice, and what each school may take.

    The rows come by candidate number, compared byte by byte, so that equals stand in the same order on any
    server. Eligible is who reaches the lines of province, region and school, meets the school's conditions,
    and was not returned by that school in this batch before (domain.md §2.2, guard 4). Of a run confined to
    some schools only those who chose one of them take part.

    Args:
        batch: of one city.
        parameters: as ``parameters_of`` gave them when the run was opened.

    Raises:
        Refusal: if nobody has choices, a tie key names no subject of the city, or a school keeps more seats for
            junior schools than it may take.
    """
    width = parameters["choices"]
    keys = [tie_key_sql(batch, key) for key in parameters["tie_keys"] if key not in NO_COLUMN]
    rules = rules_of(batch, parameters["only"] or None)
    asked = columns_of(rules)
    columns = {"candidate": INT8, "county": np.dtype("S6"), "score": INT4}
    columns |= {f"key{number}": INT4 for number in range(len(keys))}
    columns |= {f"asked{number}": INT4 for number in range(len(asked))}
    columns |= {f"choice{number}": INT4 for number in range(width)}
    feeder = []
    if "allotted" in parameters:
        columns["feeder"], feeder = INT8, [feeder_sql(parameters["allotted"]["trait"])]
    selected = "".join(f", {key}" for key in (*keys, *asked)) + "".join(
        f", coalesce(f.schools[{number + 1}], 0)" for number in range(width)
    )
    selected += "".join(f", {column}" for column in feeder)
    with connection.cursor() as cursor:
        # Big hash tables for the rest of this job; and no helpers, which take the core that reads the rows.
        cursor.execute("SET LOCAL work_mem = '256MB'; SET LOCAL max_parallel_workers_per_gather = 0")
    rows = copy_out(
        f"""
        SELECT c.id, c.county, coalesce(c.total, 0) + CASE WHEN c.concessions = '{{}}' THEN 0 ELSE (
            SELECT coalesce(max(x.points), 0) FROM admissions_concession x WHERE x.season_id = c.season_id
              AND x.city = c.city AND x.kind = 'points' AND x.code = ANY (c.concessions))::int END
            {selected}
        FROM dispatch_frozenchoices f
        JOIN admissions_dossier d ON d.candidate_id = f.candidate_id
        JOIN admissions_candidate c ON c.id = f.candidate_id
        WHERE f.batch_id = %s AND d.state = %s AND NOT d.held AND c.city = %s
        ORDER BY c.number COLLATE "C"
        """,
        [batch.pk, State.POOL.value, batch.city],
        columns,
    )
    if not len(rows):
        raise Refusal("该批次没有在库且填报了志愿的考生，无法投档。", hint="请先导入考生、成绩和志愿。")
    schools, left = units_of(batch, parameters)
    if parameters["only"]:  # choices of other schools are void here, and keep their place
        listed = np.stack([rows[f"choice{number}"] for number in range(width)], 1)
        rows = rows[np.isin(listed, schools).any(axis=1)]
        if not len(rows):
            raise Refusal("没有在库考生填报所选院校，无法投档。")
    candidates, score = rows["candidate"].astype(np.int64), rows["score"].astype(np.int32)
    values = np.stack([rows[f"key{n}"] for n in range(len(keys))], 1) if keys else np.empty((len(rows), 0))
    listed = np.stack([rows[f"choice{number}"] for number in range(width)], 1).astype(np.int64)
    choices = np.searchsorted(schools, listed).clip(max=max(len(schools) - 1, 0)).astype(np.int32)
    choices[schools[choices] != listed] = -1
    last = _last(batch, parameters, candidates)
    order, groups = order_candidates(score, [values[:, n].astype(np.int32) for n in range(len(keys))], last)
    need = need_of(batch, parameters, rows["county"], choices, schools)
    bars, own_order = [RETURNED], parameters["mode"] == Batch.Mode.DEFERRED
    returned = _returned(batch, choices, candidates, schools)
    found = barred_by(
        batch=batch,
        rules=rules,
        candidates=candidates,
        choices=choices,
        schools=schools,
        columns={sql: rows[f"asked{number}"].astype(np.int32) for number, sql in enumerate(asked)},
        own_order=own_order,
        bars=bars,
    )
    barred, own, marks = found or (None, None, None)
    if returned is not None:
        barred = returned if barred is None else np.where(returned > 0, returned, barred)
    place = None
    eligible = eligible_of(score, need, barred, choices.shape)
    if parameters.get("kind") == Run.Kind.LOTTERY:  # the draw alone, whatever the mode ranks by
        order, groups = drawn_order(eligible, last)
    elif own_order:
        place = place_by_marks(choices, groups, marks)
    elif "choice_order" in parameters["tie_keys"]:
        place = place_by_choice(groups, width)
    sizes, ties, tier = rule_of(parameters, score)
    seats = seats_offered(left, parameters["ratio_percent"], parameters["rounding"])
    kept = (
        allotted_arrays(batch, parameters, schools, seats, rows["feeder"].astype(np.int64)) if feeder else {}
    )
    snapshot = Snapshot(
        problem=Problem(order, groups, choices, seats, eligible, place),
        bands=sizes,
        ties=ties,
        tier=tier,
        candidates=candidates,
        counties=rows["county"],
        score=score,
        keys=values.astype(np.int32),
        schools=schools,
        left=left,
        need=need,
        barred=barred,
        bars=tuple(bars),
        own=own,
        **kept,
    )
    left_out = parameters.get("left_out")
    return snapshot.without(np.isin(schools, left_out)) if left_out else snapshot


def tie_key_sql(batch: Batch, key: str) -> str:
    """A tie key as an SQL expression: subjects and their sums, the raw total, grades, concessions.

    A grade is a trait of the candidate, of which A goes before B; ``grade:综合素质`` names it.

    Raises:
        Refusal: if it names no subject of the city.
    """
    if key == "raw_total":
        return "coalesce(c.total, 0)"
    if key == "concession_priority":
        return (
            "CASE WHEN c.concessions <> '{}' AND EXISTS (SELECT 1 FROM admissions_concession x WHERE"
            " x.season_id = c.season_id AND x.city = c.city AND x.kind = 'priority'"
            " AND x.code = ANY (c.concessions)) THEN 1 ELSE 0 END"
        )
    if key.startswith("grade:") and TRAIT.fullmatch(key[6:]):
        return (
            "coalesce((SELECT -ascii(t.value) FROM dispatch_trait t WHERE t.candidate_id = c.id"
            f" AND t.code = '{key[6:]}'), -1000)"
        )
    positions = dict(
        Subject.objects.filter(season=batch.season_id, city=batch.city).values_list("code", "position")
    )
    codes = re.split(r"\s*\+\s*", key)
    unknown = [code for code in codes if code not in positions]
    if unknown:
        raise Refusal(f"同分比较项“{unknown[0]}”不是该市的科目。", hint="请检查投档模式。")
    return " + ".join(f"coalesce(c.scores[{positions[code] + 1}], 0)" for code in codes)


def _last(batch: Batch, parameters: dict, candidates: np.ndarray) -> np.ndarray:
    """The strict last key: the lottery number if the mode asks for it, else the candidate number."""
    if "lottery" not in parameters["tie_keys"]:
        return np.arange(len(candidates))  # the rows come sorted by candidate number
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT number FROM admissions_candidate WHERE id = ANY(%s) ORDER BY number COLLATE "C"',
            [candidates.tolist()],
        )
        return lottery_numbers(parameters["seed"], [number for (number,) in cursor])


def units_of(batch: Batch, parameters: dict) -> tuple[np.ndarray, np.ndarray]:
    """Schools with a plan in the batch, by key, and the seats each has left for dossiers to come.

    What a tie put above the plan (``seats_over``) was for those it sent: where one of them has left, his
    place is not offered again.
    """
    left: dict[int, int] = {}
    lines = PlanLine.objects.filter(batch=batch).with_left()
    for school, seats in lines.values_list("school", F("left") - F("seats_over")):
        left[school] = left.get(school, 0) + seats
    with connection.cursor() as cursor:  # dossiers that schools still read may yet take a seat
        cursor.execute(
            "SELECT p.school_id, count(*) FROM dispatch_placement p JOIN admissions_dossier d"
            " ON d.placement_id = p.id AND d.candidate_id = p.candidate_id"
            " WHERE p.batch_id = %s AND p.closed_at IS NULL AND d.state = ANY (%s) GROUP BY p.school_id",
            [batch.pk, sorted(UNDECIDED)],
        )
        for school, reading in cursor:
            left[school] = left.get(school, 0) - reading
    closed = SchoolControl.objects.filter(batch=batch).exclude(status=SchoolControl.Status.OPEN)
    for school in closed.values_list("school", flat=True):
        left[school] = 0
    only = parameters["only"]
    schools = np.array(sorted(key for key in left if not only or key in only), np.int64)
    return schools, np.array([max(left[key], 0) for key in schools.tolist()], np.int32)


def drawn_order(eligible: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The order of a lottery: by the number alone, the smaller first; who is eligible nowhere comes last.

    Args:
        eligible: bool[n, k]; numbers: uint64[n], of ``kernel.order.lottery_numbers``.

    Returns:
        ``Problem.order``, whose first part is the roster, and ``Problem.tie_group``: nobody is equal.
    """
    order, _ = order_candidates(eligible.any(axis=1), [], numbers)
    groups = np.empty(len(order), np.int32)
    groups[order] = np.arange(len(order), dtype=np.int32)
    return order, groups


def place_by_marks(choices: np.ndarray, groups: np.ndarray, marks: np.ndarray | None) -> np.ndarray:
    """Standing of each candidate where schools rank by their own tests, and by the common order where equal.

    Args:
        choices: int32[n, k]; groups: int32[n], ``Problem.tie_group``; marks: int32[n, k], -1 for no test.

    Returns:
        int32[n, k], ``Problem.place``.
    """
    place = np.broadcast_to(groups[:, None], choices.shape).copy()
    if marks is None:
        return place
    cells = np.flatnonzero((marks >= 0) & (choices >= 0))
    group, mark = np.broadcast_to(groups[:, None], choices.shape).reshape(-1)[cells], marks.reshape(-1)[cells]
    along = np.lexsort((group, -mark))
    differs = np.diff(mark[along], prepend=-1) != 0
    differs |= np.diff(group[along], prepend=-1) != 0
    place.reshape(-1)[cells[along]] = np.cumsum(differs)
    return place


def _returned(batch, choices, candidates, schools) -> np.ndarray | None:
    """uint16[n, k], 1 where the school has returned the candidate in this batch before; None for nobody."""
    returned = Placement.objects.filter(batch=batch, reason__isnull=False, closed_at__isnull=False)
    rows = np.array(list(returned.values_list("candidate", "school")), np.int64).reshape(-1, 2)
    rows = rows[np.isin(rows[:, 0], candidates) & np.isin(rows[:, 1], schools)]
    if not len(rows):
        return None
    by_key = np.argsort(candidates)
    who = by_key[np.searchsorted(candidates[by_key], rows[:, 0])]
    unit = np.searchsorted(schools, rows[:, 1])
    barred = np.zeros(choices.shape, np.uint16)
    for place, school in zip(who.tolist(), unit.tolist(), strict=True):
        barred[place, choices[place] == school] = 1
    return barred


def fingerprint_of(parameters: dict, snapshot: Snapshot, outcome: Outcome) -> tuple[str, str, str]:
    """Digests of input and outcome, and the fingerprint that joins them with the parameters."""
    said = json.dumps(parameters, sort_keys=True, ensure_ascii=False)
    persons = hashlib.sha256(
        snapshot.candidates.astype("<i8").tobytes() + snapshot.schools.astype("<i8").tobytes()
    )
    started = f"{digest(snapshot.problem)}{persons.hexdigest()}"
    if snapshot.quota is not None:
        started += allotted_digest(snapshot)
    read = hashlib.sha256(started.encode()).hexdigest()
    given = digest(outcome)
    return read, given, hashlib.sha256(f"{said}{read}{given}".encode()).hexdigest()
