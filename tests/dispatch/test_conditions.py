"""Special conditions: rules as data, evaluated for all applicants of a school, told in words."""

from datetime import date

import pytest

from admissions.jobs import Progress
from admissions.models import Candidate, Choice
from dispatch import loading, runs
from dispatch.condition_kinds import KINDS, condition_of
from dispatch.models import SchoolCondition, SchoolTest, Trait
from dispatch.services import sending
from tests import factories
from tests.dispatch.test_loading import load, school_of


@pytest.fixture
def two(batch, schools, plan_line, make_candidates):
    """A boy born in 2006 and a girl born in 2008 who want both schools; there are seats for both."""
    factories.make_plan_line(schools[1], batch, seats=10)
    boy = make_candidates(1, sex="1", born_on=date(2006, 5, 1), scores=[8000, 5000, 5000, 0], total=18000)
    girl = make_candidates(1, sex="2", born_on=date(2008, 5, 1), scores=[9000, 4000, 5000, 0], total=18000)
    factories.make_choices([*boy, *girl], batch, schools)
    return boy[0], girl[0]


def ask(batch, school, kind, item="", demand="", group=1) -> None:
    SchoolCondition.objects.create(
        batch=batch, school=school, group=group, kind=kind, item=item, demand=demand
    )


def first_choices(batch, two, schools) -> list[bool]:
    """Whether each gets the first school."""
    placed = school_of(load(batch))
    assert all(placed[c.pk] is not None for c in two), "the second school asks for nothing"
    return [placed[c.pk] == schools[0].pk for c in two]


@pytest.mark.parametrize(
    ("kind", "item", "demand", "expected"),
    [
        ("sex", "", "2", [False, True]),
        ("born", "", "2006-01-01~2006-05-01", [True, False]),
        ("born", "", "2006-05-02~", [False, True]),
        ("born", "", "~2008-05-01", [True, True]),
        ("marks", "chinese", "80", [True, True]),
        ("marks", "chinese", "80.01", [False, True]),
        ("marks", "maths + english", "100", [True, False]),
        ("scored", "", "", [True, True]),
        ("county", "", "440103 440104", [True, True]),
        ("county", "", "440104", [False, False]),
        ("county", "", "荔湾区 440104", [True, True]),
        ("sex", "", "女", [False, True]),
        ("feeder", "", "4401030001", [True, True]),
    ],
)
def test_each_kind_keeps_out_who_does_not_meet_it(batch, two, schools, kind, item, demand, expected):
    ask(batch, schools[0], kind, item, demand)
    assert first_choices(batch, two, schools) == expected


def test_concessions_totals_traits_and_tests_are_looked_up(batch, two, schools):
    boy, girl = two
    Candidate.objects.filter(pk=girl.pk).update(concessions=["S4"])
    ask(batch, schools[0], "concession", "", "S4 S1")
    assert first_choices(batch, two, schools) == [False, True]
    SchoolCondition.objects.all().delete()
    Trait.objects.create(season=batch.season, candidate=boy, code="综合素质", value="B")
    Trait.objects.create(season=batch.season, candidate=girl, code="综合素质", value="D")
    ask(batch, schools[0], "trait", "综合素质", "A B")
    assert first_choices(batch, two, schools) == [True, False]
    SchoolCondition.objects.all().delete()
    SchoolTest.objects.create(batch=batch, school=schools[0], candidate=girl, marks=7000)
    SchoolTest.objects.create(batch=batch, school=schools[1], candidate=boy, marks=9000)
    ask(batch, schools[0], "test")
    assert first_choices(batch, two, schools) == [False, True], "a mark at another school counts for nothing"
    SchoolCondition.objects.update(demand="70.5")
    assert first_choices(batch, two, schools) == [False, False]
    SchoolCondition.objects.all().delete()
    Candidate.objects.filter(pk=boy.pk).update(total=None)
    ask(batch, schools[0], "scored")
    assert first_choices(batch, two, schools) == [False, True]


def test_all_groups_must_be_met_and_one_of_each_is_enough(batch, two, schools):
    ask(batch, schools[0], "sex", "", "1", group=1)
    ask(batch, schools[0], "marks", "chinese", "85", group=1)
    assert first_choices(batch, two, schools) == [True, True]
    ask(batch, schools[0], "born", "", "2007-01-01~", group=2)
    assert first_choices(batch, two, schools) == [False, True]


def test_what_stands_against_a_choice_is_told_with_the_own_value_only(cast, batch, two, schools):
    ask(batch, schools[0], "sex", "", "2", group=1)
    ask(batch, schools[0], "marks", "maths", "45", group=2)
    run = sending.run_open(actor=cast.city, batch=batch)
    nobody = Progress("00000000-0000-0000-0000-000000000000")
    sending.run_rehearse(actor=cast.city, run=run, progress=nobody)
    run.refresh_from_db()
    boy, girl = (runs.run_explain(run, c.pk) for c in two)
    assert boy[0].endswith("：性别要求：女，本人男，不能投档。")
    assert girl[0].endswith("：数学须不低于45分，本人40.00分，不能投档。")
    assert "已投档" in boy[1]


def test_alternatives_are_told_together(batch, two, schools):
    ask(batch, schools[0], "sex", "", "2")
    ask(batch, schools[0], "marks", "chinese", "85")
    snapshot = load(batch)
    place = snapshot.candidates.tolist().index(two[0].pk)
    assert snapshot.bar_of(place, 0) == "须符合下列条件之一：性别要求：女；或语文须不低于85分"
    assert snapshot.bar_of(place, 1) == ""


def test_a_choice_of_another_school_is_left_alone(batch, two, schools):
    Choice.objects.filter(candidate=two[0]).exclude(position=2).delete()
    ask(batch, schools[0], "sex", "", "2")
    snapshot = load(batch)
    place = snapshot.candidates.tolist().index(two[0].pk)
    assert snapshot.barred[place].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("kind", "item", "demand", "words"),
    [
        ("sex", "", "3", "性别"),
        ("sex", "chinese", "1", "不填对象"),
        ("born", "", "2006-05-01", "起止"),
        ("born", "", "2006-05-01~2005-01-01", "起止"),
        ("marks", "astrology", "10", "astrology"),
        ("marks", "chinese", "121", "满分"),
        ("marks", "chinese", "many", "不是分数"),
        ("county", "", "440303", "县区"),
        ("county", "", "", "不能为空"),
        ("feeder", "", "nowhere", "毕业学校"),
        ("concession", "", "X", "照顾特征"),
        ("trait", "a' OR 1", "A", "对象"),
        ("trait", "x" * 61, "A", "最多 60 个字"),
        ("feeder", "", "4401030001 " * 20, "最多 200 个字"),
        ("county", "", "福田区", "县区"),
        ("concession", "", "没有的照顾", "照顾特征"),
        ("weather", "", "", "没有"),
    ],
)
def test_nonsense_is_refused_in_words(batch, plan_line, kind, item, demand, words):
    with pytest.raises(ValueError, match=words):
        condition_of(batch, kind, item, demand)


def test_rules_are_part_of_what_the_fingerprint_covers(batch, two, schools):
    before = loading.fingerprint_of({}, load(batch), load(batch).solve())
    ask(batch, schools[0], "sex", "", "2")
    assert loading.fingerprint_of({}, load(batch), load(batch).solve())[0] != before[0]


def test_every_kind_says_what_is_to_be_filled_in():
    assert all(kind.title and kind.demand for kind in KINDS.values())
