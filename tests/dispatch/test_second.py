"""The second implementation, in PL/pgSQL, against the kernel: every mode, every policy for equals."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch import second
from dispatch.kernel.problem import TiePolicy
from dispatch.snapshot import Snapshot
from tests.kernel import reference
from tests.kernel.reference import problems, problems_with_place

BANDS = st.sampled_from([(1,), (9,), (1, 2), (2,), (3, 1), (1, 1, 9)])


def snapshot_of(problem, bands, ties, tier) -> Snapshot:
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
    )


@pytest.mark.django_db
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), bands=BANDS, ties=st.sampled_from(TiePolicy))
@pytest.mark.parametrize("made", [problems, problems_with_place], ids=["common order", "own orders"])
def test_both_implementations_agree(db, made, data, bands, ties):
    problem = data.draw(made())
    snapshot = snapshot_of(problem, bands, ties, data.draw(st.none() | reference.segments(problem)))
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
