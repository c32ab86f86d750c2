"""Lists of candidates at a school, each line answered before anything is done.

What was shown is what is done, or nothing: the digest of the answers holds the version of every dossier.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import F

from accounts.models import User
from accounts.refusals import Refusal
from admissions.lifecycle import BY_STEP, TAKES_SEAT
from admissions.models import Choice, Dossier
from admissions.services.dossiers import Move, dossiers_move
from quotas.models import PlanLine

from ..models import Placement, Sheet
from .deciding import Stale
from .school import (
    control_of,
    pause_words,
    placements_update,
    runs_pausing,
    school_must_be_open,
    seats_exchange,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a list: its place, a candidate number and, for an admission, the code of a major or nothing."""

    row: int
    number: str
    major: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What would become of one line.

    Attributes:
        entry: the line.
        words: why nothing; empty if it can be done.
        placement: with candidate, dossier and sheet, if the school has him.
        plan_line: where to, for an admission.
    """

    entry: Entry
    words: str = ""
    placement: Placement | None = None
    plan_line: PlanLine | None = None

    @property
    def good(self) -> bool:
        return not self.words


def answers_digest(answers: Iterable[Answer]) -> str:
    """Digest of what was shown: each dossier with its version, and what would become of it."""
    told = [
        f"{a.entry.number} {a.placement and a.placement.candidate.dossier.version} {a.good}"
        f" {a.plan_line and a.plan_line.pk}"
        for a in answers
    ]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def placements_at(actor: User):
    """Open placements on sheets that the actor's school has, each with its dossier as it is now."""
    return (
        Placement.objects.visible_to(actor)
        .open()
        .filter(
            school__in=actor.scope.schools,
            sheet__in=Sheet.objects.visible_to(actor),
            candidate__dossier__placement_id=F("pk"),
        )
        .select_related("candidate__dossier", "sheet", "batch", "plan_line")
    )


def dossiers_lock(candidates: Iterable[int]) -> None:
    keys = sorted(set(candidates))
    rows = Dossier.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
    list(rows.values_list("pk"))


def why_not_decided(placement: Placement, admit: bool) -> str:
    dossier = placement.candidate.dossier
    if dossier.held:
        return "档案已被招办挂起。"
    step = BY_STEP["propose_admit" if admit else "propose_return"]
    return "" if dossier.state in step.sources else f"当前为“{dossier.word}”，不能{step.word}。"


def why_closed(pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], str]:
    """Why a school may not act in a batch now, for those of some pairs where it may not."""
    pairs = set(pairs)
    pausing = runs_pausing({batch for batch, _ in pairs})
    words = {}
    for batch, school in pairs:
        if batch in pausing:
            words[batch, school] = pause_words(pausing[batch])
            continue
        try:
            school_must_be_open(control_of(batch=batch, school=school))
        except Refusal as refusal:
            words[batch, school] = str(refusal)
    return words


def as_shown(answers: list[Answer], seen: str) -> list[Answer]:
    if answers_digest(answers) != seen:
        raise Stale("您核对之后名单中有档案或剩余计划已变动，未作任何改动。", hint="请重新核对名单后再确认。")
    good = [answer for answer in answers if answer.good]
    if not good:
        raise Refusal("名单中没有可以办理的考生。")
    return good


def admissions_propose(actor: User, good: list[Answer], subject: str) -> None:
    moves = [Move(a.placement.candidate_id, note=f"专业：{a.plan_line.major_name}") for a in good]
    dossiers_move(actor=actor, step="propose_admit", moves=moves, subject=f"{subject} {len(good)} 名")
    lines = [a.plan_line.pk for a in good]
    placements_update(keys=[a.placement.pk for a in good], lines=lines, actor=actor)
    seats_exchange(before=seats_held(good), after=Counter(lines))


def seats_held(answers: Iterable[Answer]) -> Counter:
    placements = (a.placement for a in answers)
    return Counter(
        p.plan_line_id for p in placements if p.plan_line_id and p.candidate.dossier.state in TAKES_SEAT
    )


def majors_named(placements: Sequence[Placement]) -> dict[int, tuple[list[str], bool]]:
    """Majors that candidates named for the school they are at, and 服从调剂, by key of the placement."""
    rows = Choice.objects.filter(
        candidate__in=[p.candidate_id for p in placements],
        batch__in={p.batch_id for p in placements},
        school__in={p.school_id for p in placements},
    ).order_by("-position")
    found: dict[tuple, tuple[list[str], bool]] = {}
    for choice in rows:
        named = choice.majors, choice.accepts_adjustment
        found[choice.candidate_id, choice.batch_id, choice.position] = named
        found[choice.candidate_id, choice.batch_id, None] = named  # the first of them comes last
    return {
        p.pk: found.get((p.candidate_id, p.batch_id, p.choice_position or None), ([], False))
        for p in placements
    }


class Desk:
    """Seats of the plan lines as lines of a list are given them one after the other."""

    def __init__(self, placements: Sequence[Placement]):
        self.majors = majors_named(placements)
        self.lines: dict[tuple[int, int, str], list[PlanLine]] = {}
        rows = PlanLine.objects.filter(
            school__in={p.school_id for p in placements}, batch__in={p.batch_id for p in placements}
        )
        for line in rows.order_by("pk"):
            self.lines.setdefault((line.batch_id, line.school_id, line.city), []).append(line)
        self.left = {line.pk: line.seats_left for lines in self.lines.values() for line in lines}

    def seat(self, placement: Placement, major: str, *, keep: bool = False) -> tuple[PlanLine | None, str]:
        """A line for one dossier and no words, or none and why; what it held before is free again."""
        lines = self.lines.get((placement.batch_id, placement.school_id, placement.city), [])
        held = placement.plan_line_id if placement.candidate.dossier.state in TAKES_SEAT else None
        if keep:
            kept = next((line for line in lines if line.pk == held), None)
            return (kept, "") if kept else (None, "没有录取专业，请先选择专业。")
        named = [major] if major else self.majors[placement.pk][0]
        if not named:
            return None, "该考生没有填报专业志愿，请与考生确认后指明专业代码。"
        offered = [line for code in named for line in lines if line.major_code == code]
        if not offered:
            return None, f"专业 {'、'.join(named)} 不在贵校本批次对该生源地市的招生计划内。"
        if held:
            self.left[held] += 1
        for line in offered:
            if self.left[line.pk] > 0:
                self.left[line.pk] -= 1
                return line, ""
        if held:
            self.left[held] -= 1
        return None, f"专业 {'、'.join(named)} 的计划已满。"
