"""The execution of a run: the dossiers are sent, in one transaction, whole or not at all."""

from collections import Counter
from collections.abc import Sequence

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.context import deed_record
from accounts.models import User
from accounts.refusals import Refusal
from admissions.jobs import Progress, job_start
from admissions.lifecycle import State
from admissions.models import Job, Window
from admissions.services.dossiers import dossiers_move_all
from admissions.services.windows import batch_window_require, window_require
from quotas.models import PlanLine
from quotas.services import seats_give_back, seats_take

from ..loading import fingerprint_of, snapshot_load
from ..locks import batch_lock
from ..models import Placement, Run, Sheet
from ..placing import partition_of, placements_attach, placements_write
from ..seating import lines_of_winners
from ..second import outcome_rows_digest
from .sealing import seal_add
from .sending import run_allowed, run_locked

_SENT = "SELECT candidate_id, id, school_id, NULL::varchar, '' FROM {part}"
_ADMITTED = """
    SELECT p.candidate_id, p.id, p.school_id, NULL::varchar, '派位第 ' || p.rank || ' 位，专业：' || l.major_name
    FROM {part} p JOIN quotas_planline l ON l.id = p.plan_line_id
"""
# The step that sends dossiers, and the one that undoes it, by the kind of the run.
STEPS = {
    Run.Kind.BATCH: ("dispatch", "cancel_run"),
    Run.Kind.SCHOOL: ("dispatch_school", "cancel_school_run"),
    Run.Kind.LOTTERY: ("admit_by_lottery", "cancel_lottery"),
}


def run_execute_start(*, actor: User, run: Run) -> Job:
    """Send the execution to a worker.

    Raises:
        Refusal: if no second person has confirmed.
    """
    run_allowed(actor, run)
    if run.executed_at:
        raise Refusal(f"该次投档已于 {timezone.localtime(run.executed_at):%m-%d %H:%M} 执行，不会重复执行。")
    if run.state != Run.State.CONFIRMED:
        raise Refusal(f"该次投档{run.get_state_display()}，须经第二人复核后才能执行。")
    return job_start(
        actor=actor, function=run.function, title=f"执行 {run}", task="dispatch.tasks.execute", subject=run.pk
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
    batch_lock(run.batch_id)
    run = (
        Run.objects.select_for_update(of=("self",), no_key=True)
        .select_related("batch__season")
        .get(pk=run.pk)
    )
    if run.state == Run.State.EXECUTED:
        return "该次投档已经执行过。"
    if run.state != Run.State.CONFIRMED:
        raise Refusal(f"该次投档{run.get_state_display()}，不能执行。")
    window_require(season=run.batch.season, kind=Window.Kind.DISPATCH)
    batch_window_require(run.batch)
    progress(0, 5, "重新读取并核对指纹")
    snapshot = snapshot_load(run.batch, run.parameters)
    outcome = snapshot.solve()
    if fingerprint_of(run.parameters, snapshot, outcome)[2] != run.fingerprint:
        raise Refusal("复核之后考生、志愿或计划有变化，本次投档没有执行。", hint="请重新预演并复核。")
    progress(1, 5, "生成投档单")
    sheets = _sheets(run)
    progress(2, 5, "写入投档记录")
    lines = lines_of_winners(run.batch, snapshot, outcome) if run.admits else None
    of_school = {sheet.school_id: sheet.pk for sheet in sheets}
    sent = placements_write(run, snapshot, outcome, of_school, lines, actor)
    _seats_over(run)
    progress(3, 5, "移动档案")
    moved = dossiers_move_all(
        actor=actor,
        step=STEPS[run.kind][0],
        relation=(_ADMITTED if run.admits else _SENT).format(part=partition_of(run)),
        subject=f"{'派位录取' if run.admits else '投档'} {run}",
    )
    if lines is not None:
        seats_take(wanted=Counter(lines[lines > 0].tolist()))
    progress(4, 5, "核对")
    placements_attach(run)
    if not sent == moved == run.sent == sum(sheet.size for sheet in sheets):
        raise Refusal("投档后核对数目不符，本次投档没有执行。", hint="请联系系统管理员。")
    run.state, run.executed_at = Run.State.EXECUTED, timezone.now()
    run.save(update_fields=["state", "executed_at"])
    seal_add(actor=actor, run=run, deed="execute", placements=(sent, outcome_rows_digest(snapshot, outcome)))
    return f"{'派位录取' if run.admits else '投档'}完成：{len(sheets)} 所院校，{sent} 份档案。"


@transaction.atomic
def run_release(*, actor: User, run: Run) -> int:
    """Hand the sheets to the schools, once the run was computed again and agreed.

    Returns:
        number of sheets.

    Raises:
        Refusal: if the run is not executed, or not verified.
    """
    run = run_locked(actor, run)
    if run.state != Run.State.EXECUTED:
        raise Refusal(f"该次投档{run.get_state_display()}，不能发布。")
    if run.verified_at is None:
        if run.verifications.exists():
            raise Refusal("第二实现的核验与投档记录不一致，不能发布，只能撤销。", hint="差异见“留存与核对”。")
        raise Refusal(
            "该次投档尚未通过第二实现的核验，不能发布。", hint="请等待核验结束，或在本页重新开始核验。"
        )
    now = timezone.now()
    # Who is admitted at once need not be read: the school finds its list settled.
    settled = {"opened_at": now, "submitted_at": now} if run.admits else {}
    released = run.sheets.filter(cancelled_at__isnull=True).update(released_at=now, **settled)
    run.state, run.released_at = Run.State.RELEASED, now
    run.save(update_fields=["state", "released_at"])
    deed_record(actor=actor, subject=f"发布 {run}", count=released)
    seal_add(actor=actor, run=run, deed="release")
    return released


@transaction.atomic
def run_cancel(*, actor: User, run: Run, reason: str) -> int:
    """Undo a run while no school has read, or nobody drawn has registered; an open one is simply given up.

    Args:
        actor: a dispatching officer of the city.
        run: not cancelled.
        reason: in words.

    Returns:
        number of dossiers back in the pool.

    Raises:
        Refusal: if a school has opened its sheet, or one who was drawn has registered or is held.
    """
    batch_lock(
        run.batch_id
    )  # an execution that is ending is waited for: its rows show before their table does
    run = run_locked(actor, run)
    if run.state == Run.State.CANCELLED:
        raise Refusal("该次投档已经撤销。")
    sheets = list(
        run.sheets.select_for_update(of=("self",), no_key=True).order_by("pk")
    )  # as a school opens one
    opened = [sheet for sheet in sheets if sheet.opened_at and not run.admits]
    if run.admits and (registered := _registered(run)):
        raise Refusal(
            f"已有 {registered} 名中签考生注册，不能整体撤销。", hint="可由院校逐一注销或申请录后退。"
        )
    if opened:
        raise Refusal(f"已有 {len(opened)} 所院校开始阅档，不能整体撤销。", hint="可按投档单或考生取消投档。")
    back = 0
    if run.executed_at:
        back = dossiers_move_all(
            actor=actor,
            step=STEPS[run.kind][1],
            relation="SELECT candidate_id, NULL::bigint, NULL::bigint, NULL::varchar, %s FROM dispatch_placement"
            " WHERE run_id = %s AND closed_at IS NULL",
            params=[reason, run.pk],
            subject=f"撤销 {run}",
            note=reason,
        )
        now = timezone.now()
        placements = Placement.objects.filter(run=run, closed_at__isnull=True)
        freed = Counter(placements.filter(plan_line__isnull=False).values_list("plan_line_id", flat=True))
        placements.update(closed_at=now)
        seats_give_back(freed=freed)
        standing = [sheet for sheet in sheets if not sheet.cancelled_at]
        _seats_over(run, sign=-1, schools=[sheet.school_id for sheet in standing])
        run.sheets.filter(cancelled_at__isnull=True).update(cancelled_at=now)
    run.state, run.cancelled_at = Run.State.CANCELLED, timezone.now()
    run.save(update_fields=["state", "cancelled_at"])
    deed_record(actor=actor, subject=f"撤销 {run}", count=back, note=reason)
    seal_add(actor=actor, run=run, deed="cancel")
    return back


def _registered(run: Run) -> int:
    """How many who were admitted by a run are registered now."""
    placements = Placement.objects.open().filter(run=run, candidate__dossier__placement_id=F("pk"))
    return placements.filter(candidate__dossier__state=State.REGISTERED).count()


def _sheets(run: Run) -> list[Sheet]:
    """One sheet for each school that gets dossiers, numbered year, city, batch, round, school."""
    batch = run.batch
    head = f"{batch.season.year}{batch.city}{batch.code}{run.round:02d}"
    return Sheet.objects.bulk_create(
        Sheet(run=run, batch=batch, school=row.school, number=f"{head}{row.school.code}", size=row.sent)
        for row in run.schools.filter(sent__gt=0).select_related("school")
    )


def _seats_over(run: Run, sign: int = 1, schools: Sequence[int] | None = None) -> None:
    """Record what a tie put above the plan, so that the guard of the seats knows of it; -1 takes it back.

    Only where a seat is offered once (a ratio above one over-sends on purpose); the excess goes to the
    school's largest line. Source: domain.md §6.5, 同分全部投出, 允许突破招生计划. ``schools`` limits it to some:
    the excess of a sheet that was cancelled by itself went back with it.
    """
    if run.parameters["ratio_percent"] > 100:
        return
    rows = run.schools.filter(sent__gt=F("plan"))
    for row in rows if schools is None else rows.filter(school__in=schools):
        line = (
            PlanLine.objects.filter(batch=run.batch, school=row.school)
            .order_by("-seats_planned", "pk")
            .first()
        )
        PlanLine.objects.filter(pk=line.pk).update(seats_over=F("seats_over") + sign * (row.sent - row.plan))
