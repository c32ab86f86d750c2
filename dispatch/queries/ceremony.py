"""The ceremony of a run as its page shows it, and the lists that are published."""

from collections.abc import Iterator

from django.db.models import Q

from accounts.refusals import Refusal
from admissions.models import School

from ..ceremony import numbers_of, roster_path, seed_of
from ..kernel.order import lottery_numbers
from ..models import Drawing, Run
from ..runs import rehearsal_kept, run_formal

HEADER = ("位次", "考生号", "随机号", "中签院校代码", "志愿序号")


def drawings_before(run: Run):
    """Randomness entered so far for a run, and for runs of its batch that were given up before."""
    given_up = Q(run__batch=run.batch_id, run__state=Run.State.CANCELLED, run__pk__lt=run.pk)
    return Drawing.objects.filter(Q(run=run) | given_up)


def ceremony_of(run: Run) -> dict | None:
    """Roster, randomness and seed of a run in which lottery numbers take part; None for others.

    Args:
        run: with its batch and season.
    """
    if not run.drawn:
        return None
    drawings = list(drawings_before(run).select_related("made_by", "run").order_by("-pk"))
    current = drawings[0] if run.randomness and drawings else None
    return {
        "seed": seed_of(run),
        "current": current,
        "former": [drawing for drawing in drawings if drawing is not current],
        "may_change": run.open,
    }


def roster_published(run: Run) -> bytes:
    """The frozen roster as it was written down.

    Raises:
        Refusal: if there is none, or its file is gone.
    """
    if not run.roster_digest:
        raise Refusal("名单还没有冻结。")
    path = roster_path(run)
    if not path.exists():
        raise Refusal("冻结的名单文件已不存在。", hint="请从备份中恢复留存目录。")
    return path.read_bytes()


def numbers_published(run: Run) -> Iterator[tuple]:
    """Who took part in a lottery in the order of the draw: rows as of ``HEADER``.

    Raises:
        Refusal: if the run is no lottery, or not rehearsed yet.
    """
    rehearsal = run_formal(run)
    if not run.admits or rehearsal is None:
        raise Refusal("派位结果在预演之后才能下载。")
    snapshot, outcome = rehearsal_kept(rehearsal)
    numbers = numbers_of(snapshot.candidates)
    places = {key: place for place, key in enumerate(snapshot.candidates.tolist())}
    drawn = lottery_numbers(run.parameters["seed"], [number for number, _ in numbers]).tolist()
    told = {places[key]: (number, f"{own:016x}") for (number, key), own in zip(numbers, drawn, strict=True)}
    codes = dict(School.objects.filter(pk__in=snapshot.schools.tolist()).values_list("pk", "code"))
    order, eligible = snapshot.problem.order, snapshot.problem.eligible
    within = order if eligible is None else order[eligible[order].any(axis=1)]
    for rank, place in enumerate(within.tolist(), start=1):
        unit, position = int(outcome.unit[place]), int(outcome.position[place])
        won = (codes[int(snapshot.schools[unit])], position + 1) if unit >= 0 else ("", "")
        yield (rank, *told[place], *won)
