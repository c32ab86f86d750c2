"""A school with five registered students, three of whose names are hard to print, and one only admitted."""

import pytest

from admissions.models import Candidate
from rosters.models import Roster
from rosters.services.printing import roster_print, rosters_print_start
from tests.factories_registration import RARE, admit, make_window, register


@pytest.fixture
def students(cast, season, plan_line, make_candidates):
    make_window(season)
    candidates = make_candidates(6)
    for candidate, name in zip(candidates, RARE, strict=False):
        Candidate.objects.filter(pk=candidate.pk).update(name=name)
    placements = admit(candidates, plan_line)
    register(placements[:5], cast.school)
    return placements


@pytest.fixture
def print_now(cast, schools):
    """Print the first school's roster at once; gives the words of the job."""

    def run() -> str:
        rosters_print_start(actor=cast.city, schools=[schools[0]], stage=1)
        return roster_print(roster=Roster.objects.order_by("-pk").first())

    return run


@pytest.fixture
def roster(students, print_now):
    print_now()
    return Roster.objects.get()
