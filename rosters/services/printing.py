"""Printing rosters: checks, a job for each school, a version that never changes (打印录取名册)."""

from collections.abc import Iterable
from functools import cache

from django.db import transaction
from django.utils import timezone

from accounts.context import deed_record
from accounts.models import Organisation, User
from accounts.refusals import Refusal
from admissions import reference
from admissions.jobs import Progress, job_start
from admissions.models import Job, Region, School, Season, Window
from admissions.services.windows import STAGES, closed_words, season_of, windows_of

from ..documents.errors import CannotPrint, FontsMissing, NothingToPrint
from ..documents.roster import RosterHeader, render_roster
from ..models import Roster
from ..numbers import print_batch
from ..queries.checks import roster_checks
from ..queries.roster_rows import content_digest, registered_in, roster_sections
from ..queries.schools import schools_printed_by
from .files import is_intact, new_path

FUNCTION = "rosters.print_vocational_roster"
TASK = "rosters.tasks.roster_print"
WORKERS = 2
COPIES = 3
#: More schools at once are checked by their jobs only, each of which tells what is wrong.
CHECKED_AT_ONCE = 10


def printing_require(season: Season, stage: int) -> None:
    """Refuse outside of the printing window, where the province has set one (粤招办〔2021〕28号 二（四）).

    Raises:
        Refusal: naming its dates.
    """
    window = windows_of(season, Window.Kind.PRINTING).get(stage)
    if window is not None and (why := closed_words(window, Window.Kind.PRINTING, stage)):
        raise Refusal(why, hint="时间由省招办设置。")


@transaction.atomic
def rosters_print_start(*, actor: User, schools: Iterable[School], stage: int) -> list[Job]:
    """Start printing the rosters of schools that the actor's office supervises.

    Args:
        actor: of the supervising office.
        schools: each gets a job of its own.
        stage: of the current season.

    Returns:
        the jobs.

    Raises:
        Refusal: outside of the printing window, if a school is not supervised by the actor's office,
            has nobody registered, or is being printed; up to ``CHECKED_AT_ONCE`` schools also if one
            fails a check.
    """
    season = season_of(actor)
    printing_require(season, stage)
    jobs = []
    own = set(schools_printed_by(actor).values_list("pk", flat=True))
    schools = sorted(schools, key=lambda school: school.pk)
    for school in schools:
        if school.pk not in own:
            raise Refusal(f"{school.name}不由您单位主管，不能打印其名册。")
        if not registered_in(season, school, stage).exists():
            raise Refusal(f"{school.name}没有已注册的新生，未报到注册的考生不能打印录取名册。")
        if len(schools) <= CHECKED_AT_ONCE:
            _require_checks(season, school, stage)
        roster = roster_queue(
            actor=actor, season=season, school=school, kind=Roster.Kind.VOCATIONAL, stage=stage
        )
        jobs.append(
            job_start(
                actor=actor,
                function=FUNCTION,
                title=f"打印录取名册：{school.name}，{STAGES[stage]}",
                task=TASK,
                subject=roster.pk,
            )
        )
    deed_record(actor=actor, subject=f"打印录取名册 {len(jobs)} 所院校", count=len(jobs))
    return jobs


def roster_queue(*, actor: User, season: Season, school: School, kind: str, stage: int, **values) -> Roster:
    """The next version of a document, queued; one that failed before is taken up again.

    Args:
        actor: who prints.
        season, school, kind, stage: what.
        values: other columns.
    """
    School.objects.select_for_update(of=("self",), no_key=True).get(pk=school.pk)
    same = {"season": season, "school": school, "kind": kind, "stage": stage}
    last = Roster.objects.filter(**same).order_by("-version").first()
    if last is not None and last.state == Roster.State.QUEUED:
        values |= {"printed_by": actor}
        Roster.objects.filter(pk=last.pk).update(**values)
        last.refresh_from_db()
        return last
    version = last.version + 1 if last else 1
    return Roster.objects.create(**same, version=version, printed_by=actor, **values)


def roster_print(*, roster: Roster, progress: Progress | None = None) -> str:
    """Print a queued roster; call it in a transaction.

    A new version is made only if what it says has changed since the last one.

    Args:
        roster: queued; its row goes if nothing has changed.
        progress: told what is being done.

    Returns:
        what happened, in words.

    Raises:
        Refusal: if a check fails or something cannot be printed; every fault is named.
    """
    tell = progress or (lambda done, total, words="": None)
    roster = (
        Roster.objects.select_for_update(of=("self",), no_key=True)
        .select_related("season", "school")
        .get(pk=roster.pk)
    )
    if roster.state != Roster.State.QUEUED:
        return f"{roster}已经打印。"
    season, school, stage = roster.season, roster.school, roster.stage
    tell(0, 3, "打印前检查")
    _require_checks(season, school, stage)
    tell(1, 3, "比对内容")
    content, students = content_digest(roster_sections(season, school, stage))
    last = _last_printed(roster)
    if last is not None and last.content == content and is_intact(last):
        roster.delete()
        return f"内容与第 {last.version} 版完全相同，未生成新版（摘要 {last.digest[:16]}）。"
    tell(2, 3, "排版")
    roster.printed_at = timezone.now()
    sections = (
        (section, (entry.row for entry in entries))
        for section, entries in roster_sections(season, school, stage)
    )
    name, path = new_path()
    try:
        printed = render_roster(header_of(roster), sections, out=path, workers=WORKERS)
        if printed.rows != students:
            raise Refusal("打印期间注册数据有变动，请重新打印。")
        roster.path, roster.digest, roster.content = name, printed.sha256, content
        roster.pages, roster.students = printed.pages, printed.rows
        roster.parameters = {"page_digests": [digest[:16] for digest in printed.page_digests]}
        roster.state = Roster.State.PRINTED
        roster.save()
        tell(3, 3, "完成")
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, (CannotPrint, NothingToPrint, FontsMissing)):
            raise Refusal(str(error)) from error
        raise
    deed_record(
        actor=roster.printed_by,
        subject=f"生成 {roster}",
        count=printed.rows,
        note=f"{printed.pages} 页，摘要 {printed.sha256}",
    )
    return (
        f"已打印第 {roster.version} 版：{printed.rows} 人，{printed.pages} 页，摘要 {printed.sha256[:16]}。"
    )


def header_of(roster: Roster) -> RosterHeader:
    """What all pages of a roster share; the same row gives the same header."""
    season, school = roster.season, roster.school
    province = _region_name(season.province)
    kind = "技工院校" if school.kind == School.Kind.SKILLED else "中等职业学校"
    office = (
        Organisation.objects.filter(region=school.supervisor).exclude(kind=Organisation.Kind.SCHOOL).first()
    )
    ours = office.name if office else f"{_region_name(school.supervisor)}招生办公室"
    seals = ["省招生办公室（录取专用章）", "学校（盖章）"]
    if len(school.supervisor) > 2:
        seals.insert(1, "市招生办公室（盖章）")
    return RosterHeader(
        province=province,
        title=f"{province}{season.year}年{kind}录取新生名册",
        school_code=school.code,
        school_name=school.name,
        stage=STAGES.get(roster.stage, f"第 {roster.stage} 阶段"),
        print_batch=print_batch(
            year=season.year, stage=roster.stage, school_code=school.code, version=roster.version
        ),
        version=roster.version,
        printed_at=timezone.localtime(roster.printed_at),
        filing_office=ours,
        copies=_copies(roster),
        seals=tuple(seals),
    )


def _copies(roster: Roster) -> int:
    """As many as the kinds of plan in it ask for (鲁招考〔2019〕46号 附件4: four where colleges are paired)."""
    kinds = (
        registered_in(roster.season, roster.school, roster.stage).order_by().values_list("plan_line__kind")
    )
    copies = _kind_copies()
    return max([COPIES, *(copies.get(kind, COPIES) for (kind,) in kinds.distinct())])


@cache
def _kind_copies() -> dict[str, int]:
    return {kind.code: kind.copies for kind in reference.plan_kinds()}


def _region_name(code: str) -> str:
    return Region.objects.filter(pk=code).values_list("name", flat=True).first() or code


def _last_printed(roster: Roster) -> Roster | None:
    done = Roster.objects.filter(
        season=roster.season, school=roster.school, kind=roster.kind, stage=roster.stage
    ).exclude(state=Roster.State.QUEUED)
    return done.order_by("-version").first()


def _require_checks(season: Season, school: School, stage: int) -> None:
    failed = [check for check in roster_checks(season, school, stage) if check.blocks and not check.passes]
    if failed:
        words = "；".join(f"{check.title}：{'，'.join(check.people[:3])}" for check in failed)
        raise Refusal(f"{school.name}的名册未通过检查：{words}。")
