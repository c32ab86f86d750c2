"""Rows → arrays → rows: what a dispatch reads of a batch, and what it writes."""

import numpy as np
import pytest
from django.db import connection
from django.utils import timezone

from accounts.refusals import Refusal
from admissions.bulk import INT4, INT8, copy_in, copy_out
from admissions.models import Candidate, Choice, Dossier
from dispatch import loading, placing
from dispatch.kernel.order import lottery_numbers
from dispatch.models import (
    FrozenChoices,
    Placement,
    ProvinceLine,
    RegionLine,
    Run,
    SchoolControl,
    SchoolLine,
    SchoolTest,
    Trait,
)
from tests import factories


def load(batch):
    """A snapshot of the batch as it stands."""
    loading.choices_freeze(batch)
    return loading.snapshot_load(batch, loading.parameters_of(batch))


def along(snapshot) -> list[int]:
    """Candidates, best first."""
    return snapshot.candidates[snapshot.problem.order].tolist()


def school_of(snapshot) -> dict[int, int | None]:
    """Where each candidate goes; None for nowhere."""
    keys = snapshot.schools.tolist()
    units = snapshot.solve().unit.tolist()
    return {
        who: keys[unit] if unit >= 0 else None
        for who, unit in zip(snapshot.candidates.tolist(), units, strict=True)
    }


@pytest.fixture
def three(batch, schools, plan_line, make_candidates):
    """Three candidates of 荔湾区, best first, who want both schools; each has ten seats."""
    factories.make_plan_line(schools[1], batch, seats=10)
    made = make_candidates(3)
    for candidate, total in zip(made, (30000, 20000, 10000), strict=True):
        mark(candidate, total=total)
    factories.make_choices(made, batch, schools)
    return made


def mark(candidate, **values) -> None:
    Candidate.objects.filter(pk=candidate.pk).update(**values)


def mode(batch, **values) -> None:
    for name, value in values.items():
        setattr(batch, name, value)
    batch.save()


def test_candidates_come_by_number_with_score_keys_and_choices(batch, three, schools):
    mark(three[0], scores=[10000, 9000, 11000, None])
    snapshot = load(batch)
    assert snapshot.candidates.tolist() == [c.pk for c in sorted(three, key=lambda c: c.number)]
    assert snapshot.score.tolist() == [30000, 20000, 10000]
    assert snapshot.keys[0].tolist() == [19000, 10000]
    assert [snapshot.schools[unit] for unit in snapshot.problem.choices[0][:2]] == [s.pk for s in schools]
    assert snapshot.problem.choices[0][2:].tolist() == [-1, -1], "four choices are allowed, two were made"
    assert snapshot.left.tolist() == [10, 10]


def test_the_line_of_the_county_goes_before_that_of_the_city(batch, three, schools, make_candidates):
    other = make_candidates(1, county="440104", total=15000)
    factories.make_choices(other, batch, schools)
    RegionLine.objects.create(batch=batch, score=25000)
    RegionLine.objects.create(batch=batch, county="440104", score=15000)
    placed = school_of(load(batch))
    assert [placed[c.pk] is not None for c in (*three, *other)] == [True, False, False, True]


def test_a_school_has_a_line_of_its_own(batch, three, schools):
    SchoolLine.objects.create(batch=batch, school=schools[0], score=20000)
    placed = school_of(load(batch))
    assert [placed[c.pk] for c in three] == [schools[0].pk, schools[0].pk, schools[1].pk]


def test_a_school_has_another_line_for_one_county(batch, three, schools, make_candidates):
    other = make_candidates(1, county="440104", total=15000)
    factories.make_choices(other, batch, schools[:1])
    SchoolLine.objects.create(batch=batch, school=schools[0], score=20000)
    SchoolLine.objects.create(batch=batch, school=schools[0], county="440104", score=14000)
    assert school_of(load(batch))[other[0].pk] == schools[0].pk


def test_the_highest_line_holds(batch, three, schools):
    RegionLine.objects.create(batch=batch, score=10000)
    SchoolLine.objects.create(batch=batch, school=schools[0], score=5000)
    assert set(load(batch).need[:, 0].tolist()) == {10000}
    ProvinceLine.objects.create(season=batch.season, score=15000)
    assert set(load(batch).need[:, 0].tolist()) == {15000}


def test_a_kind_of_plan_has_a_line_of_its_own(batch, three, schools):
    """Full marks that count are 360: 60 per cent are 216."""
    batch.planline_set.filter(school=schools[0]).update(kind="22")
    RegionLine.objects.create(batch=batch, score=5000)
    RegionLine.objects.create(batch=batch, kind="22", score=20000)
    snapshot = load(batch)
    place = snapshot.problem.choices[0].tolist()
    assert place[0] == snapshot.schools.tolist().index(schools[0].pk)
    assert snapshot.need[0, :2].tolist() == [20000, 5000]
    ProvinceLine.objects.create(season=batch.season, kind="22", percent=60)
    assert load(batch).need[0, :2].tolist() == [21600, 5000]
    factories.make_plan_line(schools[0], batch, major="730301", kind="10")
    assert load(batch).need[0, :2].tolist() == [5000, 5000], "any of the school's plans may take him"


def test_a_school_ranks_by_its_own_test(batch, three, schools):
    batch.planline_set.filter(school=schools[0]).update(seats_planned=1)
    mode(batch, mode="deferred_acceptance")
    for candidate, marks in zip(three, (6000, 9000, 7000), strict=True):
        SchoolTest.objects.create(batch=batch, school=schools[0], candidate=candidate, marks=marks)
    snapshot = load(batch)
    assert not snapshot.faults(snapshot.solve())
    assert school_of(snapshot) == {
        three[0].pk: schools[1].pk, three[1].pk: schools[0].pk, three[2].pk: schools[1].pk,
    }  # fmt: skip


def test_whoever_was_not_at_the_test_or_failed_it_is_unacceptable_there(batch, three, schools):
    mode(batch, mode="deferred_acceptance")
    SchoolTest.objects.create(batch=batch, school=schools[0], candidate=three[1], marks=9000)
    SchoolTest.objects.create(batch=batch, school=schools[0], candidate=three[2], marks=9500, passed=False)
    snapshot = load(batch)
    assert [school_of(snapshot)[c.pk] for c in three] == [schools[1].pk, schools[0].pk, schools[1].pk]
    said = [snapshot.bar_of(place, 0) for place in range(3)]
    assert said == [
        "未参加该校考核或考核不合格，本人未参加",
        "",
        "未参加该校考核或考核不合格，本人不合格",
    ]
    mode(batch, mode="score_first")
    assert load(batch).problem.place is None
    assert load(batch).barred is None


def test_equal_marks_at_the_test_fall_to_the_common_order(batch, three, schools):
    batch.planline_set.filter(school=schools[0]).update(seats_planned=1)
    mode(batch, mode="deferred_acceptance")
    for candidate in three:
        SchoolTest.objects.create(batch=batch, school=schools[0], candidate=candidate, marks=8000)
    assert school_of(load(batch))[three[0].pk] == schools[0].pk


def test_equal_marks_with_another_score_are_no_tie(batch, three, schools):
    """Where all equals are sent, the better total still goes alone."""
    batch.planline_set.filter(school=schools[0]).update(seats_planned=1)
    mode(batch, mode="deferred_acceptance", tie_policy="accept_all")
    for candidate in three:
        SchoolTest.objects.create(batch=batch, school=schools[0], candidate=candidate, marks=8000)
    placed = school_of(load(batch))
    assert [placed[c.pk] for c in three] == [schools[0].pk, schools[1].pk, schools[1].pk]


def test_an_earlier_choice_goes_before_a_later_one_of_equals(batch, three, schools):
    """One seat at the second school: who named it first gets it, although his number is higher."""
    for candidate in three:
        mark(candidate, total=20000, scores=[5000, 5000, 5000, 0])
    batch.planline_set.filter(school=schools[0]).update(seats_planned=0)
    batch.planline_set.filter(school=schools[1]).update(seats_planned=1)
    Choice.objects.filter(candidate=three[2], position=1).delete()
    Choice.objects.filter(candidate=three[2], position=2).update(position=1)
    assert school_of(load(batch))[three[0].pk] == schools[1].pk
    mode(batch, tie_keys=["chinese", "choice_order"])
    assert school_of(load(batch))[three[2].pk] == schools[1].pk
    mode(batch, tie_policy="accept_all")
    assert [school_of(load(batch))[c.pk] for c in three] == [None, None, schools[1].pk]


@pytest.mark.parametrize("keys", [{"mode": "deferred_acceptance"}, {"tie_keys": ["chinese", "choice_order"]}])
def test_a_draw_is_the_only_order_there_is(batch, three, schools, keys):
    """Neither a school's own order nor the number of the choice stands before the lottery numbers."""
    mode(batch, **keys)
    loading.choices_freeze(batch)
    parameters = loading.parameters_of(batch, Run.Kind.LOTTERY, [schools[0].pk], "seed")
    assert loading.snapshot_load(batch, parameters).problem.place is None
    assert load(batch).problem.place is not None


def test_a_grade_is_a_tie_key(batch, three):
    mode(batch, tie_keys=["grade:综合素质"])
    for candidate, grade in zip(three, ("C", "A", ""), strict=True):
        mark(candidate, total=20000)
        if grade:
            Trait.objects.create(season=batch.season, candidate=candidate, code="综合素质", value=grade)
    assert along(load(batch)) == [three[1].pk, three[0].pk, three[2].pk]


def test_modes_of_another_order_are_not_compared_by_the_way(batch, three):
    snapshot, parameters = load(batch), loading.parameters_of(batch)
    with pytest.raises(Refusal, match="院校自主排序"):
        snapshot.changed(parameters | {"mode": "deferred_acceptance"})
    assert snapshot.changed(parameters | {"mode": "choice_first"}).bands == (1,)


@pytest.mark.parametrize("status", ["paused", "finished"])
def test_a_school_that_is_closed_takes_nobody(batch, three, schools, status):
    SchoolControl.objects.create(batch=batch, school=schools[0], status=status)
    assert set(school_of(load(batch)).values()) == {schools[1].pk}


def test_tie_keys_are_compared_in_turn_and_may_be_sums(batch, three):
    mode(batch, tie_keys=["chinese + maths", "english"])
    marks = ([5000, 6000, 7000, 0], [6000, 6000, 1000, 0], [5500, 5500, 9000, 0])
    for candidate, scores in zip(three, marks, strict=True):
        mark(candidate, total=20000, scores=scores)
    snapshot = load(batch)
    assert along(snapshot) == [three[1].pk, three[2].pk, three[0].pk]
    assert snapshot.keys.tolist() == [[11000, 7000], [12000, 1000], [11000, 9000]]
    assert len(set(snapshot.problem.tie_group.tolist())) == 3


def test_equals_on_all_keys_are_one_group_by_number(batch, three):
    for candidate in three:
        mark(candidate, total=20000, scores=[5000, 5000, 5000, 0])
    snapshot = load(batch)
    assert along(snapshot) == [c.pk for c in three]
    assert len(set(snapshot.problem.tie_group.tolist())) == 1


def test_a_key_that_names_no_subject_is_refused(batch, three):
    mode(batch, tie_keys=["physics"])
    with pytest.raises(Refusal, match="physics"):
        load(batch)


def test_a_concession_gives_points_to_the_score_but_not_to_the_raw_total(batch, three):
    mode(batch, tie_keys=["raw_total"])
    mark(three[1], total=28000, concessions=["S1", "S4"])
    snapshot = load(batch)
    assert snapshot.score.tolist() == [30000, 30000, 10000]
    assert snapshot.keys[:, 0].tolist() == [30000, 28000, 10000]
    assert along(snapshot)[:2] == [three[0].pk, three[1].pk]


def test_a_concession_goes_before_at_a_tie(batch, three):
    mode(batch, tie_keys=["concession_priority", "chinese"])
    for candidate in three:
        mark(candidate, total=20000)
    mark(three[2], concessions=["S4"])
    mark(three[1], concessions=["S1"], total=18000)  # points, no priority
    snapshot = load(batch)
    assert snapshot.keys[:, 0].tolist() == [0, 0, 1]
    assert along(snapshot)[0] == three[2].pk


def test_the_lottery_breaks_what_is_left(batch, three):
    mode(batch, tie_keys=["lottery"])
    for candidate in three:
        mark(candidate, total=20000)
    snapshot = load(batch)
    numbers = lottery_numbers(loading.parameters_of(batch)["seed"], [c.number for c in three])
    assert along(snapshot) == [three[place].pk for place in np.argsort(numbers)]
    assert snapshot.keys.shape == (3, 0)


def test_tiers_are_counted_from_the_highest(batch, three):
    mode(batch, mode="tiers", tiers=[30000, 15000])
    assert load(batch).tier.tolist() == [0, 1, 2]
    mode(batch, mode="score_first")
    assert load(batch).tier is None


def test_first_choice_first_serves_the_first_choices_first(batch, three, schools, plan_line):
    Choice.objects.filter(candidate=three[2], position=2).delete()
    Choice.objects.filter(candidate__in=three[:2], position=1).update(school=schools[1])
    Choice.objects.filter(candidate__in=three[:2], position=2).update(school=schools[0])
    plan_line.batch.planline_set.update(seats_planned=1)
    mode(batch, mode="choice_first")
    assert school_of(load(batch)) == {
        three[0].pk: schools[1].pk, three[1].pk: None, three[2].pk: schools[0].pk,
    }  # fmt: skip
    mode(batch, mode="score_first")
    assert school_of(load(batch)) == {
        three[0].pk: schools[1].pk, three[1].pk: schools[0].pk, three[2].pk: None,
    }  # fmt: skip


def test_a_school_that_returned_a_dossier_does_not_get_it_again(batch, three, schools):
    Placement.objects.create(
        candidate=three[0], season=batch.season, batch=batch, province="44", city="4401", county="440103",
        school=schools[0], supervisor="4401", method="dispatch", reason_id="01", closed_at=timezone.now(),
    )  # fmt: skip
    placed = school_of(load(batch))
    assert [placed[c.pk] for c in three] == [schools[1].pk, schools[0].pk, schools[0].pk]


def test_held_excluded_and_other_cities_take_no_part(batch, three, schools, make_candidates):
    foreign = make_candidates(1, city="4403")
    factories.make_choices(foreign, batch, schools)
    Dossier.objects.filter(pk=three[0].pk).update(held=True)
    Dossier.objects.filter(pk=three[1].pk).update(state="excluded")
    assert load(batch).candidates.tolist() == [three[2].pk]


def test_nobody_in_the_pool_is_refused(batch, three):
    Dossier.objects.update(held=True)
    with pytest.raises(Refusal, match="没有在库"):
        load(batch)


def test_a_school_without_a_plan_is_void_and_keeps_its_place(batch, three, schools):
    unplanned = factories.make_school("99999")
    Choice.objects.filter(position=1).update(school=unplanned)
    snapshot = load(batch)
    assert unplanned.pk not in snapshot.schools
    assert snapshot.problem.choices[0].tolist() == [
        -1,
        snapshot.schools.tolist().index(schools[1].pk),
        -1,
        -1,
    ]
    assert (snapshot.solve().position == 1).all()


def test_choices_are_frozen_once_dossiers_were_sent(batch, three, cast):
    assert loading.choices_freeze(batch) == 3
    Run.objects.create(
        batch=batch, round=1, created_by=cast.city, executed_at=timezone.now(), state="released"
    )
    FrozenChoices.objects.filter(candidate=three[0].pk).update(schools=[1, 2, 3, 4])
    assert loading.choices_freeze(batch) == 3
    assert FrozenChoices.objects.get(candidate=three[0].pk).schools == [1, 2, 3, 4]


def test_the_outcome_does_not_hang_on_how_many_others_there_are(batch, three, schools, make_candidates):
    first = school_of(load(batch))
    factories.make_choices(make_candidates(300, total=5000), batch, schools[1:])
    second = school_of(load(batch))
    assert {who: second[who] for who in first} == first


def executing(cast, batch, snapshot, outcome) -> Run:
    run = Run.objects.create(batch=batch, round=1, created_by=cast.city)
    sheets = {key: 1000 + key for key in snapshot.schools.tolist()}
    assert placing.placements_write(run, snapshot, outcome, sheets) == int((outcome.unit >= 0).sum())
    placing.placements_attach(run)
    return run


def test_placements_are_what_the_outcome_says(cast, batch, three, schools):
    snapshot = load(batch)
    run = executing(cast, batch, snapshot, snapshot.solve())
    placed = {p.candidate_id: p for p in Placement.objects.filter(run=run)}
    best = placed[three[0].pk]
    assert (best.school_id, best.sheet_id) == (schools[0].pk, 1000 + schools[0].pk)
    assert (best.dispatch_score, best.rank, best.choice_position) == (30000, 1, 1)
    assert (best.province, best.city, best.county, best.method) == ("44", "4401", "440103", "dispatch")
    assert best.tie_values == snapshot.keys[0].tolist()
    assert (best.season_id, best.batch_id, best.closed_at) == (batch.season_id, batch.pk, None)


@pytest.mark.parametrize("keys", [["raw_total"], []])
def test_supervisors_are_written_with_two_four_or_six_digits(cast, batch, make_candidates, keys):
    mode(batch, tie_keys=keys)
    candidates = make_candidates(3)
    supervisors = ("44", "4401", "440103")
    for number, (candidate, supervisor) in enumerate(zip(candidates, supervisors, strict=True)):
        school = factories.make_school(f"3000{number}", supervisor=supervisor)
        factories.make_plan_line(school, batch)
        factories.make_choices([candidate], batch, [school])
    snapshot = load(batch)
    run = executing(cast, batch, snapshot, snapshot.solve())
    rows = Placement.objects.filter(run=run).values_list("candidate", "supervisor", "tie_values")
    expected = [(c.pk, s, [c.total] * len(keys)) for c, s in zip(candidates, supervisors, strict=True)]
    assert sorted(rows) == expected


@pytest.fixture
def table(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE loaded (a bigint, b integer, c varchar(6), d integer[]) ON COMMIT DROP"
        )
    return "loaded"


def test_copy_in_and_out_again(table):
    values = np.array([[1, -2], [3, 2**31 - 1]], np.int32)
    columns = {"a": np.array([1, 2**40], INT8), "b": np.array([-5, 7], INT4), "c": np.array([b"44", b"37"])}
    assert copy_in(table, columns | {"d": values}) == 2
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT a, b, c, d FROM {table} ORDER BY a")
        assert cursor.fetchall() == [(1, -5, "44", [1, -2]), (2**40, 7, "37", [3, 2**31 - 1])]
    types = {"a": INT8, "b": INT4, "c": np.dtype("S2")}
    rows = copy_out(f"SELECT a, b, c FROM {table} WHERE b < %s ORDER BY a", [100], types)
    assert [rows[name].tolist() for name in types] == [[1, 2**40], [-5, 7], [b"44", b"37"]]
    assert not len(copy_out(f"SELECT a FROM {table} WHERE b > 100", [], {"a": INT8}))


def test_copy_in_of_empty_arrays_and_of_no_rows(table):
    assert copy_in(table, {"a": np.array([1, 2], INT8), "d": np.empty((2, 0), np.int32)}) == 2
    assert copy_in(table, {"a": np.array([], INT8), "d": np.empty((0, 3), np.int32)}) == 0
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT d, cardinality(d) FROM {table}")
        assert cursor.fetchall() == [([], 0), ([], 0)]


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ("SELECT NULL::bigint", {"a": INT8}),
        ("SELECT 1::bigint UNION ALL SELECT NULL", {"a": INT8}),
        ("SELECT 1::integer", {"a": INT8}),
        ("SELECT '440103' UNION ALL SELECT '4401'", {"a": np.dtype("S6")}),
        ("SELECT 1, 2::bigint", {"a": INT8, "b": INT4}),
    ],
)
def test_copy_out_refuses_nulls_and_other_widths(db, query, columns):
    with pytest.raises(ValueError, match=r"null|width"):
        copy_out(query, [], columns)


def test_the_place_of_one_whom_a_tie_put_above_the_plan_is_not_offered_again(
    batch, three, schools, plan_line
):
    plan_line.seats_planned, plan_line.seats_over, plan_line.seats_taken = 2, 1, 2
    plan_line.save()
    snapshot = load(batch)
    assert snapshot.left[snapshot.schools.tolist().index(schools[0].pk)] == 0
