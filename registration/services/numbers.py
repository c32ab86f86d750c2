"""派号: numbers of late candidates by the pattern of their city (粤招办〔2021〕28号 四（二）2).

The row of the counter is locked from the first number to the end of the transaction, so that no two get the same;
a number that a base roll holds already is passed over.
"""

from collections.abc import Iterable

from django.db import connection

from accounts.refusals import Refusal
from admissions.models import Candidate, Season
from admissions.reference import LATE_NUMBER, late_number_of

from ..models import LateCounter


def head_and_width(season: Season, county: str) -> tuple[str, int]:
    """The fixed part of numbers of a county, and how many digits follow it.

    Args:
        season: of the numbers.
        county: six digits.

    Raises:
        Refusal: if the city's pack sets no pattern.
    """
    found = LATE_NUMBER.fullmatch(late_number_of(county[:4]))
    if found is None:
        raise Refusal(
            "生源地市没有设置补录考生号的编码规则，不能派号。", hint="请联系省招办在本省规则中设置。"
        )
    year = f"{season.year:04d}"
    parts = {"{yyyy}": year, "{yy}": year[2:], "{region6}": county, "{region4}": county[:4]}
    head = found["head"]
    for name, value in parts.items():
        head = head.replace(name, value)
    return head, int(found["width"])


def counters_lock(season: Season, counties: Iterable[str]) -> None:
    """Lock the counters of several counties in one order; call it before numbers are issued to many."""
    heads = sorted({head_and_width(season, county)[0] for county in counties})
    LateCounter.objects.bulk_create(
        [LateCounter(season=season, head=head) for head in heads], ignore_conflicts=True
    )
    rows = LateCounter.objects.select_for_update(no_key=True).filter(season=season, head__in=heads)
    list(rows.order_by("head").values_list("pk"))


def number_issue(*, season: Season, county: str) -> str:
    """The next number of a county; call it in the transaction that makes the candidate, outside of the wall.

    Args:
        season: of the candidate.
        county: six digits.

    Raises:
        Refusal: if the city has no pattern, or its serial numbers are used up.
    """
    head, width = head_and_width(season, county)
    while True:
        serial = _next(season, head)
        if serial >= 10**width:
            raise Refusal(f"号段 {head} 已用完，不能派号。", hint="请联系省招办调整编码规则。")
        number = f"{head}{serial:0{width}d}"
        if not Candidate.objects.filter(season=season, number=number).exists():
            return number


def _next(season: Season, head: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO registration_latecounter (season_id, head, last) VALUES (%s, %s, 1)"
            " ON CONFLICT (season_id, head) DO UPDATE SET last = registration_latecounter.last + 1"
            " RETURNING last",
            [season.pk, head],
        )
        return cursor.fetchone()[0]
