"""What the files of a deployment promise: no secret by default, no root, no open port, no host in a lock."""

import re
import shutil
import subprocess

import pytest

from script.setup.steps import ROOT

COMPOSE = (ROOT / "docker-compose.yml").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "POSTGRES_PASSWORD", "ZHONGZHAO_DB_PASSWORD", "REDIS_PASSWORD"]
)
def test_compose_has_no_default_secret(name):
    uses = re.findall(r"(?<!\$)\$\{" + name + r"([^}]*)\}", COMPOSE)
    assert uses
    assert all(use.startswith(":?") for use in uses)
    assert not re.search(rf"^\s*{name}:\s*[^$\s]", COMPOSE, re.MULTILINE)


def test_compose_publishes_only_the_web_and_only_on_loopback():
    published = re.findall(r"^\s*ports:\s*(.*)$", COMPOSE, re.MULTILINE)
    assert published == ['["127.0.0.1:${WEB_PORT:-8000}:8000"]']


def test_nothing_runs_as_root():
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == ["zhongzhao"]
    assert DOCKERFILE.index("\nUSER ") < DOCKERFILE.index("\nCMD ")
    services = COMPOSE[COMPOSE.index("\nservices:") : COMPOSE.index("\nvolumes:")]
    blocks = re.split(r"^  (?=\w+:$)", services, flags=re.MULTILINE)[1:]
    assert [block.split(":")[0] for block in blocks] == [
        "web",
        "worker",
        "beat",
        "migrate",
        "postgres",
        "redis",
    ]
    for block in blocks:
        assert "<<: *platform" in block or re.search(r"^    user: (?!root|\"?0)", block, re.MULTILINE), block
    assert 'user: "10001:10001"' in COMPOSE


def test_image_keeps_no_secret():
    assert not re.search(r"^(ENV|ARG).*(SECRET|PASSWORD)", DOCKERFILE, re.MULTILINE)


@pytest.mark.parametrize("name", ["requirements.txt", "script/setup/uv.txt"])
def test_lock_names_no_host_and_hashes_everything(name):
    text = (ROOT / name).read_text()
    assert "://" not in text
    pinned = re.findall(r"^[a-z0-9].*$(?=\n)", text, re.MULTILINE | re.IGNORECASE)
    assert pinned
    assert all("==" in line and line.endswith("\\") for line in pinned)


@pytest.mark.parametrize("name", [".venv/", ".run/", "bench/results/"])
def test_what_is_made_here_is_not_committed(name):
    assert name in (ROOT / ".gitignore").read_text().splitlines()


@pytest.mark.parametrize(
    "words",
    [
        ("script/demo", "--candidates", "many"),
        ("script/demo", "--candidates", "0"),
        ("script/demo", "--serve", "--no-serve"),
        ("script/demo", "--no-such-flag"),
        ("script/demo", "--port", "99999"),
        ("script/services", "dance"),
    ],
)
def test_bad_flag_is_refused_in_one_line(words):
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (1, 2)
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["script/demo", "script/test", "script/services"])
def test_help_needs_no_environment(name, tmp_path):
    done = subprocess.run(
        [name, "--help"], cwd=ROOT, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"}
    )
    assert done.returncode == 0
    assert "usage" in done.stdout


def test_old_python_is_refused_in_one_line(tmp_path):
    shutil.copytree(ROOT / "script", tmp_path / "checkout" / "script")
    for name in ("python3", "python3.11", "python3.12", "python3.13", "python3.14"):
        fake = tmp_path / name
        fake.write_text("#!/bin/sh\nexit 1\n")
        fake.chmod(0o755)
    done = subprocess.run(
        [str(tmp_path / "checkout" / "script" / "demo")],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
    )
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1


def test_ci_stops_at_a_host_in_the_lock(tmp_path):
    for folder in (".ci", "script/setup"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / ".ci" / "run").write_text((ROOT / ".ci" / "run").read_text())
    (tmp_path / "script" / "setup" / "uv.txt").write_text("uv==1\n")
    (tmp_path / "requirements.txt").write_text("--index-url http://pypi.example/simple\n")
    (tmp_path / "script" / "test").write_text("#!/bin/sh\necho ran\n")
    (tmp_path / "script" / "test").chmod(0o755)
    run = ["bash", str(tmp_path / ".ci" / "run")]
    assert subprocess.run(run, capture_output=True, check=False).returncode == 1
    (tmp_path / "requirements.txt").write_text("django==5.2.19\n")
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout == "ran\n"
