"""The list of the reading page: its filters, its pages, and which dossier comes before and after."""

from collections.abc import Iterator, Sequence
from urllib.parse import urlencode

from django.http import HttpResponse, QueryDict
from django.utils import timezone

from accounts.context import deed_record
from accounts.models import User
from accounts.refusals import Refusal
from accounts.views.lists import EXPORT_BOUND
from accounts.views.workbooks import workbook_response
from admissions.templatetags.words import marks, region_name

from ..models import HandOut, Placement, Sheet
from ..queries.sheets import SHOWN, lines_of
from ..services.answering import majors_named

PER_PAGE = 200
FILTERS = ("shown", "major", "member")
HEAD = (
    "位次", "考生号", "姓名", "性别", "生源县区", "毕业学校", "投档成绩", "志愿", "专业志愿", "服从调剂", "状态",
    "拟录取专业", "退档原因", "说明", "书面材料", "组员",
)  # fmt: skip


def filters_of(request) -> dict[str, str]:
    """The filters in force: of the address, or those that a form of the page carries as ``keep``."""
    given = QueryDict(request.POST["keep"]) if "keep" in request.POST else request.GET
    found = {name: given.get(name, "") for name in FILTERS}
    if found["shown"] not in SHOWN:
        found["shown"] = ""
    if not found["major"].isdecimal():
        found["major"] = ""
    return found


def keep_of(filters: dict[str, str]) -> str:
    """Filters as part of an address, without the empty ones."""
    return urlencode({name: value for name, value in filters.items() if value})


def of_member(rows, member: str):
    """Placements handed to a member, or those with the leader (``none``)."""
    handed = HandOut.objects.filter(member__isnull=False)
    if member == "none":
        return rows.exclude(pk__in=handed.values("pk"))
    return rows.filter(pk__in=handed.filter(member=int(member) if member.isdecimal() else 0).values("pk"))


def paging_of(keys: Sequence[int], *, page: str, asked: int | None) -> dict:
    """Which page of a list is shown, and the dossiers that the keyboard reaches beyond its ends.

    Args:
        keys: candidates of the whole filtered list, in order.
        page: number asked for, as the address gives it.
        asked: the candidate that is open.
    """
    pages = range(1, max(-(-len(keys) // PER_PAGE), 1) + 1)
    number = int(page) if page.isdecimal() else 0
    if number not in pages:
        number = keys.index(asked) // PER_PAGE + 1 if asked in keys else 1
    start = (number - 1) * PER_PAGE
    return {
        "pages": pages,
        "page_number": number,
        "listed": len(keys),
        "start": start,
        "before": keys[start - 1] if start else None,
        "after": keys[start + PER_PAGE] if start + PER_PAGE < len(keys) else None,
    }


def workbook_of(*, actor: User, sheet: Sheet, rows, filters: dict[str, str]) -> HttpResponse:
    """The filtered list as a workbook; looking at all of it is a deed.

    Raises:
        Refusal: if there are more rows than the bound of every list.
    """
    rows = list(rows.select_related("candidate__feeder_school")[: EXPORT_BOUND + 1])
    if len(rows) > EXPORT_BOUND:
        raise Refusal(f"结果超过 {EXPORT_BOUND} 行，请先缩小范围再导出。")
    deed_record(
        actor=actor, subject=f"导出投档单 {sheet.number} 档案", count=len(rows), note=keep_of(filters)
    )
    name = f"投档单-{sheet.number}-{timezone.localtime():%Y%m%d%H%M}.xlsx"
    return workbook_response(name, [HEAD, *_cells(sheet, rows)])


def _cells(sheet: Sheet, rows: Sequence[Placement]) -> Iterator[tuple]:
    majors, names = majors_named(rows), {line.major_code: line.major_name for line in lines_of(sheet)}
    for row in rows:
        person, dossier = row.candidate, row.candidate.dossier
        codes, adjusts = majors[row.pk]
        yield (
            row.rank, person.number, person.name, person.get_sex_display(), region_name(row.county),
            person.feeder_school.name if person.feeder_school else "", marks(row.dispatch_score),
            row.choice_position, "、".join(names.get(code, code) for code in codes),
            "服从" if adjusts else "不服从", f"{dossier.word}（挂起）" if dossier.held else dossier.word,
            row.plan_line.major_name if row.plan_line else "", row.reason.name if row.reason else "",
            row.reason_words, _paper_words(row), getattr(row, "member_name", None) or "",
        )  # fmt: skip


def _paper_words(row: Placement) -> str:
    if row.reason is None or not row.reason.needs_attachment:
        return ""
    return "已附" if row.papered else "缺"
