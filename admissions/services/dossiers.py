"""``dossiers_move``: the only writer of a dossier's state, for one or for a million.

Locks in key order, refuses all if one is refused, updates once and writes one event per dossier.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts.context import deed_record
from accounts.models import User
from accounts.refusals import Refusal

from ..lifecycle import BY_STEP, OVERLAYS, State, Step
from ..models import Dossier, DossierEvent


@dataclass(frozen=True, slots=True)
class Move:
    """Where one dossier goes.

    Attributes:
        candidate: primary key.
        placement: the placement it enters or stays on; not needed for a step that leaves the school.
        school: the school it enters; likewise.
        reason: code of the reason, if any.
        note: reason in words, if any.
    """

    candidate: int
    placement: int | None = None
    school: int | None = None
    reason: str | None = None
    note: str = ""


_COLUMNS = "candidate_id, placement_id, school_id, reason_id, note"

_LOCK = """
    WITH moves ({columns}) AS ({relation})
    SELECT locked.candidate_id, locked.state, locked.held FROM (
        SELECT d.candidate_id, d.state, d.held FROM admissions_dossier d
        JOIN moves USING (candidate_id) ORDER BY d.candidate_id FOR NO KEY UPDATE OF d
    ) locked
"""

_TALLY = """
    SELECT count(*), count(*) FILTER (WHERE state = ANY(%s) AND NOT held), min(candidate_id)
        FILTER (WHERE held OR NOT state = ANY(%s))
    FROM ({lock}) found
"""

# The rows are locked, so the dossier joined as ``b`` is the one updated, as it was before.
_MOVE = """
    WITH moves ({columns}) AS ({relation}),
    moved AS (
        UPDATE admissions_dossier d SET
            state = %s, version = d.version + 1, changed_at = {moment},
            placement_id = {placement}, school_id = {school}
        FROM moves m JOIN admissions_dossier b USING (candidate_id)
        WHERE d.candidate_id = b.candidate_id
        RETURNING d.candidate_id, b.state, coalesce(m.school_id, b.school_id) AS school_id,
                  coalesce(m.placement_id, b.placement_id) AS placement_id, m.reason_id, m.note
    )
    INSERT INTO admissions_dossierevent
        (candidate_id, at, step, source, target, deed_id, school_id, placement_id, reason_id, note)
    SELECT candidate_id, statement_timestamp(), %s, state, %s, %s, school_id, placement_id, reason_id, note
    FROM moved
"""

# A step that takes another back: the moment the dossier last came to this state on this placement.
_MOMENT_BEFORE = """
    coalesce((
        SELECT e.at FROM admissions_dossierevent e
        WHERE e.candidate_id = d.candidate_id AND e.placement_id = m.placement_id AND e.target = '{target}'
        ORDER BY e.id DESC LIMIT 1
    ), statement_timestamp())
"""

_MARK = """
    INSERT INTO admissions_dossierevent
        (candidate_id, at, step, source, target, deed_id, school_id, placement_id, reason_id, note)
    SELECT candidate_id, statement_timestamp(), %s, state, state, %s, school_id, placement_id, NULL, m.note
    FROM unnest(%s::bigint[], %s::text[]) m (candidate_id, note) JOIN admissions_dossier USING (candidate_id)
    ORDER BY candidate_id
"""


@transaction.atomic
def dossiers_move(
    *, actor: User | None, step: str, moves: Sequence[Move], subject: str = "", note: str = ""
) -> int:
    """Move some dossiers by one step, or none.

    Args:
        actor: who moves; None for the platform's own clockwork.
        step: key of a step of ``lifecycle``.
        moves: one for each dossier; no candidate twice.
        subject: what the deed is called in the record.
        note: reason in words that holds for all.

    Returns:
        the number of dossiers moved.

    Raises:
        Refusal: if the actor may not take the step, one dossier is not his to see, is held, or is not
            in a state the step may start from, or a reason is missing; nothing is moved then.
    """
    if not moves:
        return 0
    taken = BY_STEP[step]
    candidates = [move.candidate for move in moves]
    if len(set(candidates)) != len(candidates):
        raise Refusal("同一考生在一次操作中出现了两次。")
    if taken.reason and not note and any(not (move.reason or move.note) for move in moves):
        raise Refusal(f"“{taken.word}”须注明原因。")
    if actor is not None:
        seen = Dossier.objects.visible_to(actor) if not _from_pool(taken) else Dossier.objects
        if seen.filter(pk__in=candidates).count() != len(candidates):
            raise Refusal("有考生不在您的管辖范围内，未作任何改动。")
    relation = "SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::varchar[], %s::text[])"
    params = [
        candidates,
        [move.placement for move in moves],
        [move.school for move in moves],
        [move.reason for move in moves],
        [move.note or note for move in moves],
    ]
    return _move(actor=actor, step=taken, relation=relation, params=params, subject=subject, note=note)


@transaction.atomic
def dossiers_move_all(
    *, actor: User | None, step: str, relation: str, params: Iterable = (), subject: str = "", note: str = ""
) -> int:
    """Move whatever a query yields, in one statement: the same deed for a whole province.

    The caller answers for the query lying within the actor's scope.

    Args:
        actor: who moves, or None.
        step: key of a step.
        relation: a SELECT of candidate_id, placement_id, school_id, reason_id, note.
        params: its parameters.
        subject: what the deed is called in the record.
        note: reason in words.

    Raises:
        Refusal: as ``dossiers_move``.
    """
    return _move(
        actor=actor, step=BY_STEP[step], relation=relation, params=list(params), subject=subject, note=note
    )


def not_held_so(rows: Iterable[Dossier], *, held: bool) -> None:
    """Refuse to hold what is held, and to release what is not.

    Args:
        rows: dossiers with their candidates.
        held: True to hold, False to release.

    Raises:
        Refusal: naming the first of them.
    """
    wrong = [row for row in rows if row.held == held]
    if wrong:
        one = wrong[0].candidate
        others = f"（另有 {len(wrong) - 1} 名考生同样）" if len(wrong) > 1 else ""
        state = "已经挂起" if held else "没有挂起"
        raise Refusal(f"考生 {one.number} {one.name}{state}{others}，未作任何改动。")


@transaction.atomic
def dossiers_hold(*, actor: User, candidates: Sequence[int], held: bool, reason: str) -> int:
    """Hold some dossiers or let them go, or none; the state stays, the track tells it.

    Args:
        actor: who holds or releases; the function of the same name is his.
        candidates: primary keys; no one twice.
        held: True to hold, False to release.
        reason: in words.

    Returns:
        the number of dossiers.

    Raises:
        Refusal: if one is not his to see, or is held (or free) already; nothing is done then.
    """
    step = "hold_dossier" if held else "release_dossier"
    if not actor.may(f"dispatch.{step}"):
        raise Refusal(f"您没有“{OVERLAYS[step]}”的权限。")
    rows = list(
        Dossier.objects.visible_to(actor)
        .select_for_update(of=("self",), no_key=True)
        .filter(pk__in=candidates)
        .select_related("candidate")
        .order_by("pk")
    )
    if len(rows) != len(candidates):
        raise Refusal("有考生不在您的管辖范围内，未作任何改动。")
    not_held_so(rows, held=held)
    deed = deed_record(actor=actor, subject=OVERLAYS[step], count=len(rows), note=reason)
    now = timezone.now()
    Dossier.objects.filter(pk__in=[row.pk for row in rows]).update(
        held=held, version=F("version") + 1, changed_at=now
    )
    DossierEvent.objects.bulk_create(
        DossierEvent(
            candidate_id=row.pk,
            at=now,
            step=step,
            source=row.state,
            target=row.state,
            deed=deed,
            school_id=row.school_id,
            placement_id=row.placement_id,
            note=reason,
        )
        for row in rows
    )
    return len(rows)


@transaction.atomic
def dossiers_mark(
    *,
    step: str,
    dossiers: QuerySet[Dossier],
    subject: str,
    note: str = "",
    actor: User | None = None,
    notes: Mapping[int, str] | None = None,
) -> int:
    """Leave an event on dossiers that changes nothing about them.

    They stand still meanwhile, so that each event tells the state between its neighbours.

    Args:
        step: key of ``OVERLAYS``.
        dossiers: which; each is marked as it stands. The caller answers for their lying within the actor's scope.
        subject: what the deed is called in the record.
        note: the rule or the reason, in words.
        actor: who marks; None for the platform's own clockwork.
        notes: reasons of single candidates, which go before ``note``.

    Returns:
        the number of dossiers marked.
    """
    locked = dossiers.select_for_update(of=("self",), no_key=True).order_by("pk")
    keys = list(locked.values_list("pk", flat=True))
    words = [(notes or {}).get(key, note) for key in keys]
    deed = deed_record(actor=actor, subject=subject, count=len(keys), note=note)
    with connection.cursor() as cursor:
        cursor.execute(_MARK, [step, deed.pk, keys, words])
        return cursor.rowcount


def _from_pool(step: Step) -> bool:
    """A school takes a dossier from the pool that it could not see while it lay there."""
    return step.enters_school


def _move(*, actor, step: Step, relation: str, params: list, subject: str, note: str) -> int:
    if actor is not None and step.function and not actor.may(step.function):
        raise Refusal(f"您没有“{step.word}”的权限。")
    sources = sorted(step.sources)
    lock = _LOCK.format(columns=_COLUMNS, relation=relation)
    with connection.cursor() as cursor:
        cursor.execute(_TALLY.format(lock=lock), [sources, sources, *params])
        found, free, offender = cursor.fetchone()
        if found != free:
            raise Refusal(_why_not(step, offender, found - free))
        if not found:
            return 0
        deed = deed_record(actor=actor, subject=subject or step.word, count=found, note=note)
        entering, leaving = step.enters_school, step.leaves_school
        statement = _MOVE.format(
            columns=_COLUMNS,
            relation=relation,
            placement="m.placement_id" if entering else "NULL" if leaving else "d.placement_id",
            school="m.school_id" if entering else "NULL" if leaving else "d.school_id",
            moment=_MOMENT_BEFORE.format(target=step.target) if step.takes_back else "statement_timestamp()",
        )
        cursor.execute(statement, [*params, step.target, step.key, step.target, deed.pk])
        return cursor.rowcount


def _why_not(step: Step, candidate: int, count: int) -> str:
    dossier = Dossier.objects.select_related("candidate").get(pk=candidate)
    state = "已挂起" if dossier.held else f"当前为“{State(dossier.state).word}”"
    others = f"（另有 {count - 1} 名考生同样不能）" if count > 1 else ""
    return (
        f"考生 {dossier.candidate.number} {dossier.candidate.name}{state}，不能“{step.word}”{others}，"
        "未作任何改动。"
    )
