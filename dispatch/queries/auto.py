"""What is plain enough to pass by a rule of 自动审核管理 (domain.md §4.6), and what rules have decided.

All that a rule needs is asked in one statement over placements, however many there are. What a rule does not
let through stays in the queue for a person; a rule never refuses anything.
"""

from collections.abc import Iterable

from django.db.models import (
    BooleanField,
    Count,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    Subquery,
)

from accounts.models import User
from admissions.lifecycle import TAKES_SEAT, State
from admissions.models import Choice, DossierEvent, Sex
from quotas.models import PlanLine

from ..models import AutoDecision, AutoRule, Placement, SchoolCondition
from .waiting import admissions_checked, not_taken, returns_checked, waiting_among

KIND = AutoRule.Kind
STATES = {KIND.ADMISSIONS: State.ADMIT_SUBMITTED, KIND.RETURNS: State.RETURN_SUBMITTED}
BACK = {
    KIND.ADMISSIONS: ("reconsider_admission", "refuse_admission"),
    KIND.RETURNS: ("reconsider_return",),
}
APPROVED = {KIND.ADMISSIONS: "review_admission", KIND.RETURNS: "review_return"}

# What a rule for admissions always asks for, in words; and what it may or may not ask for besides.
ALWAYS = {
    KIND.ADMISSIONS: (
        "按志愿投档，志愿表中有该志愿",
        "计划未满额、专业在计划内、达到全省最低线、区域线和院校线",
        "同一证件号码没有在别处录取",
        "档案未挂起，没有审核人员领取",
        "不是启用规则的人投档的",
        "没有被退回复议过",
    ),
    KIND.RETURNS: (
        "退档原因的代码经平台数据核实",
        "须注明的原因已注明，须附材料的已附",
        "档案未挂起，没有审核人员领取",
        "不是启用规则的人投档的",
        "没有被退回复议过",
    ),
}
OPTIONS = {
    "ratio_one": "投档比例为 100%（投多少录多少）",
    "no_concession": "考生没有照顾特征",
    "no_conditions": "院校在该批次没有特殊条件（面试、体检等）",
    "major_named": "录取专业是考生填报的专业，或考生服从调剂",
}
REASONS = {
    "01": "总分低录取额满：该校在该批次已无空额，且没有分数更低的考生被录",
    "02": "所报专业已满不服从调剂：填报的专业都已无空额，考生不服从调剂",
    "19": "只招男生：院校条件只招男生，考生为女生",
    "20": "只招女生：院校条件只招女生，考生为男生",
}


class InArray(Func):
    """Whether a value is among those of an array column: ``InArray(value, array)``."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = BooleanField()


def scope_of(rule: AutoRule, *, erased: bool = False) -> Q:
    """Condition: a placement is one that the rule is for.

    Args:
        rule: of a city.
        erased: for decisions of the past, the plan line of which may be gone: those count as his.
    """
    condition = Q(season=rule.season_id, city=rule.city)
    if rule.batch_id:
        condition &= Q(batch=rule.batch_id)
    if rule.school_id:
        condition &= Q(school=rule.school_id)
    if rule.plan_kind:
        kind = Q(plan_line__kind=rule.plan_kind)
        condition &= kind | Q(plan_line__isnull=True) if erased else kind
    return condition


def plain_now(rule: AutoRule, by: User, narrower: Iterable[AutoRule] = ()):
    """Placements that the rule lets through at this moment.

    Args:
        rule: with its version.
        by: who switched it on; he answers for it, so what he sent himself waits for somebody else.
        narrower: rules that go before it; what they are for is theirs alone.
    """
    rows = waiting_among(Placement.objects.filter(scope_of(rule)), STATES[rule.kind]).filter(not_taken())
    for other in narrower:
        rows = rows.exclude(pk__in=Placement.objects.filter(scope_of(other)).values("pk"))
    before = DossierEvent.objects.filter(
        candidate=OuterRef("candidate"), placement_id=OuterRef("pk"), step__in=BACK[rule.kind]
    )
    rows = rows.filter(~Exists(before))
    if rule.kind == KIND.ADMISSIONS:
        return plain_admissions(admissions_checked(rows, by), rule.version.content).filter(green=True)
    found = Q(pk__in=[])
    for code in rule.version.content["reasons"]:
        found |= Q(reason=code) & Q(verified_return(code))
    return returns_checked(rows.filter(method=Placement.Method.DISPATCH), by).filter(found, green=True)


def plain_admissions(rows, content: dict, *, erased: bool = False):
    """Placements that are as the content of a version asks for, the checks of the queue apart.

    Args:
        rows: with the checks of ``admissions_checked``.
        content: of a version.
        erased: decisions of the past: what a refusal erased (the major) counts as in order.
    """
    choice = Choice.objects.filter(
        candidate=OuterRef("candidate"),
        batch=OuterRef("batch"),
        school=OuterRef("school"),
        position=OuterRef("choice_position"),
    )
    gone = Q(plan_line__isnull=True) if erased else Q(pk__in=[])
    rows = rows.filter(method=Placement.Method.DISPATCH, choice_position__isnull=False, choice_made=True)
    margin = content["margin"]
    rows = rows.filter(
        dispatch_score__gte=F("region_line") + margin,
    ).filter(dispatch_score__gte=F("school_line") + margin)
    asked = set(content["asks"])
    if "ratio_one" in asked:
        rows = rows.filter(batch__ratio_percent=100, sheet__run__parameters__ratio_percent=100)
    if "no_concession" in asked:
        rows = rows.filter(candidate__concessions__len=0)
    if "no_conditions" in asked:
        conditions = SchoolCondition.objects.filter(batch=OuterRef("batch"), school=OuterRef("school"))
        rows = rows.filter(~Exists(conditions))
    if "major_named" in asked:
        named = InArray(OuterRef("plan_line__major_code"), F("majors"))
        rows = rows.filter(gone | Exists(choice.filter(Q(named) | Q(accepts_adjustment=True))))
    return rows


def verified_return(code: str):
    """Condition on a placement: the platform's data bear out the coded reason of a return.

    Raises:
        KeyError: for a reason that data cannot bear out.
    """
    line = PlanLine.objects.filter(
        school=OuterRef("school"),
        batch=OuterRef("batch"),
        city=OuterRef("city"),
        seats_taken__lt=F("seats_planned") + F("seats_changed") + F("seats_over"),
    )
    lower = Placement.objects.open().filter(
        school=OuterRef("school"),
        batch=OuterRef("batch"),
        city=OuterRef("city"),
        candidate__dossier__placement_id=F("pk"),
        candidate__dossier__state__in=sorted(TAKES_SEAT),
        dispatch_score__lt=OuterRef("dispatch_score"),
    )
    choice = Choice.objects.filter(
        candidate=OuterRef("candidate"),
        batch=OuterRef("batch"),
        school=OuterRef("school"),
        position=OuterRef("choice_position"),
        accepts_adjustment=False,
        majors__len__gt=0,
    )
    wanted = PlanLine.objects.filter(
        InArray(F("major_code"), OuterRef("majors")),
        school=OuterRef("school"),
        batch=OuterRef("batch"),
        city=OuterRef("candidate__city"),
        seats_taken__lt=F("seats_planned") + F("seats_changed") + F("seats_over"),
    )
    return {
        "01": ~Exists(line) & ~Exists(lower),
        "02": Exists(choice.filter(~Exists(wanted))),
        "19": Q(candidate__sex=Sex.FEMALE) & Exists(_one_sex(Sex.MALE)),
        "20": Q(candidate__sex=Sex.MALE) & Exists(_one_sex(Sex.FEMALE)),
    }[code]


def _one_sex(sex: str):
    """Conditions of a school that let one sex in only: no other stands beside it in its group."""
    here = {"batch": OuterRef("batch"), "school": OuterRef("school")}
    beside = SchoolCondition.objects.filter(
        batch=OuterRef("batch"), school=OuterRef("school"), group=OuterRef("group")
    ).exclude(pk=OuterRef("pk"))
    return SchoolCondition.objects.filter(**here, kind="sex", demand=sex).exclude(Exists(beside))


def rules_in_figures(actor: User, season):
    """Rules the actor sees, each with its counts: passed, sampled, checked, objections."""
    own = AutoDecision.objects.filter(version=OuterRef("version")).order_by()

    def count(**condition):
        found = own.filter(**condition).values("version").annotate(n=Count("pk")).values("n")
        return Subquery(found)

    return (
        AutoRule.objects.visible_to(actor)
        .filter(season=season)
        .select_related("batch", "school", "version__made_by")
        .annotate(
            passed=count(),
            sampled=count(sampled=True),
            checked=count(agrees__isnull=False),
            objections=count(agrees=False),
        )
    )


def objection_rate(decisions) -> tuple[int, int, float]:
    """Of some decisions: how many were checked, how many objected to, and the rate in per cent."""
    found = decisions.aggregate(
        checked=Count("pk", filter=Q(agrees__isnull=False)), objections=Count("pk", filter=Q(agrees=False))
    )
    checked, objections = found["checked"], found["objections"]
    return checked, objections, 100 * objections / checked if checked else 0.0


def decisions_seen(actor: User):
    """Automatic decisions on candidates from the actor's region, newest first."""
    return (
        AutoDecision.objects.visible_to(actor)
        .filter(season__current=True)
        .select_related(
            "candidate__dossier",
            "placement__school",
            "placement__batch",
            "placement__plan_line",
            "placement__reason",
            "rule__batch",
            "rule__school",
            "version",
            "checked_by",
        )
        .order_by("-at", "-pk")
    )
