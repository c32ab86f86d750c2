"""What is looked at before a rehearsal."""

from collections.abc import Sequence

from django.db.models import Count, F, Q, Sum

from admissions.lifecycle import State
from admissions.models import Batch, Choice, Dossier, School
from admissions.queries.checks import NAMED, Check
from quotas.models import PlanLine

from ..allotting import seats_allotted
from ..models import SchoolControl, Sheet


def checks_of(batch: Batch, only: Sequence[int] = ()) -> list[Check]:
    """Plans, choices, scores, lines and what is still under way: each with its figure, or who is concerned.

    Args:
        batch: of one city.
        only: keys of the schools that a run is confined to; empty for all.
    """
    return [
        *_plans(batch, only),
        *_candidates(batch),
        _lines(batch),
        *_allotted(batch, only),
        _unsettled(batch, only),
        _closed(batch, only),
    ]


def _plans(batch: Batch, only: Sequence[int]) -> list[Check]:
    plans = PlanLine.objects.filter(batch=batch)
    choices = Choice.objects.filter(batch=batch)
    if only:
        plans, choices = plans.filter(school__in=only), choices.filter(school__in=only)
    figures = plans.aggregate(
        left=Sum(F("seats_planned") + F("seats_changed") + F("seats_over") - F("seats_taken")),
        schools=Count("school", distinct=True),
    )
    asked = choices.order_by().values("school").annotate(number=Count("pk"))
    asked = dict(asked.values_list("school", "number"))
    names = dict(plans.values_list("school", "school__name"))
    nobody = [f"{name}：没有考生填报" for key, name in sorted(names.items()) if key not in asked]
    strange = sorted(set(asked) - set(names))
    without = [
        f"{name}：{asked[key]} 个志愿作废处理"
        for key, name in School.objects.filter(pk__in=strange).values_list("pk", "name")
    ]
    chosen = choices.order_by().values("candidate").distinct().count()
    return [
        Check(
            "招生计划已导入",
            f"{figures['schools']} 所院校，计划余额 {figures['left'] or 0} 个",
            [] if figures["left"] else ["没有可投的计划"],
        ),
        Check("考生志愿已导入", f"{chosen} 名考生填报", [] if chosen else ["没有考生填报"]),
        Check("志愿院校都有计划", "没有计划的院校志愿不投档", without, blocks=False),
        Check("院校都有生源", "没有人填报的院校投不出档案", nobody, blocks=False),
    ]


def _candidates(batch: Batch) -> list[Check]:
    here = Dossier.objects.filter(season=batch.season_id, city=batch.city)
    counts = here.aggregate(
        pool=Count("pk", filter=Q(state=State.POOL)),
        unscored=Count("pk", filter=Q(state=State.POOL, candidate__total__isnull=True)),
        held=Count("pk", filter=Q(state=State.POOL, held=True)),
        excluded=Count("pk", filter=Q(state=State.EXCLUDED)),
    )
    pool = here.filter(state=State.POOL)
    unscored, held = pool.filter(candidate__total__isnull=True), pool.filter(held=True)
    return [
        Check(
            "成绩完整",
            f"{counts['pool']} 名在库考生；没有总分的按 0 分排在最后",
            _numbers(unscored) if counts["unscored"] else [],
            blocks=False,
            number=counts["unscored"],
        ),
        Check(
            "普通高中录取已清理",
            f"{counts['excluded']} 名考生不参加投档",
            [] if counts["excluded"] else ["还没有导入普通高中录取数据"],
            blocks=False,
        ),
        Check(
            "没有挂起的档案",
            "挂起的档案不参加投档",
            _numbers(held) if counts["held"] else [],
            blocks=False,
            number=counts["held"],
        ),
    ]


def _lines(batch: Batch) -> Check:
    lines = batch.lines.count()
    return Check("分数线已设置", f"{lines} 条", [] if lines else ["未设分数线，按 0 分处理"], blocks=False)


def _allotted(batch: Batch, only: Sequence[int]) -> list[Check]:
    """Whether seats kept for junior schools fit the plans; nothing where the mode knows none."""
    if not batch.allotment:
        return []
    rows = seats_allotted(batch, only).order_by().values("school")
    kept = dict(rows.annotate(seats=Sum("seats")).values_list("school", "seats"))
    left = PlanLine.objects.filter(batch=batch, school__in=kept).with_left().values_list("school", "left")
    free: dict[int, int] = {}
    for school, seats in left:
        free[school] = free.get(school, 0) + seats
    over = {school: seats for school, seats in kept.items() if seats > free.get(school, 0)}
    named = [
        f"{name}：指标 {over[key]} 个，计划余额 {free.get(key, 0)} 个"
        for key, name in School.objects.filter(pk__in=over).values_list("pk", "name")
    ]
    total = sum(kept.values())
    return [
        Check(
            "指标不超过计划余额",
            f"{len(kept)} 所院校，指标 {total} 个" if kept else "没有可用的指标，本次全部按统招投档",
            named,
        )
    ]


def _unsettled(batch: Batch, only: Sequence[int]) -> Check:
    waiting = Sheet.objects.filter(batch=batch, submitted_at__isnull=True, cancelled_at__isnull=True)
    if only:
        waiting = waiting.filter(school__in=only)
    named = [f"{name} {number}" for name, number in waiting.values_list("school__name", "number")]
    return Check("上一轮投档单已结清", "院校提交以后才能再投", named)


def _closed(batch: Batch, only: Sequence[int]) -> Check:
    closed = SchoolControl.objects.filter(batch=batch).exclude(status=SchoolControl.Status.OPEN)
    if only:
        closed = closed.filter(school__in=only)
    named = [f"{row.school.name}：{row.get_status_display()}" for row in closed.select_related("school")]
    return Check("院校都可投档", "暂停或录取结束的院校不投档", named, blocks=False)


def _numbers(dossiers) -> list[str]:
    """The numbers of the first candidates."""
    return list(dossiers.order_by("candidate__number").values_list("candidate__number", flat=True)[:NAMED])
