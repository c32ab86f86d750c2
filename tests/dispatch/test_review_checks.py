"""System checks of the queue of admissions against what the rules of the kernel say, and over the wall."""

import random

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.urls import reverse

from accounts.context import walled
from admissions.lifecycle import State
from admissions.models import Candidate, Subject
from dispatch.lines import line_at, lines_of
from dispatch.models import ProvinceLine, RegionLine, SchoolCondition, SchoolLine
from dispatch.queries.waiting import admissions_waiting
from quotas.models import PlanLine
from tests.factories_dispatch import admitted_from_pool, placement_of, sheet_submitted, state_of
from tests.factories_registration import admit

PAGE = "dispatch:review_admissions"
KIND = "11"


@pytest.fixture
def candidates(make_candidates):
    return make_candidates(4)


@pytest.fixture
def sheet(cast, batch, schools, plan_line, candidates):
    PlanLine.objects.filter(pk=plan_line.pk).update(kind=KIND)
    return sheet_submitted(cast.city, cast.school, batch, schools[0], candidates)


@pytest.fixture
def from_pool(cast, sheet, plan_line, make_candidates):
    one = make_candidates(1)[0]
    admitted_from_pool(cast.school, one, plan_line)
    return one


def checked(cast, candidate):
    with walled(cast.reviewer.scope):
        return admissions_waiting(cast.reviewer).get(candidate=candidate)


@pytest.mark.parametrize("seed", range(12))
def test_the_line_is_that_of_the_kernel_and_of_the_schools_own(cast, sheet, candidates, batch, schools, seed):
    """Counties before the city, the kind before all kinds, never below the province's, whatever is set and is not."""
    dice = random.Random(seed)
    county, score = candidates[0].county, placement_of(candidates[0]).dispatch_score
    around = lambda: score + dice.choice((-1, 0, 1))  # noqa: E731
    for place in ("", county, "440199"):
        for kind in ("", KIND, "12"):
            if dice.random() < 0.4:
                RegionLine.objects.create(batch=batch, county=place, kind=kind, score=around())
        if dice.random() < 0.3:
            SchoolLine.objects.create(batch=batch, school=schools[0], county=place, score=around())
    for kind in ("", KIND, "12"):
        if dice.random() < 0.3:
            ProvinceLine.objects.create(season=batch.season, kind=kind, score=around())
    own = {line.county: line.score for line in SchoolLine.objects.filter(batch=batch, school=schools[0])}
    need = max(line_at(lines_of(batch), county, KIND), own.get(county, own.get("", 0)))
    assert checked(cast, candidates[0]).line_met is (score >= need)


def test_a_line_in_per_cent_is_rounded_up(cast, sheet, candidates, batch):
    score = placement_of(candidates[0]).dispatch_score
    Subject.objects.filter(season=batch.season, city=batch.city).delete()
    one = Subject.objects.create(
        season=batch.season, city=batch.city, code="all", name="全部", full_marks=score * 2, position=0
    )
    ProvinceLine.objects.create(season=batch.season, percent=50)
    assert checked(cast, candidates[0]).line_met is True
    one.full_marks = score * 2 + 1
    one.save()
    assert checked(cast, candidates[0]).line_met is False
    assert line_at(lines_of(batch), candidates[0].county, KIND) == score + 1


def test_the_provinces_lowest_line_holds_for_the_pool_too(cast, from_pool, batch):
    RegionLine.objects.create(batch=batch, score=from_pool.total + 100)  # of what is dispatched
    assert checked(cast, from_pool).green is True
    ProvinceLine.objects.create(season=batch.season, kind=KIND, score=from_pool.total + 1)
    row = checked(cast, from_pool)
    assert (row.line_met, row.green) == (False, False)


def test_conditions_are_for_a_person_where_no_run_has_looked_at_them(
    cast, sheet, from_pool, candidates, batch, schools, client_of
):
    assert checked(cast, from_pool).conditions_met is True
    SchoolCondition.objects.create(batch=batch, school=schools[0], group=1, kind="sex", demand="2")
    Candidate.objects.filter(pk=from_pool.pk).update(sex="1")
    assert checked(cast, from_pool).conditions_met is False
    assert checked(cast, candidates[0]).conditions_met is True
    client = client_of(cast.reviewer)
    page = client.get(reverse(f"{PAGE}__one", args=[placement_of(from_pool).pk])).content.decode()
    assert "性别要求：女，本人男" in page
    client.post(reverse(f"{PAGE}__approve"), {"all": "1", "query": "", "confirmed": "1"})
    assert state_of(from_pool) == State.ADMIT_SUBMITTED
    assert state_of(candidates[0]) == State.ADMITTED


def test_somebody_admitted_twice_in_the_province_is_found_over_the_wall(
    cast, sheet, candidates, schools, make_candidates
):
    twin = make_candidates(1, county="440303")[0]
    Candidate.objects.filter(pk=twin.pk).update(id_number=candidates[0].id_number)
    assert checked(cast, candidates[0]).only_once is True  # he lies in the pool
    admit([twin], None, school=schools[1])
    row = checked(cast, candidates[0])
    assert (row.only_once, row.green) == (False, False)
    assert checked(cast, candidates[1]).only_once is True


def test_the_look_over_the_wall_tells_no_more_than_that(cast, sheet, candidates):
    with walled(cast.reviewer.scope), connection.cursor() as cursor:
        cursor.execute("SELECT dispatch_taken_elsewhere(%s)", [candidates[0].pk])
        assert cursor.fetchone() == (False,)
        with pytest.raises(ProgrammingError), transaction.atomic():
            cursor.execute("SELECT dispatch_taken_elsewhere('x'::text)")
