"""What would be if: a rehearsal's input with other lines, plans or rules, solved again. Nothing is sent by it."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from django.db import transaction

from accounts.context import deed_record
from accounts.models import User
from accounts.refusals import Refusal
from admissions.jobs import Progress, job_start
from admissions.models import Batch, Job

from ..kernel.problem import Outcome
from ..models import Rehearsal, Run
from ..queries.comparing import compare, lowest_changed
from ..queries.parameters import PLAIN
from ..runs import kept_path, outcome_arrays, outcome_kept, rehearsal_drop, rehearsal_kept, run_formal
from ..snapshot import Snapshot
from .sending import rehearsal_write, run_allowed, run_locked

MOST_KEPT = 20
"""What-ifs kept of a run; the oldest go first. Formal rehearsals are never dropped."""
MOST_MARKS, MOST_PERCENT, MOST_SEATS = 100_000, 200, 10_000


def run_ask_start(
    *,
    actor: User,
    run: Run,
    lines: int = 0,
    plans: Mapping[int, int] | None = None,
    plans_percent: int = 0,
    parameters: Mapping | None = None,
) -> Job:
    """Send a what-if (试算) to a worker: it starts from what the run's formal rehearsal read.

    Args:
        actor: holds the function that opened the run.
        run: rehearsed; its state does not matter, since nothing of it is changed.
        lines: hundredths of a mark by which every line that is set moves.
        plans: seats more or fewer, by key of the school.
        plans_percent: by which the seats of every school change, before ``plans``.
        parameters: other values of ``mode``, ``bands``, ``tiers``, ``ratio_percent``, ``rounding``,
            ``tie_policy``.

    Raises:
        Refusal: if there is no rehearsal or its input is gone, nothing would change, a school takes no part
            in the run, a value is out of bounds, or a job of the run is under way.
    """
    run_allowed(actor, run)
    formal = formal_of(run)
    asked = {
        "lines": lines,
        "plans": {str(school): seats for school, seats in sorted((plans or {}).items()) if seats},
        "plans_percent": plans_percent,
        "parameters": {
            name: value for name, value in (parameters or {}).items() if formal.parameters.get(name) != value
        },
    }
    asked = {name: value for name, value in asked.items() if value}
    _refuse_wrong(run, formal, asked)
    job = job_start(
        actor=actor, function=run.function, title=f"试算 {run}", task="dispatch.tasks.ask", subject=run.pk
    )
    _wish_write(run, job, asked)
    return job


def run_ask_job(job: Job, progress: Progress) -> str:
    """The what-if that a job is about; see ``run_ask``.

    Raises:
        Refusal: if what was asked is gone.
    """
    run = Run.objects.select_related("batch").get(pk=job.subject_id)
    path = _wish_path(run, job)
    if not path.exists():
        raise Refusal("试算的内容已不存在，请重新提交。")
    said = run_ask(actor=job.owner, run=run, asked=json.loads(path.read_text()), progress=progress)
    transaction.on_commit(lambda: path.unlink(missing_ok=True))
    return said


@transaction.atomic
def run_ask(*, actor: User, run: Run, asked: dict, progress: Progress) -> str:
    """Solve a run's rehearsal once more with what was asked, and write the answer down beside it.

    The formal rehearsal, its confirmation and the table of the run stay as they are.

    Args:
        actor: who asked.
        run: rehearsed.
        asked: as of ``Rehearsal.asked``.
        progress: of the job.

    Returns:
        the result in words.
    """
    run = run_locked(actor, run)
    formal = formal_of(run)
    _refuse_wrong(run, formal, asked)
    progress(0, 3, "读取留存的预演")
    snapshot, _ = rehearsal_kept(formal)
    before = outcome_kept(formal)
    progress(1, 3, "按假设计算")
    snapshot, outcome, difference = answered(snapshot, before, formal.parameters, asked)
    progress(2, 3, "独立核验与保存")
    found = snapshot.faults(outcome)
    asked = asked | {"from": formal.number, "difference": difference}
    rehearsal = rehearsal_write(actor=actor, run=run, asked=asked, snapshot=snapshot, outcome=outcome)
    if found:
        rehearsal.faults = [str(fault) for fault in found]
        rehearsal.save(update_fields=["faults"])
    beyond = run.rehearsals.exclude(asked={}).order_by("-number")[MOST_KEPT:]
    _drop(run, [old.number for old in beyond])
    words = f"试算完成：投出 {rehearsal.sent} 名，比正式预演{rehearsal.sent - formal.sent:+d} 名。"
    deed_record(
        actor=actor, subject=f"试算 {run}", count=rehearsal.sent, note=f"第 {rehearsal.number} 次；{words}"
    )
    return words


def answered(
    snapshot: Snapshot, before: Mapping[str, np.ndarray], parameters: dict, asked: dict
) -> tuple[Snapshot, Outcome, dict[str, int]]:
    """What comes of a what-if, and how it differs: all that its answer takes but reading and writing.

    Args:
        snapshot: that a formal rehearsal started from.
        before: what came of it, as of ``runs.outcome_arrays``.
        parameters: of the formal rehearsal.
        asked: as of ``Rehearsal.asked``.

    Returns:
        the snapshot as supposed, its outcome, and how many make each move, with ``lowest``: number of schools
        whose lowest one sent differs.
    """
    supposed = snapshot_asked(snapshot, parameters, asked)
    outcome = supposed.solve()
    after = outcome_arrays(supposed, outcome)
    return supposed, outcome, compare(before, after).counts() | {"lowest": lowest_changed(before, after)}


def snapshot_asked(snapshot: Snapshot, parameters: dict, asked: dict) -> Snapshot:
    """A snapshot as a what-if supposes it; with nothing asked, its outcome is the same.

    Schools that the check had left out stay out.

    Args:
        snapshot: that a formal rehearsal started from.
        parameters: of the formal rehearsal.
        asked: as of ``Rehearsal.asked``.
    """
    new = parameters | asked.get("parameters", {})
    plans = {int(school): seats for school, seats in asked.get("plans", {}).items()}
    if percent := asked.get("plans_percent", 0):
        for school, left in zip(snapshot.schools.tolist(), snapshot.left.tolist(), strict=True):
            plans[school] = plans.get(school, 0) + (left * percent * 2 + 100) // 200  # halves go up
    supposed = snapshot.changed(new, lines=asked.get("lines", 0), plans=plans)
    left_out = parameters.get("left_out")
    return supposed.without(np.isin(supposed.schools, left_out)) if left_out else supposed


@transaction.atomic
def asked_delete(*, actor: User, rehearsal: Rehearsal) -> None:
    """Delete a what-if with its file.

    Args:
        actor: who made it.
        rehearsal: a what-if, of a run that he may act on.

    Raises:
        Refusal: if it is a formal rehearsal, or another officer's.
    """
    run = run_locked(actor, rehearsal.run)
    if not rehearsal.asked:
        raise Refusal("正式预演不能删除。")
    if rehearsal.made_by_id != actor.pk:
        raise Refusal("只有试算人本人可以删除试算。")
    _drop(run, [rehearsal.number])
    deed_record(actor=actor, subject=f"删除试算 {run} 第 {rehearsal.number} 次")


def formal_of(run: Run) -> Rehearsal:
    """The formal rehearsal that a run stands for, with its input at hand.

    Raises:
        Refusal: if there is none, its files are gone, or it is a lottery: nobody tries out a draw.
    """
    if run.admits:
        raise Refusal("派位只由公开的随机数决定，不作试算。")
    formal = run_formal(run)
    if formal is None:
        raise Refusal("该次投档还没有预演，不能试算。", hint="请先预演。")
    if not all(kept_path(formal, part).exists() for part in ("input", "outcome")):
        raise Refusal("该次预演的留存文件已不存在，不能试算。", hint="请重新预演，或从备份中恢复留存目录。")
    return formal


def _refuse_wrong(run: Run, formal: Rehearsal, asked: dict) -> None:
    """Refuse what cannot be supposed."""
    if not asked:
        raise Refusal("没有提出任何改变，结果与正式预演相同。")
    if abs(asked.get("lines", 0)) > MOST_MARKS:
        raise Refusal(f"分数线最多移动 {MOST_MARKS // 100} 分。")
    if not -100 <= asked.get("plans_percent", 0) <= MOST_PERCENT:
        raise Refusal(f"全部计划的增减须在 -100% 到 +{MOST_PERCENT}% 之间。")
    if any(abs(seats) > MOST_SEATS for seats in asked.get("plans", {}).values()):
        raise Refusal(f"一所院校的计划最多增减 {MOST_SEATS} 个。")
    taking_part = {str(key) for key in run.schools.values_list("school", flat=True)}
    if strange := [school for school in asked.get("plans", {}) if school not in taking_part]:
        raise Refusal(f"有 {len(strange)} 所院校不参加本次投档，不能改变其计划。")
    other, new = asked.get("parameters", {}), formal.parameters | asked.get("parameters", {})
    if unknown := set(other) - set(PLAIN):
        raise Refusal(f"参数“{min(unknown)}”不能试算。")
    if "mode" in other and Batch.Mode.DEFERRED in (other["mode"], formal.parameters["mode"]):
        raise Refusal("院校自主排序须有各校自己的名次，不能与其他模式互换试算。")
    if new["mode"] == Batch.Mode.TIERS and not new.get("tiers"):
        raise Refusal("梯度模式须填写梯度线。")
    if new["mode"] == Batch.Mode.PARALLEL and not new.get("bands"):
        raise Refusal("分段平行志愿须填写志愿分段。")


def _drop(run: Run, numbers: list[int]) -> None:
    """Delete rehearsals of a run, and their files once that holds.

    The run is locked again for it: a number may have been given anew meanwhile.
    """
    run.rehearsals.filter(number__in=numbers).delete()

    def files_drop():
        with transaction.atomic():
            Run.objects.select_for_update(of=("self",), no_key=True).get(pk=run.pk)
            there = set(run.rehearsals.values_list("number", flat=True))
            for number in set(numbers) - there:
                rehearsal_drop(Rehearsal(run=run, number=number))

    if numbers:
        transaction.on_commit(files_drop)


def _wish_path(run: Run, job: Job) -> Path:
    """What was asked, until the job is done: a job's row has no room for it."""
    return kept_path(Rehearsal(run=run, number=0), "asked").with_name(f"asked-{job.pk}.json")


def _wish_write(run: Run, job: Job, asked: dict) -> None:
    """Lay down what was asked; what earlier jobs left, which no longer run, goes."""
    path = _wish_path(run, job)
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in path.parent.glob("asked-*.json"):
        old.unlink(missing_ok=True)
    path.write_text(json.dumps(asked))
