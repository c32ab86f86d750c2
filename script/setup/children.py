"""Processes that live no longer than the command which started them, however it ends."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from script.setup.steps import LOGS, ROOT

_libc = ctypes.CDLL(None, use_errno=True)
_SET_PDEATHSIG = 1


def _die_with_parent() -> None:
    _libc.prctl(_SET_PDEATHSIG, signal.SIGTERM)


def end_like_ctrl_c() -> None:
    """Have a closed terminal and a plain kill end the command as tidily as Ctrl-C; nohup stays nohup."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


class Children:
    """Started processes, stopped in the reverse order.

    Each has a session of its own, so that Ctrl-C reaches only the command, which then stops them in order.
    """

    def __init__(self, env: dict[str, str]):
        self.env = env
        self.started: dict[str, subprocess.Popen] = {}

    def start(self, name: str, arguments: Sequence[str | Path], *, log: bool = True) -> subprocess.Popen:
        """Start a process, its output going to a log of that name or, without, to the terminal."""
        output = os.open(LOGS / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if log else None
        try:
            process = subprocess.Popen(
                [str(a) for a in arguments],
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        finally:
            if output is not None:
                os.close(output)
        self.started[name] = process
        return process

    def ended(self) -> list[str]:
        """Names of those which ended by themselves."""
        return [name for name, process in self.started.items() if process.poll() is not None]

    def stop(self, patience: float = 20) -> None:
        """Ask all to end, newest first; those still there after the patience are killed."""
        for process in reversed(self.started.values()):
            if process.poll() is None:
                process.terminate()
        until = time.monotonic() + patience
        for process in reversed(self.started.values()):
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.started.clear()
