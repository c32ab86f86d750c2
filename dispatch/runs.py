"""What a run keeps for ever: its results by school, and its arrays, by which it can be explained."""

from pathlib import Path

import numpy as np
from django.conf import settings

from admissions.models import School

from .kernel.explain import explain, words
from .kernel.problem import Outcome, Problem
from .loading import Snapshot
from .models import Run, RunSchool


def results_of(run: Run, snapshot: Snapshot, outcome: Outcome) -> list[RunSchool]:
    """One row for each school with a plan: plan, offered, wanted, sent, lowest with its tie values."""
    problem, units = snapshot.problem, len(snapshot.schools)
    asked = problem.choices[problem.choices >= 0]
    wanted, sent = (
        np.bincount(asked, minlength=units),
        np.bincount(outcome.unit[outcome.unit >= 0], minlength=units),
    )
    rank = snapshot.rank()
    last = np.full(units, -1, np.int64)
    along = problem.order[outcome.unit[problem.order] >= 0]
    last[outcome.unit[along]] = along  # later, that is lower, candidates overwrite
    rows = []
    for unit, school in enumerate(snapshot.schools.tolist()):
        lowest = last[unit] if sent[unit] else None
        rows.append(
            RunSchool(
                run=run,
                school_id=school,
                plan=int(snapshot.left[unit]),
                offered=int(problem.seats[unit]),
                wanted=int(wanted[unit]),
                sent=int(sent[unit]),
                lowest=None if lowest is None else int(snapshot.score[lowest]),
                lowest_rank=None if lowest is None else int(rank[lowest]),
                lowest_keys=[] if lowest is None else snapshot.keys[lowest].tolist(),
            )
        )
    return rows


def run_path(run: Run) -> Path:
    return Path(settings.MEDIA_ROOT) / "runs" / f"{run.pk}.npz"


def run_store(run: Run, snapshot: Snapshot, outcome: Outcome) -> None:
    """Keep the arrays of a run: input, order and outcome, without a name or an identity number."""
    path = run_path(run)
    path.parent.mkdir(parents=True, exist_ok=True)
    problem = snapshot.problem
    with path.open("wb") as file:
        np.savez(
            file,
            order=problem.order, tie_group=problem.tie_group, choices=problem.choices, seats=problem.seats,
            eligible=problem.eligible, tier=np.empty(0, np.int16) if snapshot.tier is None else snapshot.tier,
            bands=np.array(snapshot.bands), candidates=snapshot.candidates, schools=snapshot.schools,
            score=snapshot.score, keys=snapshot.keys, position=outcome.position, unit=outcome.unit,
        )  # fmt: skip


def run_explain(run: Run, candidate: int) -> list[str]:
    """Why a candidate went where he went in a run: one sentence for each choice, fit to be read out.

    Args:
        run: rehearsed or executed.
        candidate: primary key.

    Returns:
        sentences; none if he took no part in the run.
    """
    if not run_path(run).exists():
        return []
    with np.load(run_path(run)) as kept:
        place = np.flatnonzero(kept["candidates"] == candidate)
        if not len(place):
            return []
        problem = Problem(kept["order"], kept["tie_group"], kept["choices"], kept["seats"], kept["eligible"])
        outcome = Outcome(kept["position"], kept["unit"])
        tier = kept["tier"] if len(kept["tier"]) else None
        reasons = explain(problem, outcome, tuple(kept["bands"].tolist()), int(place[0]), tier)
        keys, score = kept["schools"].tolist(), kept["score"]
    names = dict(School.objects.filter(pk__in=keys).values_list("pk", "name"))
    return words(reasons, lambda unit: names[keys[unit]], score)
