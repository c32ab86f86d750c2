"""What of this app waits for an actor, for his workbench: requests, deadlines that are near or were put off."""

from datetime import timedelta

from django.db.models import Count, Exists, F, Min, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from accounts.functions import BY_KEY
from accounts.models import Organisation, User
from accounts.workbench import Notice, ToDo, workbench_part

from .deadlines import deadline_of_kind
from .models import Postponement, Request, RequestParty, Window, WindowNotice
from .queries.requests import acted_for
from .requests import CONSENTS, kinds
from .services.windows import said, window_words

RECENT = timedelta(days=2)
TOLD_PARTY = timedelta(days=7)
TOLD = 5
AFTER = timedelta(days=3)
PUT_OFF = timedelta(days=7)


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
    now = timezone.now()
    found = (
        rows.order_by()
        .values("kind")
        .annotate(
            n=Count("pk"),
            since=Min("submitted_at"),
            until=Min("due_at"),
            late=Count("pk", filter=Q(due_at__lt=now)),
        )
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
        until, late = row["until"], row["late"]
        if consent:
            days = timedelta(days=kind.consent_days(actor.organisation.region[:2]))
            until = row["since"] + days
            late = rows.filter(kind=kind.key, submitted_at__lt=now - days).count()
        yield ToDo(title, row["n"], url, since=row["since"], until=until)
        if late:
            yield ToDo(f"{title}（已超期）", late, f"{url}{'&' if '?' in url else '?'}late=1", until=until)


@workbench_part
def requests_to_urge(actor: User):
    """Requests that offices below have not decided in their days: the office above is told, and urges (督办)."""
    asked = {kind.key: kind for kind in kinds() if actor.scope.regions and actor.may(kind.review)}
    if not asked:
        return
    silent = RequestParty.objects.filter(
        ~acted_for(actor) & _below(actor), request=OuterRef("pk"), decision=""
    )
    rows = Request.objects.visible_to(actor).filter(
        Exists(silent), kind__in=asked, state=Request.State.SUBMITTED, due_at__lt=timezone.now()
    )
    for row in rows.order_by().values("kind").annotate(n=Count("pk"), until=Min("due_at")):
        kind = asked[row["kind"]]
        function = BY_KEY[kind.review]
        url = reverse(f"{function.url_name}__{kind.under}" if kind.under else function.url_name)
        title = f"督办：下级逾期未办的{kind.title}"
        yield ToDo(title, row["n"], f"{url}?shown=all&late=1", until=row["until"])


def _below(actor: User) -> Q:
    """Condition on parties: offices below the actor's regions, of the next level."""
    found = Q(pk__in=[])
    for code in actor.scope.regions:
        found |= Q(organisation__region__startswith=code) & Q(
            organisation__region__regex=f"^.{{{len(code) + 2}}}$"
        )
    return found & ~Q(organisation__kind=Organisation.Kind.SCHOOL)


@workbench_part
def consents_overtaken(actor: User):
    """A school that was to consent is told when it was passed over, and when its student has left."""
    consenting = [
        kind for kind in kinds() if kind.consent and actor.scope.schools and actor.may(kind.consent)
    ]
    if not consenting:
        return
    parties = RequestParty.objects.filter(acted_for(actor), request__kind__in=[k.key for k in consenting])
    since = timezone.now() - TOLD_PARTY
    rows = parties.filter(request__state=Request.State.EFFECTIVE, request__closed_at__gte=since)
    rows = rows.filter(request__in=Request.objects.visible_to(actor).values("pk"))
    for party in rows.select_related("request").order_by("-request__closed_at")[:TOLD]:
        row = party.request
        function = BY_KEY[next(kind.consent for kind in consenting if kind.key == row.kind)]
        url = reverse(f"{function.url_name}__{CONSENTS}", args=[row.pk])
        lapsed = party.decision == RequestParty.Decision.LAPSED
        how = f"贵校逾期未答复，{party.words.rpartition('，')[2]}；" if lapsed else ""
        words = f"{how}申请 {row.number} 已生效，贵校学生已转出：{row.summary}"
        yield Notice(words, "warning" if lapsed else "info", url)


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
    late = rows.filter(state=Request.State.SUBMITTED, due_at__lt=timezone.now())
    for row in late.order_by().values("kind").annotate(n=Count("pk"), since=Min("due_at")):
        function = BY_KEY[row["kind"]]
        words = f"{function.title}：{row['n']} 件已过办理期限，最早 {said(row['since'])} 到期，尚未审核完"
        yield Notice(words, "warning", reverse(function.url_name) + "?state=submitted")
    decided = rows.filter(
        state__in=(Request.State.EFFECTIVE, Request.State.REFUSED), closed_at__gte=timezone.now() - RECENT
    )
    for row in decided.order_by("-closed_at")[:TOLD]:
        good = row.state == Request.State.EFFECTIVE
        url = reverse(f"{BY_KEY[row.kind].url_name}__one", args=[row.pk])
        words = f"申请 {row.number} {row.get_state_display()}：{row.summary}"
        yield Notice(words, "success" if good else "warning", url)


@workbench_part(to_dos=False)
def deadlines(actor: User):
    """Deadlines that the clock has told of, for those they concern; the last notice of each."""
    now = timezone.now()
    rows = (
        WindowNotice.objects.visible_to(actor)
        .filter(window__season__current=True, due_at=F("window__closes_at"), due_at__gt=now - AFTER)
        .select_related("window__season", "window__batch")
        .order_by("window_id", "days")
        .distinct("window_id")
    )
    for notice in sorted(rows, key=lambda row: row.due_at)[:TOLD]:
        window, kind = notice.window, deadline_of_kind(notice.window.kind)
        touched = _touching(actor, notice, kind.touched(window))
        if not touched and (actor.scope.schools or window.has_closed):
            continue
        left = window.closes_at - now
        when = f"还有 {left.days} 天" if left.days >= 1 else "不到 1 天"
        when = (
            f"{said(window.closes_at)} 截止，{when}"
            if not window.has_closed
            else f"{said(window.closes_at)} 已截止"
        )
        words = f"{window_words(window)}：{when}；{touched} 名考生{kind.words}。{kind.then}"
        level = "error" if window.has_closed else "warning" if left <= timedelta(days=1) else "info"
        yield Notice(words, level=level, url=_page_of(actor, kind, window))


def _touching(actor: User, notice: WindowNotice, touched) -> int:
    """How many of the dossiers are the actor's now; for a whole province, how many there were when it was told.

    A school's are found by its placements, which are indexed by school; dossiers move too often for that.
    """
    own = actor.scope.schools
    if own:
        rows = touched.filter(candidate__placements__school__in=own, candidate__placements__closed_at=None)
        return rows.filter(school__in=own).count()
    if actor.organisation.kind == Organisation.Kind.PROVINCE:
        return notice.candidates
    return touched.filter(actor.scope.sources()).count()


def _page_of(actor: User, kind, window: Window) -> str:
    """Where the actor can do something about a deadline, or see whom it touches; empty if he can do neither."""
    if actor.organisation.kind == Organisation.Kind.SCHOOL:
        return reverse(kind.school_page) if actor.may(kind.school_page.replace(":", ".")) else ""
    if kind.recall and window.has_closed and actor.may("dispatch.recall_dossier"):
        return reverse("dispatch:recall_dossier") + f"?overdue={window.pk}"
    if actor.may("admissions.set_windows"):
        return reverse("admissions:set_windows__touched", args=[window.pk])
    return ""


@workbench_part(to_dos=False)
def postponements(actor: User):
    """Deadlines that were put off of late: everybody is told."""
    rows = Postponement.objects.visible_to(actor).filter(made_at__gte=timezone.now() - PUT_OFF)
    for row in rows.select_related("window__batch").order_by("-pk")[:TOLD]:
        words = f"{window_words(row.window)}截止由 {said(row.before)} 顺延至 {said(row.after)}：{row.reason}"
        yield Notice(words, level="warning")
