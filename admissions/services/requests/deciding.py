"""The side of the parties: take, approve, refuse, return for correction.

The request's row is locked before anything is looked at again, so that two approvals, or a withdrawal
and an approval, come one after the other; whatever the effect changes is locked after it, in the order of
keys. When the last party agrees, the effect happens in the same transaction.
"""

from collections.abc import Iterable, Sequence
from itertools import islice

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import Organisation, User
from accounts.refusals import Refusal

from ...coded import code_said
from ...models import Request, RequestEvent, RequestParty
from ...queries.requests import acted_for, checks_of, taken_since
from ...requests import Check, Light, RequestKind, kind_of
from ..bulks import Answer
from ..windows import said
from .rows import Deed, State, effect, locked, trail

Decision = RequestParty.Decision
#: So many times as many rows are looked through for those that an officer may take.
LOOKED_THROUGH = 5


@transaction.atomic
def requests_take(*, actor: User, kinds: Sequence[RequestKind], number: int = 10) -> int:
    """Take the oldest requests for oneself: no school withdraws them and no colleague decides them.

    What the actor could not decide now is left to others: what he has written himself, what is barred to him,
    what waits for a school's consent.

    Args:
        actor: of a party.
        kinds: of the requests; they share their review.
        number: how many.

    Returns:
        how many were taken.
    """
    _require_may(actor, kinds[0])
    open_rows = RequestParty.objects.visible_to(actor).filter(acted_for(actor), decision="")
    free = open_rows.filter(Q(taken_at__isnull=True) | Q(taken_at__lt=taken_since()))
    mine = Request.objects.filter(kind__in=[kind.key for kind in kinds]).exclude(asked_by=actor)
    rows = mine.filter(state=State.SUBMITTED, pk__in=free.values("request"))
    rows = rows.exclude(pk__in=_written_by(actor).values("request"))
    oldest = rows.order_by("submitted_at", "pk")
    oldest = oldest.select_for_update(of=("self",), no_key=True, skip_locked=True)
    found = (row for row in oldest[: LOOKED_THROUGH * number] if _may_decide_now(actor, row))
    keys = [row.pk for row in islice(found, number)]
    still = free.filter(request__in=keys)  # looked at again under the lock
    return still.update(taken_by=actor, taken_at=timezone.now())


def _written_by(actor: User):
    """Events by which the actor has written or submitted requests."""
    deeds = (Deed.DRAFTED, Deed.CHANGED, Deed.SUBMITTED)
    return RequestEvent.objects.filter(actor=actor, deed__in=deeds)


def _may_decide_now(actor: User, row: Request) -> bool:
    kind = kind_of(row.kind)
    if kind.barred(row, actor):
        return False
    if not kind.consent_first or actor.organisation.kind == Organisation.Kind.SCHOOL:
        return True
    silent = row.parties.filter(decision="", organisation__kind=Organisation.Kind.SCHOOL)
    return timezone.now() >= kind.consent_until(row) or not silent.exists()


def requests_lay_back(*, actor: User, kinds: Sequence[RequestKind]) -> int:
    """Lay back whatever one has taken and not decided."""
    keys = [kind.key for kind in kinds]
    rows = RequestParty.objects.filter(taken_by=actor, decision="", request__kind__in=keys)
    return rows.update(taken_by=None, taken_at=None)


@transaction.atomic
def request_approve(*, actor: User, request: Request | int, words: str = "") -> str:
    """Agree for one's organisation; if it is the last, the request takes effect.

    Args:
        actor: of a party that has not decided.
        request: submitted.
        words: a remark.

    Returns:
        what came of it, in words.

    Raises:
        Refusal: if the request is not open for the actor, or cannot take effect; the approval is then
            undone as well.
    """
    row, kind = _open(actor, request)
    return _approve(actor, kind, row, words)


@transaction.atomic
def requests_approve_green(
    *, actor: User, kinds: Sequence[RequestKind], requests: Iterable[int]
) -> tuple[int, list[str]]:
    """Agree to several requests, to those only of which every check is green now.

    Args:
        actor: of a party.
        kinds: of all of them; they share their review.
        requests: keys.

    Returns:
        how many were approved, and why each of the others was not.
    """
    found = requests_approve_each(actor=actor, kinds=kinds, requests=requests)
    left = [f"{answer.number}：{answer.words}" for answer in found.values() if not answer.done]
    return len(found) - len(left), left


@transaction.atomic
def requests_approve_each(
    *, actor: User, kinds: Sequence[RequestKind], requests: Iterable[int]
) -> dict[int, Answer]:
    """As ``requests_approve_green``, with what came of each.

    Returns:
        the answer for each key; a request that the actor does not see (any more) is left out too.
    """
    _require_may(actor, kinds[0])
    known = {kind.key: kind for kind in kinds}
    seen = Request.objects.visible_to(actor).filter(pk__in=set(requests), kind__in=known)
    rows = locked(actor, seen.values_list("pk", flat=True))
    for lock in dict.fromkeys(kind.lock for kind in kinds):
        lock([row for row in rows if known[row.kind].lock is lock])
    checks = checks_of(rows)
    found = {key: Answer(False, "", "没有这件申请，或它不在您的管辖范围内。") for key in requests}
    for row in rows:
        try:
            with transaction.atomic():
                row, kind = _open(actor, row.pk)
                if any(check.light != Light.GREEN for check in checks[row.pk]):
                    raise Refusal(not_green(kind, checks[row.pk]))
                words = _approve(actor, kind, row, "批量审核，系统检查全部通过", is_locked=True)
            found[row.pk] = Answer(True, row.number, words)
        except Refusal as refusal:
            found[row.pk] = Answer(False, row.number, str(refusal))
    return found


def not_green(kind: RequestKind, checks: Sequence[Check]) -> str:
    """Why a request must be looked at by itself."""
    named = zip(kind.checks, checks, strict=True)
    told = [f"{title} {check.words}".strip() for title, check in named if check.light != Light.GREEN]
    return f"系统检查未全部通过，须逐件审核：{'；'.join(told)}。"


@transaction.atomic
def request_refuse(*, actor: User, request: Request | int, reason: str, words: str = "") -> Request:
    """Refuse for one's organisation: the request is closed, whatever the others said.

    Args:
        actor: of a party that has not decided.
        request: submitted.
        reason: code.
        words: more words, needed where the code asks for them.

    Raises:
        Refusal: as ``request_approve``; or without a reason.
    """
    row, kind = _open(actor, request)
    said = code_said(kind.reason("refuse", reason, words).code, words.strip())
    _decide(actor, row, Decision.REFUSED, words=words.strip(), reason=reason)
    return _close(actor, row, State.REFUSED, Deed.REFUSED, said)


@transaction.atomic
def request_return(*, actor: User, request: Request | int, reason: str, words: str = "") -> Request:
    """Return a request for correction: it is a draft again, with the words; all parties decide anew.

    Args:
        actor: of a party that has not decided.
        request: submitted.
        reason: code of what is wrong with it.
        words: what is to be corrected, needed where the code asks for them.

    Raises:
        Refusal: as ``request_approve``; or without a reason.
    """
    row, kind = _open(actor, request)
    said = code_said(kind.reason("return", reason, words).code, words.strip())
    _decide(actor, row, Decision.RETURNED, words=words.strip(), reason=reason)
    return _close(actor, row, State.DRAFT, Deed.RETURNED, said)


def _approve(actor: User, kind: RequestKind, row: Request, words: str, *, is_locked: bool = False) -> str:
    if kind.consent_first and actor.organisation.kind != Organisation.Kind.SCHOOL:
        _pass_over_schools(actor, kind, row)
    _decide(actor, row, Decision.APPROVED, words=words.strip())
    trail(row, actor, Deed.APPROVED, source=row.state, words=words.strip())
    waiting = row.parties.filter(decision="").select_related("organisation")
    if names := [party.organisation.name for party in waiting]:
        return f"已同意，等待{'、'.join(names)}审核。"
    if not is_locked:
        kind.lock([row])
    return f"已同意，申请生效。{effect(kind, row, actor)}"


def _pass_over_schools(actor: User, kind: RequestKind, row: Request) -> None:
    """An office goes on without the schools that have not answered in their days; that is written down.

    Raises:
        Refusal: while such a school may still answer.
    """
    silent = row.parties.filter(decision="", organisation__kind=Organisation.Kind.SCHOOL)
    silent = list(silent.select_related("organisation"))
    if not silent:
        return
    until = kind.consent_until(row)
    names = "、".join(party.organisation.name for party in silent)
    if timezone.now() < until:
        raise Refusal(f"{names}尚未答复，答复期限为 {said(until)}；到期仍未答复的，可径行审核。")
    words = f"{names}到 {said(until)} 未答复，由{actor.organisation.name}径行审核"
    for party in silent:
        RequestParty.objects.filter(pk=party.pk).update(
            decision=Decision.LAPSED,
            decided_by=actor,
            decided_at=timezone.now(),
            words=words,
            taken_by=None,
            taken_at=None,
        )
    trail(row, actor, Deed.LAPSED, source=row.state, words=words)


def _open(actor: User, request: Request | int) -> tuple[Request, RequestKind]:
    """A request that waits for the actor's organisation, locked."""
    row = locked(actor, [request if isinstance(request, int) else request.pk])[0]
    kind = kind_of(row.kind)
    _require_may(actor, kind)
    if row.state != State.SUBMITTED:
        raise Refusal(f"申请 {row.number} 当前为“{row.get_state_display()}”，已不能审核，未作任何改动。")
    if row.asked_by_id == actor.pk or _written_by(actor).filter(request=row).exists():
        raise Refusal("不能审核本人提交的申请，也不能审核本人填写、他人提交的申请。")
    mine = row.parties.filter(acted_for(actor)).order_by("decision", "pk").first()
    if mine is None:
        raise Refusal(f"申请 {row.number} 不由您单位审核。")
    if mine.decision:
        raise Refusal(f"您单位已审核申请 {row.number}（{mine.get_decision_display()}），不能再审。")
    if why := kind.barred(row, actor):
        raise Refusal(why)
    if mine.taken_by_id not in (None, actor.pk) and mine.taken_at >= taken_since():
        raise Refusal(f"申请 {row.number} 正由 {mine.taken_by.name} 审核，未作任何改动。")
    return row, kind


def _require_may(actor: User, kind: RequestKind) -> None:
    if not kind.decided_by(actor):
        raise Refusal("您没有审核这类申请的权限。")


def _decide(actor: User, row: Request, decision: str, *, words: str, reason: str = "") -> None:
    mine = row.parties.filter(acted_for(actor), decision="").order_by("pk").first()
    values = {"decision": decision, "decided_by": actor, "decided_at": timezone.now(), "words": words}
    RequestParty.objects.filter(pk=mine.pk).update(**values, reason=reason, taken_by=None, taken_at=None)


def _close(actor: User, row: Request, state: str, deed: str, words: str) -> Request:
    source, row.state = row.state, state
    row.closed_at = None if state == State.DRAFT else timezone.now()
    row.due_at = None if state == State.DRAFT else row.due_at
    row.save(update_fields=["state", "closed_at", "due_at"])
    trail(row, actor, deed, source=source, words=words)
    return row
