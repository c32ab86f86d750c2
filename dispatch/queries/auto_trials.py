"""A rule tried on what officers decided before: nothing is written, no dossier is touched (试运行)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Min, Q
from django.utils import timezone

from accounts.models import User
from admissions.models import DossierEvent

from ..models import AutoRule, Placement
from .auto import APPROVED, BACK, KIND, plain_admissions, scope_of, verified_return
from .waiting import admissions_checked, returns_checked


@dataclass(frozen=True, slots=True)
class Tried:
    """What a version would have done on a day.

    Attributes:
        decided: decisions of officers on that day within the scope of the rule.
        passed: how many of them it would have let through.
        refused: keys of the events by which officers sent those of them back.
    """

    decided: int
    passed: int
    refused: list[int]


def day_span(day: date) -> tuple[datetime, datetime]:
    """The first moment of a day and of the next."""
    start = timezone.make_aware(datetime.combine(day, time()))
    return start, timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))


def tried_on(rule: AutoRule, day: date, by: User) -> Tried:
    """What the version of a rule would have done with the decisions of officers on a day; nothing is written.

    Data are those of today. What a refusal erased (major, reason in the placement) counts as in order, so that
    the trial rather names one refusal too many than one too few; the reason of a return is taken from the
    event of its submission.
    """
    start, end = day_span(day)
    steps = (APPROVED[rule.kind], *BACK[rule.kind])
    events = DossierEvent.objects.filter(
        at__gte=start, at__lt=end, step__in=steps, candidate__season=rule.season_id, candidate__city=rule.city
    )
    decisions = list(events.order_by("pk").values_list("pk", "placement_id", "step"))
    keys = list({placement for _, placement, _ in decisions})
    rows = Placement.objects.filter(scope_of(rule, erased=True), pk__in=keys)
    within = set(rows.values_list("pk", flat=True))
    decisions = [row for row in decisions if row[1] in within]
    first_back = dict(
        DossierEvent.objects.filter(
            placement_id__in=within, candidate__season=rule.season_id, step__in=BACK[rule.kind]
        )
        .order_by()
        .values_list("placement_id")
        .annotate(Min("pk"))
    )
    if rule.kind == KIND.ADMISSIONS:
        plain = _plain_before(rule, rows, by)
        hit = [row for row in decisions if row[1] in plain]
    else:
        hit = _returns_before(rule, rows, decisions, by)
    hit = [row for row in hit if row[0] <= first_back.get(row[1], row[0])]
    refused = [pk for pk, _, step in hit if step in BACK[rule.kind]]
    return Tried(len(decisions), len(hit), refused)


def _plain_before(rule: AutoRule, rows, by: User) -> set[int]:
    gone = Q(plan_line__isnull=True)
    checked = admissions_checked(rows, by).filter(
        Q(within_plan=True) | gone, Q(major_planned=True) | gone, line_met=True, only_once=True, not_own=True
    )
    plain = plain_admissions(checked, rule.version.content, erased=True)
    return set(plain.values_list("pk", flat=True))


def _returns_before(rule: AutoRule, rows, decisions: Sequence[tuple], by: User) -> list[tuple]:
    """Decisions on returns whose reason, as it was submitted, the rule takes and data bear out."""
    submitted: dict[int, list[tuple[int, str | None]]] = defaultdict(list)
    events = DossierEvent.objects.filter(
        placement_id__in=[row[1] for row in decisions],
        candidate__season=rule.season_id,
        candidate__city=rule.city,
        step="submit_return",
    )
    for pk, placement, reason in events.order_by("pk").values_list("pk", "placement_id", "reason"):
        submitted[placement].append((pk, reason))
    others = returns_checked(rows.filter(method=Placement.Method.DISPATCH), by).filter(not_own=True)
    borne_out = {
        code: set(others.filter(verified_return(code)).values_list("pk", flat=True))
        for code in rule.version.content["reasons"]
    }
    found = []
    for event, placement, step in decisions:
        reasons = [reason for pk, reason in submitted[placement] if pk < event]
        if reasons and placement in borne_out.get(reasons[-1], ()):
            found.append((event, placement, step))
    return found
