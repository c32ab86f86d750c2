"""What is killed: a real Celery worker, and a whole PostgreSQL; and how they come back."""

import os
import re
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psycopg
from django.db import connection

from script.setup.children import Children
from script.setup.environment import PYTHON
from script.setup.postgres import Postgres
from script.setup.steps import LOGS, ROOT

from .common import timed


def kill(numbers: Iterable[int]) -> None:
    """Kill -9, all of them."""
    for number in numbers:
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)


class Worker:
    """A worker with one process in its pool.

    Args:
        database: that it works on.
    """

    def __init__(self, database: str):
        url = os.environ["DATABASE_URL"]
        name = connection.settings_dict["NAME"]
        self.env = os.environ | {
            "DATABASE_URL": url.replace(f"/{name}?", f"/{database}?"),
            "DJANGO_SETTINGS_MODULE": "bench.endure_settings",
        }
        self.children = Children(self.env)
        self.log = LOGS / "worker.log"

    def start(self) -> None:
        """Start it and wait until it takes messages."""
        seen = self.log.stat().st_size if self.log.exists() else 0
        celery = [PYTHON, "-m", "celery", "-A", "admissions.project", "--workdir", ROOT]
        self.main = self.children.start("worker", [*celery, "worker", "-c", "1", "--loglevel", "INFO"])
        until = time.monotonic() + 120
        while b" ready." not in self.log.read_bytes()[seen:]:
            if self.main.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"the worker does not start: see {self.log}")
            time.sleep(0.02)

    def pool(self) -> list[int]:
        """Numbers of the processes that do the work."""
        main = self.main.pid
        return [int(n) for n in Path(f"/proc/{main}/task/{main}/children").read_text().split()]

    def kill_whole(self) -> None:
        """Kill it with its pool, as a machine that falls; it does not come back by itself."""
        kill([self.main.pid, *self.pool()])
        self.main.wait()

    def kill_pool(self) -> None:
        """Kill the process at work only, as the kernel does when memory runs out."""
        kill(self.pool())

    def come_back(self) -> float:
        """Start it again if it was killed; seconds until it takes messages."""
        return timed(self.start)[1] if self.main.poll() is not None else 0.0

    def stop(self) -> None:
        """End it."""
        self.children.stop(5)


class Server:
    """The private PostgreSQL, and a connection of one's own that watches what the others do."""

    def __init__(self):
        self.postgres = Postgres("dev")
        self.watcher: psycopg.Connection | None = None

    def processes(self) -> list[int]:
        """The postmaster first, then its children: all work in the data folder."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if (path / "cwd").readlink() == self.postgres.data.resolve():
                    found.append(int(path.name))
        first = self.postgres.pid()
        return sorted(found, key=lambda number: (number != first, number))

    def kill_whole(self) -> None:
        """Kill all of them at once; who was just being born comes after."""
        connection.close()
        self.watcher = None
        while numbers := self.processes():
            kill(numbers)
            time.sleep(0.01)

    def come_back(self) -> float:
        """Remove what the dead left lying and start it again; seconds until recovery is over."""
        return timed(self.postgres.start)[1]

    def doing(self, database: str) -> str:
        """What the connections to a database are at, in the words of the last statement."""
        if self.watcher is None:
            given = connection.get_connection_params()
            where = {name: given[name] for name in ("host", "port", "user", "password") if given.get(name)}
            self.watcher = psycopg.connect(**where, dbname="postgres", autocommit=True)
        rows = self.watcher.execute(
            "SELECT state, query FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'"
            " AND state <> 'idle' ORDER BY query_start DESC LIMIT 1",
            [database],
        ).fetchall()
        return _words(*rows[0]) if rows else "-"


def _words(state: str, query: str) -> str:
    """A statement in a few words; "after" it, Python computes."""
    words = " ".join(query.split())
    verb = words.split(" ")[0]
    if words.startswith("COPY ("):
        said = "COPY of what is read"
    elif words.startswith("WITH moves"):
        said = "dossiers and events"
    else:
        table = re.search(r'\b(?:FROM|INTO|UPDATE|TABLE|ANALYZE|COPY) "?(\w+)', words)
        said = f"{verb} {table[1]}" if table else verb
    return said if state == "active" else f"after {said}"
