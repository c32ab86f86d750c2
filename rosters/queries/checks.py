"""What is looked at before a roster is printed: each check passes, or names who is concerned."""

from dataclasses import astuple

from admissions.lifecycle import State
from admissions.models import Major, School, Season
from admissions.queries.checks import Check
from dispatch.models import Placement
from registration.models import Enrolment

from ..documents.errors import FontsMissing
from ..documents.glyphs import glyphs_missing, spelled
from ..numbers import id_number_fault
from .roster_rows import registered_in, roster_sections

RESIDENT = "1"


def roster_checks(season: Season, school: School, stage: int) -> list[Check]:
    """All checks of a school's roster, as things stand now.

    Args:
        season: of the admissions.
        school: whose roster.
        stage: of the season.
    """
    enrolled = Enrolment.objects.filter(season=season, school=school, stage=stage)
    printed = registered_in(season, school, stage).count()
    return [
        _registered_only(enrolled),
        _counts(season, school, printed),
        *_rows(season, school, stage),
    ]


def _registered_only(enrolled) -> Check:
    wrong = enrolled.exclude(candidate__dossier__state=State.REGISTERED).select_related("candidate__dossier")
    people = [f"{e.candidate}：{e.candidate.dossier.word}" for e in wrong]
    return Check("只含已注册考生", f"已注册 {enrolled.count() - len(people)} 名", people)


def _counts(season: Season, school: School, printed: int) -> Check:
    """Every registered dossier of the school stands in exactly one of its rosters."""
    dossiers = Placement.objects.filter(
        season=season,
        school=school,
        closed_at__isnull=True,
        candidate__dossier__state=State.REGISTERED,
        candidate__dossier__school=school,
    )
    total = dossiers.count()
    missing = dossiers.filter(candidate__enrolment__isnull=True).select_related("candidate")
    people = [f"{placement.candidate}：已注册而无注册记录" for placement in missing]
    enrolled = Enrolment.objects.filter(season=season, school=school).count()
    if not people and enrolled != total:
        people = [f"注册记录 {enrolled} 条，已注册档案 {total} 份"]
    return Check("人数与数据库一致", f"本册 {printed} 人，全校已注册 {total} 人", people)


def _rows(season: Season, school: School, stage: int) -> list[Check]:
    digits = Check("身份证号校验")
    twice = Check("身份证号不重复")
    majors = Check("专业在专业目录中", blocks=False)
    glyphs = Check("生僻字可以打印")
    catalogue = set(Major.objects.values_list("code", flat=True))
    numbers: dict[str, str] = {}
    rare: set[str] = set()
    count = others = sections = 0
    for section, entries in roster_sections(season, school, stage):
        sections += 1
        # Six digits are a code of the national catalogue; provinces number majors on choice forms by fewer.
        national = school.kind != School.Kind.SKILLED and len(section.major_code) == 6
        if national and section.major_code not in catalogue:
            majors.people.append(
                f"{section.major_code} {section.major_name}：本平台所载目录中没有此专业，请核对代码"
            )
        for entry in entries:
            count += 1
            row = entry.row
            who = f"{row.candidate_number} {row.name}"
            if entry.id_type != RESIDENT:
                others += 1
            elif fault := id_number_fault(row.id_number, sex=entry.sex, born=entry.born):
                digits.people.append(f"{who}：{fault}")
            if row.id_number in numbers:
                twice.people.append(f"{who}：与 {numbers[row.id_number]} 相同")
            numbers.setdefault(row.id_number, row.candidate_number)
            text = "".join(map(str, astuple(row)))
            rare.update(
                character
                for character in row.name
                if ord(character) > 0x9FFF or "\u3400" <= character < "\u4e00"
            )
            try:
                if missing := glyphs_missing(text):
                    glyphs.people.append(f"{who}：缺字 {spelled(missing)}")
            except FontsMissing as error:
                glyphs.people = [str(error)]
    digits.words = f"核对 {count - others} 名" + (f"，其他证件 {others} 名不核对" if others else "")
    twice.words = f"{len(numbers)} 个证件号码"
    majors.words = f"{sections} 个专业"
    glyphs.words = f"含生僻字：{'、'.join(sorted(rare))}" if rare else "没有生僻字"
    return [digits, twice, majors, glyphs]
