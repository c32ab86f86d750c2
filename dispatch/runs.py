"""What a run keeps for ever: its results by school, and its arrays, by which it can be explained."""

import shutil
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
from django.conf import settings

from accounts.refusals import Refusal
from admissions.models import Candidate, FeederSchool, School

from .allotting import allotted_results, feeders_used
from .kernel.allotment import Via
from .kernel.explain import Reason, Why, explain, words
from .kernel.order import lottery_numbers
from .kernel.problem import Outcome, Problem, TiePolicy
from .kernel.rounds import explained
from .models import Placement, Rehearsal, Run, RunSchool
from .snapshot import Snapshot

BY_CANDIDATE = frozenset(
    {
        "tie_group",
        "choices",
        "eligible",
        "place",
        "tier",
        "feeder",
        "candidates",
        "counties",
        "score",
        "keys",
        "need",
        "barred",
        "own",
    }
)
"""Arrays of a snapshot with a row for each candidate, besides ``order``."""


def results_of(run: Run, snapshot: Snapshot, outcome: Outcome) -> list[RunSchool]:
    """One row for each school with a plan: plan, offered, wanted, sent, lowest with its tie values."""
    problem, units = snapshot.problem, len(snapshot.schools)
    asked = problem.choices[problem.choices >= 0]
    wanted, sent = (
        np.bincount(asked, minlength=units),
        np.bincount(outcome.unit[outcome.unit >= 0], minlength=units),
    )
    rank, last = snapshot.rank(), lowest_of(snapshot, outcome)
    allotted = allotted_results(snapshot, outcome)
    rows = []
    for unit, school in enumerate(snapshot.schools.tolist()):
        lowest = last[unit] if last[unit] >= 0 else None
        rows.append(
            RunSchool(
                run=run,
                school_id=school,
                plan=int(snapshot.left[unit]),
                offered=int(problem.seats[unit]),
                wanted=int(wanted[unit]),
                sent=int(sent[unit]),
                lowest=None if lowest is None or run.admits else int(snapshot.score[lowest]),
                lowest_rank=None if lowest is None else int(rank[lowest]),
                lowest_keys=[] if lowest is None else snapshot.keys[lowest].tolist(),
                **allotted[unit],
            )
        )
    return rows


def lowest_of(snapshot: Snapshot, outcome: Outcome) -> np.ndarray:
    """int64[m]: who stands last in the order among those sent to each school; -1 where nobody is."""
    last = np.full(len(snapshot.schools), -1, np.int64)
    order = snapshot.problem.order
    along = order[outcome.unit[order] >= 0]
    last[outcome.unit[along]] = along  # later, that is lower, candidates overwrite
    return last


def by_choice_of(outcome: Outcome, choices: int) -> list[int]:
    """How many dossiers go to each choice, from the first on."""
    return np.bincount(outcome.position[outcome.position >= 0], minlength=choices).tolist()


def kept_path(rehearsal: Rehearsal, part: str) -> Path:
    """Folder of one part of a rehearsal, one ``.npy`` an array: ``input`` (formal ones only) or ``outcome``."""
    return Path(settings.MEDIA_ROOT) / "runs" / str(rehearsal.run_id) / f"{rehearsal.number}-{part}"


def rehearsal_keep(rehearsal: Rehearsal, snapshot: Snapshot, outcome: Outcome) -> None:
    """Keep the arrays of a rehearsal, without a name or an identity number.

    The outcome is kept of each; the input of the formal ones only, since what is asked by the way starts
    from the formal one's.
    """
    _write(kept_path(rehearsal, "outcome"), outcome_arrays(snapshot, outcome))
    if not rehearsal.asked:
        arrays = {f.name: getattr(snapshot, f.name) for f in fields(snapshot) if f.name != "problem"}
        arrays |= {f.name: getattr(snapshot.problem, f.name) for f in fields(snapshot.problem)}
        arrays |= {"bands": np.array(snapshot.bands), "ties": np.array(str(snapshot.ties))}
        arrays |= {"bars": np.array(snapshot.bars, dtype=str)}
        _write(kept_path(rehearsal, "input"), {key: a for key, a in arrays.items() if a is not None})


def outcome_arrays(snapshot: Snapshot, outcome: Outcome) -> dict[str, np.ndarray]:
    """What is kept of an outcome: by candidate, and the table by school, which is read without the rest.

    By candidate: candidates, rank, score, position, unit; via where seats are allotted. By school: schools,
    left, seats, sent, and of the last one sent lowest int32[m] (score; -1 where nobody is sent), lowest_rank
    int32[m] (0), lowest_keys int32[m, q].
    """
    last, rank = lowest_of(snapshot, outcome), snapshot.rank()
    nobody = last < 0
    return ({} if outcome.via is None else {"via": outcome.via}) | {
        "candidates": snapshot.candidates,
        "schools": snapshot.schools,
        "rank": rank,
        "score": snapshot.score,
        "position": outcome.position,
        "unit": outcome.unit,
        "left": snapshot.left,
        "seats": snapshot.problem.seats,
        "sent": np.bincount(outcome.unit[outcome.unit >= 0], minlength=len(last)).astype(np.int32),
        "lowest": np.where(nobody, -1, snapshot.score[last]).astype(np.int32),
        "lowest_rank": np.where(nobody, 0, rank[last]).astype(np.int32),
        "lowest_keys": np.where(nobody[:, None], 0, snapshot.keys[last]).astype(np.int32),
    }


def inputs_drop(rehearsal: Rehearsal) -> None:
    """Remove the inputs of the run's earlier formal rehearsals: the last one stands."""
    for earlier in rehearsal.run.rehearsals.filter(asked={}, number__lt=rehearsal.number):
        shutil.rmtree(kept_path(earlier, "input"), ignore_errors=True)


def rehearsal_drop(rehearsal: Rehearsal) -> None:
    """Remove all that is kept of a rehearsal beside its row."""
    for part in ("input", "outcome"):
        shutil.rmtree(kept_path(rehearsal, part), ignore_errors=True)


def rehearsal_kept(rehearsal: Rehearsal) -> tuple[Snapshot, Outcome]:
    """What a formal rehearsal started from and what came of it, as kept.

    Raises:
        Refusal: if the files are gone.
    """
    arrays, came = _read(rehearsal, "input"), _read(rehearsal, "outcome")
    return _snapshot(arrays), Outcome(came["position"], came["unit"], came.get("via"))


def outcome_kept(rehearsal: Rehearsal) -> dict[str, np.ndarray]:
    """The outcome of any rehearsal as kept: see ``outcome_arrays``.

    Raises:
        Refusal: if the file is gone.
    """
    return _read(rehearsal, "outcome")


def taken_part(rehearsal: Rehearsal) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Who took part in a formal rehearsal, and what it read of the plans.

    Returns:
        candidates int64[n], in no order; schools int64[m] and the seats each had left, int32[m].

    Raises:
        Refusal: if the files are gone.
    """
    arrays = _read(rehearsal, "input")
    return arrays["candidates"], arrays["schools"], arrays["left"]


def run_formal(run: Run) -> Rehearsal | None:
    """The rehearsal that a run stands for: the one with the run's own fingerprint."""
    return run.rehearsals.filter(fingerprint=run.fingerprint, asked={}).first() if run.fingerprint else None


def run_feeders(run: Run) -> np.ndarray | None:
    """What junior schools had of the seats kept for them, as of ``allotting.feeders_used``.

    Args:
        run: of any state.

    Returns:
        None where nothing is allotted, before a rehearsal, or if its files are gone.
    """
    rehearsal = run_formal(run) if "allotted" in run.parameters else None
    if rehearsal is None or not all(kept_path(rehearsal, part).is_dir() for part in ("input", "outcome")):
        return None
    arrays, came = _read(rehearsal, "input"), _read(rehearsal, "outcome")
    return feeders_used(arrays, came) if "quota" in arrays else None


def run_explain(run: Run, candidate: int) -> list[str]:
    """Why a candidate went where he went in a run: one sentence for each choice, fit to be read out.

    Args:
        run: rehearsed or executed.
        candidate: primary key.

    Returns:
        sentences; none if he took no part in the run.
    """
    rehearsal = run_formal(run)
    if rehearsal is None:
        return []
    arrays, came = _read(rehearsal, "input"), _read(rehearsal, "outcome")
    found = np.flatnonzero(arrays["candidates"] == candidate)
    if not len(found):
        return []
    # All that bears on him: himself, and who sits at a school of his.
    listed = arrays["choices"][found[0]]
    rows = np.union1d(np.flatnonzero(np.isin(came["unit"], listed[listed >= 0])), found)
    ranks = came["rank"][rows]
    along = np.argsort(ranks)
    few = {name: a[rows] if name in BY_CANDIDATE else a for name, a in arrays.items() if name != "order"}
    snapshot = _snapshot(few | {"order": along})
    place = int(np.searchsorted(rows, found[0]))
    via = came["via"][rows] if "via" in came else None
    outcome = Outcome(came["position"][rows], came["unit"][rows], via)
    told = _Told(run, snapshot, ranks, place)
    solved = (snapshot.bands, place, snapshot.tier)
    if via is None:
        said = told.sentences(explain(snapshot.problem, outcome, *solved))
    else:
        said = told.rounds(explained(snapshot.problem, snapshot.kept, outcome, *solved))
    return [*said, _own_number(run, candidate)] if run.drawn else said


class _Told:
    """The reasons of one candidate in words.

    Args:
        run: as of ``run_explain``.
        snapshot: of those who bear on him; ranks: int[n], their places among all, from 1.
        place: where he stands among them.
    """

    def __init__(self, run: Run, snapshot: Snapshot, ranks: np.ndarray, place: int):
        self.run, self.snapshot, self.ranks, self.place = run, snapshot, ranks, place
        listed = snapshot.problem.choices[place]
        schools = snapshot.schools[listed[listed >= 0]]
        self.names = dict(School.objects.filter(pk__in=schools).values_list("pk", "name"))

    def name(self, unit: int) -> str:
        return self.names[int(self.snapshot.schools[unit])]

    def sentences(self, reasons: Sequence[Why]) -> list[str]:
        """One sentence for each choice."""
        reasons = [
            replace(
                why,
                rank=int(self.ranks[self.place]) - 1,
                last_rank=int(self.ranks[why.last]) - 1 if why.last >= 0 else why.last_rank,
            )
            for why in reasons
        ]
        said = words(reasons, self.name, None if self.run.admits else self.snapshot.score)
        for at, why in enumerate(reasons):
            head = f"第{why.position + 1}志愿"
            if why.reason is Reason.NOT_ELIGIBLE:
                against = _against(self.snapshot, self.place, why.position)
                said[at] = f"{head}（{self.name(why.unit)}）：{against}"
            elif why.reason is Reason.VOID and self.run.only_schools:
                said[at] = f"{head}：未填报，或所填院校不在本次指定范围内。"
        return said

    def rounds(self, held: Sequence[tuple[Via, np.ndarray | None, list[Why]]]) -> list[str]:
        """The sentences of each round that he took part in, as of ``kernel.rounds.explained``.

        Void choices are told in the last one only.
        """
        said, at = [], int(self.snapshot.feeder[self.place])
        for number, (via, floors, reasons) in enumerate(held, 1):
            round_ = Placement.Via(via).label
            if number < len(held):
                reasons = [why for why in reasons if why.reason is not Reason.VOID]
            if floors is None:
                said += [f"{round_}：{line}" for line in self.sentences(reasons)]
            elif at < 0:
                said.append(f"{round_}：没有分配给考生毕业学校的指标，或考生不具备指标生资格。")
            else:
                feeder = FeederSchool.objects.values_list("name", flat=True).get(pk=self.snapshot.feeders[at])
                said += [f"{round_}（{feeder}）：{line}" for line in self.kept(reasons, floors, at)]
        return said

    def kept(self, reasons: Sequence[Why], floors: np.ndarray, feeder: int) -> list[str]:
        """The sentences of the round of seats kept for his junior school."""
        said, own = self.sentences(reasons), int(self.snapshot.score[self.place])
        for at, why in enumerate(reasons):
            if why.unit < 0:
                continue
            head = f"第{why.position + 1}志愿（{self.name(why.unit)}）："
            if not self.snapshot.quota[why.unit, feeder]:
                said[at] = f"{head}该校没有分配给这所毕业学校的指标。"
            elif why.reason is Reason.NOT_ELIGIBLE and own < (floor := int(floors[why.unit])):
                said[at] = (
                    f"{head}投档成绩{own / 100:.2f}分，低于该校指标生最低分{floor / 100:.2f}分，不能投档。"
                )
        return said


def _own_number(run: Run, candidate: int) -> str:
    """The candidate's lottery number, as anyone can recompute it."""
    number = Candidate.objects.values_list("number", flat=True).get(pk=candidate)
    drawn = int(lottery_numbers(run.parameters["seed"], [number])[0])
    return f"随机号 {drawn:016x}（由小到大排序），{'演练种子' if run.practice else '种子'} {run.parameters['seed']}。"


def _against(snapshot: Snapshot, place: int, column: int) -> str:
    """What stood against a choice: the line with the candidate's own score, or the condition."""
    need = int(snapshot.need[place, column if snapshot.need.shape[1] > 1 else 0])
    own = int(snapshot.score[place])
    if own < need:
        return f"投档成绩{own / 100:.2f}分，低于分数线{need / 100:.2f}分，不能投档。"
    bar = snapshot.bar_of(place, column)
    return f"{bar}，不能投档。" if bar else "该校因核验问题被隔离，本次不投档。"


def _snapshot(arrays: dict[str, np.ndarray]) -> Snapshot:
    left = dict(arrays)
    problem = Problem(**{field.name: left.pop(field.name, None) for field in fields(Problem)})
    bands, ties, bars = left.pop("bands"), left.pop("ties"), left.pop("bars")
    return Snapshot(
        problem=problem,
        bands=tuple(bands.tolist()),
        ties=TiePolicy(str(ties)),
        bars=tuple(bars.tolist()),
        **({"tier": None, "barred": None} | left),
    )


def _write(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write a folder whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for name, array in arrays.items():
        np.save(part / f"{name}.npy", array)
    shutil.rmtree(path, ignore_errors=True)
    part.replace(path)


def _read(rehearsal: Rehearsal, part: str) -> dict[str, np.ndarray]:
    """The arrays of a folder, mapped: what is not looked at is not read."""
    path = kept_path(rehearsal, part)
    if not path.is_dir():
        raise Refusal("该次投档的留存文件已不存在，无法重算。", hint="请从备份中恢复留存目录。")
    return {file.stem: np.load(file, mmap_mode="r") for file in path.glob("*.npy")}
