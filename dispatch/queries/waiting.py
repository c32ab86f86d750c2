"""What waits for audit: submitted admissions with the platform's own checks, and submitted returns."""

from datetime import datetime, timedelta

from django.db.models import (
    BooleanField,
    Case,
    Exists,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import User
from admissions.lifecycle import State
from admissions.models import Choice, Dossier, DossierPaper, Subject
from quotas.models import PlanLine

from ..models import Placement, ProvinceLine, RegionLine, ReviewTake, SchoolCondition, SchoolLine
from .papers import has_paper

# 回避: sent by somebody else than the officer who looks.
CHECKS = (
    ("within_plan", "计划"),
    ("major_planned", "专业"),
    ("line_met", "达线"),
    ("choice_made", "志愿"),
    ("conditions_met", "条件"),
    ("only_once", "重复"),
    ("not_held", "未挂起"),
    ("not_own", "回避"),
)
# Whose conditions the run itself has looked at, for every dossier that it sent.
BY_RUN = (Placement.Method.DISPATCH, Placement.Method.LOTTERY)
RETURN_CHECKS = (("reasoned", "原因"), ("papered", "材料"), ("not_held", "未挂起"), ("not_own", "回避"))


def _yes(condition) -> Case:
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())


def waiting(actor: User, state: State):
    """Placements whose dossiers wait for audit in a state, of candidates from the actor's region.

    Only the source region audits (粤招办〔2021〕28号 四（一）4); the supervisor of the school does not.
    Each has ``since`` (submitted when), ``taken_by`` (key of another officer who has taken it) and
    ``taken_here``.

    Args:
        actor: of an office.
        state: admissions or returns submitted.
    """
    rows = Placement.objects.visible_to(actor).filter(actor.scope.sources())
    return waiting_among(rows, state).annotate(
        taken_by=Subquery(_takes().exclude(officer=actor).values("officer__name")[:1]),
        taken_here=Exists(_takes().filter(officer=actor)),
    )


def waiting_among(rows, state: State):
    """Those of some placements whose dossiers wait for audit in a state, each with ``since``."""
    return (
        rows.current()
        .filter(candidate__dossier__state=state)
        .annotate(since=F("candidate__dossier__changed_at"))
    )


def not_taken() -> Q:
    """Condition: no officer has taken the placement for audit."""
    return ~Q(Exists(_takes()))


def _takes():
    return ReviewTake.objects.filter(pk=OuterRef("pk"), taken_at__gte=_still_taken())


def _still_taken() -> datetime:
    return timezone.now() - timedelta(minutes=ReviewTake.MINUTES)


def admissions_waiting(actor: User):
    """Submitted admissions, each with the checks of ``CHECKS`` and ``green``, all of them passed."""
    return admissions_checked(waiting(actor, State.ADMIT_SUBMITTED), actor)


def admissions_checked(rows, actor: User):
    """Placements with the checks of ``CHECKS``.

    The line is that of the plan's kind: the county's before the city's, never below the province's lowest, which
    holds for the pool as well. Special conditions were looked at by the run that sent a dossier; where a school that has
    any took him otherwise, somebody has to look. 重复: nobody else with his identity number is admitted or proposed
    in the season, anywhere in the province.

    Args:
        rows: placements.
        actor: whoever answers for the audit: what he sent himself is not his to pass.
    """
    here = Q(county="") | Q(county=OuterRef("county"))
    kind = Q(kind="") | Q(kind=OuterRef("plan_line__kind"))
    # The county before the city, and there the kind of plan before all kinds; empty sorts last.
    region_line = RegionLine.objects.filter(here, kind, batch=OuterRef("batch")).order_by("-county", "-kind")
    school_line = SchoolLine.objects.filter(here, batch=OuterRef("batch"), school=OuterRef("school"))
    school_line = school_line.order_by("-county").values("score")
    line = PlanLine.objects.filter(pk=OuterRef("plan_line"))
    choice = Choice.objects.filter(
        candidate=OuterRef("candidate"),
        batch=OuterRef("batch"),
        school=OuterRef("school"),
        position=OuterRef("choice_position"),
    )
    pool = Q(method=Placement.Method.POOL)
    conditions = SchoolCondition.objects.filter(batch=OuterRef("batch"), school=OuterRef("school"))
    return (
        rows.annotate(
            floor=Coalesce(_floor(kind), Value(0)),
            region_line=Coalesce(Subquery(region_line.values("score")[:1]), Value(0)),
            school_line=Coalesce(Subquery(school_line[:1]), Value(0)),
            marks=Coalesce("dispatch_score", "candidate__total", Value(0)),
        )
        .annotate(
            within_plan=Exists(
                line.filter(seats_taken__lte=F("seats_planned") + F("seats_changed") + F("seats_over"))
            ),
            major_planned=Exists(
                line.filter(school=OuterRef("school"), city=OuterRef("city"), batch=OuterRef("batch"))
            ),
            line_met=_yes(
                Q(marks__gte=F("floor"))
                & (pool | (Q(dispatch_score__gte=F("region_line")) & Q(dispatch_score__gte=F("school_line"))))
            ),
            choice_made=_yes(pool | Q(Exists(choice))),
            conditions_met=_yes(Q(method__in=BY_RUN) | ~Q(Exists(conditions))),
            only_once=_yes(~Q(Elsewhere("candidate_id"))),
            not_held=_yes(Q(candidate__dossier__held=False)),
            not_own=_yes(~Q(sheet__run__created_by=actor) & ~Q(sheet__request__asked_by=actor)),
        )
        .annotate(green=_yes(Q(**{name: True for name, _ in CHECKS})))
    )


class Elsewhere(Func):
    """Whether another candidate of the season with the same identity number is admitted or proposed; made by
    migration 0019 as a function of the database that looks over the wall and tells no more than that."""

    function = "dispatch_taken_elsewhere"
    output_field = BooleanField()


def _floor(kind: Q):
    """The province's lowest line for the kind of plan, in hundredths; per cent of the city's full marks rounded up."""
    counted = Subject.objects.filter(
        season=OuterRef(OuterRef("season")), city=OuterRef(OuterRef("city")), counted=True
    )
    full = counted.order_by().values("city").annotate(full=Sum("full_marks")).values("full")
    lowest = ProvinceLine.objects.filter(kind, season=OuterRef("season")).order_by("-kind")
    lowest = lowest.annotate(
        marks=Coalesce("score", (Coalesce(Subquery(full), Value(0)) * F("percent") + Value(99)) / Value(100))
    )
    return Subquery(lowest.values("marks")[:1], output_field=IntegerField())


def returns_waiting(actor: User):
    """Submitted returns, each with the checks of ``RETURN_CHECKS`` and ``green``, all of them passed."""
    return returns_checked(waiting(actor, State.RETURN_SUBMITTED), actor)


def returns_checked(rows, actor: User):
    """Placements with the checks of ``RETURN_CHECKS``; as ``admissions_checked``.

    Each has ``first_paper`` too, the key of the first of its papers.
    """
    papers = DossierPaper.objects.filter(placement_id=OuterRef("pk")).order_by("pk")
    worded = Q(reason__needs_words=False) | ~Q(reason_words="")
    return rows.annotate(
        reasoned=_yes(Q(reason__isnull=False) & worded),
        papered=_yes(Q(reason__needs_attachment=False) | Q(has_paper())),
        first_paper=Subquery(papers.values("pk")[:1]),
        not_held=_yes(Q(candidate__dossier__held=False)),
        not_own=_yes(~Q(sheet__run__created_by=actor) & ~Q(sheet__request__asked_by=actor)),
    ).annotate(green=_yes(Q(**{name: True for name, _ in RETURN_CHECKS})))


def in_queue_order(rows):
    """Oldest first, one's own taken before all."""
    return rows.order_by("-taken_here", "since", "pk")


def next_waiting(actor: User, state: State, after: int):
    """The placement that comes next in an actor's queue, or None at its end; its checks are not made.

    The queue as a whole is joined and checked row by row; here the oldest are looked for among the dossiers alone.

    Args:
        actor: of an office.
        state: admissions or returns submitted.
        after: primary key of the one he leaves.
    """
    takes = dict(ReviewTake.objects.filter(taken_at__gte=_still_taken()).values_list("pk", "officer"))
    own = [pk for pk, officer in takes.items() if officer == actor.pk]
    waits = Dossier.objects.visible_to(actor).filter(actor.scope.sources(), state=state, held=False)
    oldest = waits.exclude(placement_id__in=[*takes, after]).order_by("changed_at", "placement_id")
    keys = [*own, *oldest.values_list("placement_id", flat=True)[:20]]
    return in_queue_order(waiting(actor, state)).filter(pk__in=keys).exclude(pk=after).first()


def shown_with(rows, *more: str):
    """The rows with what the queue shows of each, and some more relations."""
    return rows.select_related("candidate__dossier", "school", "batch", "plan_line", "reason", "sheet", *more)
