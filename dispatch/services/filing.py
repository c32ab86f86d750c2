"""案卷: the case of a run as a file from which anybody can compute it again, persons reduced to numbers."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from accounts.context import deed_record
from accounts.models import User
from accounts.refusals import Refusal
from admissions.jobs import Progress, job_start
from admissions.models import Job

from ..cases import case_write
from ..models import Run
from ..queries.records import case_kept, case_name, cases_folder
from ..runs import rehearsal_kept, run_formal


def case_make_start(*, actor: User, run: Run) -> Job:
    """Let a worker write the case file of a run.

    Raises:
        Refusal: if the run was never executed, or the file is there.
    """
    if not actor.may(run.function):
        raise Refusal("您没有该项投档功能的权限。")
    if not run.executed_at:
        raise Refusal(f"该次投档{run.get_state_display()}，执行后才能生成案卷。")
    if case_kept(run):
        raise Refusal("案卷已经生成，请直接下载。")
    return job_start(
        actor=actor,
        function=run.function,
        title=f"生成案卷 {run}",
        task="dispatch.tasks.case",
        subject=run.pk,
    )


def case_make(*, actor: User, run: Run, progress: Progress) -> str:
    """Write the case file of an executed run, whole or not at all; its name holds its digest.

    Args:
        actor: who asked.
        run: executed.
        progress: of the job.

    Raises:
        Refusal: if what the run started from is not kept any more.
    """
    rehearsal = run_formal(run)
    if rehearsal is None:
        raise Refusal("没有与本次投档指纹相同的预演记录，无法生成案卷。")
    progress(0, 2, "读取留存的输入")
    snapshot, outcome = rehearsal_kept(rehearsal)
    progress(1, 2, "写入案卷")
    folder = cases_folder(run)
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"case-{progress.job}.part"
    try:
        with part.open("w+b") as file:
            case_write(snapshot=snapshot, outcome=outcome, parameters=run.parameters, file=file)
        digest = _digest(part)
        part.rename(folder / case_name(run, digest))
    finally:
        part.unlink(missing_ok=True)
    deed_record(actor=actor, subject=f"生成案卷 {run}", count=run.candidates, note=f"SHA-256 {digest}")
    return f"案卷已生成，SHA-256 {digest}。"


def case_intact(kept: Mapping) -> None:
    """Refuse a stored file that is not what its name says.

    Args:
        kept: as of ``case_kept``.

    Raises:
        Refusal: if its digest is another.
    """
    if _digest(kept["path"]) != kept["digest"]:
        raise Refusal("留存的案卷已被改动，不能下载。", hint="请联系系统管理员核查留存目录。")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
