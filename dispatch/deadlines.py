"""Deadlines of schools on dossiers sent to them, and the end of a stage (院校超期未阅、未提交, 阶段截止)."""

from django.db.models import Exists, OuterRef, QuerySet

from admissions.deadlines import Deadline, batches_under, deadline_kind
from admissions.lifecycle import AT_SCHOOL, UNDECIDED, WAITING_FOR_OFFICE, State
from admissions.models import Dossier, Window

from .models import Placement


def _sent_under(window: Window, states) -> QuerySet[Dossier]:
    """Dossiers in some states that lie on sheets released within a window, of batches for which it holds."""
    placements = Placement.objects.open().filter(
        batch__in=batches_under(window).values("pk"),
        sheet__released_at__gte=window.opens_at,
        sheet__released_at__lt=window.closes_at,
    )
    own = placements.filter(pk=OuterRef("placement_id"))
    rows = Dossier.objects.filter(season=window.season_id, state__in=sorted(states), held=False)
    if window.city:
        rows = rows.filter(city=window.city)
    return rows.filter(Exists(own))


def unread(window: Window) -> QuerySet[Dossier]:
    """Dossiers on which the school has not decided."""
    return _sent_under(window, UNDECIDED)


def unsubmitted(window: Window) -> QuerySet[Dossier]:
    """Dossiers on which the school has decided and which it has not submitted."""
    return _sent_under(window, {State.PROPOSE_ADMIT, State.PROPOSE_RETURN})


def unsettled(window: Window) -> QuerySet[Dossier]:
    """Dossiers at schools or with an office for audit."""
    states = sorted(AT_SCHOOL | WAITING_FOR_OFFICE)
    return Dossier.objects.filter(season=window.season_id, state__in=states)


# 粤招办〔2021〕28号 四（二）1: schools read in time. Nothing in the notices takes a dossier from a school by the clock
# alone: the office is told and recalls, candidate by candidate or from the list (指定考生强制回收档案).
deadline_kind(
    Deadline(
        kind=Window.Kind.READING,
        touched=unread,
        words="院校未作录退决定",
        then="到期后告知招办，由招办决定是否强制回收；平台不自动改变考生的状态。",
        school_page="dispatch:decide_as_leader",
        mark="overdue_reading",
        recall=True,
    )
)
deadline_kind(
    Deadline(
        kind=Window.Kind.CONFIRMING,
        touched=unsubmitted,
        words="预录、预退未提交",
        then="到期后告知招办，由招办催办或强制回收；要求到校确认的地市，拟录取而未确认的自动回到在库、转入下一志愿，"
        "其余考生的状态不变。",
        school_page="dispatch:decide_as_leader",
        mark="overdue_confirming",
        recall=True,
    )
)
deadline_kind(
    Deadline(
        kind=Window.Kind.DISPATCH,
        touched=unsettled,
        words="档案在院校或待审核，没有办结",
        then="到期后不能再投档；已投的档案仍可录退、审核。",
        school_page="dispatch:decide_as_leader",
    )
)
