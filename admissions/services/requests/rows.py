"""What both sides of a request share: the locked row, who sees it, its trail, its effect."""

from collections.abc import Iterable

from django.utils import timezone

from accounts.context import deed_record
from accounts.models import Organisation, User
from accounts.refusals import Refusal

from ...models import Request, RequestEvent
from ...requests import RequestKind, kind_of

State, Deed = Request.State, RequestEvent.Deed


def locked(actor: User, keys: Iterable[int]) -> list[Request]:
    """Requests the actor sees, locked in the order of their keys: all other rows of theirs follow.

    Raises:
        Refusal: if one is not there for him.
    """
    wanted = sorted(set(keys))
    rows = Request.objects.visible_to(actor).filter(pk__in=wanted).order_by("pk")
    found = list(rows.select_for_update(of=("self",), no_key=True))
    if len(found) != len(wanted):
        raise Refusal("没有这件申请，或它不在您的管辖范围内。")
    return found


def own(actor: User, request: Request) -> Request:
    """A request of the actor's own organisation, locked.

    Raises:
        Refusal: if it is another's, or he may not ask.
    """
    row = locked(actor, [request.pk])[0]
    if not actor.may(row.kind):
        raise Refusal(f"您没有“{kind_of(row.kind).title}”的权限。")
    if row.organisation_id != actor.organisation_id:
        raise Refusal("只能办理本单位的申请。")
    return row


def seen_by(request: Request, others: Iterable[Organisation] = ()) -> None:
    """Set who sees a request: the applicant, the parties, and the offices above all of them."""
    regions, schools = set(), set()
    for organisation in (request.organisation, *others):
        if organisation.kind == Organisation.Kind.SCHOOL:
            schools.add(organisation.pk)
        regions |= {
            organisation.region[:length] for length in (2, 4, 6) if len(organisation.region) >= length
        }
    request.regions, request.schools = sorted(regions), sorted(schools)


def trail(
    request: Request,
    actor: User | None,
    deed: str,
    *,
    source: str,
    words: str = "",
    content: dict | None = None,
) -> None:
    """Add a line to the trail of a request and to the record of deeds.

    Args:
        request: as it is now.
        actor: who did it; None for the platform's own clockwork.
        deed: a value of ``RequestEvent.Deed``.
        source: the state before.
        words: why, or what was done.
        content: what was asked for at that moment.
    """
    RequestEvent.objects.create(
        request=request,
        deed=deed,
        actor=actor,
        organisation=actor.organisation if actor else None,
        source=source,
        target=request.state,
        words=words,
        content=content or {},
    )
    title = kind_of(request.kind).title
    deed_record(actor=actor, subject=f"{title}：{Deed(deed).label} {request.number}", note=words)


def effect(kind: RequestKind, request: Request, actor: User) -> str:
    """Let an agreed request take effect and close it.

    Raises:
        Refusal: as the kind's ``take_effect``.
    """
    words = kind.take_effect(request, actor)
    source, request.state, request.closed_at = request.state, State.EFFECTIVE, timezone.now()
    request.save(update_fields=["state", "closed_at"])
    trail(request, actor, Deed.EFFECTIVE, source=source, words=words)
    return words
