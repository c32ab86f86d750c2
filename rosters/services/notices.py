"""Printing admission notices (录取通知书, 粤招办〔2021〕28号 五): numbered, only for whoever is admitted."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import astuple
from functools import cache

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.context import deed_record
from accounts.models import User
from accounts.refusals import Refusal
from admissions import reference
from admissions.jobs import Progress, job_start
from admissions.models import Job, Region, School, Season
from admissions.services.windows import STAGES, season_of

from ..documents.errors import CannotPrint, FontsMissing, NothingToPrint
from ..documents.notice import Notice, render_notices
from ..models import NoticeNumber, Roster
from ..numbers import notice_number
from ..queries.notices import notices_due, numbers_of
from ..queries.roster_rows import years
from .files import is_intact, new_path
from .printing import roster_queue

FUNCTION = "rosters.print_notices"
TASK = "rosters.tasks.notices_print"
WORKERS = 2
#: What the school says once for all its notices.
SAID = ("principal", "report_date", "report_place", "materials", "school_phone", "issued_on", "verify_at")


@transaction.atomic
def notices_print_start(*, actor: User, stage: int, said: Mapping[str, str]) -> Job:
    """Start printing the notices of the actor's school.

    Args:
        actor: of the school.
        stage: of the current season.
        said: the values named in ``SAID``; ``verify_at`` is the address that verifies a notice, to
            which the number and its code are added.

    Raises:
        Refusal: if nobody is admitted, or the job is under way.
    """
    season = season_of(actor)
    school = School.objects.filter(pk__in=actor.scope.schools).order_by("pk").first()
    if school is None or not notices_due(actor, season, stage).exists():
        raise Refusal(f"{STAGES.get(stage, '')}没有已录取并确定专业的考生。")
    roster = roster_queue(
        actor=actor,
        season=season,
        school=school,
        kind=Roster.Kind.NOTICES,
        stage=stage,
        parameters={key: said.get(key, "") for key in SAID},
    )
    deed_record(actor=actor, subject=f"打印录取通知书，{STAGES[stage]}")
    return job_start(
        actor=actor,
        function=FUNCTION,
        title=f"打印录取通知书：{school.name}，{STAGES[stage]}",
        task=TASK,
        subject=roster.pk,
    )


def notices_print(*, roster: Roster, progress: Progress | None = None) -> str:
    """Print queued notices; call it in a transaction. The same notices are not printed twice.

    Args:
        roster: queued.
        progress: told what is being done.

    Returns:
        what happened, in words.

    Raises:
        Refusal: if something cannot be printed; every fault is named.
    """
    tell = progress or (lambda done, total, words="": None)
    rows = Roster.objects.select_for_update(of=("self",), no_key=True).select_related(
        "season", "school", "printed_by"
    )
    roster = rows.get(pk=roster.pk)
    if roster.state != Roster.State.QUEUED:
        return f"{roster}已经打印。"
    tell(0, 2, "编号")
    notices = _notices(roster)
    content = hashlib.sha256(
        json.dumps([astuple(n) for n in notices], ensure_ascii=False).encode()
    ).hexdigest()
    same = Roster.objects.filter(
        season=roster.season, school=roster.school, kind=roster.kind, stage=roster.stage, content=content
    )
    for last in same.exclude(state=Roster.State.QUEUED).order_by("-version")[:1]:
        if is_intact(last):
            roster.delete()
            return f"与第 {last.version} 次打印完全相同，请直接下载（摘要 {last.digest[:16]}）。"
    tell(1, 2, "排版")
    roster.printed_at = timezone.now()
    name, path = new_path()
    try:
        printed = render_notices(
            notices, path, workers=WORKERS, printed_at=timezone.localtime(roster.printed_at)
        )
        roster.path, roster.digest, roster.content = name, printed.sha256, content
        roster.pages, roster.students = printed.pages, printed.rows
        roster.state = Roster.State.PRINTED
        roster.save()
        tell(2, 2, "完成")
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, (CannotPrint, NothingToPrint, FontsMissing)):
            raise Refusal(str(error)) from error
        raise
    deed_record(actor=roster.printed_by, subject=f"生成 {roster}", count=printed.rows)
    return f"已打印 {printed.rows} 份录取通知书，{printed.pages} 页。"


def notices_number(*, season: Season, school: School, placements) -> dict[int, NoticeNumber]:
    """Give numbers to admissions that have none yet, in the order given; none is ever given twice.

    Args:
        season, school: of the admissions; the caller holds the lock on the school.
        placements: pairs of placement and candidate, primary keys.

    Returns:
        the numbers of all of them, by placement.
    """
    known = numbers_of([placement for placement, _ in placements])
    last = (
        NoticeNumber.objects.filter(season=season, school=school).aggregate(last=Max("serial"))["last"] or 0
    )
    fresh = [pair for pair in placements if pair[0] not in known]
    made = [
        NoticeNumber(
            placement_id=placement,
            candidate_id=candidate,
            season=season,
            school=school,
            serial=serial,
            number=notice_number(year=season.year, school_code=school.code, serial=serial),
        )
        for serial, (placement, candidate) in enumerate(fresh, last + 1)
    ]
    NoticeNumber.objects.bulk_create(made, batch_size=2000)
    return known | {row.placement_id: row for row in made}


def _notices(roster: Roster) -> list[Notice]:
    season, school, said = roster.season, roster.school, roster.parameters
    School.objects.select_for_update(of=("self",), no_key=True).get(pk=school.pk)
    rows = notices_due(roster.printed_by, season, roster.stage).filter(school=school)
    rows = list(rows)
    numbers = notices_number(season=season, school=school, placements=[(p.pk, p.candidate_id) for p in rows])
    province = Region.objects.get(pk=season.province).name
    kinds = _kinds()
    return [
        Notice(
            province=province,
            year=str(season.year),
            school=school.name,
            principal=said["principal"],
            notice_number=numbers[p.pk].number,
            candidate_number=p.candidate.number,
            name=p.candidate.name,
            sex=p.candidate.get_sex_display(),
            major=p.plan_line.major_name,
            study_length=years(p.plan_line.length),
            programme_type=kinds.get(p.plan_line.kind, "普通中专"),
            report_date=said["report_date"],
            report_place=said["report_place"],
            materials=said["materials"],
            costs=_costs(p.plan_line),
            school_phone=said["school_phone"],
            issued_on=said["issued_on"],
            verify_url=f"{said['verify_at']}{numbers[p.pk].number}/{numbers[p.pk].code}/",
        )
        for p in rows
    ]


def _costs(line) -> str:
    return (
        f"学费：{line.tuition} 元/年；住宿费：{line.boarding} 元/年。\n"
        "符合国家免学费和助学金政策的学生，入学后向学校申请。"
    )


@cache
def _kinds() -> dict[str, str]:
    return {kind.code: kind.name for kind in reference.plan_kinds()}
