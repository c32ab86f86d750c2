"""Transfers: students of the first school, a line of the second for the same city, and who decides."""

from dataclasses import dataclass

import pytest

from accounts.models import User
from admissions.models import Candidate, Request
from admissions.services import requests as services
from dispatch.models import Placement
from quotas.models import PlanLine
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
