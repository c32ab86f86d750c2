"""What a run keeps for ever, as its page and the auditor's command read it: verifications, seals, the chain."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from admissions.models import Season

from ..models import Run, Seal
from ..seals import DEEDS, digest_of, state_of
from ..second import placements_digest

WORDS = {
    "kind": "方式", "round": "轮次", "only_schools": "指定院校", "parameters": "参数", "input_digest": "输入摘要",
    "outcome_digest": "结果摘要", "fingerprint": "指纹", "candidates": "参加投档数", "sent": "投出数",
    "faults": "核验结果", "left_out": "隔离院校", "roster_digest": "名单摘要", "roster_size": "名单人数",
    "randomness": "公开随机数",
    "created_by_id": "发起人", "confirmed_by_id": "复核人", "created_at": "发起时间", "rehearsed_at": "预演时间",
    "confirmed_at": "复核时间", "executed_at": "执行时间", "verified_at": "核验时间", "released_at": "发布时间",
    "cancelled_at": "撤销时间", "sheets": "投档单数", "sheets_digest": "投档单编号或档案数",
}  # fmt: skip
STATES = {"execute": Run.State.EXECUTED, "release": Run.State.RELEASED, "cancel": Run.State.CANCELLED}


@dataclass(frozen=True, slots=True)
class Break:
    """Where the chain or what it seals is not as it was.

    Attributes:
        number: of the seal concerned; 0 where it is about no single one.
        words: what was removed or altered.
    """

    number: int
    words: str

    def __str__(self) -> str:
        return f"第 {self.number} 号封条：{self.words}" if self.number else self.words


def chain_breaks(seals: Iterable[Seal]) -> Iterator[Break]:
    """Walk a chain from its first link and say where it does not hold.

    Args:
        seals: of one season, by number, from the first on.

    Yields:
        a break for each number missing or out of place, content altered, or link that does not fit.
    """
    number, previous = 0, ""
    for seal in seals:
        if seal.number != number + 1:
            gone = f"{number + 1}" if seal.number == number + 2 else f"{number + 1} 至 {seal.number - 1}"
            yield Break(seal.number, f"之前的第 {gone} 号封条已被删除")
        elif seal.previous != previous:
            yield Break(seal.number, "与前一封条不衔接，前一封条或顺序已被改动")
        if digest_of(seal.previous, seal.content) != seal.digest:
            yield Break(seal.number, "内容或摘要已被改动")
        said = _said(seal)
        if said is None:
            yield Break(seal.number, "内容无法读取")
        elif (said["number"], said["season"], said["run"], said["deed"]) != (
            seal.number, seal.season_id, seal.run_id, seal.deed,
        ):  # fmt: skip
            yield Break(seal.number, "序号、季度、投档或事项与内容不符")
        number, previous = seal.number, seal.digest


def sealed_faults(season: Season, seals: Sequence[Seal]) -> Iterator[Break]:
    """Compare what the last seal of each run says with the run, its sheets and its placements as they stand.

    Args:
        season: all its runs are looked at.
        seals: of the season, by number.

    Yields:
        a break for each run removed, altered, or without the seal that its state calls for.

    Cost: a digest over all placements of the season, some 1 s a million.
    """
    runs = {run.pk: run for run in Run.objects.filter(batch__season=season).select_related("batch")}
    of_run: dict[int, list[Seal]] = {}
    for seal in seals:
        of_run.setdefault(seal.run_id, []).append(seal)
    for key, links in of_run.items():
        run, last = runs.get(key), links[-1]
        if run is None:
            yield Break(last.number, f"所封的投档（编号 {key}）已被删除")
            continue
        said = _said(last)
        if said is not None:
            yield from _run_faults(run, last, said)
        yield from _missing(run, {seal.deed for seal in links})
    for key in sorted(runs.keys() - of_run.keys()):
        yield from _missing(runs[key], set())


def _run_faults(run: Run, seal: Seal, said: dict) -> Iterator[Break]:
    """One run against its last seal."""
    stands = state_of(run) | {"verified_at": run.verified_at.isoformat() if run.verified_at else None}
    altered = [WORDS[name] for name in WORDS if name in said and said[name] != stands[name]]
    if run.state != STATES.get(seal.deed):
        altered.append("状态")
    if run.batch_id != said["batch"]:
        altered.append("批次")
    if altered:
        yield Break(seal.number, f"投档“{run}”（编号 {run.pk}）已被改动：{'、'.join(altered)}")
    if not said["placements_digest"]:  # given up before it was executed
        return
    number, digest = placements_digest(run)
    if number != said["placements"]:
        words = f"投档记录应为 {said['placements']} 条，现有 {number} 条"
        yield Break(seal.number, f"投档“{run}”（编号 {run.pk}）{words}")
    elif digest != said["placements_digest"]:
        yield Break(seal.number, f"投档“{run}”（编号 {run.pk}）的投档记录已被改动")


def _missing(run: Run, deeds: set[str]) -> Iterator[Break]:
    """The seals that a run's row calls for and that are not there."""
    for deed, at in (
        ("execute", run.executed_at), ("release", run.released_at), ("cancel", run.cancelled_at)
    ):  # fmt: skip
        if at is not None and deed not in deeds:
            yield Break(0, f"投档“{run}”（编号 {run.pk}）没有{DEEDS[deed]}封条，封条已被删除或从未加封")


def _said(seal: Seal) -> dict | None:
    """The content of a seal; none if it is no content any more."""
    try:
        said = json.loads(seal.content)
        return said if {"number", "season", "run", "deed", "batch", "placements"} <= said.keys() else None
    except (ValueError, AttributeError):
        return None


def run_seals(run: Run) -> dict:
    """The seals of a run, who set them, and whether the season's chain holds up to the last of them.

    Every seal of the season is read for that, other cities' too; of those nothing is shown but whether
    the chain holds.

    Returns:
        ``seals``: each with ``word``, ``by`` and ``by_key`` (name and key of who did it); ``breaks``: of the chain.
    """
    own = list(run.seals.order_by("number"))
    for seal in own:
        seal.word = DEEDS.get(seal.deed, seal.deed)
        said = _said(seal) or {}
        seal.by, seal.by_key = said.get("by_name", ""), said.get("by")
    if not own:
        return {"seals": [], "breaks": []}
    chain = Seal.objects.filter(season=run.batch.season_id, number__lte=own[-1].number).order_by("number")
    return {"seals": own, "breaks": list(chain_breaks(chain))}


def run_record(run: Run) -> dict:
    """The panel 留存与核对 of a run that was executed or cancelled.

    Returns:
        ``record``: verifications (the last first), seals with the breaks of their chain, the case file,
        ``placements_digest`` as sealed at the execution (what the second implementation computes); and
        ``disagrees``: the verifications, the last of each method, that do not agree.
    """
    if not run.executed_at and not run.cancelled_at:
        return {"record": None}
    verifications = list(run.verifications.select_related("made_by"))
    last = {verification.method: verification for verification in reversed(verifications)}
    disagrees = [verification for verification in last.values() if not verification.agrees]
    sealed = run_seals(run)
    said = next((_said(seal) for seal in sealed["seals"] if seal.deed == "execute"), None) or {}
    return {
        "record": {
            "verifications": verifications,
            "disagrees": disagrees,
            "case": case_kept(run),
            "placements_digest": said.get("placements_digest", ""),
        }
        | sealed
    }


def cases_folder(run: Run) -> Path:
    """Where the case files of a run lie."""
    return Path(settings.MEDIA_ROOT) / "runs" / str(run.pk)


def case_name(run: Run, digest: str) -> str:
    """Name of a case file: of which rehearsal, and what its digest is."""
    return f"case-{run.fingerprint[:16]}-{digest}.zip"


def case_kept(run: Run) -> dict | None:
    """The stored case file of a run: path, size in bytes and digest; none if there is none."""
    for path in sorted(cases_folder(run).glob(case_name(run, "*"))):
        return {"path": path, "size": path.stat().st_size, "digest": path.stem.rpartition("-")[2]}
    return None
