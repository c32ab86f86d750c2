"""批量投档: a controlled procedure, from parameters to release, each step by whose duty it is.

Source: the dispatch protocol of the Guangdong office (domain.md P03): two operators, checks, run,
verification, release; 粤招办〔2021〕28号 二（二） gives it to the cities.
"""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.context import deed_record
from accounts.models import User
from accounts.refusals import Refusal
from admissions.jobs import Progress, job_start
from admissions.models import Batch, Job, School, Window
from admissions.services.windows import batch_window_require, window_require
from quotas.models import PlanLine

from ..ceremony import practice_seed, roster_digest, roster_of, seed_of
from ..kernel.check import quarantine
from ..kernel.problem import Outcome
from ..loading import choices_freeze, fingerprint_of, parameters_of, snapshot_load
from ..locks import batch_lock
from ..models import Rehearsal, Run, RunSchool, Sheet
from ..models.run import OPEN_STATES
from ..queries.since import since_rehearsed
from ..runs import by_choice_of, inputs_drop, rehearsal_keep, results_of
from ..snapshot import Snapshot


@transaction.atomic
def run_open(*, actor: User, batch: Batch, kind: str = Run.Kind.BATCH, schools: Sequence[School] = ()) -> Run:
    """Open a dispatch of a batch: its parameters are read from the mode and the lines as they stand.

    Args:
        actor: a dispatching officer of the batch's city.
        batch: visible to him.
        kind: 批量投档, 指定院校投档 or 指定派位录取.
        schools: those the run is confined to; of 批量投档 all take part.

    Raises:
        Refusal: outside of the dispatch window, if a run is open already, schools concerned still hold
            sheets of the last round, or have no plans in the batch.
    """
    function = f"dispatch.{kind}"
    batch_allowed(actor, batch, function)
    window_require(season=batch.season, kind=Window.Kind.DISPATCH)
    batch_window_require(batch)
    Batch.objects.select_for_update(of=("self",), no_key=True).get(pk=batch.pk)
    if batch.runs.filter(state__in=OPEN_STATES).exists():
        raise Refusal(f"{batch.name}有一次投档尚未完成，请先完成或撤销。")
    only = sorted(school.pk for school in schools)
    if bool(only) == (kind == Run.Kind.BATCH):
        raise Refusal("请选择院校。" if not only else "批量投档面向全部院校，不能指定院校。")
    unsettled = Sheet.objects.filter(batch=batch, submitted_at__isnull=True, cancelled_at__isnull=True)
    plans = PlanLine.objects.filter(batch=batch)
    if only:
        unsettled, plans = unsettled.filter(school__in=only), plans.filter(school__in=only)
    if unsettled.exists():
        raise Refusal(f"还有 {unsettled.count()} 份投档单院校尚未提交，结清后才能进行下一轮投档。")
    without = set(only) - set(plans.values_list("school", flat=True))
    if without or not plans.exists():
        names = "、".join(School.objects.filter(pk__in=without).values_list("name", flat=True))
        raise Refusal(f"{names}在{batch.name}没有招生计划。" if names else f"{batch.name}还没有招生计划。")
    last = batch.runs.aggregate(last=Max("round"))["last"] or 0
    run = Run.objects.create(
        batch=batch,
        kind=kind,
        only_schools=only,
        round=last + 1,
        parameters=parameters_of(batch, kind, only),
        created_by=actor,
    )
    deed_record(actor=actor, subject=f"新建{run.get_kind_display()} {run}")
    return run


def run_rehearse_start(*, actor: User, run: Run) -> Job:
    """Send the rehearsal to a worker.

    Raises:
        Refusal: if the run has gone further than a rehearsal.
    """
    run_allowed(actor, run)
    if not run.open:
        raise Refusal(f"该次投档{run.get_state_display()}，不能再预演。")
    return job_start(
        actor=actor,
        function=run.function,
        title=f"预演 {run}",
        task="dispatch.tasks.rehearse",
        subject=run.pk,
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
    run = (
        Run.objects.select_for_update(of=("self",), no_key=True)
        .select_related("batch__season")
        .get(pk=run.pk)
    )
    if not run.open:
        raise Refusal(f"该次投档{run.get_state_display()}，不能再预演。")
    run.confirmed_by = run.confirmed_at = None  # a new rehearsal asks for a new confirmation
    progress(0, 4, "冻结志愿")
    choices_freeze(run.batch)
    run.parameters = parameters_of(run.batch, run.kind, run.only_schools, seed_of(run))
    practice = run.parameters.get("practice", False)
    if practice:
        run.parameters["seed"] = practice_seed(run)
    progress(1, 4, "读取考生与计划")
    snapshot = snapshot_load(run.batch, run.parameters)
    if run.drawn and not practice and roster_digest(roster_of(snapshot)) != run.roster_digest:
        raise Refusal(
            "冻结以后名单有变化，已录入的公开随机数不能再用。", hint="请重新冻结名单、公布摘要并重新抽取。"
        )
    progress(2, 4, "按规则计算")
    outcome = snapshot.solve()
    progress(3, 4, "独立核验与保存")
    snapshot, outcome = _quarantined(run, snapshot, outcome)
    rehearsal = rehearsal_write(actor=actor, run=run, asked={}, snapshot=snapshot, outcome=outcome)
    run.input_digest, run.outcome_digest = rehearsal.input_digest, rehearsal.outcome_digest
    run.fingerprint = rehearsal.fingerprint
    run.candidates, run.sent = len(snapshot.candidates), int((outcome.unit >= 0).sum())
    run.state, run.rehearsed_at = Run.State.DRAFT if practice else Run.State.REHEARSED, timezone.now()
    run.save()
    run.schools.all().delete()
    RunSchool.objects.bulk_create(results_of(run, snapshot, outcome))
    transaction.on_commit(lambda: inputs_drop(rehearsal))
    word = "演练" if practice else "预演"
    deed_record(actor=actor, subject=f"{word} {run}", count=run.sent, note=f"指纹 {run.fingerprint[:16]}")
    return f"{word}完成：{run.candidates} 名考生参加，{'中签' if run.admits else '投出'} {run.sent} 名。"


@transaction.atomic
def run_confirm(*, actor: User, run: Run, fingerprint: str) -> None:
    """A second person confirms the very fingerprint of the rehearsal.

    Args:
        actor: holds the confirming function; not who opened the run.
        run: rehearsed.
        fingerprint: as shown to him.

    Raises:
        Refusal: if he opened it himself, the fingerprint has changed, candidates or plans are others than in the
            rehearsal, or lottery numbers take part and do not come from the public randomness of the frozen roster.
    """
    run_allowed(actor, run, "dispatch.confirm_dispatch")
    batch_lock(run.batch_id)  # schools that act in the batch now finish; then they pause
    run = (
        Run.objects.select_for_update(of=("self",), no_key=True)
        .select_related("batch__season")
        .get(pk=run.pk)
    )
    if run.created_by_id == actor.pk:
        raise Refusal("复核人不能是发起人本人。")
    if run.drawn and (run.practice or run.parameters["seed"] != seed_of(run)):
        raise Refusal("这是演练的结果，不能复核。", hint="须先冻结名单，录入公开随机数，再预演。")
    if run.state != Run.State.REHEARSED:
        raise Refusal(f"该次投档{run.get_state_display()}，不能复核。")
    if run.fingerprint != fingerprint:
        raise Refusal("预演结果已经变化，请刷新页面重新核对指纹。")
    if since := since_rehearsed(run):
        raise Refusal(
            f"预演以后，{since.words}，该次预演作废，没有复核。", hint="请发起人重新预演，变动见投档页面。"
        )
    run.state, run.confirmed_by, run.confirmed_at = Run.State.CONFIRMED, actor, timezone.now()
    run.save(update_fields=["state", "confirmed_by", "confirmed_at"])
    deed_record(actor=actor, subject=f"复核 {run}", note=f"指纹 {fingerprint[:16]}", count=run.sent)


def batch_allowed(actor: User, batch: Batch, function: str) -> None:
    """Refuse a deed on a batch to whoever lacks the function or the region.

    Raises:
        Refusal: in words for the officer.
    """
    if not actor.may(function):
        raise Refusal("您没有该项投档功能的权限。")
    if not actor.scope.holds_region(batch.city):
        raise Refusal(f"{batch.name}不属于您的管辖范围。")


def run_allowed(actor: User, run: Run, function: str = "") -> None:
    """Refuse a deed on a run; by default it takes the function that opened the run.

    Raises:
        Refusal: as ``batch_allowed``.
    """
    batch_allowed(actor, run.batch, function or run.function)


def run_locked(actor: User, run: Run) -> Run:
    """The run as it is now, locked, for somebody who may act on it.

    Raises:
        Refusal: as ``batch_allowed``.
    """
    run_allowed(actor, run)
    return (
        Run.objects.select_for_update(of=("self",), no_key=True)
        .select_related("batch__season")
        .get(pk=run.pk)
    )


def rehearsal_write(*, actor: User, run: Run, asked: dict, snapshot: Snapshot, outcome: Outcome) -> Rehearsal:
    """Write a rehearsal down, formal or asked by the way, with its arrays.

    Args:
        actor: who asked.
        run: its digests and parameters are taken from the run where nothing was asked.
        asked: as of ``Rehearsal.asked``; with the parameters that it means under ``parameters``.
        snapshot, outcome: what was started from and what came of it.
    """
    parameters = run.parameters | asked.get("parameters", {})
    read, given, fingerprint = fingerprint_of(parameters, snapshot, outcome)
    rehearsal = Rehearsal.objects.create(
        run=run,
        number=(run.rehearsals.aggregate(last=Max("number"))["last"] or 0) + 1,
        asked=asked,
        parameters=parameters,
        input_digest=read,
        outcome_digest=given,
        fingerprint=fingerprint,
        candidates=len(snapshot.candidates),
        sent=int((outcome.unit >= 0).sum()),
        by_choice=by_choice_of(outcome, snapshot.problem.choices.shape[1]),
        faults=run.faults if not asked else [],
        made_by=actor,
    )
    rehearsal_keep(rehearsal, snapshot, outcome)
    return rehearsal


def _quarantined(run: Run, snapshot: Snapshot, outcome: Outcome) -> tuple[Snapshot, Outcome]:
    """What is sent after the check: schools at fault and all linked to them are left out, and named.

    Raises:
        Refusal: if even the rest is at fault.
    """
    found = snapshot.faults(outcome)
    run.faults, run.left_out = [str(fault) for fault in found], []
    if not found:
        return snapshot, outcome
    out = quarantine(snapshot.problem, found)
    run.left_out = snapshot.schools[out].tolist()
    run.parameters |= {"left_out": run.left_out}
    rest = snapshot.without(out)
    outcome = rest.solve()
    if rest.faults(outcome):
        raise Refusal("独立核验发现问题，隔离有关院校后仍未通过，不能投档。", hint="请联系系统管理员。")
    return rest, outcome
