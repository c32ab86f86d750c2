"""The ceremony of a lottery: the roster is frozen and published, then public randomness is entered.

It is held for 指定派位录取, and for every run in whose tie keys the lottery number stands. Source: domain.md
§6.7 (公证摇号 practice of Guangzhou and Beijing): rehearsals first, then the draw before witnesses.
"""

from django.db import transaction

from accounts.context import deed_record
from accounts.models import User
from accounts.refusals import Refusal
from admissions.jobs import Progress, job_start
from admissions.models import Job

from ..ceremony import roster_digest, roster_of, roster_path, roster_text, seed_made
from ..loading import choices_freeze, parameters_of, snapshot_load
from ..models import Drawing, Run
from ..queries.ceremony import drawings_before
from .sending import run_allowed, run_locked

SHORTEST = 6


def roster_freeze_start(*, actor: User, run: Run) -> Job:
    """Send the freezing of the roster to a worker.

    Raises:
        Refusal: if no lottery numbers take part, or the run has gone too far.
    """
    run_allowed(actor, run)
    _must_be_open(run)
    return job_start(
        actor=actor,
        function=run.function,
        title=f"冻结名单 {run}",
        task="dispatch.tasks.freeze_roster",
        subject=run.pk,
    )


@transaction.atomic
def roster_freeze(*, actor: User, run: Run, progress: Progress) -> str:
    """Write down who takes part, and the digest to publish; another roster makes former randomness void.

    Args:
        actor: the officer who asked.
        run: open.
        progress: of the job.

    Returns:
        the result in words.
    """
    run = run_locked(actor, run)
    _must_be_open(run)
    progress(0, 2, "冻结志愿")
    choices_freeze(run.batch)
    progress(1, 2, "读取名单")
    parameters = parameters_of(run.batch, run.kind, run.only_schools)
    numbers = roster_of(snapshot_load(run.batch, parameters))
    if not numbers:
        raise Refusal("没有达到分数线和条件的考生，名单是空的。")
    digest = roster_digest(numbers)
    if digest == run.roster_digest:
        return f"名单没有变化：{len(numbers)} 名考生。"
    void = f"；原公开随机数“{run.randomness}”作废" if run.randomness else ""
    run.roster_digest, run.roster_size, run.randomness = digest, len(numbers), ""
    _back_to_draft(run)
    path = roster_path(run)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(roster_text(numbers))
    note = f"SHA-256 {digest}{void}"
    deed_record(actor=actor, subject=f"冻结派位名单 {run}", count=len(numbers), note=note)
    return f"名单已冻结：{len(numbers)} 名考生{void}。"


@transaction.atomic
def randomness_enter(
    *, actor: User, run: Run, randomness: str, origin: str, witnesses: str, reason: str = ""
) -> Drawing:
    """Enter the randomness drawn in public for the frozen roster; from it follows the seed.

    Args:
        actor: an officer of the batch's city.
        run: open, its roster frozen.
        randomness: as drawn, letter by letter.
        origin: what it is: where and how it was drawn.
        witnesses: who saw it.
        reason: why once more; needed where this run, or one of the batch that was given up, has had some.

    Raises:
        Refusal: without a roster, a text or a reason, or if the randomness is too short or the same.
    """
    run = run_locked(actor, run)
    _must_be_open(run)
    randomness, origin, witnesses, reason = (w.strip() for w in (randomness, origin, witnesses, reason))
    if not run.roster_digest:
        raise Refusal("请先冻结名单并公布摘要，再抽取公开随机数。")
    if len(randomness) < SHORTEST or not randomness.isprintable():
        raise Refusal(f"公开随机数至少 {SHORTEST} 个字符，写在一行内。")
    if not origin or not witnesses:
        raise Refusal("请写明公开随机数的来源和见证人。")
    if randomness == run.randomness:
        raise Refusal("与已录入的公开随机数相同，没有任何变化。")
    if not reason and drawings_before(run).exists():
        raise Refusal("本次或本批次已撤销的投档已经录入过公开随机数，重新录入须写明原因。")
    drawing = Drawing.objects.create(
        run=run,
        number=run.drawings.count() + 1,
        roster_digest=run.roster_digest,
        randomness=randomness,
        origin=origin,
        witnesses=witnesses,
        reason=reason,
        seed=seed_made(randomness, run.roster_digest, run.round_name),
        made_by=actor,
    )
    before = f"；原为“{run.randomness}”" if run.randomness else ""
    run.randomness = randomness
    _back_to_draft(run)
    note = f"{randomness}{before}；来源 {origin}；见证 {witnesses}" + (f"；原因 {reason}" if reason else "")
    deed_record(actor=actor, subject=f"录入公开随机数 {run}", note=f"{note}；种子 {drawing.seed}")
    return drawing


def _must_be_open(run: Run) -> None:
    if not run.drawn:
        raise Refusal("该次投档不使用随机号，不需要公开随机数。")
    if run.executed_at or not run.open:
        raise Refusal(f"该次投档{run.get_state_display()}，不能再变动名单和公开随机数。")


def _back_to_draft(run: Run) -> None:
    """What was rehearsed and confirmed with another roster or seed counts no more."""
    run.state, run.confirmed_by, run.confirmed_at = Run.State.DRAFT, None, None
    run.save()
