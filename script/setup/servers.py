"""The private servers of one purpose, for as long as somebody uses them.

Who uses them holds a shared lock, which the kernel takes back however the user ends. Whoever gets the
lock alone may stop them: the last user at its end, or, should it be killed, the keeper, a small process
that waits for that lock. `script/services start` leaves a mark, and then nobody stops them.
"""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from script.setup.postgres import Postgres
from script.setup.steps import ROOT, RUN, run_folder, step
from script.setup.valkey import Valkey


def own_address(name: str) -> str:
    """An address that the person set, and not `script/services env`."""
    address = os.environ.get(name, "")
    return "" if os.environ.get("ZHONGZHAO_SERVICES") == str(RUN) else address


def database_url(folder: os.PathLike | str, name: str = "zhongzhao") -> str:
    """The address of a database behind a socket, read alike by django-environ, psycopg and psql."""
    return f"postgres://zhongzhao@/{name}?host={quote(str(folder), safe='')}"


class Servers:
    """PostgreSQL and Redis of one purpose ("dev" or "test"), without those which the person brings."""

    def __init__(self, purpose: str):
        run_folder()
        self.purpose = purpose
        self.postgres = None if own_address("DATABASE_URL") else Postgres(purpose)
        self.valkey = None if own_address("REDIS_URL") else Valkey(purpose)
        self.lock = RUN / f"{purpose}.users"
        self.stay = RUN / f"{purpose}.stay"

    def addresses(self, database: str = "zhongzhao", number: int = 0) -> dict[str, str]:
        """The environment variables that lead to a database and to a numbered Redis database."""
        found = {"ZHONGZHAO_SERVICES": str(RUN)} if self.postgres and self.valkey else {}
        found["DATABASE_URL"] = (
            database_url(self.postgres.socket, database) if self.postgres else os.environ["DATABASE_URL"]
        )
        if self.valkey:
            place = str(self.valkey.socket)
            found["REDIS_URL"] = found["CACHE_URL"] = f"unix://{place}" + (f"?db={number}" if number else "")
            found["CELERY_BROKER_URL"] = f"redis+socket://{place}" + (
                f"?virtual_host={number}" if number else ""
            )
        else:
            found["REDIS_URL"] = os.environ["REDIS_URL"]
            found["CACHE_URL"] = os.environ.get("CACHE_URL") or found["REDIS_URL"]
            found["CELERY_BROKER_URL"] = os.environ.get("CELERY_BROKER_URL") or found["REDIS_URL"].replace(
                "unix://", "redis+socket://"
            )
        return found

    def start(self) -> bool:
        """Start what does not run; answer whether anything was started."""
        started = []
        for server in filter(None, (self.postgres, self.valkey)):
            with step(f"{type(server).__name__} ({server.name})") as notes:
                started.append(server.start())
                notes.append("started" if started[-1] else "runs already")
        return any(started)

    def stop(self) -> None:
        """Stop both, whoever uses them."""
        self.stay.unlink(missing_ok=True)
        for server in filter(None, (self.valkey, self.postgres)):
            server.stop()

    def forget(self) -> None:
        """Stop both and delete their data."""
        for server in filter(None, (self.valkey, self.postgres)):
            server.forget()

    def running(self) -> bool:
        return any(((self.postgres and self.postgres.pid()), (self.valkey and self.valkey.running())))

    @contextmanager
    def used(self) -> Iterator[dict[str, str]]:
        """Have them run for the length of a block; give the environment variables that lead to them."""
        with self.lock.open("a") as users:
            fcntl.flock(users, fcntl.LOCK_SH)
            try:
                if not self.running():
                    self.stay.unlink(missing_ok=True)
                    self._keep()
                self.start()
                yield self.addresses()
            finally:
                self._leave(users)

    def _keep(self) -> None:
        subprocess.Popen(
            [sys.executable, "-m", "script.setup.servers", self.purpose],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _leave(self, users) -> None:
        if self.stay.exists():
            return
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # others still use them; the last one stops them
        if self.purpose == "test":
            self.stop()  # without a word: pytest's closing line comes last
            return
        with step("Stopping PostgreSQL and Redis"):
            self.stop()


def keep(purpose: str) -> None:
    """Wait until nobody uses the servers, then stop them."""
    servers = Servers(purpose)
    with servers.lock.open("a") as users:
        fcntl.flock(users, fcntl.LOCK_EX)
        if not servers.stay.exists():
            servers.stop()


if __name__ == "__main__":
    keep(sys.argv[1])
