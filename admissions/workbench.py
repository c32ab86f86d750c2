"""What of this app waits for an actor, for his workbench: requests to decide, to correct, just decided."""

from datetime import timedelta

from django.db.models import Count, Exists, Min, OuterRef
from django.urls import reverse
from django.utils import timezone

from accounts.functions import BY_KEY
from accounts.models import User
from accounts.workbench import Notice, ToDo, workbench_part

from .models import Request, RequestParty
from .queries.requests import acted_for
from .requests import CONSENTS, kinds

RECENT = timedelta(days=2)
TOLD = 5


@workbench_part
def requests_to_decide(actor: User):
    """Requests that the actor's organisation must decide, by kind."""
    asked = {kind.key: kind for kind in kinds() if kind.decided_by(actor)}
    if not asked:
        return
    mine = RequestParty.objects.filter(acted_for(actor), request=OuterRef("pk"), decision="")
    rows = (
        Request.objects.visible_to(actor)
        .filter(Exists(mine), kind__in=asked, state=Request.State.SUBMITTED)
        .exclude(asked_by=actor)
    )
    found = (
        rows.order_by().values("kind").annotate(n=Count("pk"), since=Min("submitted_at"), until=Min("due_at"))
    )
    for row in found:
        kind = asked[row["kind"]]
        function = BY_KEY[kind.decided_by(actor)]
        consent = function.key == kind.consent
        under = CONSENTS if consent else kind.under
        url = reverse(f"{function.url_name}__{under}" if under else function.url_name)
        title = f"{function.title}：待本校同意" if consent else function.title
        if kind.under and not consent:
            title, url = f"{function.title}：{kind.title}", f"{url}?kind={kind.key}"
        yield ToDo(title, row["n"], url, since=row["since"], until=row["until"])


@workbench_part
def requests_of_ones_own(actor: User):
    """Requests returned for correction, and what was decided in the last two days."""
    keys = [kind.key for kind in kinds() if actor.may(kind.key)]
    if not keys:
        return
    rows = Request.objects.visible_to(actor).filter(kind__in=keys, organisation=actor.organisation)
    returned = rows.filter(state=Request.State.DRAFT, submitted_at__isnull=False)
    for row in returned.order_by().values("kind").annotate(n=Count("pk")):
        function = BY_KEY[row["kind"]]
        url = reverse(function.url_name) + "?state=draft"
        yield ToDo(f"{function.title}：退回修改", row["n"], url)
    decided = rows.filter(
        state__in=(Request.State.EFFECTIVE, Request.State.REFUSED), closed_at__gte=timezone.now() - RECENT
    )
    for row in decided.order_by("-closed_at")[:TOLD]:
        good = row.state == Request.State.EFFECTIVE
        url = reverse(f"{BY_KEY[row.kind].url_name}__one", args=[row.pk])
        words = f"申请 {row.number} {row.get_state_display()}：{row.summary}"
        yield Notice(words, "success" if good else "warning", url)
