"""补录: the city's approval gives a person of the second stage his number, his dossier and his place.

粤招办〔2021〕28号 四（二）2: after the audit the system makes the number and tells the school; 二（二）: schools look
for candidates themselves in the second stage.
"""

from collections.abc import Mapping, Sequence

from django.db import connection, transaction
from django.utils import timezone

from accounts.context import unwalled
from accounts.models import User
from accounts.refusals import Refusal
from admissions.models import Candidate, Dossier, Request
from admissions.services.dossiers import Move, dossiers_move
from admissions.services.requests import Light
from dispatch.models import Placement
from dispatch.services.school import batch_must_not_be_paused, batches_must_hold_still
from quotas.models import PlanLine
from quotas.services import seats_take

from ..models import LateCandidate
from .late_checks import TITLES, Case, cases_of, late_checks
from .numbers import counters_lock, number_issue
from .transfers import lines_locked

STEP = "admit_late_candidate"


@transaction.atomic
def late_candidate_admit(*, actor: User, request: Request) -> LateCandidate:
    """Give a late candidate his number, make his dossier, admit him to the plan line: all of it or nothing.

    Args:
        actor: of the office of the source city, who approves.
        request: 补录考生档案, agreed by all.

    Returns:
        the late candidate with his number.

    Raises:
        SeatsExhausted: if the line is full.
        Refusal: if a check of his is red now, or no number can be issued.
    """
    case = Case.of(request)
    entry = case.entry
    with unwalled():
        line = PlanLine.objects.select_related("school").filter(pk=entry.line).first()
        if line is not None:
            batch_must_not_be_paused(line.batch_id)
        person_lock(case)
        _require_no_red(case)
        number = number_issue(season=case.season, county=entry.county)
        where = {"province": entry.county[:2], "city": entry.city, "county": entry.county}
        candidate = Candidate.objects.create(
            season=case.season,
            number=number,
            name=entry.name,
            sex=entry.sex,
            id_type=entry.id_type,
            id_number=entry.id_number,
            born_on=entry.born_on,
            ethnic_group_id=entry.ethnic_group,
            political_status=entry.political_status,
            phone=entry.phone,
            address=entry.address,
            guardian=entry.guardian,
            **where,
        )
        Dossier.objects.create(candidate=candidate, season=case.season, **where)
        now = timezone.now()
        placement = Placement.objects.create(
            candidate=candidate,
            season=case.season,
            batch_id=line.batch_id,
            school=line.school,
            supervisor=line.school.supervisor,
            method=Placement.Method.LATE,
            plan_line=line,
            decided_by=actor,
            decided_at=now,
            **where,
        )
        dossiers_move(
            actor=actor,
            step=STEP,
            moves=[Move(candidate.pk, placement=placement.pk, school=line.school_id)],
            subject=f"补录录取 {number} {entry.name}",
            note=f"专业：{line.major_name}；经办人 {entry.handler}（申请 {request.number}）",
        )
        seats_take(wanted={line.pk: 1})
        Request.objects.filter(pk=request.pk).update(candidate=candidate)
        request.candidate = candidate
        return LateCandidate.objects.create(
            candidate=candidate,
            request=request,
            season=case.season,
            school=line.school,
            number=number,
            category=request.reason,
            graduated_from=entry.graduated_from,
            graduated_in=entry.graduated_in,
            handler=entry.handler,
        )


def late_candidates_lock(requests: Sequence[Request]) -> None:
    """Lock what several admissions will change: batches, persons, counters, plan lines, each in one order."""
    cases = cases_of(requests)
    with unwalled():
        lines = PlanLine.objects.filter(pk__in=[case.entry.line for case in cases])
        batches_must_hold_still(lines.values_list("batch", flat=True))
        for case in sorted(cases, key=lambda case: case.entry.id_number):
            person_lock(case)
        for season, counties in _by_season(cases).items():
            counters_lock(season, counties)
        lines_locked(case.entry.line for case in cases)


def person_lock(case: Case) -> None:
    """Let nobody else give the same person a number until this transaction ends."""
    with connection.cursor() as cursor:
        key = f"late:{case.season.pk}:{case.entry.id_number}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])


def _require_no_red(case: Case) -> None:
    checks = zip(TITLES, late_checks([case])[case.key], strict=True)
    if faults := [f"{title}：{check.words}" for title, check in checks if check.light == Light.RED]:
        raise Refusal(f"{'；'.join(faults)}。没有派号。")


def _by_season(cases: Sequence[Case]) -> Mapping:
    found: dict = {}
    for case in cases:
        found.setdefault(case.season, set()).add(case.entry.county)
    return found
