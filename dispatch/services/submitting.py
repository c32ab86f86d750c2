"""The leader of a school gives out majors for a whole sheet, submits it, and takes it back (组长录退)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from django.db import transaction
from django.utils import timezone

from accounts.context import unwalled
from accounts.models import User
from accounts.refusals import Refusal
from admissions.lifecycle import AT_SCHOOL, UNDECIDED, State
from admissions.models import Batch, Choice
from admissions.services.dossiers import Move, dossiers_move
from quotas.models import PlanLine
from quotas.services import seats_take

from ..kernel.majors import How, Majors, Rule, assign
from ..models import Placement, ReviewTake, Sheet
from .confirming import confirmations_require
from .handing import placements_locked, whole_sheet_is_read_by
from .papers import papers_drop, papers_require
from .passing import auto_review_ask
from .school import control_of, placements_update, school_must_be_open, sheet_locked


@dataclass(frozen=True, slots=True)
class Assignment:
    """What giving out majors came to.

    Attributes:
        assigned: dossiers proposed for admission.
        without_majors: left undecided because the candidate named no major: he must be asked.
        full: left undecided because his majors are full and he takes no other, or all are full.
        not_adjusting: those of them who take no other; the school may propose their return (reason 02).
    """

    assigned: int
    without_majors: int
    full: int
    not_adjusting: int = 0

    def __str__(self) -> str:
        words = f"已为 {self.assigned} 名考生分配专业。"
        if self.without_majors:
            words += f"{self.without_majors} 名考生没有专业志愿，须逐一与考生确认，不能以此为由退档。"
        if self.full:
            words += f"{self.full} 名考生专业志愿已满且不服从调剂，或计划已满，仍为未定。"
        if self.not_adjusting:
            words += f"其中 {self.not_adjusting} 名不服从调剂，可按原因 02 提出退档。"
        return words


@dataclass(frozen=True, slots=True)
class Submission:
    """What was submitted, and how much of it needed no audit."""

    admissions: int
    returns: int
    passed_admissions: int = 0
    passed_returns: int = 0

    def __str__(self) -> str:
        words = f"拟录取 {self.admissions} 名、拟退档 {self.returns} 名"
        passed = self.passed_admissions + self.passed_returns
        return words + (f"，其中免审通过 {passed} 名" if passed else "")


@transaction.atomic
def majors_assign(*, actor: User, sheet: Sheet) -> Assignment:
    """Give the undecided of a sheet their majors, by the rule of the batch (`kernel.majors`).

    分数清, 专业清 or 专业级差; then who takes another major than those he named (服从调剂) gets the first with
    a seat, by major code. No line gets more than its seats; of lines of the same major, the one
    entered first fills up first. A candidate who named none stays undecided: the school asks him
    (粤招办〔2021〕28号 四（二）1). Nobody is returned here; who takes no other major is counted only.

    Args:
        actor: of the school.
        sheet: a released sheet of his school.

    Raises:
        Refusal: if the school may not decide now, the batch gives majors by gaps and has none, or the sheet
            has been handed out and the actor does not lead.
    """
    sheet = sheet_locked(actor=actor, sheet=sheet)
    school_must_be_open(control_of(batch=sheet.batch_id, school=sheet.school_id))
    if not whole_sheet_is_read_by(actor, sheet):
        raise Refusal("本投档单已由组长分发到组员，自动分配专业由组长办理。")
    batch = sheet.batch
    if batch.major_rule == Rule.LEVEL_GAP and not batch.major_gaps:
        raise Refusal("本批次按专业级差分配专业，但没有设置级差。", hint="请联系生源地招办设置后再分配。")
    placements = placements_locked(sheet, UNDECIDED)
    placements.sort(key=lambda p: (-(p.dispatch_score or 0), p.rank or 0, p.pk))
    lines = list(
        PlanLine.objects.select_for_update(no_key=True)
        .filter(school=sheet.school_id, batch=sheet.batch_id, city=batch.city)
        .order_by("pk")
    )
    choices = {
        (candidate, position): (majors, adjusts)
        for candidate, position, majors, adjusts in Choice.objects.filter(
            batch=sheet.batch_id, school=sheet.school_id, candidate__in=[p.candidate_id for p in placements]
        ).values_list("candidate", "position", "majors", "accepts_adjustment")
    }
    wishes = [choices.get((p.candidate_id, p.choice_position), ([], False)) for p in placements]
    result, codes = _majors_of(batch, placements, wishes, lines)
    free = {code: [line for line in lines if line.major_code == code] for code in codes}
    left = {line.pk: line.seats_left for line in lines}
    got: dict[int, PlanLine] = {}
    moves = []
    for placement, major, how in zip(placements, result.line.tolist(), result.how.tolist(), strict=True):
        if major < 0:
            continue
        line = next(line for line in free[codes[major]] if left[line.pk] > 0)
        left[line.pk] -= 1
        got[placement.pk] = line
        by = "服从调剂" if how == How.ADJUSTED else batch.get_major_rule_display()
        moves.append(Move(placement.candidate_id, note=f"专业：{line.major_name}（自动分配，{by}）"))
    subject = f"投档单 {sheet.number} 自动分配专业"
    dossiers_move(actor=actor, step="propose_admit", moves=moves, subject=subject)
    placements_update(keys=list(got), lines=[line.pk for line in got.values()], actor=actor)
    seats_take(wanted=Counter(line.pk for line in got.values()))
    ended = Counter(result.how.tolist())
    stuck = ended[How.UNPLACED_NOT_ADJUSTING]
    return Assignment(len(got), ended[How.ASKED], ended[How.UNPLACED_FULL] + stuck, stuck)


def _majors_of(
    batch: Batch, placements: list[Placement], wishes: list[tuple[list[str], bool]], lines: list[PlanLine]
) -> tuple[Majors, list[str]]:
    """The kernel's answer, and the codes of the majors that its numbers stand for.

    A major named that the school does not offer here is -2 to the kernel: he did name one.
    """
    seats: Counter[str] = Counter()
    for line in lines:
        seats[line.major_code] += max(line.seats_left, 0)
    codes = sorted(seats)
    number = {code: i for i, code in enumerate(codes)}
    majors = np.full((len(wishes), max((len(named) for named, _ in wishes), default=0)), -1, np.int32)
    for row, (named, _) in zip(majors, wishes, strict=True):
        row[: len(named)] = [number.get(code, -2) for code in named]
    return assign(
        score=np.array([p.dispatch_score or 0 for p in placements], np.int32),
        majors=majors,
        accepts_adjustment=np.array([adjusts for _, adjusts in wishes], np.bool_),
        seats=np.array([seats[code] for code in codes], np.int32),
        rule=Rule(batch.major_rule),
        gaps=batch.major_gaps,
    ), codes


@transaction.atomic
def sheet_submit(*, actor: User, sheet: Sheet) -> Submission:
    """Submit all decisions of a sheet to the source city, or none.

    What the city has set to need no audit (设置院校是否审核) passes at once: the platform's clockwork
    takes the next step with the note 免审, and a dossier returned goes back to the pool.

    Args:
        actor: the school's leader.
        sheet: a sheet of his school.

    Raises:
        Refusal: if an admission is not confirmed by the candidate where his city asks for it.
        PapersMissing: if a return lacks the paper that its reason needs.
        Refusal: if a dossier that is not held is still undecided, or it is submitted already.
    """
    sheet = sheet_locked(actor=actor, sheet=sheet)
    control = control_of(batch=sheet.batch_id, school=sheet.school_id)
    school_must_be_open(control)
    # All at once: one that is laid back among the undecided meanwhile is seen as such.
    here = placements_locked(sheet, AT_SCHOOL)
    undecided = [p for p in here if p.state in UNDECIDED]
    if undecided:
        raise Refusal(f"投档单 {sheet.number} 还有 {len(undecided)} 份档案未定，全部作出决定后才能提交。")
    admitted = [p for p in here if p.state == State.PROPOSE_ADMIT]
    returned = [p for p in here if p.state == State.PROPOSE_RETURN]
    if sheet.submitted_at and not admitted and not returned:
        raise Refusal(f"投档单 {sheet.number} 已经提交，没有新的决定。")
    if any(p.plan_line_id is None for p in admitted):
        raise Refusal("有拟录取考生没有录取专业，请先选择专业。")
    confirmations_require(sheet, admitted)
    papers_require(returned)
    subject = f"提交投档单 {sheet.number}"
    dossiers_move(actor=actor, step="submit_admission", moves=_moves(admitted), subject=subject)
    dossiers_move(actor=actor, step="submit_return", moves=_moves(returned), subject=subject)
    papers_drop(actor, admitted)
    Sheet.objects.filter(pk=sheet.pk).update(submitted_at=timezone.now())
    passes_admissions = admitted if not control.reviews_admissions else []
    passes_returns = returned if not control.reviews_returns else []
    admissions_pass(passes_admissions, subject=subject)
    returns_pass(passes_returns, subject=subject)
    auto_review_ask(season=sheet.batch.season_id, city=sheet.batch.city)
    return Submission(len(admitted), len(returned), len(passes_admissions), len(passes_returns))


def admissions_pass(placements: list[Placement], *, subject: str, note: str = "免审") -> int:
    """Let submitted admissions through without audit; the platform's clockwork does it.

    Args:
        placements: their dossiers are locked and submitted for admission.
        subject: what the deed is called in the record.
        note: why no audit was needed.
    """
    return dossiers_move(
        actor=None, step="pass_admission", moves=_moves(placements), subject=subject, note=note
    )


def returns_pass(placements: list[Placement], *, subject: str, note: str = "免审") -> int:
    """Let submitted returns through without audit: back to the pool, the placement closed with its reason.

    Args:
        placements: their dossiers are locked and submitted for return.
        subject: what the deed is called in the record.
        note: why no audit was needed.
    """
    with unwalled():  # the dossiers leave the school's sight
        moves = [Move(p.candidate_id, reason=p.reason_id, note=note) for p in placements]
        moved = dossiers_move(actor=None, step="pass_return", moves=moves, subject=subject, note=note)
        Placement.objects.filter(pk__in=[p.pk for p in placements]).update(closed_at=timezone.now())
    return moved


@transaction.atomic
def sheet_withdraw(*, actor: User, sheet: Sheet) -> int:
    """Take back what was submitted of a sheet and no officer has taken for audit yet.

    The decisions stay as drafts, seats stay taken.

    Args:
        actor: the school's leader.
        sheet: a submitted sheet of his school.

    Returns:
        the number of dossiers taken back.

    Raises:
        Refusal: if all have been taken or decided by the office.
    """
    sheet = sheet_locked(actor=actor, sheet=sheet)
    school_must_be_open(control_of(batch=sheet.batch_id, school=sheet.school_id))
    waiting = placements_locked(sheet, {State.ADMIT_SUBMITTED, State.RETURN_SUBMITTED})
    taken = taken_by_officers(p.pk for p in waiting)
    free = [p for p in waiting if p.pk not in taken]
    if not free:
        raise Refusal("没有可以撤回的档案：招办已在审核或已审核完毕。", hint="如须更正请联系生源地招办。")
    subject = f"撤回投档单 {sheet.number}"
    for step, state in (
        ("withdraw_admission", State.ADMIT_SUBMITTED),
        ("withdraw_return", State.RETURN_SUBMITTED),
    ):
        some = [p for p in free if p.state == state]
        dossiers_move(actor=actor, step=step, moves=_moves(some), subject=subject)
    Sheet.objects.filter(pk=sheet.pk).update(submitted_at=None)
    return len(free)


def taken_by_officers(placements: Iterable[int]) -> set[int]:
    """Those of some placements that an officer has taken for audit and not laid back.

    Args:
        placements: primary keys; their dossiers are locked, so that nobody takes them meanwhile.
    """
    since = timezone.now() - timedelta(minutes=ReviewTake.MINUTES)
    takes = ReviewTake.objects.filter(placement_id__in=list(placements), taken_at__gte=since)
    return set(takes.values_list("pk", flat=True))


def _moves(placements: list[Placement]) -> list[Move]:
    return [Move(p.candidate_id, reason=p.reason_id, note=p.reason_words) for p in placements]
