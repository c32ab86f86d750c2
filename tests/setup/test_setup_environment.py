"""The stamp of the environment, the secret, and uv's share of pip's configuration."""

import stat

import pytest

from script.setup import environment
from script.setup.environment import Stamp, digest


@pytest.fixture
def lock(tmp_path):
    path = tmp_path / "requirements.txt"
    path.write_text("django==5.2.19\n")
    return path


@pytest.fixture
def made(tmp_path):
    """An environment that looks finished."""
    folder = tmp_path / ".venv"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").touch()
    return Stamp(folder)


def test_digest_follows_lock_place_and_interpreter(lock, tmp_path, monkeypatch):
    first = digest(lock, tmp_path / ".venv")
    assert digest(lock, tmp_path / ".venv") == first
    assert digest(lock, tmp_path / "elsewhere" / ".venv") != first
    monkeypatch.setattr(environment.sys, "version", "3.99")
    assert digest(lock, tmp_path / ".venv") != first
    monkeypatch.undo()
    lock.write_text("django==5.2.20\n")
    assert digest(lock, tmp_path / ".venv") != first


def test_finished_environment_fits_only_its_own_digest(made):
    assert not made.fits("a")
    made.begin()
    made.finish("a")
    assert made.fits("a")
    assert not made.fits("b")


def test_cut_off_installation_never_fits_and_is_not_built_upon(made):
    made.begin()
    made.finish("a")
    made.begin()  # and the machine went dark
    assert not made.fits("a")
    assert not made.usable()


def test_lost_interpreter_does_not_fit(made):
    made.begin()
    made.finish("a")
    (made.folder / "bin" / "python").unlink()
    assert not made.fits("a")
    assert not made.usable()


def test_environment_of_a_moved_checkout_is_not_usable(made):
    (made.folder / "bin" / "pip").write_text("#!/somewhere/else/.venv/bin/python\n")
    assert not made.usable()


def test_secret_is_made_once_and_kept_private(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "RUN", tmp_path)
    monkeypatch.setattr("script.setup.steps.RUN", tmp_path)
    first = environment.secrets()
    assert len(first["SECRET_KEY"]) >= 50
    assert environment.secrets() == first
    assert stat.S_IMODE((tmp_path / "env").stat().st_mode) == 0o600


def test_pip_configuration_is_told_to_uv(monkeypatch):
    said = "global.index-url='file:///a'\n:env:.find-links='/b /c'\nfreeze.timeout='9'\nglobal.cert='/d'\n"
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    monkeypatch.delenv("UV_FIND_LINKS", raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", "/own")
    done = type("Done", (), {"stdout": said})
    monkeypatch.setattr(environment.subprocess, "run", lambda *args, **keywords: done)
    assert environment.uv_variables() == {"UV_DEFAULT_INDEX": "file:///a", "UV_FIND_LINKS": "/b,/c"}


def test_pip_installs_where_uv_fails(monkeypatch):
    tried = []

    def command(words, *, what, **others):
        tried.append(what)
        if what == "uv pip install":
            raise environment.Refused("no")
        return ""

    monkeypatch.setattr(environment, "command", command)
    monkeypatch.setattr(environment, "uv_variables", dict)
    assert environment.install() == "pip"
    assert tried == ["pip install uv", "uv pip install", "pip install"]
