"""What holds of every control, looked for with many contents: versions come back, sheets say the same, counts are true."""

import random

import pytest

from accounts.refusals import Refusal
from admissions.models import Choice, Dossier
from admissions.services.controls import control_change, control_restore, differences, version_of
from dispatch.services.control import CONTROLS
from quotas.services.reserve import CONTROL as RESERVE
from tests import factories
from tests.concurrency import in_threads
from tests.dispatch.test_controls import change, exported, ready, sheet, url, wanted  # noqa: F401

EVERY = CONTROLS | {RESERVE.function: RESERVE}
LINES = [{"score": score} for score in (0, 30000, 45050)]
FREE = {  # what a random content is made of: keys, and the values each may have
    "dispatch.set_region_line": ([(c, k) for c in ("", "440103", "440104") for k in ("", "22")], LINES),
    "dispatch.set_school_line": (
        [(s, c) for s in ("10001", "30001", "30002") for c in ("", "440103")], LINES[1:],
    ),
    "dispatch.set_school_status": (
        [(s,) for s in ("10001", "30001", "30002")], [{"status": "paused"}, {"status": "finished"}],
    ),
    "dispatch.set_school_review": (
        [(s,) for s in ("10001", "30001", "30002")],
        [{"admissions": False, "returns": True}, {"admissions": False, "returns": False}],
    ),
    "dispatch.set_school_conditions": (
        [(s, "1", *rest) for s in ("10001", "30001") for rest in (("sex", "", "2"), ("trait", "应届", "是"))], [{}],
    ),
    "quotas.set_reserve": ([(s,) for s in ("10001", "30001", "30002")], [{"seats": 1}, {"seats": 2}]),
    "dispatch.set_batches": (["name", "position"], ["甲", 2, "乙", 3]),
    "dispatch.set_mode": (["ratio_percent", "tie_policy"], [105, "accept_all", 110, "reject_all"]),
}  # fmt: skip


@pytest.fixture
def schools_more(batch, plan_line):
    for code in ("30001", "30002"):
        factories.make_plan_line(factories.make_school(code, name=f"{code}学校"), batch, seats=40)
    factories.make_plan_line(plan_line.school, batch, seats=40, major="0909")


def content(control, batch, chance) -> dict:
    """Some content of a control, by chance."""
    keys, values = FREE[control.function]
    if not control.keyed:
        row = dict(control.now(batch)[()])
        for at, key in enumerate(keys):
            row[key] = chance.choice([row[key], values[at], values[at + 2]])
        return {(): row}
    return {key: chance.choice(values) for key in keys if chance.random() < 0.5}


@pytest.mark.parametrize("function", FREE)
@pytest.mark.parametrize("seed", range(4))
def test_any_version_comes_back_from_any_other(function, seed, cast, batch, schools_more):
    """A walk of changes and restores by chance: after each, what stands is what the version of that number said."""
    control, chance = EVERY[function], random.Random(f"{function} {seed}")
    told = {1: control.now(batch)}
    for _ in range(8):
        number = version_of(control, batch)
        back = chance.choice(list(told)) if number and chance.random() < 0.4 else 0
        after = told[back] if back else content(control, batch, chance)
        if after == control.now(batch):
            continue
        if back:
            control_restore(actor=cast.city, control=control, batch=batch, number=back)
        else:
            control_change(actor=cast.city, control=control, batch=batch, after=after)
        assert control.now(batch) == after
        assert version_of(control, batch) == max(number, 1) + 1
        told[version_of(control, batch)] = after


@pytest.mark.parametrize("function", FREE)
def test_what_is_exported_says_the_same(function, cast, batch, schools_more, client_of):
    control, client = EVERY[function], client_of(cast.city)
    after = content(control, batch, random.Random(function))
    control_change(actor=cast.city, control=control, batch=batch, after=after)
    answer = client.post(url(control, "import", batch), {"upload": sheet(exported(client, control, batch))})
    assert "没有任何变化" in answer.content.decode()
    assert control.now(batch) == after


HOSTILE = (
    "=1+1", "'; DROP TABLE x; --", "<script>alert(1)</script>", "１２３", "9" * 40, "-1", "1e9", "nan", " ", "|", "长" * 300,
    "2021-02-30 25:61", "²", "\u200b", "0.001", "是否", "‮", "\U00020bb7",
)  # fmt: skip


@pytest.mark.parametrize("function", EVERY)
def test_no_cell_breaks_the_reading_of_a_sheet(function, cast, batch, ready, client_of):  # noqa: F811
    """Whatever stands in a cell: a fault with its row, or a preview; never an error, and nothing written."""
    control, client = EVERY[function], client_of(cast.city)
    before = control.now(batch)
    rows = exported(client, control, batch)
    line = rows[1] if len(rows) > 1 else ["x"] * len(rows[0])
    for hostile in HOSTILE:
        tried = [[*line[:at], hostile, *line[at + 1 :]] for at in range(len(line))]
        for some in ([tried[-1]], tried):
            answer = client.post(url(control, "import", batch), {"upload": sheet([rows[0], *some])})
            assert answer.status_code in (200, 422), hostile
    assert control.now(batch) == before


@pytest.mark.parametrize(
    "function", ["dispatch.set_school_status", "dispatch.set_school_line", "dispatch.set_region_line"]
)
def test_the_numbers_of_the_preview_are_those_of_a_count(
    function, cast, batch, schools_more, make_candidates
):
    """Counted apart, candidate by candidate."""
    control, chance = EVERY[function], random.Random(function)
    every = list(
        {line.school_id: line.school for line in batch.planline_set.select_related("school")}.values()
    )
    for county in ("440103", "440104"):
        for one in make_candidates(8, county=county):
            factories.make_choices([one], batch, chance.sample(every, chance.randint(1, 3)))
    gone = Choice.objects.filter(batch=batch).values_list("candidate", flat=True).distinct()[:3]
    Dossier.objects.filter(pk__in=list(gone)).update(state="excluded")
    for _ in range(12):
        before, after = content(control, batch, chance), content(control, batch, chance)
        changed = [key for key, _, _ in differences(before, after)]
        named = {key[0] for key in changed}
        told = control.touched(batch, before, after)
        who = set()
        for choice in Choice.objects.filter(batch=batch).select_related("school", "candidate__dossier"):
            kinds = {line.kind for line in batch.planline_set.filter(school=choice.school)}
            if function == "dispatch.set_region_line":
                counts = choice.candidate.dossier.state == "pool" and any(
                    key[0] in ("", choice.candidate.county) and (key[1] == "" or key[1] in kinds)
                    for key in changed
                )
            else:
                counts = choice.school.code in named
            if counts:
                who.add(choice.candidate_id)
        assert told.candidates == len(who)
        if function != "dispatch.set_region_line":
            assert told.schools == len(named)


def test_more_schools_than_a_few_are_counted_exactly(cast, batch, schools, plan_line, make_candidates):
    """Setting two hundred and more schools at once once counted every applicant of the batch."""
    many = [factories.make_school(f"4{number:04d}") for number in range(201)]
    factories.make_choices(make_candidates(2), batch, many[:1])
    factories.make_choices(make_candidates(5), batch, schools[:1])
    after = {(school.code,): {"status": "paused"} for school in many}
    assert CONTROLS["dispatch.set_school_status"].touched(batch, {}, after).candidates == 2


@pytest.mark.parametrize("function", CONTROLS)
def test_whoever_only_looks_is_offered_nothing_to_set(function, cast, batch, ready, client_of):  # noqa: F811
    control = CONTROLS[function]
    change(control, cast, batch)
    county, city = client_of(cast.county), client_of(cast.city)
    for tail in ("one", "versions"):
        page, own = (client.get(url(control, tail, batch)).content.decode() for client in (county, city))
        assert "只能查看" in page
        assert "只能查看" not in own
        for address in (url(control, "import", batch), url(control, "restore", batch, 1)):
            assert address not in page
        assert url(control, "import", batch) in own
    answer = county.post(url(control, "restore", batch, 1))
    assert answer.status_code == 422, "told at once, not after the preview"
    assert "管辖" in answer.content.decode()


@pytest.mark.parametrize("function", CONTROLS)
def test_who_was_overtaken_is_told_by_whom_and_both_versions(function, cast, batch, ready):  # noqa: F811
    control = CONTROLS[function]
    mine = wanted(control, batch)
    change(control, cast, batch)
    with pytest.raises(Refusal, match="有人修改过") as refused:
        control_change(actor=cast.second, control=control, batch=batch, after=mine, seen=0)
    assert cast.city.name in str(refused.value)
    assert "第 2 版" in str(refused.value)
    assert "→" in str(refused.value)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("function", CONTROLS)
def test_of_two_saves_at_once_one_is_told_of_the_other(function, cast, batch, ready):  # noqa: F811
    control, after = CONTROLS[function], wanted(CONTROLS[function], batch)
    actors = (cast.city, cast.second)
    came = in_threads(
        2,
        lambda index: control_change(actor=actors[index], control=control, batch=batch, after=after, seen=0),
    )
    assert sorted(came) == ["Refusal", "done"]
    assert version_of(control, batch) == 2


@pytest.mark.parametrize("function", FREE)
def test_pages_ask_no_more_for_many_rows(
    function, cast, batch, schools_more, client_of, django_assert_max_num_queries
):
    """Comparing two versions once asked for the name of each row by itself: 2 400 queries for 400 schools."""
    control, client = EVERY[function], client_of(cast.city)
    many = [factories.make_school(f"5{number:04d}", name=f"第{number}学校") for number in range(40)]
    for school in many:
        factories.make_plan_line(school, batch, seats=40)
    keys, values = FREE[function]
    after = content(control, batch, random.Random(3))
    if control.keyed and keys[0][0] == "10001":
        after |= {(school.code, *key[1:]): values[0] for school in many for key in keys if key[0] == "10001"}
    control_change(actor=cast.city, control=control, batch=batch, after=after)
    for tail, most in (("one", 25), ("versions", 25), ("export", 25)):
        with django_assert_max_num_queries(most):
            assert client.get(url(control, tail, batch)).status_code == 200
