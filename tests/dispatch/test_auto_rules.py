"""What rules of 自动审核管理 let through by themselves, and what waits for a person."""

import pytest
from django.db import connection

from admissions.lifecycle import State
from admissions.models import Candidate, Choice, Dossier, DossierEvent
from dispatch.models import (
    Placement,
    RegionLine,
    ReviewTake,
    SchoolCondition,
    SchoolLine,
)
from dispatch.services import auto, deciding, reviewing, submitting
from quotas.models import PlanLine
from tests import factories
from tests.factories_auto import CODED, PLAIN, full, reason_known, run, switch_on
from tests.factories_dispatch import (
    admitted_from_pool,
    placement_of,
    sheet_released,
    sheet_submitted,
    state_of,
    version_of,
)


@pytest.fixture
def candidates(make_candidates):
    return make_candidates(3, concessions=[])


@pytest.fixture
def rule(cast, season, batch):
    return auto.rule_make(actor=cast.reviewer, kind="admissions", content=PLAIN)


@pytest.fixture
def on(cast, rule):
    return switch_on(rule, cast.reviewer)


@pytest.fixture
def sheet(cast, batch, schools, plan_line, candidates):
    return sheet_submitted(cast.city, cast.school, batch, schools[0], candidates)


def below_the_school_line(c, placement):
    SchoolLine.objects.create(
        batch=placement.batch, school=placement.school, score=placement.dispatch_score + 1
    )


def below_the_county_line(c, placement):
    RegionLine.objects.create(batch=placement.batch, county=c.county, score=placement.dispatch_score + 1)


def with_a_concession(c, placement):
    Candidate.objects.filter(pk=c.pk).update(concessions=["01"])


def with_a_condition(c, placement):
    SchoolCondition.objects.create(batch=placement.batch, school=placement.school, kind="test", demand="60")


def more_sent_than_seats(c, placement):
    placement.sheet.run.parameters["ratio_percent"] = 120
    placement.sheet.run.save(update_fields=["parameters"])


def no_such_choice(c, placement):
    Choice.objects.filter(candidate=c).delete()


def a_major_he_did_not_name(c, placement):
    Choice.objects.filter(candidate=c).update(majors=["740201"], accepts_adjustment=False)


def over_the_plan(c, placement):
    with connection.cursor() as cursor:  # what the database forbids cannot be set up otherwise
        cursor.execute("UPDATE dispatch_placement SET plan_line_id = NULL WHERE id = %s", [placement.pk])


def held(c, placement):
    Dossier.objects.filter(pk=c.pk).update(held=True)


def taken_by_an_officer(c, placement):
    ReviewTake.objects.create(placement_id=placement.pk, officer=placement.sheet.run.created_by)


def not_by_choice(c, placement):
    Placement.objects.filter(pk=placement.pk).update(method="upload")


@pytest.mark.parametrize(
    "spoil",
    [
        below_the_school_line,
        below_the_county_line,
        with_a_concession,
        with_a_condition,
        more_sent_than_seats,
        no_such_choice,
        a_major_he_did_not_name,
        over_the_plan,
        held,
        taken_by_an_officer,
        not_by_choice,
    ],
)
def test_whatever_is_not_plain_waits_for_a_person(on, sheet, candidates, spoil):
    spoil(candidates[0], placement_of(candidates[0]))
    run(on)
    assert state_of(candidates[0]) == State.ADMIT_SUBMITTED


def test_what_came_from_the_pool_waits_for_a_person(cast, on, sheet, plan_line, make_candidates):
    one = make_candidates(1, concessions=[])[0]
    admitted_from_pool(cast.school, one, plan_line)
    assert run(on) == 3
    assert state_of(one) == State.ADMIT_SUBMITTED


def test_what_was_sent_back_once_waits_for_a_person(cast, on, sheet, candidates):
    again = placement_of(candidates[0])
    reviewing.admissions_refuse(actor=cast.reviewer, placements=[again.pk], reason="A09", words="请核对")
    deciding.dossier_propose_admit(
        actor=cast.school, sheet=sheet, candidate=candidates[0].pk, version=version_of(candidates[0])
    )
    submitting.sheet_submit(actor=cast.school, sheet=sheet)
    assert run(on) == 2
    assert state_of(candidates[0]) == State.ADMIT_SUBMITTED


def test_nothing_that_the_one_who_switched_it_on_has_sent(cast, rule, batch, schools, plan_line, candidates):
    office = cast.reviewer.organisation
    both = factories.make_user("gz-both", office, extra=["dispatch.manage_auto_review"])
    switch_on(rule, both)
    sheet_submitted(cast.city, cast.school, batch, schools[0], candidates[:2])
    placement_of(candidates[0]).sheet.run.__class__.objects.update(created_by=both)
    assert run(rule) == 0


def test_a_margin_above_the_lines(cast, rule, batch, sheet, candidates):
    best = max(candidates, key=lambda c: c.total)
    RegionLine.objects.create(batch=batch, score=best.total - 1000)
    auto.rule_change(actor=cast.reviewer, rule=rule, content=PLAIN | {"margin": 1000})
    switch_on(rule, cast.reviewer)
    expected = sum(c.total == best.total for c in candidates)
    assert run(rule) == expected
    assert state_of(best) == State.ADMITTED


def test_the_narrower_rule_goes_first(cast, on, batch, schools, sheet, candidates):
    strict = PLAIN | {"margin": 100_000}
    narrow = auto.rule_make(actor=cast.reviewer, kind="admissions", content=strict, school=schools[0])
    switch_on(narrow, cast.reviewer)
    assert run(on) == 0
    auto.rule_switch(actor=cast.reviewer, rule=narrow, on=False, words="不用了")
    assert run(on) == 3


def test_rules_are_confined_to_their_scope(cast, season, batch, schools, plan_line, candidates):
    other = factories.make_batch(season, "4401", "43", name="第二批")
    rule = auto.rule_make(actor=cast.reviewer, kind="admissions", content=PLAIN, batch=other)
    switch_on(rule, cast.reviewer)
    sheet_submitted(cast.city, cast.school, batch, schools[0], candidates)
    assert run(rule) == 0


def test_a_city_passes_nobody_of_another(cast, season, schools, make_candidates):
    theirs = factories.make_user("sz-reviewer", factories.make_organisation("4403"), "reviewing")
    rule = switch_on(auto.rule_make(actor=theirs, kind="admissions", content=PLAIN), theirs)
    batch = factories.make_batch(season, "4401")
    factories.make_plan_line(schools[0], batch)
    people = make_candidates(2, concessions=[])
    sheet_submitted(cast.city, cast.school, batch, schools[0], people)
    assert run(rule) == 0
    assert {state_of(c) for c in people} == {State.ADMIT_SUBMITTED}


# Returns.


def returned_for(cast, sheet, candidate, reason):
    reason_known(reason)
    deciding.dossier_propose_return(
        actor=cast.school, sheet=sheet, candidate=candidate.pk, version=version_of(candidate), reason=reason
    )


@pytest.fixture
def returns(cast, season, batch):
    return switch_on(auto.rule_make(actor=cast.reviewer, kind="returns", content=CODED), cast.reviewer)


def test_a_return_for_full_majors_is_borne_out(cast, returns, batch, schools, plan_line, candidates):
    sheet = sheet_released(cast.city, batch, schools[0], candidates, accepts_adjustment=False)
    deciding.sheet_open(actor=cast.school, sheet=sheet)
    ranked = sorted(candidates, key=lambda c: -c.total)
    for one in ranked[:2]:
        deciding.dossier_propose_admit(
            actor=cast.school, sheet=sheet, candidate=one.pk, version=version_of(one)
        )
    full(plan_line)
    returned_for(cast, sheet, ranked[2], "02")
    submitting.sheet_submit(actor=cast.school, sheet=sheet)
    PlanLine.objects.filter(pk=plan_line.pk).update(seats_planned=10)
    assert run(returns) == 0  # there are seats after all
    full(plan_line)
    assert run(returns) == 1
    assert state_of(ranked[2]) == State.POOL
    placement = placement_of(ranked[2])
    assert placement.closed_at is not None
    assert placement.reason_id == "02"
    event = DossierEvent.objects.get(candidate=ranked[2], step="auto_return")
    assert event.reason_id == "02"


def test_a_return_for_too_few_marks_is_borne_out(cast, returns, batch, schools, plan_line, candidates):
    ranked = sorted(candidates, key=lambda c: -c.total)
    sheet_submitted(cast.city, cast.school, batch, schools[0], ranked[:2], ranked[2:])
    assert run(returns) == 0
    full(plan_line)
    Placement.objects.filter(candidate=ranked[2]).update(dispatch_score=99_000)
    assert run(returns) == 0  # somebody with fewer marks got in
    Placement.objects.filter(candidate=ranked[2]).update(dispatch_score=ranked[2].total)
    assert run(returns) == 1


@pytest.mark.parametrize(("sex", "passes"), [("1", 0), ("2", 1)])
def test_a_return_for_the_sex_is_borne_out(
    cast, returns, batch, schools, plan_line, make_candidates, sex, passes
):
    one = make_candidates(1, sex=sex)[0]
    sheet = sheet_released(cast.city, batch, schools[0], [one])
    deciding.sheet_open(actor=cast.school, sheet=sheet)
    returned_for(cast, sheet, one, "19")
    submitting.sheet_submit(actor=cast.school, sheet=sheet)
    assert run(returns) == 0  # no condition of the school says so
    SchoolCondition.objects.create(batch=batch, school=schools[0], kind="sex", demand="1")
    assert run(returns) == passes


def test_a_reason_that_data_cannot_bear_out_waits(cast, returns, batch, schools, plan_line, candidates):
    sheet_submitted(cast.city, cast.school, batch, schools[0], candidates[:1], candidates[1:])
    full(plan_line)
    reason_known("19")
    Placement.objects.filter(candidate=candidates[1]).update(reason="19")
    run(returns)
    assert state_of(candidates[1]) == State.RETURN_SUBMITTED


def test_taken_between_the_look_and_the_lock(cast, on, sheet, candidates):
    keys = [placement_of(c).pk for c in candidates]

    def taker(execute, sql, params, many, context):
        if "SKIP LOCKED" in sql:
            ReviewTake.objects.get_or_create(placement_id=keys[0], defaults={"officer": cast.reviewer})
        return execute(sql, params, many, context)

    with connection.execute_wrapper(taker):
        assert run(on) == 2
    assert state_of(candidates[0]) == State.ADMIT_SUBMITTED
