"""Transfers: students of the first school, a line of the second for the same city, and who decides."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from accounts.models import User
from admissions.models import Candidate, Request
from admissions.services import requests as services
from dispatch.models import Placement
from quotas.models import PlanLine
from registration.models import LateCandidate
from tests import factories
from tests.factories_registration import admit, make_window
from tests.factories_requests import drafted, submitted

TRANSFER = "registration.request_transfer"


@pytest.fixture
def other_reviewer(cast):
    """深圳市, reviewing only."""
    return factories.make_user("sz-reviewer", factories.make_organisation("4403"), "reviewing")


@dataclass(frozen=True)
class Transfer:
    """Three students of the first school (old), and what is needed to ask for one at the second (new).

    Attributes:
        old, new: leaders of the two schools; reviewer: of the source city, 广州.
        placements: of the students; student: the first of them.
        old_line, line: where the students are, and where they would go (one seat).
    """

    old: User
    new: User
    reviewer: User
    placements: list[Placement]
    student: Candidate
    old_line: PlanLine
    line: PlanLine

    def values(self, **more) -> dict:
        """Of the form."""
        student = self.student
        asked = {"number": student.number, "proof": student.name, "line": self.line.pk}
        return asked | {"reason": "X01", "words": ""} | more

    def draft(self, **more) -> Request:
        return drafted(self.new, TRANSFER, self.values(**more), with_paper=True)

    def ask(self, **more) -> Request:
        """Submitted, with the signed application."""
        return submitted(self.new, TRANSFER, self.values(**more), with_paper=True)

    def consented(self, **more) -> Request:
        """Submitted, and the old school has agreed."""
        row = self.ask(**more)
        services.request_approve(actor=self.old, request=row.pk)
        return row

    def seats(self) -> tuple[int, int]:
        """Taken of the old line and of the new one."""
        keys = (self.old_line.pk, self.line.pk)
        return tuple(PlanLine.objects.get(pk=key).seats_taken for key in keys)


@pytest.fixture
def transfer(cast, season, plan_line, schools, batch, make_candidates):
    make_window(season)
    placements = admit(make_candidates(3), plan_line)
    line = factories.make_plan_line(schools[1], batch, seats=1)
    return Transfer(
        old=cast.school,
        new=cast.other_school,
        reviewer=cast.reviewer,
        placements=placements,
        student=placements[0].candidate,
        old_line=plan_line,
        line=line,
    )


LATE = "registration.enter_late_candidate"
DIGITS = "一二三四五六七八九十"


@dataclass(frozen=True)
class Late:
    """The second stage is open; a school enters people for a line of its own.

    Attributes:
        school: leader who enters; reviewer: of the source city, 广州; line: two seats.
    """

    school: User
    reviewer: User
    line: PlanLine

    def values(self, serial: int = 1, **more) -> dict:
        """Of the form: one person a serial number."""
        born = date(2000, 5, 1)
        values = {
            "name": f"陈{DIGITS[serial % 10]}{DIGITS[serial // 10] if serial > 9 else ''}明", "sex": "1", "id_type": "1",
            "id_number": factories.id_number(serial, born=born), "born_on": born.isoformat(),
            "ethnic_group": "01", "county": "440103", "line": self.line.pk, "handler": "王老师", "reason": "L01",
            "graduated_from": "荔湾区第一中学", "graduated_in": "2016", "words": "",
        }  # fmt: skip
        return values | more

    def draft(self, serial: int = 1, *, actor: User | None = None, **more) -> Request:
        return drafted(actor or self.school, LATE, self.values(serial, **more))

    def enter(self, serial: int = 1, *, actor: User | None = None, **more) -> Request:
        """Submitted."""
        return submitted(actor or self.school, LATE, self.values(serial, **more))

    def admitted(self, serial: int = 1, **more) -> LateCandidate:
        """Entered and approved."""
        row = self.enter(serial, **more)
        services.request_approve(actor=self.reviewer, request=row.pk)
        return LateCandidate.objects.get(request=row)


@pytest.fixture
def late(cast, season, plan_line):
    make_window(season, "dispatch", 1, opens=timedelta(days=-40), closes=timedelta(days=-30))
    make_window(season, "registration", 1, opens=timedelta(days=-40), closes=timedelta(days=-5))
    make_window(season, "dispatch", 2, opens=timedelta(days=-5), closes=timedelta(days=60))
    make_window(season, "registration", 2, opens=timedelta(days=-5), closes=timedelta(days=61))
    PlanLine.objects.filter(pk=plan_line.pk).update(seats_planned=2)
    return Late(school=cast.school, reviewer=cast.reviewer, line=plan_line)
