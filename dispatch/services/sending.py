"""批量投档: a controlled procedure, from parameters to release, each step by whose duty it is.

Source: the dispatch protocol of the Guangdong office (domain.md P03): two operators, checks, run,
verification, release; 粤招办〔2021〕28号 二（二） gives it to the cities.
"""

from django.db import connection, transaction
from django.db.models import F, Max, Sum
from django.utils import timezone

from accounts.context import deed_record
from accounts.models import User
from accounts.refusals import Refusal
from admissions.jobs import Progress, job_start
from admissions.lifecycle import State
from admissions.models import Batch, Dossier, Job, Window
from admissions.services.dossiers import dossiers_move_all
from admissions.services.windows import window_require
from quotas.models import PlanLine

from ..loading import (
    choices_freeze,
    fingerprint_of,
    parameters_of,
    snapshot_load,
)
from ..models import Placement, Run, RunSchool, Sheet
from ..placing import partition_of, placements_attach, placements_write
from ..runs import results_of, run_store

FUNCTION = "dispatch.dispatch_batch"
OPEN_STATES = (Run.State.DRAFT, Run.State.REHEARSED, Run.State.CONFIRMED)


@transaction.atomic
def run_open(*, actor: User, batch: Batch) -> Run:
    """Open a dispatch of a batch: its parameters are read from the mode and the lines as they stand.

    Args:
        actor: a dispatching officer of the batch's city.
        batch: visible to him.

    Raises:
        Refusal: outside of the dispatch window, if a run is open already, schools still hold sheets of
            the last round, or the batch has no plans.
    """
    _allowed(actor, batch)
    window_require(season=batch.season, kind=Window.Kind.DISPATCH)
    Batch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    if batch.runs.filter(state__in=OPEN_STATES).exists():
        raise Refusal(f"{batch.name}有一次投档尚未完成，请先完成或撤销。")
    unsettled = Sheet.objects.filter(batch=batch, submitted_at__isnull=True, cancelled_at__isnull=True)
    if unsettled.exists():
        raise Refusal(f"还有 {unsettled.count()} 份投档单院校尚未提交，结清后才能进行下一轮投档。")
    if not PlanLine.objects.filter(batch=batch).exists():
        raise Refusal(f"{batch.name}还没有招生计划。")
    last = batch.runs.aggregate(last=Max("round"))["last"] or 0
    run = Run.objects.create(batch=batch, round=last + 1, parameters=parameters_of(batch), created_by=actor)
    deed_record(actor=actor, subject=f"新建投档 {run}")
    return run


def run_rehearse_start(*, actor: User, run: Run) -> Job:
    """Send the rehearsal to a worker.

    Raises:
        Refusal: if the run has gone further than a rehearsal.
    """
    _allowed(actor, run.batch)
    if run.state not in OPEN_STATES:
        raise Refusal(f"该次投档{run.get_state_display()}，不能再预演。")
    return job_start(
        actor=actor, function=FUNCTION, title=f"预演 {run}", task="dispatch.tasks.rehearse", subject=run.pk
    )


@transaction.atomic
def run_rehearse(*, actor: User, run: Run, progress: Progress) -> str:
    """Compute what a dispatch would do, and write nothing but the result of the rehearsal itself.

    Args:
        actor: the officer who asked.
        run: open.
        progress: of the job.

    Returns:
        the result in words.
    """
    run = Run.objects.select_for_update(of=("self",)).select_related("batch__season").get(pk=run.pk)
    if run.state not in OPEN_STATES:
        raise Refusal(f"该次投档{run.get_state_display()}，不能再预演。")
    run.confirmed_by = run.confirmed_at = None  # a new rehearsal asks for a new confirmation
    progress(0, 4, "冻结志愿")
    choices_freeze(run.batch)
    run.parameters = parameters_of(run.batch)
    progress(1, 4, "读取考生与计划")
    snapshot = snapshot_load(run.batch, run.parameters)
    progress(2, 4, "按规则计算")
    outcome = snapshot.solve()
    found = snapshot.faults(outcome)
    progress(3, 4, "独立核验与保存")
    run.input_digest, run.outcome_digest, run.fingerprint = fingerprint_of(run.parameters, snapshot, outcome)
    run.candidates, run.sent = len(snapshot.candidates), int((outcome.unit >= 0).sum())
    run.faults = [str(fault) for fault in found]
    run.state, run.rehearsed_at = Run.State.REHEARSED, timezone.now()
    run.save()
    run.schools.all().delete()
    RunSchool.objects.bulk_create(results_of(run, snapshot, outcome))
    run_store(run, snapshot, outcome)
    deed_record(actor=actor, subject=f"预演 {run}", count=run.sent, note=f"指纹 {run.fingerprint[:16]}")
    return f"预演完成：{run.candidates} 名考生参加，投出 {run.sent} 名。"


@transaction.atomic
def run_confirm(*, actor: User, run: Run, fingerprint: str) -> None:
    """A second person confirms the very fingerprint of the rehearsal.

    Args:
        actor: holds the confirming function; not who opened the run.
        run: rehearsed.
        fingerprint: as shown to him.

    Raises:
        Refusal: if he opened it himself, the fingerprint has changed, or the check found faults.
    """
    _allowed(actor, run.batch, "dispatch.confirm_dispatch")
    run = Run.objects.select_for_update(of=("self",)).select_related("batch").get(pk=run.pk)
    if run.created_by_id == actor.pk:
        raise Refusal("复核人不能是发起人本人。")
    if run.state != Run.State.REHEARSED:
        raise Refusal(f"该次投档{run.get_state_display()}，不能复核。")
    if run.fingerprint != fingerprint:
        raise Refusal("预演结果已经变化，请刷新页面重新核对指纹。")
    if run.faults:
        raise Refusal("独立核验发现问题，不能确认投档。")
    run.state, run.confirmed_by, run.confirmed_at = Run.State.CONFIRMED, actor, timezone.now()
    run.save(update_fields=["state", "confirmed_by", "confirmed_at"])
    deed_record(actor=actor, subject=f"复核 {run}", note=f"指纹 {fingerprint[:16]}", count=run.sent)


def run_execute_start(*, actor: User, run: Run) -> Job:
    """Send the execution to a worker.

    Raises:
        Refusal: if no second person has confirmed.
    """
    _allowed(actor, run.batch)
    if run.state != Run.State.CONFIRMED:
        raise Refusal(f"该次投档{run.get_state_display()}，须经第二人复核后才能执行。")
    return job_start(
        actor=actor, function=FUNCTION, title=f"执行 {run}", task="dispatch.tasks.execute", subject=run.pk
    )


@transaction.atomic
def run_execute(*, actor: User, run: Run, progress: Progress) -> str:
    """Send the dossiers: the same pure function on the same input, in one transaction, whole or not at all.

    Args:
        actor: the officer who asked.
        run: confirmed.
        progress: of the job.

    Raises:
        Refusal: if anything the rehearsal read has changed since; the run then goes back to rehearsal.
    """
    run = Run.objects.select_for_update(of=("self",)).select_related("batch__season").get(pk=run.pk)
    if run.state == Run.State.EXECUTED:
        return "该次投档已经执行过。"
    if run.state != Run.State.CONFIRMED:
        raise Refusal(f"该次投档{run.get_state_display()}，不能执行。")
    window_require(season=run.batch.season, kind=Window.Kind.DISPATCH)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"batch:{run.batch_id}"])
    progress(0, 5, "重新读取并核对指纹")
    snapshot = snapshot_load(run.batch, run.parameters)
    outcome = snapshot.solve()
    if fingerprint_of(run.parameters, snapshot, outcome)[2] != run.fingerprint:
        raise Refusal("复核之后考生、志愿或计划有变化，本次投档没有执行。", hint="请重新预演并复核。")
    progress(1, 5, "生成投档单")
    sheets = _sheets(run)
    progress(2, 5, "写入投档记录")
    sent = placements_write(run, snapshot, outcome, {sheet.school_id: sheet.pk for sheet in sheets})
    _seats_over(run)
    progress(3, 5, "移动档案")
    moved = dossiers_move_all(
        actor=actor,
        step="dispatch",
        relation=f"SELECT candidate_id, id, school_id, NULL::varchar, '' FROM {partition_of(run)}",
        subject=f"投档 {run}",
    )
    progress(4, 5, "核对")
    placements_attach(run)
    if not sent == moved == run.sent == sum(sheet.size for sheet in sheets):
        raise Refusal("投档后核对数目不符，本次投档没有执行。", hint="请联系系统管理员。")
    run.state, run.executed_at = Run.State.EXECUTED, timezone.now()
    run.save(update_fields=["state", "executed_at"])
    return f"投档完成：{len(sheets)} 所院校，{sent} 份档案。"


@transaction.atomic
def run_release(*, actor: User, run: Run) -> int:
    """Hand the sheets to the schools.

    Returns:
        number of sheets.

    Raises:
        Refusal: if the run is not executed.
    """
    run = _locked(actor, run)
    if run.state != Run.State.EXECUTED:
        raise Refusal(f"该次投档{run.get_state_display()}，不能发布。")
    now = timezone.now()
    released = run.sheets.filter(cancelled_at__isnull=True).update(released_at=now)
    run.state, run.released_at = Run.State.RELEASED, now
    run.save(update_fields=["state", "released_at"])
    deed_record(actor=actor, subject=f"发布 {run}", count=released)
    return released


@transaction.atomic
def run_cancel(*, actor: User, run: Run, reason: str) -> int:
    """Undo a run while no school has read; an open one is simply given up.

    Args:
        actor: a dispatching officer of the city.
        run: not cancelled.
        reason: in words.

    Returns:
        number of dossiers back in the pool.

    Raises:
        Refusal: if a school has opened its sheet.
    """
    run = _locked(actor, run)
    if run.state == Run.State.CANCELLED:
        raise Refusal("该次投档已经撤销。")
    sheets = list(run.sheets.select_for_update(of=("self",)).order_by("pk"))  # as a school opens one
    opened = [sheet for sheet in sheets if sheet.opened_at]
    if opened:
        raise Refusal(f"已有 {len(opened)} 所院校开始阅档，不能整体撤销。", hint="可按投档单或考生取消投档。")
    back = 0
    if run.executed_at:
        back = dossiers_move_all(
            actor=actor,
            step="cancel_run",
            relation="SELECT candidate_id, NULL::bigint, NULL::bigint, NULL::varchar, %s FROM dispatch_placement"
            " WHERE run_id = %s AND closed_at IS NULL",
            params=[reason, run.pk],
            subject=f"撤销 {run}",
            note=reason,
        )
        now = timezone.now()
        Placement.objects.filter(run=run, closed_at__isnull=True).update(closed_at=now)
        run.sheets.update(cancelled_at=now)
        _seats_over(run, sign=-1)
    run.state, run.cancelled_at = Run.State.CANCELLED, timezone.now()
    run.save(update_fields=["state", "cancelled_at"])
    deed_record(actor=actor, subject=f"撤销 {run}", count=back, note=reason)
    return back


def checks_of(batch: Batch) -> list[tuple[str, bool, str]]:
    """What is looked at before a rehearsal: title, whether it is well, and the figure in words."""
    plans = PlanLine.objects.filter(batch=batch).aggregate(
        seats=Sum(F("seats_planned") + F("seats_changed")), schools=Max("school")
    )
    chosen = batch.choice_set.order_by().values("candidate").distinct().count()
    pool = Dossier.objects.filter(season=batch.season_id, city=batch.city, state=State.POOL)
    unscored = pool.filter(candidate__total__isnull=True).count()
    held = pool.filter(held=True).count()
    excluded = Dossier.objects.filter(season=batch.season_id, city=batch.city, state=State.EXCLUDED).count()
    lines = batch.lines.count()
    waiting = Sheet.objects.filter(batch=batch, submitted_at__isnull=True, cancelled_at__isnull=True).count()
    return [
        ("招生计划已导入", bool(plans["seats"]), f"计划 {plans['seats'] or 0} 个"),
        ("考生志愿已导入", chosen > 0, f"{chosen} 名考生填报"),
        ("成绩完整", unscored == 0, f"{unscored} 名在库考生没有总分" if unscored else "全部有总分"),
        ("普通高中录取已清理", excluded > 0, f"{excluded} 名考生已被普通高中录取"),
        ("分数线已设置", lines > 0, f"{lines} 条" if lines else "未设分数线，按 0 分处理"),
        ("上一轮投档单已结清", waiting == 0, f"{waiting} 份未结清" if waiting else "已结清"),
        ("挂起档案", True, f"{held} 份挂起，不参加投档"),
    ]


def _allowed(actor: User, batch: Batch, function: str = FUNCTION) -> None:
    if not actor.may(function):
        raise Refusal("您没有该项投档功能的权限。")
    if not actor.scope.holds_region(batch.city):
        raise Refusal(f"{batch.name}不属于您的管辖范围。")


def _locked(actor: User, run: Run) -> Run:
    _allowed(actor, run.batch)
    return Run.objects.select_for_update(of=("self",)).select_related("batch__season").get(pk=run.pk)


def _sheets(run: Run) -> list[Sheet]:
    """One sheet for each school that gets dossiers, numbered year, city, batch, round, school."""
    batch = run.batch
    head = f"{batch.season.year}{batch.city}{batch.code}{run.round:02d}"
    return Sheet.objects.bulk_create(
        Sheet(run=run, batch=batch, school=row.school, number=f"{head}{row.school.code}", size=row.sent)
        for row in run.schools.filter(sent__gt=0).select_related("school")
    )


def _seats_over(run: Run, sign: int = 1) -> None:
    """Record what a tie put above the plan, so that the guard of the seats knows of it.

    Only where a seat is offered once (a ratio above one over-sends on purpose); the excess goes to the
    school's largest line. Source: domain.md §6.5, 同分全部投出, 允许突破招生计划.
    """
    if run.parameters["ratio_percent"] > 100:
        return
    for row in run.schools.filter(sent__gt=F("plan")):
        line = (
            PlanLine.objects.filter(batch=run.batch, school=row.school)
            .order_by("-seats_planned", "pk")
            .first()
        )
        PlanLine.objects.filter(pk=line.pk).update(seats_over=F("seats_over") + sign * (row.sent - row.plan))
