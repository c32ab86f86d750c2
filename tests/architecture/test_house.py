"""The house keeps its order: sizes of files, no address in the lock, walls on the tables of persons."""

import re
import subprocess
from pathlib import Path

import pytest
from django.db import connection

ROOT = Path(__file__).parents[2]
PERSONS = (
    "admissions_candidate",
    "admissions_choice",
    "admissions_dossier",
    "admissions_dossierevent",
    "admissions_dossierpaper",
    "admissions_request",
    "admissions_requestattachment",
    "admissions_requestbulkrow",
    "admissions_requestevent",
    "admissions_requestparty",
    "dispatch_autodecision",
    "dispatch_candidatestatus",
    "dispatch_confirmation",
    "dispatch_placement",
    "dispatch_reconsideration",
    "dispatch_reviewbulkrow",
    "dispatch_schooltest",
    "dispatch_singledispatch",
    "dispatch_statuschange",
    "dispatch_trait",
    "registration_enrolment",
    "registration_latecandidate",
)


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.split() if "vendor" not in name]


@pytest.mark.parametrize("pattern", ["*.py", "*.js", "*.html"])
def test_no_file_is_too_long(pattern):
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked(pattern)
        if "migrations" not in path.parts and path.exists()
        if (lines := len(path.read_text().splitlines())) > 500
    }
    assert not long


def test_the_lock_names_no_host():
    assert "://" not in (ROOT / "requirements.txt").read_text()


def test_no_page_refers_to_another_host_or_holds_script_or_style():
    for path in tracked("templates/*.html"):
        if "documents" in path.parts or not path.exists():
            continue
        text = path.read_text()
        for sign in ('src="http', 'href="http', " style=", "<style", " onclick=", " onload="):
            assert sign not in text, f"{path.name}: {sign}"


@pytest.mark.django_db
@pytest.mark.parametrize("table", PERSONS)
def test_tables_of_persons_stand_behind_the_wall(table):
    with connection.cursor() as cursor:
        cursor.execute("SELECT relrowsecurity FROM pg_class WHERE relname = %s", [table])
        assert cursor.fetchone()[0]


def test_rows_are_locked_but_for_their_keys():
    """FOR UPDATE would also stop whoever only refers to a row, in whatever order he came to it: two such, a deadlock."""
    pattern = re.compile(r"select_for_update\(((?:[^()]|\([^()]*\))*)\)")
    calls = [
        (path.relative_to(ROOT), found[1])
        for path in tracked("*.py")
        if path.exists() and path.relative_to(ROOT).parts[0] not in ("tests", "bench", "script")
        for found in pattern.finditer(path.read_text())
    ]
    assert len(calls) > 60
    assert [call for call in calls if "no_key=True" not in call[1]] == []
