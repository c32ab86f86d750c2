"""Special conditions of schools: rules as data → who may not go where, for many candidates at once.

The conditions of a school stand in groups; all groups must be met, each by at least one of its conditions
(设置院校投档特殊条件限制; domain.md §4.3). What kinds there are stands in ``condition_kinds``.
"""

import re
from collections.abc import Sequence

import numpy as np

from admissions.models import Batch

from .condition_kinds import TESTED, Condition, condition_of
from .models import SchoolCondition, SchoolTest, Trait


def rules_of(batch: Batch, schools: Sequence[int] | None = None) -> dict[int, list[list[Condition]]]:
    """The groups of conditions of each school that has any in the batch.

    Args:
        batch: of one city.
        schools: primary keys; all if not given.
    """
    rows = SchoolCondition.objects.filter(batch=batch)
    if schools is not None:
        rows = rows.filter(school__in=schools)
    return groups_of(batch, rows.order_by("school", "group", "pk"))


def groups_of(batch: Batch, rows) -> dict[int, list[list[Condition]]]:
    """Rows of conditions as groups, by school.

    Args:
        batch: of one city.
        rows: with ``school_id``, ``group``, ``kind``, ``item``, ``demand``; saved or not.
    """
    found: dict[int, dict[int, list[Condition]]] = {}
    known: dict[tuple, Condition] = {}
    for row in rows:
        said = (row.kind, row.item, row.demand)
        if said not in known:
            known[said] = condition_of(batch, *said)
        found.setdefault(row.school_id, {}).setdefault(row.group, []).append(known[said])
    return {school: list(groups.values()) for school, groups in found.items()}


def columns_of(rules: dict[int, list[list[Condition]]]) -> list[str]:
    """SQL expressions that the rules read of candidates, each once."""
    return list(dict.fromkeys(one.column for one in _each(rules) if one.column))


def barred_by(
    *,
    batch: Batch,
    rules: dict[int, list[list[Condition]]],
    candidates: np.ndarray,
    choices: np.ndarray,
    schools: np.ndarray,
    columns: dict[str, np.ndarray],
    own_order: bool,
    bars: list[str],
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None] | None:
    """Which choices the conditions stand against, looking at each school's applicants only.

    Args:
        batch: of one city.
        rules: of ``rules_of``.
        candidates: int64[n], primary keys; choices: int32[n, k], places in schools; schools: int64[m].
        columns: int32[n] by SQL expression.
        own_order: schools rank by their own tests: who has no mark there, or has failed, is barred.
        bars: words of what stands against choices; grows.

    Returns:
        uint16[n, k], 1 + the place in ``bars``, 0 for nothing; int32[n, k], the candidate's own values;
        and int32[n, k], marks at the schools' tests (-1 for none), None unless in their own order. None
        for all where there is nothing to look at.
    """
    tests = _tests(batch, candidates, schools, rules, own_order)
    concerned = np.zeros(len(schools) + 1, np.bool_)
    concerned[:-1] = np.isin(schools, [*rules, *tests])
    cells = np.flatnonzero(concerned[choices])
    if not len(cells):
        return None
    units = choices.reshape(-1)[cells]
    if len(schools) <= np.iinfo(np.int16).max:
        units = units.astype(np.int16)  # sorted by radix
    along = np.argsort(units, kind="stable")
    starts = np.flatnonzero(np.diff(units[along], prepend=-1))
    code, own = np.zeros(choices.shape, np.uint16), np.zeros(choices.shape, np.int32)
    marks = np.full(choices.shape, -1, np.int32) if own_order else None
    traits = {key: _trait(batch, *key, candidates) for key in _traits(rules)}
    places: dict[str, int] = {}
    for mine in np.split(cells[along], starts[1:]):
        school = int(schools[choices.reshape(-1)[mine[0]]])
        who = mine // choices.shape[1]
        tested = tests.get(school)
        tested = None if tested is None else tested[who]
        groups = list(rules.get(school, ()))
        if own_order and school in tests:
            groups.insert(0, [TESTED])
            marks.reshape(-1)[mine] = tested
        for group in groups:
            free = code.reshape(-1)[mine] == 0
            values = [_values(one, who, columns, traits, tested) for one in group]
            met = np.logical_or.reduce([one.met(value) for one, value in zip(group, values, strict=True)])
            against = mine[free & ~met]
            if len(against):
                words = _words(group)
                if words not in places:
                    bars.append(words)
                    places[words] = len(bars)
                code.reshape(-1)[against] = places[words]
                own.reshape(-1)[against] = values[0][free & ~met]
    return code, own, marks


def _words(group: Sequence[Condition]) -> str:
    if len(group) == 1:
        return group[0].words
    plain = "；或".join(re.sub(r"，本人\{\w+\}$", "", one.words) for one in group)
    return f"须符合下列条件之一：{plain}"


def _each(rules):
    return (one for groups in rules.values() for group in groups for one in group)


def _values(one: Condition, who, columns, traits, tested) -> np.ndarray:
    if one.column:
        return columns[one.column][who]
    if one.trait:
        return traits[one.trait, one.values][who]
    return tested


def _traits(rules) -> set[tuple[str, tuple[str, ...]]]:
    return {(one.trait, one.values) for one in _each(rules) if one.trait}


def _trait(batch, name, values, candidates) -> np.ndarray:
    """int32[n]: 1 for whose trait has one of the values, else 0."""
    rows = Trait.objects.filter(season=batch.season_id, code=name, value__in=values)
    holders = np.fromiter(rows.values_list("candidate", flat=True).iterator(20_000), np.int64)
    return np.isin(candidates, holders).astype(np.int32)


def _tests(batch, candidates, schools, rules, own_order) -> dict[int, np.ndarray]:
    """int32[n] by school that has a test or asks for one: marks, -1 for none, -2 for not passed."""
    asking = {s for s, groups in rules.items() for group in groups for one in group if one.test}
    rows = SchoolTest.objects.filter(batch=batch, school__in=schools.tolist())
    if not own_order:
        rows = rows.filter(school__in=asking)
    found = np.array(list(rows.values_list("school", "candidate", "marks", "passed")), np.int64).reshape(
        -1, 4
    )
    by_key = np.argsort(candidates)
    ordered = candidates[by_key]
    at = np.searchsorted(ordered, found[:, 1]).clip(max=max(len(ordered) - 1, 0))
    here = ordered[at] == found[:, 1] if len(ordered) else np.zeros(len(found), np.bool_)
    tests = {}
    for school in {*asking, *np.unique(found[:, 0]).tolist()}:
        mine = here & (found[:, 0] == school)
        values = np.full(len(candidates), -1, np.int32)
        values[by_key[at[mine]]] = np.where(found[mine, 3] == 1, found[mine, 2], -2)
        tests[school] = values
    return tests
