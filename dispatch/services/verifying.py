"""核验与重算核对: an executed run is computed again, twice over, and compared with the rows that stand."""

import zipfile
from collections.abc import Callable, Sequence

from django.db import transaction
from django.utils import timezone

from accounts.context import deed_record
from accounts.models import User
from accounts.refusals import Refusal
from admissions.jobs import Progress, job_start
from admissions.models import Job

from .. import second
from ..kernel.problem import Outcome, digest
from ..loading import fingerprint_of
from ..models import Run, Verification
from ..queries.standing import standing_faults
from ..runs import kept_path, rehearsal_kept, run_formal
from ..snapshot import Snapshot, rule_of
from .sending import run_allowed

VERIFY, RECHECK = "dispatch.tasks.verify", "dispatch.tasks.recheck"
UNREADABLE = (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile)
"""What a damaged file of arrays ends in."""


def run_verify_queue(*, actor: User, run: Run) -> Job:
    """Write down the job that verifies a run; call it in the transaction of the execution.

    The worker that has executed does it right after the commit. If it dies in between, the message of the
    execution is delivered again, or an officer starts it from the page.

    Args:
        actor: who executed.
        run: being executed.
    """
    return Job.objects.create(
        function=run.function,
        title=f"核验 {run}",
        task=VERIFY,
        subject_id=run.pk,
        owner=actor,
        organisation=actor.organisation,
    )


def run_verify_queued(executed: str) -> Job | None:
    """The job that verifies what another has executed, if it waits or its worker died.

    Args:
        executed: key of the job that executed.
    """
    job = Job.objects.get(pk=executed)
    under_way = Job.objects.filter(task=VERIFY, state__in=Job.UNDER_WAY)
    return under_way.filter(function=job.function, subject_id=job.subject_id).first()


def run_verify_start(*, actor: User, run: Run) -> Job:
    """Verify an executed run once more, where its own verification did not come to an end or disagreed.

    Raises:
        Refusal: if the run is not executed, or verified already.
    """
    run_allowed(actor, run)
    if run.state != Run.State.EXECUTED:
        raise Refusal(f"该次投档{run.get_state_display()}，不需要核验。")
    if run.verified_at:
        raise Refusal("该次投档已经通过核验。", hint="需要再次核对时，请使用“重算核对”。")
    return job_start(actor=actor, function=run.function, title=f"核验 {run}", task=VERIFY, subject=run.pk)


def run_recheck_start(*, actor: User, run: Run) -> Job:
    """重算核对, at any time after the execution, for whoever may see the run and has its function.

    Raises:
        Refusal: if the run was never executed.
    """
    if not actor.may(run.function):
        raise Refusal("您没有该项投档功能的权限。")
    if not run.executed_at:
        raise Refusal(f"该次投档{run.get_state_display()}，执行后才能重算核对。")
    return job_start(
        actor=actor, function=run.function, title=f"重算核对 {run}", task=RECHECK, subject=run.pk
    )


@transaction.atomic
def run_verify(*, actor: User, run: Run, progress: Progress) -> str:
    """The step after the execution: the second implementation computes, and the rows are compared.

    Args:
        actor: the officer who executed, or who started it again.
        run: executed.
        progress: of the job.

    Returns:
        the result in words; a run that does not agree stays executed and cannot be released.
    """
    progress(0, 4, "读取留存的输入")
    made = _second(run, progress, 1, 4)
    return _written(actor, run, [made], "核验")


@transaction.atomic
def run_recheck(*, actor: User, run: Run, progress: Progress) -> str:
    """Compute an executed run again from what was kept: by the kernel, then by the second implementation.

    Args:
        actor: who asked; a reader suffices.
        run: executed, at any time.
        progress: of the job.

    Returns:
        the result in words.
    """
    progress(0, 7, "读取留存的输入")
    made = [_replay(run, progress, 1, 7), _second(run, progress, 4, 7)]
    return _written(actor, run, made, "重算核对")


def _replay(run: Run, progress: Callable, done: int, total: int) -> Verification:
    """The kernel on the kept input: digests, outcome, placements."""
    wrong, kept = _kept(run)
    if kept is None:
        return _verification(run, Verification.Method.REPLAY, "", wrong)
    snapshot, outcome = kept
    progress(done, total, "核对输入摘要与指纹")
    wrong += _against_run(run, snapshot, outcome)
    progress(done + 1, total, "内核重新计算")
    again = snapshot.solve()
    found = digest(again)
    if found != run.outcome_digest:
        wrong.append("内核重算的结果与记录的结果摘要不一致")
    progress(done + 2, total, "与投档记录比较")
    if second.placements_digest(run)[1] != second.outcome_rows_digest(snapshot, again):
        wrong.append("内核重算的结果与数据库中的投档记录不一致，详见第二实现的核对")
    return _verification(run, Verification.Method.REPLAY, found, wrong)


def _second(run: Run, progress: Callable, done: int, total: int) -> Verification:
    """The second implementation on the kept input, and what can be said of the placements without it."""
    wrong, kept = _kept(run)
    found = ""
    if kept is not None:
        snapshot = kept[0]
        wrong += _against_run(run, *kept)
        progress(done, total, "第二实现逐人重新计算")
        second.case_write(snapshot)
        found = second.case_solve(snapshot)
        progress(done + 1, total, "与投档记录比较")
        if second.placements_digest(run)[1] != found:
            wrong += map(str, second.differences(run))
    progress(done + 2, total, "核对分数线、计划与退档记录")
    wrong += map(str, standing_faults(run))
    return _verification(run, Verification.Method.SECOND, found, wrong)


def _kept(run: Run) -> tuple[list[str], tuple[Snapshot, Outcome] | None]:
    """What a run started from as kept; or what is wrong with the files."""
    rehearsal = run_formal(run)
    if rehearsal is None:
        return ["没有与本次投档指纹相同的预演记录"], None
    gone = [path.name for part in ("input", "outcome") if not (path := kept_path(rehearsal, part)).exists()]
    if gone:
        return [f"留存文件不存在：{'、'.join(gone)}"], None
    try:
        return [], rehearsal_kept(rehearsal)
    except UNREADABLE as error:
        return [f"留存文件已损坏，无法读取（{type(error).__name__}）"], None


def _against_run(run: Run, snapshot: Snapshot, outcome: Outcome) -> list[str]:
    """Where kept arrays and the run's row do not say the same."""
    read, given, fingerprint = fingerprint_of(run.parameters, snapshot, outcome)
    sizes, ties, tier = rule_of(run.parameters, snapshot.score)
    same_tier = (tier is None) == (snapshot.tier is None) and (tier is None or (tier == snapshot.tier).all())
    said = (
        ("留存输入的摘要与记录的输入摘要不一致", read == run.input_digest),
        ("留存结果的摘要与记录的结果摘要不一致", given == run.outcome_digest),
        ("参数、输入和结果合成的指纹与复核的指纹不一致", fingerprint == run.fingerprint),
        ("留存的规则与参数不一致", (sizes, ties) == (snapshot.bands, snapshot.ties) and same_tier),
    )
    return [words for words, agrees in said if not agrees]


def _verification(run: Run, method: str, found: str, wrong: Sequence[str]) -> Verification:
    return Verification(
        run=run, method=method, outcome_digest=found, agrees=not wrong, words="；\n".join(wrong)
    )


def _written(actor: User, run: Run, made: Sequence[Verification], deed: str) -> str:
    """Write verifications down, and whether the run may be released: the last word counts."""
    run = Run.objects.select_for_update(of=("self",), no_key=True).select_related("batch").get(pk=run.pk)
    for verification in made:
        verification.made_by = actor
        verification.save()
    agrees = all(verification.agrees for verification in made)
    if run.state == Run.State.EXECUTED and agrees != bool(run.verified_at):
        run.verified_at = timezone.now() if agrees else None
        run.save(update_fields=["verified_at"])
    words = "一致" if agrees else "不一致"
    deed_record(
        actor=actor,
        subject=f"{deed} {run}",
        count=run.sent,
        note="；".join(f"{v.get_method_display()}{'一致' if v.agrees else '不一致'}" for v in made),
    )
    return f"{deed}完成：{words}。" if agrees else f"{deed}发现不一致，请查看“留存与核对”。"
