"""Many candidates from the pool by a list of numbers and majors (批量投入录取): checked row by row first."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from accounts.context import deed_record, unwalled
from accounts.masking import mask_name
from accounts.models import User
from accounts.refusals import Refusal
from admissions.models import Candidate, Dossier, Region, School
from admissions.services.papers import Paper
from admissions.services.windows import season_of
from quotas.models import PlanLine

from .pool import candidates_admit, lines_open, school_of, signed_required, why_no_line, why_not_admitted
from .school import batches_must_hold_still, pause_words, runs_pausing

MOST = 2_000
#: What the paper is called that admits the candidates of a list.
SIGNED = "名单中考生及家长签字的申请（合并为一份文件）"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the list.

    Attributes:
        row: its place in the list or file.
        number: the candidate's number.
        name: his name; it must agree.
        major: code of a major.
    """

    row: int
    number: str
    name: str
    major: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What would become of one line.

    Attributes:
        line: the line.
        words: why not; empty if the candidate can be admitted.
        candidate: the candidate, if he can.
        plan_line: where to, if he can.
    """

    line: Line
    words: str = ""
    candidate: Candidate | None = None
    plan_line: PlanLine | None = None

    @property
    def good(self) -> bool:
        return not self.words

    @property
    def shown_name(self) -> str:
        return mask_name(self.line.name)


def pool_check(*, actor: User, lines: Sequence[Line]) -> list[Checked]:
    """Say of each line whether its candidate can be admitted, and if not why; nothing is written.

    Args:
        actor: of a school.
        lines: of the list, at most ``MOST``.

    Raises:
        Refusal: if there are none or too many, or the school may not admit.
    """
    _few_enough(lines)
    deed_record(actor=actor, subject="批量查找在库考生", count=len(lines))
    with unwalled():
        return _check(actor, lines, _candidates(actor, lines))


@transaction.atomic
def admit_in_bulk(*, actor: User, lines: Sequence[Line], paper: Paper | None) -> list[Checked]:
    """Admit from the pool whoever of a list can be; the others are left as they are, with the reason.

    Args:
        actor: of a school.
        lines: as for ``pool_check``.
        paper: the applications signed by candidates and guardians, in one file, stored.

    Returns:
        what became of each line.

    Raises:
        Refusal: as ``pool_check``; without the paper; or if nobody can be admitted.
    """
    signed = signed_required(paper, SIGNED)
    _few_enough(lines)
    batches = PlanLine.objects.filter(school=school_of(actor), season=season_of(actor))
    batches_must_hold_still(batches.values_list("batch", flat=True))
    with unwalled():
        candidates = _candidates(actor, lines)
        keys = sorted(candidate.pk for candidate in candidates.values())
        locked = Dossier.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
        dossiers = {dossier.pk: dossier for dossier in locked}
        for candidate in candidates.values():
            candidate.dossier = dossiers[candidate.pk]
        results = _check(actor, lines, candidates)
        good = [(result.candidate, result.plan_line) for result in results if result.good]
        if not good:
            raise Refusal("名单中没有可以录取的考生。")
        subject = f"批量投入录取 {len(good)} 名考生"
        candidates_admit(actor=actor, school=school_of(actor), pairs=good, subject=subject, paper=signed)
    return results


def _few_enough(lines: Sequence[Line]) -> None:
    if not lines:
        raise Refusal("名单是空的。")
    if len(lines) > MOST:
        raise Refusal(f"一次最多 {MOST} 名考生，名单有 {len(lines)} 行，请分次办理。")


def _candidates(actor: User, lines: Sequence[Line]) -> dict[str, Candidate]:
    rows = Candidate.objects.select_related("dossier").filter(
        season=season_of(actor), number__in={line.number for line in lines}
    )
    return {candidate.number: candidate for candidate in rows}


def _check(actor: User, lines: Sequence[Line], candidates: dict[str, Candidate]) -> list[Checked]:
    school, season = school_of(actor), season_of(actor)
    cities = {candidate.city for candidate in candidates.values()}
    shut = {city: why_no_line(school=school, season=season, city=city) for city in cities}
    open_lines = {city: lines_open(school=school, season=season, city=city) for city in cities}
    names = dict(Region.objects.filter(pk__in=cities).values_list("code", "name"))
    taken: Counter = Counter()
    seen: dict[str, int] = {}
    results = []
    for line in lines:
        candidate = candidates.get(line.number)
        if line.number in seen:
            results.append(Checked(line, f"与第 {seen[line.number]} 行重复。"))
            continue
        seen[line.number] = line.row
        if candidate is None or candidate.name != line.name:
            results.append(Checked(line, "没有找到考生号与姓名一致的考生。"))
            continue
        why = why_not_admitted(candidate.dossier, school) or shut[candidate.city]
        if why:
            results.append(Checked(line, why))
            continue
        results.append(_seated(line, candidate, open_lines[candidate.city], taken, school, names))
    return results


def _seated(
    line: Line, candidate: Candidate, lines: list[PlanLine], taken: Counter, school: School, names: dict
) -> Checked:
    """The line with a seat given to the candidate, counting those given to lines before."""
    offered = [plan for plan in lines if plan.major_code == line.major]
    city = names.get(candidate.city, candidate.city)
    if not offered:
        planned = PlanLine.objects.filter(
            school=school, season=candidate.season_id, city=candidate.city, major_code=line.major
        )
        batches = set(planned.values_list("batch", flat=True))
        for run in runs_pausing(batches).values():
            return Checked(line, pause_words(run))
        why = "计划已满，或该批次已结束" if batches else "没有招生计划"
        return Checked(line, f"专业 {line.major} 对{city}{why}。")
    for plan in offered:
        if taken[plan.pk] < plan.left:
            taken[plan.pk] += 1
            return Checked(line, candidate=candidate, plan_line=plan)
    return Checked(line, f"专业 {line.major} 对{city}的剩余计划已被本名单前面的考生用完。")
