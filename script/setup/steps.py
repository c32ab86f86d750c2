"""What all parts of the set-up share: the folders, the lines it prints, commands and locks."""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUN = Path(os.environ.get("ZHONGZHAO_RUN") or ROOT / ".run").resolve()
LOGS = RUN / "log"


class Refused(Exception):
    """The set-up cannot go on; the text is one line that says what is missing and what to do."""


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


@contextmanager
def step(title: str) -> Iterator[list[str]]:
    """Print the title, then the seconds it took and what was noted meanwhile."""
    notes: list[str] = []
    began = time.monotonic()
    print(f"  {title} ... ", end="", file=sys.stderr, flush=True)
    try:
        yield notes
    except BaseException:
        say("failed" if sys.exc_info()[0] is not KeyboardInterrupt else "interrupted")
        raise
    say(f"{time.monotonic() - began:.1f} s" + (f" ({', '.join(notes)})" if notes else ""))


def run_folder() -> Path:
    """Make the folder of everything the commands keep. Each thing in it guards itself, since a
    server started by root under another user must be able to pass through it."""
    try:
        RUN.mkdir(mode=0o711, parents=True, exist_ok=True)
        if RUN.stat().st_uid == os.geteuid():
            RUN.chmod(0o711)
        LOGS.mkdir(mode=0o700, exist_ok=True)
        (RUN / "files").mkdir(mode=0o700, exist_ok=True)
        (RUN / "setup.lock").touch()
    except OSError as error:
        raise Refused(
            f"{RUN} cannot be written: {error.strerror}; it was made by another user perhaps."
            f" Run as that user or remove it (请用同一用户运行, 或删除该目录)."
        ) from None
    return RUN


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold a lock file alone, so that two commands at once do not make the same thing twice."""
    with (RUN / f"{name}.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def command(
    arguments: Sequence[str | Path],
    *,
    what: str,
    env: dict[str, str] | None = None,
    cwd: Path | None = None,
    **others,
) -> str:
    """Run a command with its output in a log; return its standard output.

    Raises:
        Refused: if it fails, with its last line and the place of the log.
    """
    log = LOGS / "setup.log"
    try:
        done = subprocess.run(
            [str(a) for a in arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env=env,
            cwd=cwd,
            check=False,
            **others,
        )
    except OSError as error:
        raise Refused(f"{what}: {arguments[0]}: {error.strerror}.") from None
    with log.open("a") as file:
        file.write(f"$ {' '.join(str(a) for a in arguments)}\n{done.stdout}{done.stderr}")
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines() or [f"exit {done.returncode}"]
        raise Refused(f"{what} failed: {last[-1].strip()} (see {log})")
    return done.stdout


def tail(path: Path, lines: int = 5) -> str:
    try:
        return " | ".join(path.read_text(errors="replace").strip().splitlines()[-lines:])
    except OSError:
        return "no log"
