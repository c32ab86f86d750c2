"""设置考生状态: out of the pool and back into it, asked by one officer and carried out by another.

Source: domain.md §4.3 (不参加, 取消资格, 已被普高录取, 缺考, 恢复; second approver; shows in 轨迹).
"""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils import timezone

from accounts.context import deed_record
from accounts.models import User
from accounts.refusals import Refusal
from admissions.lifecycle import BY_STEP, State
from admissions.models import Batch, Candidate, Choice, Dossier
from admissions.services.controls import guards
from admissions.services.dossiers import Move, dossiers_move
from admissions.services.windows import season_of

from ..models import StatusRequest

FUNCTION = "dispatch.set_candidate_status"
MOST = 2000
NAMED = 10
Status = StatusRequest.Status
STEPS = dict.fromkeys(Status, "set_out") | {Status.RESTORED: "set_in"}


def candidates_named(*, actor: User, status: str, numbers: Iterable[str]) -> list[Candidate]:
    """The candidates of a list, all of whom may get the status.

    Args:
        actor: sees them all.
        status: a value of ``StatusRequest.Status``.
        numbers: candidate numbers.

    Raises:
        Refusal: naming all who are unknown to him, of several cities, held, or in another state.
    """
    wanted = list(dict.fromkeys(number.strip() for number in numbers if number.strip()))
    if not wanted:
        raise Refusal("请填写考生号。")
    if len(wanted) > MOST:
        raise Refusal(f"一次最多 {MOST} 名考生，请分次提交。")
    seen = Candidate.objects.visible_to(actor).filter(season=season_of(actor), number__in=wanted)
    found = {candidate.number: candidate for candidate in seen.select_related("dossier")}
    step = BY_STEP[STEPS[status]]
    wrong = [f"{number}（没有这名考生）" for number in wanted if number not in found]
    for number, candidate in found.items():
        dossier = candidate.dossier
        if dossier.held or dossier.state not in step.sources:
            wrong.append(f"{number}（{dossier.word}）")
    if wrong:
        more = f" 等 {len(wrong)} 名" if len(wrong) > NAMED else ""
        needed = "、".join(sorted(State(state).word for state in step.sources))
        raise Refusal(
            f"以下考生不能设为“{Status(status).label}”（须为“{needed}”）：{'、'.join(wrong[:NAMED])}{more}。"
        )
    if len({candidate.city for candidate in found.values()}) > 1:
        raise Refusal("一次只能提交一个市的考生。")
    return [found[number] for number in wanted]


@transaction.atomic
def status_request(*, actor: User, status: str, words: str, numbers: Sequence[str]) -> StatusRequest:
    """Ask for a status of some candidates; nothing happens to them yet.

    Args:
        actor: an officer who sees them.
        status: a value of ``StatusRequest.Status``.
        words: why.
        numbers: candidate numbers, up to ``MOST``.

    Raises:
        Refusal: as ``candidates_named``; or if one is in a request that waits already, or no reason is given.
    """
    _may(actor)
    if not words.strip():
        raise Refusal("请写明原因。")
    found = candidates_named(actor=actor, status=status, numbers=numbers)
    keys = sorted(candidate.pk for candidate in found)
    list(
        Dossier.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=keys)
        .order_by("pk")
        .values_list("pk")
    )
    waiting = StatusRequest.objects.filter(
        state=StatusRequest.State.SUBMITTED, candidates__overlap=keys
    ).first()
    if waiting:
        raise Refusal(f"其中有考生已在第 {waiting.pk} 号申请中等待复核。")
    made = StatusRequest.objects.create(
        season=found[0].season,
        city=found[0].city,
        status=status,
        words=words.strip(),
        candidates=keys,
        made_by=actor,
    )
    deed_record(
        actor=actor,
        subject=f"申请设置考生状态：{made.get_status_display()}",
        count=len(keys),
        note=made.words,
    )
    return made


@transaction.atomic
def status_decide(*, actor: User, request: StatusRequest, agree: bool, answer: str = "") -> int:
    """A second person agrees, and the dossiers move; or refuses, and nothing does.

    Args:
        actor: another officer than the one who asked; sees all the candidates.
        request: submitted.
        agree: whether it is carried out.
        answer: in words; needed for a refusal.

    Returns:
        number of dossiers moved.

    Raises:
        Refusal: if it is his own, was decided, a dossier has moved since, or a run that counts on one of
            them is confirmed or not released.
    """
    _may(actor)
    request = StatusRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=request.pk)
    if request.state != StatusRequest.State.SUBMITTED:
        raise Refusal(f"该申请{request.get_state_display()}，不能再复核。")
    if request.made_by_id == actor.pk:
        raise Refusal("复核人不能是申请人本人。")
    if not agree and not answer.strip():
        raise Refusal("不同意须写明意见。")
    moved = 0
    if agree:
        batches = (
            Choice.objects.filter(candidate__in=request.candidates).order_by().values("batch").distinct()
        )
        for batch in (
            Batch.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=batches).order_by("pk")
        ):
            for guard in guards:
                guard(batch)
        label = request.get_status_display()
        moved = dossiers_move(
            actor=actor,
            step=STEPS[request.status],
            moves=[Move(candidate) for candidate in request.candidates],
            subject=f"设置考生状态：{label}",
            note=f"{label}：{request.words}（申请人 {request.made_by.name}）",
        )
    _close(request, actor, StatusRequest.State.EFFECTIVE if agree else StatusRequest.State.REFUSED, answer)
    return moved


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
    if request.state != StatusRequest.State.SUBMITTED:
        raise Refusal(f"该申请{request.get_state_display()}，不能撤回。")
    _close(request, actor, StatusRequest.State.WITHDRAWN, "")


def _close(request: StatusRequest, actor: User, state: str, answer: str) -> None:
    request.state, request.answer = state, answer.strip()
    request.decided_by, request.decided_at = actor, timezone.now()
    request.save(update_fields=["state", "answer", "decided_by", "decided_at"])
    deed_record(
        actor=actor,
        subject=f"设置考生状态第 {request.pk} 号申请：{request.get_state_display()}",
        count=len(request.candidates),
        note=request.answer or request.words,
    )


def _may(actor: User) -> None:
    if not actor.may(FUNCTION):
        raise Refusal("您没有“设置考生状态”的权限。")
