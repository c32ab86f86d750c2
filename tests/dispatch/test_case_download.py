"""案卷 on a run's page: written once by a worker, taken away as the same bytes by whoever may see the run."""

import hashlib
import subprocess
import sys
from zipfile import ZipFile

import pytest
from django.conf import settings
from django.urls import reverse

from accounts.models import Deed
from admissions.models import Candidate, Job
from dispatch.models import RegionLine, Run
from dispatch.queries.records import case_kept
from dispatch.services import executing
from tests import factories
from tests.runs import run_confirmed, run_executed


@pytest.fixture
def run(cast, batch, schools, plan_line, make_candidates) -> Run:
    factories.make_choices(make_candidates(15), batch, schools)
    RegionLine.objects.create(batch=batch, score=100)
    return run_executed(cast.city, cast.reviewer, batch)


def address(run: Run, tail: str = "") -> str:
    return reverse("dispatch:dispatch_batch__run" + (f"__{tail}" if tail else ""), args=[run.pk])


@pytest.fixture
def made(run, cast, client_of, django_capture_on_commit_callbacks) -> Run:
    with django_capture_on_commit_callbacks(execute=True):
        assert client_of(cast.city).post(address(run, "make_case")).status_code == 302
    assert Job.objects.get().state == "done", Job.objects.get().words
    return run


def test_it_is_written_once_and_taken_away_as_the_same_bytes(made, cast, client_of):
    officer = client_of(cast.second)
    page = officer.get(address(made)).content.decode()
    kept = case_kept(made)
    assert kept["digest"] in page
    assert "下载案卷" in page
    assert "生成案卷</button>" not in page
    response = officer.get(address(made, "case"))
    data = b"".join(response.streaming_content)
    assert hashlib.sha256(data).hexdigest() == kept["digest"]
    assert "attachment" in response.headers["Content-Disposition"]
    deed = Deed.objects.get(subject=f"下载案卷 {made}")
    assert (deed.actor, deed.function) == (cast.second, "dispatch.dispatch_batch")
    assert kept["digest"] in deed.note
    again = officer.post(address(made, "make_case"))
    assert again.status_code == 422
    assert "已经生成" in again.content.decode()


def test_the_program_alone_computes_the_run_from_it(made, tmp_path):
    with ZipFile(case_kept(made)["path"]) as archive:
        archive.extractall(tmp_path)
        text = "".join(archive.read(name).decode() for name in archive.namelist())
    for candidate in Candidate.objects.all():
        assert candidate.number not in text
        assert candidate.name not in text
    options = next(line for line in text.splitlines() if "dispatch.kernel solve CASE" in line)
    command = options.split("solve CASE ")[1].split(" --out")[0].split()
    folder = next(tmp_path.rglob("units.csv")).parent
    solved = subprocess.run(
        [sys.executable, "-m", "dispatch.kernel", "solve", str(folder), *command],
        cwd=settings.BASE_DIR, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert solved.stdout == (folder / "outcome.csv").read_text()
    assert sum(not line.endswith(",0") for line in solved.stdout.split()) == made.sent


def test_an_altered_file_is_not_handed_out(made, cast, client_of):
    path = case_kept(made)["path"]
    path.write_bytes(path.read_bytes() + b"x")
    response = client_of(cast.city).get(address(made, "case"))
    assert "已被改动" in response.content.decode()
    assert not Deed.objects.filter(subject__startswith="下载案卷").exists()


def test_an_undone_run_keeps_its_case(made, cast, client_of):
    executing.run_cancel(actor=cast.city, run=made, reason="计划有误")
    response = client_of(cast.city).get(address(made, "case"))
    assert b"".join(response.streaming_content).startswith(b"PK")


def test_it_needs_the_function_and_the_tenant(made, cast, client_of):
    for user, status in ((cast.idle, 403), (cast.school, 403), (cast.reviewer, 403), (cast.other_city, 404)):
        assert client_of(user).get(address(made, "case")).status_code == status
        assert client_of(user).post(address(made, "make_case")).status_code == status


def test_before_the_execution_there_is_none(cast, batch, schools, plan_line, make_candidates, client_of):
    factories.make_choices(make_candidates(5), batch, schools)
    run = run_confirmed(cast.city, cast.reviewer, batch)
    officer = client_of(cast.city)
    assert officer.get(address(run, "case")).status_code == 404
    assert "执行后才能生成案卷" in officer.post(address(run, "make_case")).content.decode()


def test_what_is_not_kept_any_more_is_said(run, cast, client_of, django_capture_on_commit_callbacks):
    Run.objects.filter(pk=run.pk).update(fingerprint="0" * 64)
    with django_capture_on_commit_callbacks(execute=True):
        client_of(cast.city).post(address(run, "make_case"))
    assert (Job.objects.get().state, "无法生成案卷" in Job.objects.get().words) == ("failed", True)
    run.refresh_from_db()
    assert case_kept(run) is None
