"""How candidates stand to schools they are to be sent to by themselves: line, score, conditions, seats.

Asked for many at once: one set of queries for all, and a few more for each batch with special conditions.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from django.db.models import BigIntegerField, Count, F, OuterRef, SmallIntegerField, Subquery, Value
from django.db.models.expressions import RawSQL
from django.utils import timezone

from accounts.refusals import Refusal
from admissions.bulk import INT4, INT8, copy_out
from admissions.lifecycle import UNDECIDED, State
from admissions.models import Batch, Candidate, Choice, School
from admissions.services.windows import batch_window_require, window_require
from quotas.models import PlanLine

from ..conditions import barred_by, columns_of, groups_of
from ..lines import floors_of, need_at
from ..models import Placement, ProvinceLine, RegionLine, Run, SchoolCondition, SchoolControl, SchoolLine
from ..services.school import pause_words
from ..snapshot import worded
from .since import runs_under_way


@dataclass(frozen=True, slots=True)
class Ask:
    """One candidate for one school.

    Attributes:
        candidate, school, batch: primary keys.
        line: of the plan, where he is to be admitted at once.
    """

    candidate: int
    school: int
    batch: int
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How one candidate stands to one school at this moment.

    Attributes:
        candidate: with his dossier; None if he is gone.
        school, batch, line: those asked for; None where they, or the school's plan in the batch, are gone.
        need: the line, in hundredths of a mark; 0 where none is set.
        score: his dispatch score likewise; None without marks.
        against: what the school's special conditions say against him; empty if nothing.
        returned: whether the school has returned him in this batch before.
        choice: position of the choice of his that names the school; None if none does.
        closed: why the school takes nobody in the batch now; empty if it does.
        left: seats of the school that no dossier it has may still take.
        voids: what he must know who sends him now: a rehearsal of the batch that waits becomes void; or empty.
    """

    candidate: Candidate | None
    school: School | None
    batch: Batch | None
    line: PlanLine | None
    need: int
    score: int | None
    against: str
    returned: bool
    choice: int | None
    closed: str
    left: int
    voids: str = ""

    @property
    def short(self) -> int:
        """By how much the score falls short of the line, in hundredths of a mark; 0 if it does not."""
        return max(self.need - (self.score or 0), 0)

    @property
    def free(self) -> bool:
        """Whether the dossier lies in the pool and is not held."""
        dossier = self.candidate and self.candidate.dossier
        return bool(dossier) and dossier.state == State.POOL and not dossier.held


def standings_of(asks: Sequence[Ask]) -> dict[Ask, Standing]:
    """How candidates stand to schools.

    Args:
        asks: what is asked about; whoever calls may see them all, or stands outside of the wall.
    """
    candidates = {c.pk: c for c in _candidates({ask.candidate for ask in asks})}
    plans: dict[tuple[int, int], list[PlanLine]] = {}
    for line in _plans(asks):
        plans.setdefault((line.batch_id, line.school_id), []).append(line)
    batches = {lines[0].batch_id: lines[0].batch for lines in plans.values()}
    known = _choices_and_returns(candidates, batches)
    (running, rehearsed), shut = runs_under_way(batches), _shut(batches)
    needs = _needs([ask for ask in asks if ask.candidate in candidates], candidates, plans)
    against = _against(asks, candidates, batches)
    found = {}
    for ask in asks:
        lines, triple = plans.get((ask.batch, ask.school)), (ask.candidate, ask.school, ask.batch)
        if not lines or ask.candidate not in candidates:
            found[ask] = GONE
            continue
        candidate, first, run = candidates[ask.candidate], lines[0], running.get(ask.batch)
        found[ask] = Standing(
            candidate=candidate,
            school=first.school,
            batch=first.batch,
            line=next((line for line in lines if line.pk == ask.line), None),
            need=needs[ask],
            score=None if candidate.total is None else candidate.total + (candidate.points or 0),
            against=against.get(ask, ""),
            returned=0 in known.get(triple, ()),
            choice=min((position for position in known.get(triple, ()) if position), default=None),
            closed=shut.get(ask.batch) or (pause_words(run).rstrip("。") if run else _closed(first)),
            left=sum(line.left - line.seats_over for line in lines) - (first.reading or 0),
            voids=voids_words(rehearsed[ask.batch]) if ask.batch in rehearsed else "",
        )
    return found


def voids_words(run: Run) -> str:
    """That sending somebody now makes a rehearsal void."""
    return (
        f"{run}已于 {timezone.localtime(run.rehearsed_at):%m-%d %H:%M} 预演、等待复核，此时投出或录取考生，"
        "该次预演作废，须重新预演"
    )


GONE = Standing(None, None, None, None, 0, None, "", False, None, "", 0)


def _candidates(keys: Collection[int]):
    """With their dossiers and ``points``, the highest of their bonus points, as a run reckons them."""
    points = RawSQL(
        "(SELECT max(x.points) FROM admissions_concession x WHERE x.season_id = admissions_candidate.season_id"
        " AND x.city = admissions_candidate.city AND x.kind = 'points'"
        " AND x.code = ANY (admissions_candidate.concessions))",
        [],
    )
    return Candidate.objects.filter(pk__in=keys).select_related("dossier").annotate(points=points)


def _plans(asks: Sequence[Ask]):
    """Plan lines of the schools in the batches, with ``left``, ``status`` of the school, and ``reading``:
    how many dossiers it has that may still take a seat."""
    reading = Placement.objects.open().filter(
        batch=OuterRef("batch"), school=OuterRef("school"), season=OuterRef("season"),
        candidate__dossier__placement_id=F("pk"), candidate__dossier__state__in=UNDECIDED,
    )  # fmt: skip
    counted = reading.order_by().values("school").annotate(n=Count("pk")).values("n")
    control = SchoolControl.objects.filter(batch=OuterRef("batch"), school=OuterRef("school"))
    rows = PlanLine.objects.filter(
        batch__in={ask.batch for ask in asks}, school__in={ask.school for ask in asks}
    )
    return (
        rows.select_related("batch__season", "school")
        .with_left()
        .annotate(status=Subquery(control.values("status")[:1]), reading=Subquery(counted))
        .order_by("pk")
    )


def _choices_and_returns(candidates, batches) -> dict[tuple[int, int, int], set[int]]:
    """Positions of choices by candidate, school and batch; 0 where the school has returned him there."""
    names = ("candidate", "school", "batch")
    chosen = Choice.objects.filter(candidate__in=candidates, batch__in=batches).order_by()
    returned = Placement.objects.filter(
        candidate__in=candidates, batch__in=batches, reason__isnull=False, closed_at__isnull=False
    ).order_by()
    zero = Value(0, output_field=SmallIntegerField())
    rows = chosen.values_list(*names, "position").union(returned.values_list(*names, zero))
    found: dict[tuple[int, int, int], set[int]] = {}
    for *triple, position in rows:
        found.setdefault(tuple(triple), set()).add(position)
    return found


def _shut(batches: dict[int, Batch]) -> dict[int, str]:
    """Why nothing is sent of a batch now, by its key: as for a run, the province's windows and the batch's own."""
    seasons = {batch.season_id: batch.season for batch in batches.values()}
    by_season = {
        key: _words(window_require, season=season, kind="dispatch") for key, season in seasons.items()
    }
    return {
        key: by_season[batch.season_id] or _words(batch_window_require, batch=batch)
        for key, batch in batches.items()
    }


def _words(guard, **what) -> str:
    """What a guard refuses with; empty if it lets pass."""
    try:
        guard(**what)
    except Refusal as refusal:
        return str(refusal).rstrip("。")
    return ""


def _closed(line: PlanLine) -> str:
    """Why the school of a line takes nobody in its batch."""
    if not line.school.active:
        return "院校未列入具备招生资格的院校"
    if line.status == SchoolControl.Status.PAUSED:
        return "院校已暂停招生操作"
    return "院校在该批次录取已结束" if line.status == SchoolControl.Status.FINISHED else ""


def _needs(asks: Sequence[Ask], candidates, plans) -> dict[Ask, int]:
    """The line of each, for all batches at once; as ``lines.need_of``."""
    keys = {batch for batch, _ in plans}
    parameters = {key: {"lines": {}, "kind_lines": {}} for key in keys}
    own: dict[tuple[int, int], dict[str, int]] = {}
    nobody = Value(None, output_field=BigIntegerField())
    of_regions = RegionLine.objects.filter(batch__in=keys).order_by()
    of_schools = SchoolLine.objects.filter(batch__in=keys).order_by()
    rows = of_regions.values_list("batch", nobody, "county", "kind", "score").union(
        of_schools.values_list("batch", "school", "county", Value(""), "score")
    )
    for batch, school, county, kind, score in rows:
        if school:
            own.setdefault((batch, school), {})[county] = score
        elif kind:
            parameters[batch]["kind_lines"].setdefault(kind, {})[county] = score
        else:
            parameters[batch]["lines"][county] = score
    floors: dict[int, list[ProvinceLine]] = {}
    seasons = {lines[0].season_id for lines in plans.values()}
    for row in ProvinceLine.objects.filter(season__in=seasons).order_by("kind"):
        floors.setdefault(row.season_id, []).append(row)
    for lines in plans.values():
        batch = lines[0].batch
        if "province_lines" not in parameters[batch.pk]:
            parameters[batch.pk]["province_lines"] = floors_of(batch, floors.get(batch.season_id, []))
    return {
        ask: need_at(
            parameters[ask.batch],
            candidates[ask.candidate].county,
            sorted({line.kind for line in plans[ask.batch, ask.school]}),
            own.get((ask.batch, ask.school), {}),
        )
        for ask in asks
        if (ask.batch, ask.school) in plans
    }


def _against(asks: Sequence[Ask], candidates, batches) -> dict[Ask, str]:
    """What the special conditions say, where schools have any or rank by their own tests."""
    conditions: dict[int, list[SchoolCondition]] = {}
    rows = SchoolCondition.objects.filter(batch__in=batches, school__in={ask.school for ask in asks})
    for row in rows.order_by("batch", "school", "group", "pk"):
        conditions.setdefault(row.batch_id, []).append(row)
    found: dict[Ask, str] = {}
    for key, batch in batches.items():
        mine = [ask for ask in asks if ask.batch == key and ask.candidate in candidates]
        if mine and (key in conditions or batch.mode == Batch.Mode.DEFERRED):
            found |= _against_in(batch, groups_of(batch, conditions.get(key, ())), mine)
    return found


def _against_in(batch: Batch, rules: dict, asks: Sequence[Ask]) -> dict[Ask, str]:
    who = sorted({ask.candidate for ask in asks})
    row = {key: place for place, key in enumerate(who)}
    units = sorted({ask.school for ask in asks})
    column: dict[Ask, int] = {}
    wanted: list[list[int]] = [[] for _ in who]
    for ask in dict.fromkeys(asks):
        column[ask] = len(wanted[row[ask.candidate]])
        wanted[row[ask.candidate]].append(units.index(ask.school))
    choices = np.full((len(who), max(map(len, wanted))), -1, np.int32)
    for place, some in enumerate(wanted):
        choices[place, : len(some)] = some
    keys = np.array(who, np.int64)
    bars: list[str] = []
    found = barred_by(
        batch=batch,
        rules=rules,
        candidates=keys,
        choices=choices,
        schools=np.array(units, np.int64),
        columns=_columns(rules, keys),
        own_order=batch.mode == Batch.Mode.DEFERRED,
        bars=bars,
    )
    if found is None:
        return {}
    code, own, _ = found
    places = {ask: (row[ask.candidate], at) for ask, at in column.items()}
    return {ask: worded(bars[code[at] - 1], int(own[at])) for ask, at in places.items() if code[at]}


def _columns(rules, candidates: np.ndarray) -> dict[str, np.ndarray]:
    """What the conditions read of candidates, by SQL expression, in the order of their keys."""
    asked = columns_of(rules)
    if not asked:
        return {}
    names = {f"asked{number}": sql for number, sql in enumerate(asked)}
    rows = copy_out(
        f"SELECT c.id, {', '.join(f'({sql})::int' for sql in asked)} FROM admissions_candidate c"
        " WHERE c.id = ANY (%s) ORDER BY c.id",
        [candidates.tolist()],
        {"candidate": INT8} | dict.fromkeys(names, INT4),
    )
    return {sql: rows[name].astype(np.int32) for name, sql in names.items()}
