"""What waits for an actor in this app, for his workbench."""

from datetime import time, timedelta

from django.db.models import Count, F, Min, Sum
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.workbench import Figure, Notice, ToDo, workbench_part
from admissions.lifecycle import State
from admissions.models import ImportedFile
from admissions.templatetags.words import region_name
from quotas.models import PlanLine

from .models import AutoDecision, AutoRule, AutoSwitch, Placement, Run, Sheet, SingleDispatch, StatusRequest
from .models.run import PAUSING_STATES
from .queries.handing import own_work
from .queries.keeping import TOLD_FOR, taken_back
from .queries.reading import deadline_of
from .queries.sheets import counts_of, sent_back
from .queries.waiting import waiting
from .services.school import pause_words
from .services.single import ADMITTING

REVIEWS = (
    ("dispatch.review_admissions", "审核录取", State.ADMIT_SUBMITTED),
    ("dispatch.review_returns", "审核退档", State.RETURN_SUBMITTED),
)


@workbench_part
def reviews(actor: User):
    """Queues of audit, with how long the oldest has waited."""
    for key, title, state in REVIEWS:
        if actor.may(key):
            rows = waiting(actor, state).order_by().values("pk", "since")
            found = rows.aggregate(count=Count("pk"), oldest=Min("since"))
            if found["count"]:
                yield ToDo(title, found["count"], reverse(key.replace(".", ":")), since=found["oldest"])


@workbench_part
def automatic(actor: User):
    """The sample of automatic decisions that waits for a check, and rules that switched themselves off of late."""
    if not actor.may("dispatch.manage_auto_review"):
        return
    waits = AutoDecision.objects.visible_to(actor).filter(season__current=True, sampled=True, agrees=None)
    found = waits.order_by().aggregate(count=Count("pk"), oldest=Min("at"))
    if found["count"]:
        url = reverse("dispatch:manage_auto_review__decisions") + "?result=open"
        yield ToDo("自动审核抽样复核", found["count"], url, since=found["oldest"])
    rules = AutoRule.objects.visible_to(actor).filter(on=False)
    since = timezone.now() - timedelta(days=7)
    offs = AutoSwitch.objects.filter(rule__in=rules, on=False, made_by=None, made_at__gte=since)
    for switch in offs.select_related("rule__batch", "rule__school").order_by("-pk")[:3]:
        url = reverse("dispatch:manage_auto_review__one", args=[switch.rule_id])
        yield Notice(f"{switch.rule}：{switch.words}", level="error", url=url)


@workbench_part
def statuses(actor: User):
    """Requests for a status that wait for somebody else than who made them."""
    if actor.may("dispatch.set_candidate_status"):
        rows = StatusRequest.objects.visible_to(actor).filter(
            season__current=True, state=StatusRequest.State.SUBMITTED
        )
        found = rows.exclude(made_by=actor).aggregate(count=Count("pk"), oldest=Min("made_at"))
        if found["count"]:
            url = reverse("dispatch:set_candidate_status") + "?state=submitted"
            yield ToDo("考生状态待复核", found["count"], url, since=found["oldest"])


@workbench_part
def sheets(actor: User):
    """A school's sheets to open, dossiers to decide, sheets to submit."""
    leader = actor.may("dispatch.decide_as_leader")
    if not leader and not actor.may("dispatch.decide_dossiers"):
        return
    url = reverse("dispatch:decide_as_leader" if leader else "dispatch:decide_dossiers")
    own = list(
        Sheet.objects.visible_to(actor)
        .filter(school__in=actor.scope.schools, submitted_at__isnull=True)
        .select_related("batch__season")
    )
    if not own:
        return
    until = deadline_of(own[0].batch)
    counts = counts_of(own)
    unopened = [sheet for sheet in own if sheet.opened_at is None]
    if unopened:
        yield ToDo("待阅投档单", len(unopened), url, since=min(s.released_at for s in unopened), until=until)
    mine = own_work(actor, own)  # of a sheet handed out, a member's own part
    undecided = sum(mine.get(sheet.pk, counts[sheet.pk]).undecided for sheet in own)
    if undecided:
        yield ToDo("未定档案", undecided, url, since=min(s.released_at for s in own), until=until)
    if back := sent_back(own):
        key = next(iter(back))
        one = reverse(f"dispatch:{'decide_as_leader' if leader else 'decide_dossiers'}__one", args=[key])
        yield ToDo(
            "招办退回复议", sum(back.values()), f"{one}?shown=again" if len(back) == 1 else url, until=until
        )
    ready = [sheet for sheet in own if sheet.opened_at and counts[sheet.pk].may_submit]
    if leader and ready:
        yield ToDo("待提交投档单", len(ready), url, until=until)


@workbench_part(to_dos=False)
def losses(actor: User):
    """A school is told of dossiers that an office has taken from it of late."""
    leader = actor.may("dispatch.decide_as_leader")
    if not leader and not actor.may("dispatch.decide_dossiers"):
        return
    rows = taken_back(actor.scope.schools)
    if count := rows.order_by().count():
        last = rows.first()
        words = f"近三日招办取消、收回或未通过贵校 {count} 份档案，最近一份原因：{last.reason_words}"
        url = reverse("dispatch:decide_as_leader" if leader else "dispatch:decide_dossiers")
        if last.sheet_id:
            name = "dispatch:decide_as_leader__one" if leader else "dispatch:decide_dossiers__one"
            url = reverse(name, args=[last.sheet_id]) if not last.sheet.cancelled_at else url
        yield Notice(words, level="warning", url=url)


@workbench_part(to_dos=False)
def pauses(actor: User):
    """A school is told that it can do nothing in a batch while that is dispatched."""
    if not actor.may("dispatch.decide_as_leader") and not actor.may("dispatch.decide_dossiers"):
        return
    lines = PlanLine.objects.filter(school__in=actor.scope.schools, season__current=True)
    pausing = Run.objects.filter(state__in=PAUSING_STATES, batch__in=lines.order_by().values("batch"))
    for run in pausing.select_related("batch"):
        yield Notice(f"{region_name(run.batch.city)} {pause_words(run)}发布后自动恢复。", level="warning")


@workbench_part(to_dos=False)
def admitted_singly(actor: User):
    """A school is told of candidates whom an office has admitted to it by themselves of late."""
    if not actor.may("dispatch.decide_as_leader"):
        return
    rows = SingleDispatch.objects.visible_to(actor).filter(
        school__in=actor.scope.schools, step__in=ADMITTING, at__gte=timezone.now() - TOLD_FOR
    )
    if count := rows.count():
        words = f"近三日招办点投并录取 {count} 名考生到贵校，无须阅档"
        yield Notice(words, url=reverse("rosters:view_admitted"))


@workbench_part(to_dos=False)
def seats(actor: User):
    """A school's seats, how many are taken, and those that the pool may fill."""
    if not actor.may("dispatch.admit_from_pool"):
        return
    lines = PlanLine.objects.filter(school__in=actor.scope.schools, season__current=True)
    total = lines.aggregate(
        all=Sum(F("seats_planned") + F("seats_changed") + F("seats_over")), taken=Sum("seats_taken")
    )
    if not total["all"]:
        return
    yield Figure("计划已占用", total["taken"], reverse("dispatch:decide_as_leader"), of=total["all"])
    url = reverse("dispatch:admit_from_pool")
    yield Figure("可补录计划", total["all"] - total["taken"], url, of=total["all"])
    pool = Placement.objects.visible_to(actor).open().filter(method=Placement.Method.POOL)
    yield Figure("在库录取", pool.filter(school__in=actor.scope.schools).count(), url)


@workbench_part
def runs(actor: User):
    """Dispatches that wait: for the second person, for execution, for release."""
    seen = Run.objects.visible_to(actor)
    if actor.may("dispatch.confirm_dispatch"):
        rows = seen.filter(state=Run.State.REHEARSED).exclude(created_by=actor)
        found = rows.aggregate(count=Count("pk"), oldest=Min("rehearsed_at"))
        if found["count"]:
            yield ToDo(
                "投档复核", found["count"], reverse("dispatch:confirm_dispatch"), since=found["oldest"]
            )
    waits = {Run.State.CONFIRMED: "待执行", Run.State.EXECUTED: "待发布"}
    counts = seen.filter(state__in=waits).order_by().values("kind", "state").annotate(number=Count("pk"))
    for row in sorted(counts, key=lambda row: (row["kind"], row["state"])):
        if actor.may(f"dispatch.{row['kind']}"):
            word = "派位录取" if row["kind"] == Run.Kind.LOTTERY else "投档"
            yield ToDo(f"{word}{waits[row['state']]}", row["number"], reverse(f"dispatch:{row['kind']}"))


@workbench_part(to_dos=False)
def uploads(actor: User):
    """A city that uploads its results is told when today's are missing (粤招办〔2021〕28号 四（一）5)."""
    key = "dispatch.import_daily_results"
    if not actor.may(key):
        return
    written = ImportedFile.objects.visible_to(actor).filter(
        function=key, state=ImportedFile.State.WRITTEN, season__current=True
    )
    last = written.order_by("-written_at").first()
    now = timezone.localtime()
    if last is None or timezone.localdate(last.written_at) == now.date():
        return
    late = now.time() >= time(18)
    words = "已过 18:00，今天的录取数据还没有导入。" if late else "今天 18:00 前须导入录取数据，尚未导入。"
    yield Notice(words, level="error" if late else "warning", url=reverse("dispatch:import_daily_results"))
