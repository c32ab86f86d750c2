"""The side that asks: draft, submit, withdraw."""

from datetime import timedelta

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import User
from accounts.refusals import Refusal

from ...models import Request, RequestParty
from ...requests import Asked, Light, RequestKind, kind_of
from ..windows import season_of
from .rows import Deed, State, effect, own, seen_by, trail


@transaction.atomic
def request_draft(
    *,
    actor: User,
    kind: RequestKind,
    asked: Asked,
    reason: str,
    words: str = "",
    request: Request | None = None,
) -> Request:
    """Write down what is asked for; nobody else sees it before it is submitted.

    Args:
        actor: of the organisation that asks.
        kind: of the request.
        asked: what is asked for.
        reason: code of the ground.
        words: more about the ground.
        request: the draft to change, None for a new one.

    Raises:
        Refusal: without the function, for an unknown ground or one that needs words, or if the request
            is no draft any more.
    """
    if not actor.may(kind.key):
        raise Refusal(f"您没有“{kind.title}”的权限。")
    kind.reason("ask", reason, words)
    values = {
        "payload": asked.payload,
        "facts": [list(fact) for fact in asked.facts],
        "summary": asked.summary[:200],
        "subject": asked.subject,
        "candidate": asked.candidate,
        "school": asked.school,
        "reason": reason,
        "words": words.strip(),
    }
    if request is None:
        season = season_of(actor)
        key = _next_key()
        number = f"{kind.prefix}{season.year}{key:06d}"
        row = Request(pk=key, number=number, season=season, kind=kind.key, asked_by=actor, **values)
        row.organisation = actor.organisation
        seen_by(row)
        if row.schools:
            row.regions = []
        row.save(force_insert=True)
        trail(row, actor, Deed.DRAFTED, source=State.DRAFT, content=_content(row))
        return row
    row = _draft(actor, request)
    for name, value in values.items():
        setattr(row, name, value)
    row.version += 1
    row.save(update_fields=[*values, "version"])
    trail(row, actor, Deed.CHANGED, source=State.DRAFT, content=_content(row))
    return row


@transaction.atomic
def request_submit(*, actor: User, request: Request, version: int | None = None) -> Request:
    """Submit a draft to the parties; where nobody must agree it takes effect at once.

    Args:
        actor: of the organisation that asks.
        request: a draft.
        version: what the actor saw, if it is known.

    Raises:
        Refusal: if it is no draft or was changed since, a paper is missing, a check is red, or another
            open request is about the same; or as ``take_effect`` of the kind.
    """
    row = _draft(actor, request)
    if version is not None and version != row.version:
        raise Refusal("申请内容已被修改，没有提交。", hint="请刷新页面，核对后再提交。")
    kind = kind_of(row.kind)
    _require_papers(kind, row)
    _require_unique(row)
    faults = [
        f"{title}：{check.words}"
        for title, check in zip(kind.checks, kind.check([row])[row.pk], strict=True)
        if check.light == Light.RED
    ]
    if faults:
        raise Refusal("系统检查未通过，没有提交。" + "；".join(faults))
    parties = list(kind.parties(row))
    now = timezone.now()
    row.state, row.asked_by, row.submitted_at = State.SUBMITTED, actor, now
    row.due_at = now + timedelta(days=kind.days(row.season.province)) if parties else None
    seen_by(row, (party.organisation for party in parties))
    try:
        with transaction.atomic():
            row.save(update_fields=["state", "asked_by", "submitted_at", "due_at", "regions", "schools"])
    except IntegrityError:  # another was submitted between the look and the write
        raise Refusal(_TWICE) from None
    row.parties.all().delete()
    RequestParty.objects.bulk_create(
        RequestParty(request=row, organisation=party.organisation, role=party.role) for party in parties
    )
    to = "、".join(f"{party.role}{party.organisation.name}" for party in parties) or "无需审核"
    trail(row, actor, Deed.SUBMITTED, source=State.DRAFT, words=f"送审：{to}", content=_content(row))
    if not parties:
        kind.lock([row])
        effect(kind, row, actor)
    return row


@transaction.atomic
def request_withdraw(*, actor: User, request: Request, words: str = "") -> Request:
    """Take back a draft, or a submitted request that no officer has in hand.

    Args:
        actor: of the organisation that asks.
        request: open.
        words: why.

    Raises:
        Refusal: if it is decided, or an officer has taken it.
    """
    row = own(actor, request)
    if not row.open:
        raise Refusal(f"申请 {row.number} 已经办结（{row.get_state_display()}），不能撤回。")
    since = timezone.now() - timedelta(minutes=RequestParty.MINUTES)
    busy = row.parties.filter(decision="", taken_at__gte=since).select_related("organisation").first()
    if row.state == State.SUBMITTED and busy is not None:
        raise Refusal(f"{busy.organisation.name}正在审核申请 {row.number}，不能撤回。")
    source, row.state, row.closed_at = row.state, State.WITHDRAWN, timezone.now()
    row.save(update_fields=["state", "closed_at"])
    trail(row, actor, Deed.WITHDRAWN, source=source, words=words.strip())
    return row


_TWICE = "同一事项已有一件申请在审核中，不能重复提交。"


def _draft(actor: User, request: Request) -> Request:
    row = own(actor, request)
    if row.state != State.DRAFT:
        raise Refusal(f"申请 {row.number} 当前为“{row.get_state_display()}”，不能再修改或提交。")
    return row


def _require_papers(kind: RequestKind, row: Request) -> None:
    ground = kind.reason("ask", row.reason, row.words)
    if (kind.needs_attachment or ground.needs_attachment) and not row.attachments.exists():
        raise Refusal(f"须先上传{kind.attachment_words}，再提交。")


def _require_unique(row: Request) -> None:
    twins = Request.objects.filter(season=row.season_id, subject=row.subject, state=State.SUBMITTED)
    if row.subject and (twin := twins.first()):
        raise Refusal(f"{_TWICE}申请编号 {twin.number}。")


def _content(row: Request) -> dict:
    return {"facts": row.facts, "reason": row.reason, "words": row.words}


def _next_key() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('admissions_request', 'id'))")
        return cursor.fetchone()[0]
