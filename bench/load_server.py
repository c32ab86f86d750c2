"""The web server as production runs it, and the processor time of all who answer."""

import os
import socket
import subprocess
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import redis

from script.setup.environment import PYTHON
from script.setup.postgres import Postgres
from script.setup.steps import LOGS, ROOT, RUN

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def _stat(number: int) -> list[str]:
    return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()


def family(first: int) -> list[int]:
    """A process and all that descend from it."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parents[int(path.name)] = int(_stat(int(path.name))[1])
    found, left = [], [first]
    while left:
        one = left.pop()
        found.append(one)
        left += [number for number, parent in parents.items() if parent == one]
    return found


def cpu_of(first: int) -> float:
    """Seconds of processor that a process, its descendants, and those of them that have ended took."""
    ticks = 0
    for number in family(first):
        with suppress(OSError):
            ticks += sum(map(int, _stat(number)[11:15]))
    return ticks / TICK


def memory_of(first: int) -> int:
    """Bytes that a process and its descendants hold, what they share counted once."""
    total = 0
    for number in family(first):
        with suppress(OSError):
            for line in Path(f"/proc/{number}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return total


class Server:
    """gunicorn with the settings of production, on a free port of this machine.

    Args:
        database: that it works on.
        workers: processes.
        threads: of each.
        walls: False lets the pages run as the owner of the tables, whom row-level security does not hold.
    """

    def __init__(self, database: str, workers: int, threads: int, walls: bool = True):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.static = RUN / "bench" / "static"
        url = urlsplit(os.environ["DATABASE_URL"])
        self.env = os.environ | {
            "DATABASE_URL": url._replace(path=f"/{database}").geturl(),
            "DJANGO_SETTINGS_MODULE": "admissions.project.settings.production",
            "STATIC_ROOT": str(self.static),
            "PYTHONUNBUFFERED": "1",
        }
        self.words = [
            PYTHON, "-m", "gunicorn", "admissions.project.wsgi" if walls else "bench.load_without_walls",
            "--bind", f"127.0.0.1:{self.port}", "--workers", str(workers), "--threads", str(threads),
            "--timeout", "300", "--max-requests", "2000", "--max-requests-jitter", "200", "--no-control-socket",
            "--access-logfile", os.devnull,
        ]  # fmt: skip

    def __enter__(self):
        collect = [PYTHON, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"]
        subprocess.run(list(map(str, collect)), cwd=ROOT, env=self.env, check=True)
        self.log = (LOGS / "bench-web.log").open("a")
        words = list(map(str, self.words))
        self.process = subprocess.Popen(words, cwd=ROOT, env=self.env, stdout=self.log, stderr=self.log)
        until = time.monotonic() + 120
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > until:
                self.__exit__()
                raise SystemExit(f"the web server does not start: see {self.log.name}")
            time.sleep(0.1)
        return self

    def _answers(self) -> bool:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/accounts/log-in/",
            headers={"X-Forwarded-Proto": "https", "Host": "localhost"},
        )
        with suppress(OSError):
            urllib.request.urlopen(request, timeout=20).read()  # noqa: S310
            return True
        return False

    def __exit__(self, *error):
        self.process.terminate()
        self.process.wait(60)
        self.log.close()

    def cpu(self) -> dict[str, float]:
        """Seconds of processor so far: web, PostgreSQL (if it is the private one), Redis, and this client."""
        found = {"web": cpu_of(self.process.pid)}
        postgres = Postgres("dev").pid()
        if postgres:
            found["postgresql"] = cpu_of(postgres)
        told = redis.from_url(self.env["REDIS_URL"]).info("cpu")
        found["redis"] = told["used_cpu_user"] + told["used_cpu_sys"]
        return found | {"client": time.process_time()}

    def memory(self) -> int:
        """Bytes of the web server."""
        return memory_of(self.process.pid)
