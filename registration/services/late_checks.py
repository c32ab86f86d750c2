"""What is checked of a late candidate: at once when he is entered, again at the audit, again when he is admitted.

Nobody is told where a person is, only that he is somewhere: the school may know no more than that it cannot
have him (domain.md §4.7).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import prefetch_related_objects

from accounts.context import unwalled
from admissions.deadlines import Calendar, Place
from admissions.imports.blocks import Block
from admissions.imports.findings import Fault, Findings
from admissions.imports.persons import IdentityCheck, NameCheck, contact_checks
from admissions.lifecycle import FREE, State
from admissions.models import Candidate, Request, Season, Window
from admissions.reference import limit_of
from admissions.services.requests import Check, Light
from admissions.services.windows import closed_words
from quotas.models import PlanLine

from ..entries import KEY, Entry
from .seats import lines_asked, why_shut

TITLES = ("证件", "考生库", "录取", "重复", "计划", "时间")
#: The stage in which schools look for candidates themselves (粤招办〔2021〕28号 二（二）).
STAGE = 2
HEADERS = {
    "id_number": "证件号码", "name": "姓名", "sex": "性别", "born_on": "出生日期", "phone": "联系电话",
}  # fmt: skip
AGES = (("from", 14), ("to", 60))
TWICE = "同一证件号码已有学校补录，正在审核"
NAMESAKE = "考生库中有姓名、性别、出生日期都相同而证件号码不同的考生，请核实是否同一人"
GREEN, YELLOW, RED = Light.GREEN, Light.YELLOW, Light.RED


@dataclass(frozen=True, slots=True)
class Case:
    """An entry with what it belongs to.

    Attributes:
        key: of its request, 0 if there is none yet.
        entry: the person.
        season: of the request.
        school: key of the school that enters him.
        submitted: whether it waits for the audit; until then the stage must be open, afterwards the
            registration.
    """

    key: int
    entry: Entry
    season: Season
    school: int
    submitted: bool = False

    @classmethod
    def of(cls, request: Request) -> "Case":
        """The case of a request."""
        submitted = request.state == Request.State.SUBMITTED
        return cls(request.pk, Entry.of(request), request.season, request.school_id, submitted)


def cases_of(requests: Sequence[Request]) -> list[Case]:
    """The cases of some requests, their seasons asked for once."""
    prefetch_related_objects(requests, "season")
    return [Case.of(request) for request in requests]


class AgeCheck:
    """出生日期: as old in the year of the season as the province's rule asks.

    Args:
        season: whose province sets the ages.
    """

    def __init__(self, season: Season):
        first, last = (limit_of(season.province, f"late_age_{end}", default) for end, default in AGES)
        self.years = range(season.year - last, season.year - first + 1)
        self.fault = Fault("late_age", f"补录考生应为 {first} 至 {last} 周岁", "请与证件核对。")

    def check(self, block: Block, findings: Findings) -> None:
        for i, born in enumerate(block.column("born_on")):
            if born and int(born[:4]) not in self.years:
                findings.add(self.fault, block.headers["born_on"], block.numbers[i], born)


def person_checks(season: Season) -> tuple:
    """Checks of a person alone, without the database; those of forms and those of files."""
    return (IdentityCheck(), NameCheck(), AgeCheck(season), *contact_checks())


def late_checks(cases: Sequence[Case]) -> dict[int, tuple[Check, ...]]:
    """证件, 考生库, 录取, 重复, 计划, 时间 of each, in a bounded number of queries."""
    faults = _faults(cases)
    with unwalled():
        known, namesakes = _known(cases), _namesakes(cases)
        twins = _twins([case for case in cases if not case.submitted])
        lines = lines_asked(case.entry.line for case in cases)
    calendars = _calendars(cases)
    return {
        case.key: (
            Check(RED, "；".join(faults[place])) if place in faults else Check(GREEN, "校验通过"),
            *_check_known(case, known.get(case.entry.id_number, ()), _person(case) in namesakes),
            Check(RED, TWICE)
            if (case.season.pk, case.entry.subject) in twins
            else Check(GREEN, "没有其他补录"),
            _check_line(case, lines.get(case.entry.line)),
            _check_time(case, lines.get(case.entry.line), calendars),
        )
        for place, case in enumerate(cases, 1)
    }


def _faults(cases: Sequence[Case]) -> dict[int, list[str]]:
    """What is wrong with each person by himself, by his place from 1."""
    if not cases:
        return {}
    names = ("name", "sex", "id_type", "id_number", "born_on", "phone")
    values = {name: [getattr(case.entry, name) for case in cases] for name in names}
    block = Block(range(1, len(cases) + 1), texts=values, values=values, headers=HEADERS)
    findings = Findings()
    for check in person_checks(cases[0].season):
        check.check(block, findings)
    return findings.reasons


def _known(cases: Iterable[Case]) -> dict[str, list[tuple]]:
    """Candidates of the province with the same number, of whatever document and season, by number."""
    numbers = {case.entry.id_number for case in cases}
    provinces = {case.season.province for case in cases}
    rows = Candidate.objects.filter(id_number__in=numbers, province__in=provinces).order_by("pk")
    found: dict[str, list[tuple]] = {}
    for number, *rest in rows.values_list(
        "id_number", "season", "season__year", "dossier__state", "dossier__school", "enrolment"
    ):
        found.setdefault(number, []).append(tuple(rest))
    return found


def _person(case: Case) -> tuple:
    entry = case.entry
    return case.season.pk, entry.name, entry.sex, entry.born_on


def _namesakes(cases: Iterable[Case]) -> set[tuple]:
    """Who of the season has the name, sex and date of birth of one of the cases, by whatever document."""
    cases = list(cases)
    rows = Candidate.objects.filter(
        name__in={case.entry.name for case in cases},
        season__in={case.season.pk for case in cases},
        born_on__in={case.entry.born_on for case in cases},
    )
    found = rows.values_list("season", "name", "sex", "born_on")
    return {(season, name, sex, born.isoformat()) for season, name, sex, born in found}


def _check_known(case: Case, known: Sequence[tuple], namesake: bool) -> tuple[Check, Check]:
    """考生库 and 录取; a namesake is perhaps the same person with another document, which a person must look at."""
    roll = Check(YELLOW, NAMESAKE) if namesake else Check(GREEN, "不在考生库中")
    admitted = Check(GREEN, "未被录取")
    for season, year, state, school, enrolment in known:
        if season != case.season.pk:
            if enrolment is not None:
                admitted = Check(YELLOW, f"{year} 年已在本省注册入学，请核实是否退学")
            continue
        roll = Check(RED, "本年度考生库中已有该证件号码的考生，请用“录取在库考生”办理")
        if state not in FREE:
            where = "贵校" if school == case.school else "本省其他学校"
            roll = Check(RED, "本年度考生库中已有该证件号码的考生")
            admitted = Check(RED, f"已投档、录取或注册在{where}")
        elif state == State.EXCLUDED:
            admitted = Check(RED, "已被普通高中录取或不参加本次录取")
        break
    return roll, admitted


def _twins(cases: Sequence[Case]) -> set[tuple[int, str]]:
    """Season and subject of drafts that somebody has submitted already; the index of requests admits no two."""
    if not cases:
        return set()
    rows = Request.objects.filter(kind=KEY, state=Request.State.SUBMITTED)
    rows = rows.filter(
        season__in={case.season.pk for case in cases}, subject__in={case.entry.subject for case in cases}
    )
    return set(rows.values_list("season", "subject"))


def _check_line(case: Case, line: PlanLine | None) -> Check:
    if line is None or (line.school_id, line.season_id) != (case.school, case.season.pk):
        return Check(RED, "招生计划已不存在")
    if line.city != case.entry.city:
        return Check(RED, "计划不面向该考生的生源地市")
    shut = why_shut(line)
    return Check(RED, shut) if shut else Check(GREEN, f"余 {line.seats_left} 个")


def _calendars(cases: Sequence[Case]) -> dict[tuple[int, str], Calendar]:
    """By season and kind of window."""
    rows = Window.objects.filter(season__in={case.season.pk for case in cases}, stage=STAGE)
    found: dict[tuple[int, str], list[Window]] = {}
    for window in rows.select_related("batch"):
        found.setdefault((window.season_id, window.kind), []).append(window)
    return {key: Calendar(tuple(windows)) for key, windows in found.items()}


def _check_time(case: Case, line: PlanLine | None, calendars: dict[tuple[int, str], Calendar]) -> Check:
    def over(kind: str, *place) -> Window | None:
        return calendars.get((case.season.pk, kind), Calendar(())).over(Place(STAGE, *place))

    if not case.submitted:
        kind = Window.Kind.DISPATCH
        why = closed_words(over(kind), kind, STAGE)
        return Check(RED, why.rstrip("。")) if why else Check(GREEN, "第二阶段进行中")
    kind = Window.Kind.REGISTRATION
    window = over(kind, case.entry.city, line.batch_id, line.kind) if line else over(kind)
    if window is not None and window.has_closed:
        return Check(RED, f"{closed_words(window, kind, STAGE).rstrip('。')}，录取后无法注册")
    return Check(GREEN, "注册尚未截止")
