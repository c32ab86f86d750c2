"""设置考生状态: out of the pool and back into it, asked by one officer and carried out by another.

Each request that takes effect is the next version of its city; going back to one is a request of the difference.

Source: domain.md §4.3 (不参加, 取消资格, 已被普高录取, 缺考, 恢复; second approver; shows in 轨迹).
"""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.context import deed_record
from accounts.models import User
from accounts.refusals import Refusal
from admissions.models import Batch, Choice, Dossier, Region
from admissions.services.controls import Fault, Rows, guards
from admissions.services.dossiers import Move, dossiers_mark, dossiers_move

from ..models import CandidateStatus, StatusChange, StatusRequest
from ..models.status import MIXED
from ..queries.statuses import statuses_now, versions_differ
from .control.base import runs_named
from .control.status import CHOICES, FUNCTION, RESTORED, STATUS, Ground

MOST = 5_000
NAMED = 10
Status = StatusRequest.Status
State = StatusRequest.State


def rows_named(*, status: str, words: str, numbers: Iterable[str]) -> Rows:
    """One status for the candidates of a list, as rows of the control.

    Args:
        status: a value of ``StatusRequest.Status``.
        words: why.
        numbers: candidate numbers.
    """
    named = dict.fromkeys(number.strip() for number in numbers if number.strip())
    return {(number,): {"status": str(status), "words": words.strip()} for number in named}


def rows_changed(ground: Ground, rows: Rows, words: str = "") -> tuple[Rows, Rows]:
    """Rows that are to change, as they stand and as they are to be; a row without a reason gets these words.

    Raises:
        Refusal: naming all that cannot be; if nothing changes, a reason is missing, or they are too many.
    """
    before = STATUS.standing(ground, rows)
    after = {key: row | {"words": row["words"] or words.strip()} for key, row in rows.items()}
    after = {key: row for key, row in after.items() if before.get(key) != row}
    if faults := STATUS.faults(ground, before, after):
        raise Refusal(_named(faults))
    if not after:
        raise Refusal("没有任何变化。")
    if len(after) > MOST:
        raise Refusal(f"一次最多改变 {MOST} 名考生的状态，请分次提交。")
    if silent := [key[0] for key, row in after.items() if not row["words"]]:
        raise Refusal(f"请写明原因：{'、'.join(silent[:NAMED])}没有原因。")
    return {key: row for key, row in before.items() if key in after}, after


def rows_back(ground: Ground, number: int) -> tuple[Rows, list[Fault]]:
    """What brings the statuses of a city back to a version, and who cannot be brought back.

    Args:
        ground: of one city.
        number: of the version; 0 for before the first.

    Returns:
        the rows that differ from now, as they are to be; of these, those who have moved on since, in words.
    """
    was, now = versions_differ(actor=ground.actor, season=ground.season, city=ground.city, old=number)
    back = {"status": RESTORED, "words": f"还原为第 {number} 版"}
    rows = was | {key: back for key in now if key not in was}
    return rows, STATUS.faults(ground, now, rows)


@transaction.atomic
def status_ask(
    *, actor: User, rows: Rows, words: str, back_to: int | None = None, city: str = ""
) -> StatusRequest:
    """Ask for the status of some candidates, one each; nothing happens to them yet.

    Args:
        actor: an officer who sees them.
        rows: status and reason by number, as of the control; 恢复 puts back into the pool.
        words: why, of the whole; also of rows without a reason of their own.
        back_to: number of the version it restores, if it does.
        city: of the version it restores.

    Raises:
        Refusal: as ``rows_changed``; or if one is in a request that waits already.
    """
    _may(actor)
    if not words.strip():
        raise Refusal("请写明原因。")
    ground = STATUS.ground(actor, city)
    before, after = rows_changed(ground, rows, words)
    found = {(one.number,): one for one in STATUS.candidates(ground, after).only("number", "city", "season")}
    keys = sorted(candidate.pk for candidate in found.values())
    list(
        Dossier.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=keys)
        .order_by("pk")
        .values_list("pk")
    )
    if waiting := STATUS.waiting(ground, keys):
        raise Refusal(f"其中有考生已在第 {max(waiting.values())} 号申请中等待复核。")
    asked = {row["status"] for row in after.values()}
    one = next(iter(found.values()))
    made = StatusRequest.objects.create(
        season=one.season,
        city=one.city,
        status=asked.pop() if len(asked) == 1 else MIXED,
        words=words.strip(),
        candidates=keys,
        made_by=actor,
        back_to=back_to,
    )
    none = {"status": "", "words": ""}
    StatusChange.objects.bulk_create(
        (
            StatusChange(
                request=made, candidate=found[key], status=row["status"], words=row["words"],
                was=before.get(key, none)["status"], was_words=before.get(key, none)["words"],
            )
            for key, row in after.items()
        ),
        batch_size=2000,
    )  # fmt: skip
    deed_record(
        actor=actor,
        subject=f"申请设置考生状态：{made.get_status_display()}",
        count=len(keys),
        note=made.words,
    )
    return made


def status_request(*, actor: User, status: str, words: str, numbers: Sequence[str]) -> StatusRequest:
    """Ask for one status of some candidates. Raises as ``status_ask``."""
    return status_ask(actor=actor, rows=rows_named(status=status, words=words, numbers=numbers), words=words)


@transaction.atomic
def status_restore(
    *, actor: User, city: str, number: int, words: str, leave_out: bool = False
) -> StatusRequest:
    """Ask for what brings the statuses of a city back to a version; a second person must agree to it.

    Args:
        actor: an officer of the city.
        city: four digits.
        number: of the version; 0 for before the first.
        words: why.
        leave_out: whether those who have moved on since are left as they are; else they stop the whole.

    Raises:
        Refusal: as ``status_ask``; naming those who have moved on; if there is no such version, or a run of a
            batch that one of them chose is confirmed or not released.
    """
    _may(actor)
    ground = ground_back(actor, city, number)
    rows, faults = rows_back(ground, number)
    if leave_out:
        rows = {key: row for key, row in rows.items() if key not in {fault.key for fault in faults}}
    elif faults:
        raise Refusal(_named(faults), hint="可以勾选“其余考生照常还原”。")
    candidates = STATUS.candidates(ground, rows).values("pk")
    if barring := runs_named(Batch.objects.filter(pk__in=_batches(candidates))):
        raise Refusal(f"{barring}有一次投档已复核或正在进行，不能还原。")
    return status_ask(actor=actor, rows=rows, words=words, back_to=number, city=city)


def ground_back(actor: User, city: str, number: int) -> Ground:
    """The statuses of a city, for somebody who may bring them back to a version.

    Raises:
        Refusal: if the city is not wholly his, or has no such version.
    """
    if not actor.scope.holds_region(city):
        raise Refusal("还原全市的考生状态，须由市招办提出。")
    ground = STATUS.ground(actor, city)
    last = STATUS.kept(ground).first()
    if last is None or not 0 <= number <= last.version:
        raise Refusal("没有这一版本。")
    return ground


@transaction.atomic
def status_decide(*, actor: User, request: StatusRequest, agree: bool, answer: str = "") -> int:
    """A second person agrees, and the dossiers move, as the next version; or refuses, and nothing does.

    Args:
        actor: another officer than the one who asked; sees all the candidates.
        request: submitted.
        agree: whether it is carried out.
        answer: in words; needed for a refusal.

    Returns:
        number of candidates whose status changed.

    Raises:
        Refusal: if it is his own, was decided, one of them has moved on since (all are named), or a run that
            counts on one of them is confirmed or not released.
    """
    _may(actor)
    request = StatusRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=request.pk)
    if request.state != State.SUBMITTED:
        raise Refusal(f"该申请{request.get_state_display()}，不能再复核。")
    if request.made_by_id == actor.pk:
        raise Refusal("复核人不能是申请人本人。")
    if not agree and not answer.strip():
        raise Refusal("不同意须写明意见。")
    moved = 0
    if agree:
        Region.objects.select_for_update(of=("self",), no_key=True).get(code=request.city)
        for batch in (
            Batch.objects.select_for_update(of=("self",), no_key=True)
            .filter(pk__in=_batches(request.candidates))
            .order_by("pk")
        ):
            for guard in guards:
                guard(batch)
        moved = _carry_out(actor, request)
        rows = StatusRequest.objects.filter(season=request.season_id, city=request.city)
        request.version = (rows.aggregate(last=Max("version"))["last"] or 0) + 1
    _close(request, actor, State.EFFECTIVE if agree else State.REFUSED, answer)
    return moved


def moved_on(changes: Iterable[StatusChange]) -> dict[int, str]:
    """Candidates of a request whose status or dossier is no longer what it was when it was asked, in words."""
    changes = list(changes)
    now = statuses_now(change.candidate_id for change in changes)
    dossiers = Dossier.objects.in_bulk([change.candidate_id for change in changes])
    words = {}
    for change in changes:
        dossier, row = dossiers[change.candidate_id], now.get(change.candidate_id)
        if dossier.held:
            words[change.candidate_id] = "已挂起"
        elif row is None and dossier.state != "pool":
            words[change.candidate_id] = f"当前为“{dossier.word}”"
        elif (row or {"status": "", "words": ""}) != {"status": change.was, "words": change.was_words}:
            words[change.candidate_id] = f"当前为“{CHOICES[row['status']] if row else dossier.word}”"
    return words


def _carry_out(actor: User, request: StatusRequest) -> int:
    """Move the dossiers of a request and write down who has which status now."""
    keys = request.candidates
    rows = Dossier.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=keys).order_by("pk")
    list(rows.values_list("pk"))
    changes = list(StatusChange.objects.visible_to(actor).filter(request=request).select_related("candidate"))
    if len(changes) != len(keys):
        raise Refusal("有考生不在您的管辖范围内，未作任何改动。")
    if gone := moved_on(changes):
        who = {change.candidate_id: change.candidate for change in changes}
        raise Refusal(
            _named([Fault((who[key].number,), f"{who[key].name} {words}。") for key, words in gone.items()])
        )
    by = f"（申请人 {request.made_by.name}）"
    notes = {one.candidate_id: f"{one.get_status_display()}：{one.words}{by}" for one in changes}
    subject = f"设置考生状态：{request.get_status_display()}"
    out = [one for one in changes if one.status != RESTORED]
    back = [one for one in changes if one.status == RESTORED]
    for step, some in (("set_out", [one for one in out if not one.was]), ("set_in", back)):
        moves = [Move(one.candidate_id, note=notes[one.candidate_id]) for one in some]
        dossiers_move(actor=actor, step=step, moves=moves, subject=subject)
    if other := {one.candidate_id: notes[one.candidate_id] for one in out if one.was}:
        marked = Dossier.objects.filter(pk__in=other)
        dossiers_mark(actor=actor, step="set_status", dossiers=marked, subject=subject, notes=other)
    CandidateStatus.objects.filter(pk__in=[one.candidate_id for one in back]).delete()
    CandidateStatus.objects.bulk_create(
        [
            CandidateStatus(
                candidate_id=one.candidate_id, season=request.season, status=one.status, words=one.words,
                request=request,
            )
            for one in out
        ],
        update_conflicts=True, unique_fields=["candidate"], update_fields=["status", "words", "request", "since"],
    )  # fmt: skip
    return len(changes)


@transaction.atomic
def status_withdraw(*, actor: User, request: StatusRequest) -> None:
    """Take one's own request back.

    Raises:
        Refusal: if it is another's, or was decided.
    """
    _may(actor)
    request = StatusRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=request.pk)
    if request.made_by_id != actor.pk:
        raise Refusal("只能撤回自己的申请。")
    if request.state != State.SUBMITTED:
        raise Refusal(f"该申请{request.get_state_display()}，不能撤回。")
    _close(request, actor, State.WITHDRAWN, "")


def _close(request: StatusRequest, actor: User, state: str, answer: str) -> None:
    request.state, request.answer = state, answer.strip()
    request.decided_by, request.decided_at = actor, timezone.now()
    request.save(update_fields=["state", "answer", "decided_by", "decided_at", "version"])
    version = f"（第 {request.version} 版）" if request.version else ""
    deed_record(
        actor=actor,
        subject=f"设置考生状态第 {request.pk} 号申请：{request.get_state_display()}{version}",
        count=len(request.candidates),
        note=request.answer or request.words,
    )


def _batches(candidates):
    """Batches in which one of the candidates has a choice."""
    return Choice.objects.filter(candidate__in=candidates).order_by().values("batch").distinct()


def _named(faults: Sequence[Fault]) -> str:
    """Who cannot be brought into the status asked for, the first ten by number."""
    said = "；".join(f"{fault.key[0]}：{fault.words.rstrip('。')}" for fault in faults[:NAMED])
    more = f" 等 {len(faults)} 名" if len(faults) > NAMED else ""
    return f"以下考生的状态不能这样改变：{said}{more}。"


def _may(actor: User) -> None:
    if not actor.may(FUNCTION):
        raise Refusal("您没有“设置考生状态”的权限。")
