"""The difference of two outcomes and the what-if, of arrays alone."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.kernel.order import order_candidates, seats_offered
from dispatch.kernel.problem import Problem, digest
from dispatch.queries.comparing import compare, lowest_changed, schools_compared
from dispatch.runs import outcome_arrays
from dispatch.services import comparing
from dispatch.snapshot import Snapshot, eligible_of, rule_of


@st.composite
def snapshots(draw) -> tuple[Snapshot, dict]:
    """A small batch of one line, and its parameters."""
    n, k, m = draw(st.integers(1, 12)), draw(st.integers(1, 4)), draw(st.integers(1, 4))
    numbers = np.array(draw(st.permutations(range(1, n + 1))), np.int64) * draw(st.sampled_from([1, 1000]))
    score = np.array(draw(st.lists(st.integers(0, 6), min_size=n, max_size=n)), np.int32) * 100
    row = st.lists(st.integers(-1, m - 1), min_size=k, max_size=k)
    choices = np.array(draw(st.lists(row, min_size=n, max_size=n)), np.int32)
    left = np.array(draw(st.lists(st.integers(0, 4), min_size=m, max_size=m)), np.int32)
    parameters = {
        "mode": draw(st.sampled_from(["score_first", "choice_first", "parallel", "tiers"])),
        "bands": [1, 2],
        "tiers": [300, 100],
        "choices": k,
        "ratio_percent": draw(st.sampled_from([100, 120])),
        "rounding": "up",
        "tie_policy": draw(st.sampled_from(["strict", "accept_all", "reject_all"])),
        "tie_keys": [],
    }
    order, groups = order_candidates(score, [], np.arange(n))
    need = np.full((n, 1), draw(st.sampled_from([0, 200])), np.int32)
    sizes, ties, tier = rule_of(parameters, score)
    seats = seats_offered(left, parameters["ratio_percent"], "up")
    problem = Problem(order, groups, choices, seats, eligible_of(score, need, None, choices.shape))
    snapshot = Snapshot(
        problem=problem, bands=sizes, ties=ties, tier=tier, candidates=numbers, counties=np.full(n, b"440103"),
        score=score, keys=np.empty((n, 0), np.int32), schools=np.arange(10, 10 + m), left=left, need=need,
    )  # fmt: skip
    return snapshot, parameters


asked_of = st.fixed_dictionaries(
    {},
    optional={
        "lines": st.integers(-300, 300),
        "plans_percent": st.integers(-100, 200),
        "plans": st.dictionaries(st.sampled_from(["10", "11", "12", "13"]), st.integers(-3, 3)),
        "parameters": st.fixed_dictionaries(
            {},
            optional={
                "mode": st.sampled_from(["score_first", "choice_first", "parallel", "tiers"]),
                "tie_policy": st.sampled_from(["strict", "accept_all", "reject_all"]),
                "ratio_percent": st.integers(100, 200),
                "rounding": st.just("half_up"),
            },
        ),
    },
)


@settings(deadline=None)
@given(snapshots(), asked_of)
def test_the_difference_adds_up(made, asked):
    snapshot, parameters = made
    before = outcome_arrays(snapshot, snapshot.solve())
    supposed, outcome, difference = comparing.answered(snapshot, before, parameters, asked)
    assert supposed.faults(outcome) == []
    after = outcome_arrays(supposed, outcome)
    sent = [int((kept["unit"] >= 0).sum()) for kept in (before, after)]
    assert sent[0] - difference["displaced"] + difference["newly"] == sent[1]
    assert sum(count for name, count in difference.items() if name != "lowest") == len(snapshot.candidates)
    assert difference["joined"] == difference["left"] == 0
    found = compare(before, after)
    assert difference["same"] == np.sum(
        (found.school_before == found.school_after) & (found.choice_before == found.choice_after)
    )
    rows = schools_compared(before, after, found)
    for row in rows:
        assert row["sent"][1] - row["sent"][0] == row["sent_by"] == row["came"] - row["went"]
    assert difference["lowest"] == sum(row["lowest"][0] != row["lowest"][1] for row in rows)
    back = compare(after, before).counts()
    assert (back["newly"], back["displaced"]) == (difference["displaced"], difference["newly"])
    assert (back["better"], back["worse"]) == (difference["worse"], difference["better"])


@settings(deadline=None)
@given(snapshots(), st.data())
def test_outcomes_over_other_candidates_and_schools_are_joined_by_key(made, data):
    snapshot, _ = made
    kept = outcome_arrays(snapshot, snapshot.solve())
    n = len(kept["candidates"])
    some = np.array(data.draw(st.lists(st.integers(0, n - 1), unique=True)), np.int64)
    few = kept | {name: kept[name][some] for name in ("candidates", "rank", "score", "position", "unit")}
    found, sent = compare(kept, few), int((kept["unit"] >= 0).sum())
    counts = found.counts()
    assert counts["left"] == sent - (few["unit"] >= 0).sum()
    assert counts["left"] + counts["same"] == n == len(found.candidates)
    assert compare(few, kept).counts()["joined"] == counts["left"]
    by_key = dict(zip(kept["candidates"].tolist(), kept["score"].tolist(), strict=True))
    assert dict(zip(found.candidates.tolist(), found.score.tolist(), strict=True)) == by_key


@settings(deadline=None)
@given(snapshots())
def test_a_what_if_that_asks_nothing_has_the_same_outcome(made):
    snapshot, parameters = made
    before = outcome_arrays(snapshot, snapshot.solve())
    supposed, outcome, difference = comparing.answered(snapshot, before, parameters, {})
    assert digest(outcome) == digest(snapshot.solve())
    assert digest(supposed.problem) == digest(snapshot.problem)
    assert difference["same"] == len(snapshot.candidates)
    assert lowest_changed(before, outcome_arrays(supposed, outcome)) == 0


@settings(deadline=None)
@given(snapshots(), st.integers(0, 300))
def test_a_higher_line_never_sends_more_where_score_goes_first(made, lines):
    snapshot, parameters = made
    strict = parameters | {"mode": "score_first", "tie_policy": "strict"}
    low = comparing.snapshot_asked(snapshot, strict, {}).solve()
    high = comparing.snapshot_asked(snapshot, strict, {"lines": lines}).solve()
    assert (high.unit >= 0).sum() <= (low.unit >= 0).sum()
