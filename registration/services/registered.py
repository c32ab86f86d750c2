"""Deeds on students who are registered already (修改注册考生专业, 注销已注册考生, 撤销注册).

Each student is checked, and all are concerned or none.
"""

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils import timezone

from accounts.context import unwalled
from accounts.models import User
from accounts.refusals import Refusal
from admissions.coded import reason_said
from admissions.deadlines import Place
from admissions.models import Dossier, Window
from admissions.services.dossiers import Move, dossiers_move
from admissions.services.papers import Paper
from admissions.services.windows import said, season_of, shut_at
from dispatch.models import Placement
from dispatch.services.school import batch_must_not_be_paused, pause_words, runs_pausing
from quotas.models import PlanLine
from quotas.services import seats_give_back, seats_take

from ..guards import fixed, not_withdrawn
from ..models import Enrolment
from ..queries.stages import beginnings, stage_at
from .leaving import dossiers_leave
from .reasons import leaving_reason

NAMED = 5
CHANGE = "registration.change_major"
REGISTER = "registration.register_students"


def why_not_changed(actor: User, candidates: Sequence[int]) -> dict[int, str]:
    """Of some registered students those on whom nothing may be done now, and why.

    Args:
        actor: of the school.
        candidates: primary keys, each a student of his school; others are told as not his.
    """
    season = season_of(actor)
    rows = Enrolment.objects.visible_to(actor).filter(
        pk__in=candidates, school__in=actor.scope.schools, season=season
    )
    plan = rows.values_list("pk", "stage", "plan_line__city", "plan_line__batch", "plan_line__kind")
    found = {pk: Place(*place) for pk, *place in plan}
    held = set(Dossier.objects.filter(pk__in=found, held=True).values_list("pk", flat=True))
    filed = fixed(list(found))
    shut = shut_at(season=season, kind=Window.Kind.REGISTRATION, places=found.values())
    reasons = {
        pk: shut[place] or filed.get(pk, "") or ("档案已挂起" if pk in held else "")
        for pk, place in found.items()
    }
    missing = dict.fromkeys(set(candidates) - found.keys(), "该考生不是本校已注册的新生")
    return missing | {pk: why for pk, why in reasons.items() if why}


def why_not_moved(actor: User, candidates: Sequence[int]) -> dict[int, str]:
    """Of some registered students those whose major may not be changed now, and why.

    Beyond what bars every deed (``why_not_changed``): what has left the house on paper is corrected, not changed, and
    the seats of a batch hold still from the confirmation of a dispatch to its release.

    Args:
        actor: of the school.
        candidates: primary keys.
    """
    printed = {pk: f"{why}，不能修改专业，请按更正办理" for pk, why in not_withdrawn(candidates).items()}
    batches = dict(
        Enrolment.objects.visible_to(actor).filter(pk__in=candidates).values_list("pk", "plan_line__batch")
    )
    runs = runs_pausing(batches.values())
    paused = {pk: pause_words(runs[batch]) for pk, batch in batches.items() if batch in runs}
    return paused | printed | why_not_changed(actor, candidates)


def refuse_unless_all(wrong: Mapping[int, str], names: Mapping[int, str], total: int) -> None:
    """Refuse a deed on several students if one of them may not be concerned.

    Args:
        wrong: as ``why_not_changed`` gives it.
        names: number and name by primary key, where known.
        total: how many are concerned.

    Raises:
        Refusal: naming the first of them, each with its reason.
    """
    if not wrong:
        return
    if total == 1:
        raise Refusal(next(iter(wrong.values())).rstrip("。") + "。")
    each = [f"{names.get(pk, '')} {why}".strip().rstrip("。") for pk, why in list(wrong.items())[:NAMED]]
    more = " 等" if len(wrong) > NAMED else ""
    raise Refusal(
        f"{total} 名考生中有 {len(wrong)} 名不能办理：{'；'.join(each)}{more}。未作任何改动。",
        hint="请去掉这些考生后再办理。",
    )


@transaction.atomic
def major_change(*, actor: User, candidate: int, plan_line: int, reason: str, words: str = "") -> Enrolment:
    """Change the major of a registered student within the school's plan (修改注册考生专业).

    Args:
        actor: of the school.
        candidate: primary key.
        plan_line: primary key; of the same school, batch and source city, with a seat left.
        reason: code of a reason of the function in the reference data.
        words: more words; needed where the code asks for them.

    Raises:
        Refusal: outside of the registration window, once the roster is printed, if he is held, while a dispatch of
            the batch is under way, if the line is not of the school's plan for the candidate's city, or has no seat
            left, or without a reason.
    """
    said = reason_said(CHANGE, reason, words)
    for batch in PlanLine.objects.filter(pk=plan_line).values_list("batch", flat=True):
        batch_must_not_be_paused(batch)
    (enrolment,) = _locked(actor, [candidate], why_not_moved)
    old = enrolment.plan_line
    new = PlanLine.objects.visible_to(actor).filter(
        pk=plan_line, school=enrolment.school_id, season=enrolment.season_id, city=old.city
    )
    new = new.filter(batch=old.batch_id).first()
    if new is None:
        raise Refusal("只能改为本校在该考生生源地市同一批次招生计划中的专业。")
    if new == old:
        raise Refusal(f"该考生的录取专业已经是“{old.major_name}”。")
    with unwalled():
        note = f"{_major(old)} → {_major(new)}：{said}"
        dossiers_move(
            actor=actor,
            step="change_major",
            moves=[Move(candidate, note=note)],
            subject=f"{enrolment.candidate} 修改录取专业",
            note=note,
        )
        # Both lines at once and in order, so that two changes the other way round cannot wait for each other.
        list(PlanLine.objects.select_for_update(no_key=True).filter(pk__in=[old.pk, new.pk]).order_by("pk"))
        seats_take(wanted={new.pk: 1})
        seats_give_back(freed={old.pk: 1})
        Placement.objects.filter(pk=enrolment.placement_id).update(plan_line=new)
        Enrolment.objects.filter(pk=candidate).update(plan_line=new)
    enrolment.plan_line = new
    return enrolment


@transaction.atomic
def registrations_cancel(
    *, actor: User, candidates: Sequence[int], reason: str, words: str = "", paper: Paper | None = None
) -> int:
    """Cancel the registration of students who have left, all or none: back to the pool (注销已注册考生).

    Args:
        actor: of the school.
        candidates: primary keys.
        reason: code of a ``ReturnReason``, or words.
        words: more words; needed where the code asks for them.
        paper: one for all of them, stored; needed where the code asks for it.

    Returns:
        the number of registrations cancelled.

    Raises:
        Refusal: if for one of them the registration window of his stage is not open, the roster is filed
            or he is held, or the reason, its words or its paper is missing; nobody is cancelled then.
    """
    code, words = leaving_reason(reason, words, paper)
    enrolments = _locked(actor, candidates)
    keys = [enrolment.pk for enrolment in enrolments]
    dossiers = list(
        Dossier.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=keys).order_by("pk")
    )
    Enrolment.objects.filter(pk__in=keys).delete()
    one = f"{enrolments[0].candidate} 注销已注册"
    return dossiers_leave(
        actor=actor,
        step="cancel_registration",
        dossiers=dossiers,
        reason=code,
        words=words,
        subject=one if len(keys) == 1 else f"注销已注册考生 {len(keys)} 名",
        paper=paper,
    )


def why_not_undone(actor: User, candidates: Sequence[int]) -> dict[int, str]:
    """Of some registered students those whose registration may not be taken back now, and why.

    Args:
        actor: of the school.
        candidates: primary keys, each a student of his school; others are told as not his.
    """
    now = timezone.now()
    begun = beginnings(season_of(actor))
    printed = not_withdrawn(candidates)
    found = {}
    for row in Enrolment.objects.visible_to(actor).filter(pk__in=candidates):
        if timezone.localdate(row.registered_at) != timezone.localdate(now):
            found[row.pk] = f"于 {said(row.registered_at)} 注册，只能在注册当日撤销"
        elif stage_at(begun, now) != row.stage:  # he would be a student of the next stage
            found[row.pk] = "注册后已进入下一阶段，不能撤销"
        elif row.pk in printed:
            found[row.pk] = f"{printed[row.pk]}，不能撤销"
    return found | why_not_changed(actor, candidates)


@transaction.atomic
def registrations_undo(*, actor: User, candidates: Sequence[int], reason: str, words: str = "") -> int:
    """Take back what was registered by mistake today, all or none: admitted again, on the same seat (撤销注册).

    Args:
        actor: of the school.
        candidates: primary keys.
        reason: code of a reason of the function in the reference data.
        words: more words; needed where the code asks for them.

    Returns:
        the number of registrations taken back.

    Raises:
        Refusal: if one of them was not registered today or within the same stage, stands in a printed
            roster, is held, or the window of his stage is not open, or the reason is missing.
    """
    note = reason_said(REGISTER, reason, words)
    enrolments = _locked(actor, candidates)
    keys = [enrolment.pk for enrolment in enrolments]
    refuse_unless_all(why_not_undone(actor, keys), _names(enrolments), len(keys))
    Enrolment.objects.filter(pk__in=keys).delete()
    one = f"{enrolments[0].candidate} 撤销注册"
    return dossiers_move(
        actor=actor,
        step="undo_registration",
        moves=[Move(key, note=note) for key in keys],
        subject=one if len(keys) == 1 else f"撤销注册 {len(keys)} 名",
        note=note,
    )


def _locked(actor: User, candidates: Sequence[int], why_not=why_not_changed) -> list[Enrolment]:
    """Enrolments of the actor's own school, locked in key order, each of which may still be changed."""
    wanted = set(candidates)
    if not wanted:
        raise Refusal("没有选择考生。")
    rows = Enrolment.objects.visible_to(actor).filter(school__in=actor.scope.schools, pk__in=wanted)
    found = list(
        rows.select_for_update(of=("self",), no_key=True)
        .select_related("candidate", "plan_line", "season")
        .order_by("pk")
    )
    wrong = why_not(actor, sorted(wanted))
    # Who was cancelled while this waited for the lock, and is registered anew by now, is not locked.
    wrong = dict.fromkeys(wanted - {row.pk for row in found}, "注册刚刚被改动，请刷新后再办理") | wrong
    refuse_unless_all(wrong, _names(found), len(wanted))
    return found


def _names(enrolments: Sequence[Enrolment]) -> dict[int, str]:
    return {row.pk: f"{row.candidate.number} {row.candidate.name}" for row in enrolments}


def _major(line: PlanLine) -> str:
    return f"{line.major_name}（{line.track}）" if line.track else line.major_name
