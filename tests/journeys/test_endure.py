"""`script/endure`, small: real servers and a real worker are killed, on the script's own, and nothing is found between."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_dispatch_is_whole_or_absent_whatever_is_killed(tmp_path):
    done = subprocess.run(
        [ROOT / "script" / "endure", "--size", "2000", "--points", "4", "--seed", "1"],
        cwd=ROOT, env=os.environ | {"ZHONGZHAO_RUN": str(tmp_path / "run")}, capture_output=True, text=True,
        timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    for victim, killed in (("worker", 3), ("pool process", 1), ("PostgreSQL", 4)):
        found = re.search(rf"{victim}: {killed} killed, found .* 0 BETWEEN; (\d) without fault", done.stdout)
        assert found, done.stdout
        assert int(found[1]) == killed
    assert not list((tmp_path / "run" / "endure").glob("pg*/PG_VERSION")), "the data are removed"
