"""The second implementation, in PL/pgSQL, against the kernel: every mode, every policy for equals."""

import numpy as np
import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch import second
from dispatch.kernel.allotment import Via
from dispatch.kernel.problem import TiePolicy
from dispatch.snapshot import Snapshot
from tests.kernel import reference
from tests.kernel.reference import problems, problems_with_place

BANDS = st.sampled_from([(1,), (9,), (1, 2), (2,), (3, 1), (1, 1, 9)])


def snapshot_of(problem, bands, ties, tier, **allotted) -> Snapshot:
    n, m = len(problem.order), len(problem.seats)
    return Snapshot(
        problem=problem,
        bands=bands,
        ties=ties,
        tier=tier,
        candidates=np.arange(n, dtype=np.int64)[::-1] + 1000,
        counties=np.full(n, b"440103"),
        score=np.arange(n, dtype=np.int32) * 100,
        keys=np.empty((n, 0), np.int32),
        schools=np.arange(m, dtype=np.int64) * 7 + 3,
        left=problem.seats,
        need=np.zeros((n, 1), np.int32),
        **allotted,
    )


@pytest.mark.django_db
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), bands=BANDS, ties=st.sampled_from(TiePolicy))
@pytest.mark.parametrize("made", [problems, problems_with_place], ids=["common order", "own orders"])
def test_both_implementations_agree(db, made, data, bands, ties):
    problem = data.draw(made())
    agree(snapshot_of(problem, bands, ties, data.draw(st.none() | reference.segments(problem))))


@st.composite
def allotted(draw, problem):
    """Fields of a snapshot with seats kept for two junior schools, out of those there are."""
    n, m = len(problem.order), len(problem.seats)
    quota = np.zeros((m, 2), np.int32)
    for unit, seats in enumerate(problem.seats.tolist()):
        quota[unit, 0] = draw(st.integers(0, seats))
        quota[unit, 1] = draw(st.integers(0, seats - int(quota[unit, 0])))
    after = draw(st.booleans())
    margin = draw(st.sampled_from([-1, 0, 100, 300])) if after else -1
    return {
        "quota": quota,
        "feeders": np.array([70, 90], np.int64),
        "feeder": np.array(draw(st.lists(st.integers(-1, 1), min_size=n, max_size=n)), np.int32),
        "allotted": np.array([int(after), draw(st.sampled_from([-1, 200, 400])), margin], np.int64),
    }


@pytest.mark.django_db
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), bands=BANDS, ties=st.sampled_from(TiePolicy))
def test_both_implementations_agree_on_allotted_seats(db, data, bands, ties):
    problem = data.draw(problems())
    tier = data.draw(st.none() | reference.segments(problem))
    snapshot = snapshot_of(problem, bands, ties, tier, **data.draw(allotted(problem)))
    assert snapshot.faults(snapshot.solve()) == []
    agree(snapshot)
    quota = snapshot.quota.sum(axis=0)
    if ties is TiePolicy.STRICT:
        outcome = snapshot.solve()
        for feeder in range(2):
            used = (outcome.via == Via.ALLOTTED) & (snapshot.feeder == feeder)
            assert used.sum() <= quota[feeder]
        taken = np.bincount(outcome.unit[outcome.unit >= 0], minlength=len(problem.seats))
        assert (taken <= problem.seats).all()


def agree(snapshot: Snapshot) -> None:
    """Both find the same, by candidate and by digest; what was laid out for it goes with its locks."""
    with transaction.atomic():
        _agree(snapshot)
        transaction.set_rollback(True)


def _agree(snapshot):
    outcome = snapshot.solve()
    second.case_write(snapshot)
    digest = second.case_solve(snapshot)
    found = {
        who: (school, choice)
        for who, school, choice in second._ask("SELECT candidate, school, choice FROM dispatch_found")
    }
    solved = {
        int(snapshot.candidates[c]): (int(snapshot.schools[outcome.unit[c]]), int(outcome.position[c]) + 1)
        for c in np.flatnonzero(outcome.unit >= 0)
    }
    assert found == solved
    assert digest == second.outcome_rows_digest(snapshot, outcome)
