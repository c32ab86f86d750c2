"""设置院校投档特殊条件限制: a school's conditions, tried on a candidate and counted before they are set."""

from collections.abc import Iterable

import numpy as np

from accounts.models import User
from accounts.refusals import Refusal
from admissions.bulk import INT4, INT8, copy_out
from admissions.models import Batch, Candidate, Subject
from admissions.services.control_columns import Column
from admissions.services.controls import Fault, Rows, Touched, differences

from ...condition_kinds import KINDS, NAMES, condition_of, demands_coded
from ...conditions import barred_by, columns_of, groups_of
from ...models import SchoolCondition, Trait
from ...snapshot import worded
from .base import SchoolsControl, schools_named, schools_of

SAID = 5


class SetSchoolConditions(SchoolsControl):
    """Each row is one condition; groups must all be met, each by one of its conditions."""

    function = "dispatch.set_school_conditions"
    bulk = False
    unset_words = "勾选后取消这些院校的全部条件"

    def keys(self, batch):
        return (
            *super().keys(batch),
            Column("group", "组号", "number", low=1, high=20, note="各组都要满足，同组满足一条即可"),
            Column("kind", "项目", "choice", {key: kind.title for key, kind in KINDS.items()}),
            Column("item", "对象", must=False, note="科目或附加信息的名称"),
            Column("demand", "要求", must=False),
        )

    def now(self, batch):
        rows = SchoolCondition.objects.filter(batch=batch).order_by("school__code", "group", "pk")
        listed = rows.values_list("school__code", "group", "kind", "item", "demand")
        return {(school, f"{group}", *rest): {} for school, group, *rest in listed}

    def told(self):
        return (*super().told(), "要求的含义")

    def names(self, batch, keys):
        keys = list(keys)
        schools = super().names(batch, keys)
        known = {kind: names(batch) for kind, names in NAMES.items()}
        return {
            key: (
                *schools[key],
                "、".join(known.get(key[2], {}).get(code, "") for code in key[4].split()).strip("、"),
            )
            for key in keys
        }

    def settled(self, batch, keys):
        """Demands in codes, so that a county or a concession may be written by its name."""
        keys = list(keys)
        coded = demands_coded(batch, [(key[2], key[4]) for key in keys])
        return [(*key[:4], demand) for key, demand in zip(keys, coded, strict=True)]

    def merge(self, before, asked):
        """What is asked for takes the place of all conditions of its schools."""
        schools = {key[0] for key in asked}
        kept = {key: row for key, row in before.items() if key[0] not in schools}
        return kept | {tuple(str(part) for part in key): {} for key, row in asked.items() if row is not None}

    def faults(self, batch, before, after):
        found = super().faults(batch, before, after)
        for key in after:
            if key in before:
                continue
            try:
                condition_of(batch, *key[2:])
            except ValueError as error:
                found.append(Fault(key, str(error)))
        return found

    def write(self, batch, before, after):
        schools = schools_named(batch, after)
        touched = {key[0] for key, _, _ in differences(before, after)}
        SchoolCondition.objects.filter(batch=batch, school__code__in=touched).delete()
        SchoolCondition.objects.bulk_create(
            row for key, row in zip(after, made(schools, batch, after), strict=True) if key[0] in touched
        )

    def touched(self, batch: Batch, before: Rows, after: Rows):
        whole = super().touched(batch, before, after)
        schools = schools_of(batch)
        codes = list(dict.fromkeys(key[0] for key, _, _ in differences(before, after) if key[0] in schools))
        words = []
        for code in codes[:SAID]:
            old, new = (passing(batch, code, rows) for rows in (before, after))
            words.append(
                f"{schools[code].name}：填报 {new[0]} 名，符合条件的由 {old[1]} 名变为 {new[1]} 名。"
            )
        return Touched(whole.schools, whole.candidates, tuple(words))


def made(schools: dict, batch: Batch, rows: Iterable) -> list[SchoolCondition | None]:
    """Keys of the control as rows of the table; None for a school without plan in the batch."""
    return [
        SchoolCondition(
            batch=batch, school=schools[school], group=int(group), kind=kind, item=item, demand=demand
        )
        if school in schools
        else None
        for school, group, kind, item, demand in rows
    ]


def offered(batch: Batch) -> tuple[list[str], list[str]]:
    """What officers of a city may choose from instead of typing: objects, and demands, by name.

    Subjects and the names of traits that candidates of the city have; sexes, counties and concessions.
    """
    items = [*Subject.objects.filter(season=batch.season_id, city=batch.city).values_list("name", flat=True)]
    traits = Trait.objects.filter(season=batch.season_id, candidate__city=batch.city)
    items += traits.order_by("code").values_list("code", flat=True).distinct()
    return items, [name for names in NAMES.values() for name in names(batch).values()]


def passing(batch: Batch, school: str, rows: Iterable) -> tuple[int, int]:
    """How many chose a school, and how many of them meet its conditions.

    Args:
        batch: of one city.
        school: its code.
        rows: keys of the control; those of other schools are passed over.
    """
    against = _against(batch, school, rows, "SELECT DISTINCT candidate_id FROM admissions_choice WHERE batch_id = %s"
                       " AND school_id = %s", lambda key: [batch.pk, key])  # fmt: skip
    return len(against), sum(1 for words in against.values() if not words)


def tried(*, actor: User, batch: Batch, school: str, number: str, rows: Iterable) -> str:
    """What conditions would say of one candidate; nothing is written.

    Args:
        actor: sees the candidate.
        batch: of one city.
        school: code of the school.
        number: of the candidate.
        rows: keys of the control.

    Returns:
        empty if he meets them all, else what stands against him.

    Raises:
        Refusal: if he sees no such candidate in the city.
    """
    seen = Candidate.objects.visible_to(actor).filter(season=batch.season_id, city=batch.city)
    candidate = seen.filter(number=number.strip()).first()
    if candidate is None:
        raise Refusal(f"本市没有考生号为“{number}”的考生。")
    return _against(batch, school, rows, "SELECT %s::bigint", lambda key: [candidate.pk])[candidate.pk]


def _against(batch, school, rows, query, params) -> dict[int, str]:
    """What stands against each candidate of a query at a school, by key; empty for nothing."""
    known = schools_of(batch)
    if school not in known:
        raise Refusal("该校在本批次没有招生计划。")
    key = known[school].pk
    rules = groups_of(batch, filter(None, made(known, batch, [row for row in rows if row[0] == school])))
    asked = columns_of(rules)
    selected = "".join(f", ({sql})::int" for sql in asked)
    columns = {"candidate": INT8} | {f"asked{number}": INT4 for number in range(len(asked))}
    found = copy_out(
        f"SELECT c.id{selected} FROM ({query}) chosen (id) JOIN admissions_candidate c ON c.id = chosen.id",
        params(key), columns,
    )  # fmt: skip
    candidates = found["candidate"].astype(np.int64)
    bars: list[str] = []
    barred = barred_by(
        batch=batch, rules=rules, candidates=candidates, choices=np.zeros((len(found), 1), np.int32),
        schools=np.array([key], np.int64), own_order=False, bars=bars,
        columns={sql: found[f"asked{number}"].astype(np.int32) for number, sql in enumerate(asked)},
    )  # fmt: skip
    if barred is None:
        return dict.fromkeys(candidates.tolist(), "")
    code, own, _ = barred
    return {
        who: worded(bars[at - 1], value) if at else ""
        for who, at, value in zip(candidates.tolist(), code[:, 0].tolist(), own[:, 0].tolist(), strict=True)
    }
