"""A run as it was kept before seats were allotted: it is read, digested and computed to the same end."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from dispatch import second
from dispatch.kernel.problem import digest
from dispatch.loading import fingerprint_of
from dispatch.models import Rehearsal
from dispatch.runs import kept_path, rehearsal_keep, rehearsal_kept

STORED = Path(__file__).parent / "stored_run"
SAID = json.loads((STORED / "said.json").read_text("utf-8"))


@pytest.fixture
def kept(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    rehearsal = Rehearsal(run_id=1, number=1, asked={})
    for part in ("input", "outcome"):
        shutil.copytree(STORED / part, kept_path(rehearsal, part))
    return rehearsal_kept(rehearsal)


def test_its_digests_are_those_of_before(kept):
    snapshot, outcome = kept
    assert fingerprint_of(SAID["parameters"], snapshot, outcome) == tuple(
        SAID[name] for name in ("input", "outcome", "fingerprint")
    )
    again = snapshot.solve()
    assert digest(again) == SAID["outcome"]
    assert snapshot.faults(again) == []
    assert second.outcome_rows_digest(snapshot, again) == SAID["placements"]


@pytest.mark.django_db
def test_the_second_implementation_comes_to_the_same(db, kept):
    second.case_write(kept[0])
    assert second.case_solve(kept[0]) == SAID["placements"]


def test_what_is_kept_today_is_what_was_kept_then(kept, settings, tmp_path):
    """A batch without allotted seats writes the same files to the byte."""
    settings.MEDIA_ROOT = str(tmp_path / "again")
    rehearsal = Rehearsal(run_id=1, number=1, asked={})
    rehearsal_keep(rehearsal, *kept)
    for part in ("input", "outcome"):
        path = kept_path(rehearsal, part)
        names = sorted(file.name for file in (STORED / part).glob("*.npy"))
        assert sorted(file.name for file in path.iterdir()) == names
        for name in names:
            stored, written = np.load(STORED / part / name), np.load(path / name)
            assert stored.dtype == written.dtype
            assert stored.tolist() == written.tolist()
