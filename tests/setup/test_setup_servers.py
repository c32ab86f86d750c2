"""Sockets, addresses, stale pid files, and who stops the private servers."""

import os
import socket
from pathlib import Path

import environ
import pytest

from script.setup import postgres, servers, steps, users, valkey
from script.setup.demo import need_port
from script.setup.postgres import LONGEST, SOCKET, Postgres, own_folder, short_folder


def test_socket_stays_where_it_is_wanted_if_short():
    assert short_folder(Path("/srv/x/.run/pg18.s")) == Path("/srv/x/.run/pg18.s")


@pytest.mark.parametrize("name", ["a" * 120, "招" * 40])
def test_long_path_gets_a_short_folder(name):
    folder = short_folder(Path("/srv") / name)
    assert len(os.fsencode(folder / SOCKET)) <= LONGEST
    assert folder == short_folder(Path("/srv") / name)
    assert folder != short_folder(Path("/srv") / f"{name}b")


def test_longest_socket_can_be_bound(tmp_path_factory):
    base = Path("/tmp") / f"zhongzhao-test-{os.getpid()}"
    folder = base / ("f" * (LONGEST - len(os.fsencode(base)) - len(SOCKET) - 2))
    folder.mkdir(parents=True)
    try:
        assert short_folder(folder) == folder
        with socket.socket(socket.AF_UNIX) as probe:
            probe.bind(str(folder / SOCKET))
    finally:
        (folder / SOCKET).unlink(missing_ok=True)
        folder.rmdir()
        base.rmdir()


def test_folder_made_by_somebody_else_is_refused(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    own_folder(tmp_path / "real")
    with pytest.raises(steps.Refused, match="belongs to another user"):
        own_folder(tmp_path / "link")


def test_database_address_is_read_by_django_environ_and_psycopg():
    psycopg = pytest.importorskip("psycopg")
    url = servers.database_url("/srv/招 生/.run/pg18.s", "zhongzhao_a")
    found = environ.Env.db_url_config(url)
    assert (found["NAME"], found["USER"], found["HOST"]) == ("zhongzhao_a", "zhongzhao", "")
    assert found["OPTIONS"] == {"host": "/srv/招 生/.run/pg18.s"}
    read = psycopg.conninfo.conninfo_to_dict(url)
    assert read == {"host": "/srv/招 生/.run/pg18.s", "dbname": "zhongzhao_a", "user": "zhongzhao"}


def test_redis_addresses_are_read_by_their_clients(monkeypatch):
    redis, kombu = pytest.importorskip("redis"), pytest.importorskip("kombu")
    for name in ("DATABASE_URL", "REDIS_URL", "ZHONGZHAO_SERVICES"):
        monkeypatch.delenv(name, raising=False)
    found = servers.Servers("test").addresses("zhongzhao_2", 2)
    path = str(valkey.Valkey("test").socket)
    pool = redis.ConnectionPool.from_url(found["REDIS_URL"])
    assert (pool.connection_kwargs["path"], pool.connection_kwargs["db"]) == (path, 2)
    broker = kombu.Connection(found["CELERY_BROKER_URL"])
    assert broker.transport_cls == "redis"
    assert broker.hostname == f"socket://{path}?virtual_host=2"
    assert found["DATABASE_URL"].startswith("postgres://zhongzhao@/zhongzhao_2?host=")


def test_servers_the_person_brings_are_used(monkeypatch):
    monkeypatch.delenv("ZHONGZHAO_SERVICES", raising=False)
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)
    monkeypatch.setenv("DATABASE_URL", "postgres://a:b@db/c")
    monkeypatch.setenv("REDIS_URL", "redis://cache/3")
    own = servers.Servers("dev")
    assert own.postgres is None
    assert own.valkey is None
    assert own.addresses()["DATABASE_URL"] == "postgres://a:b@db/c"
    assert own.addresses()["CELERY_BROKER_URL"] == "redis://cache/3"


def test_addresses_of_the_services_command_are_not_taken_for_the_persons_own(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://a:b@db/c")
    monkeypatch.setenv("ZHONGZHAO_SERVICES", str(servers.RUN))
    assert servers.own_address("DATABASE_URL") == ""


def stranger(tmp_path, number: int) -> Postgres:
    """A server that was never started, with the pid file of another process."""
    server = Postgres.__new__(Postgres)
    server.data = tmp_path / "pg"
    server.data.mkdir()
    (server.data / "postmaster.pid").write_text(f"{number}\n{server.data}\n")
    return server


def test_pid_file_naming_another_process_is_stale(tmp_path):
    assert stranger(tmp_path, os.getpid()).pid() is None


def test_process_in_the_data_folder_is_the_server(tmp_path, monkeypatch):
    server = stranger(tmp_path, os.getpid())
    monkeypatch.chdir(server.data)
    assert server.pid() == os.getpid()


def test_only_tests_forget_the_disk(monkeypatch):
    server = Postgres.__new__(Postgres)
    server.socket = Path("/srv/s")
    server.purpose = "dev"
    kept = server._options()
    assert "listen_addresses=" in kept
    assert not {"fsync=off", "synchronous_commit=off", "full_page_writes=off"} & set(kept)
    server.purpose = "test"
    assert {"fsync=off", "synchronous_commit=off", "full_page_writes=off"} <= set(server._options())


def test_small_shared_memory_is_not_used(monkeypatch):
    server = Postgres.__new__(Postgres)
    server.socket, server.purpose = Path("/srv/s"), "dev"
    monkeypatch.setattr(postgres, "shared_memory", lambda: 64 << 20)
    assert "dynamic_shared_memory_type=mmap" in server._options()


def test_bad_database_name_is_refused():
    with pytest.raises(steps.Refused):
        Postgres.__new__(Postgres).database("a; drop database zhongzhao")


def test_user_of_this_run_has_a_way_to_run_the_server():
    assert users.runners()


def test_taken_port_is_refused_in_one_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(steps.Refused) as refusal:
            need_port(taken.getsockname()[1])
    assert "\n" not in str(refusal.value)


class Recorder(servers.Servers):
    """Servers that only note what is asked of them."""

    def __init__(self, tmp_path):
        self.lock, self.stay = tmp_path / "users", tmp_path / "stay"
        self.purpose, self.up, self.deeds = "test", False, []

    def running(self):
        return self.up

    def start(self):
        self.up = True
        self.deeds.append("start")

    def stop(self):
        self.up = False
        self.deeds.append("stop")

    def _keep(self):
        self.deeds.append("keep")

    def addresses(self, database="zhongzhao", number=0):
        return {}


def test_last_user_stops_the_servers(tmp_path):
    first, second = Recorder(tmp_path), Recorder(tmp_path)
    with first.used():
        second.up = True
        with second.used():
            pass
        assert second.deeds == ["start"]  # the first one still uses them
    assert first.deeds == ["keep", "start", "stop"]


def test_servers_told_to_stay_are_left_running(tmp_path):
    recorder = Recorder(tmp_path)
    recorder.up = True
    recorder.stay.touch()
    with recorder.used():
        pass
    assert recorder.deeds == ["start"]


def test_servers_are_stopped_after_a_failure(tmp_path):
    recorder = Recorder(tmp_path)
    with pytest.raises(ZeroDivisionError), recorder.used():
        raise ZeroDivisionError
    assert recorder.deeds[-1] == "stop"
