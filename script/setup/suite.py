"""`script/test`: the checks and the whole suite, on servers of its own."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from script.setup.children import Children, end_like_ctrl_c
from script.setup.environment import PYTHON, VENV, ensure_environment, secrets, variables
from script.setup.libraries import ensure_browser
from script.setup.servers import Servers
from script.setup.services import run
from script.setup.steps import ROOT, RUN, Refused, say, step

HELP = """\
usage: script/test [arguments of pytest]

Without arguments: ruff, import-linter, then the whole suite on two processes, but for the tests marked slow.
With arguments, these are pytest's: script/test tests/dispatch -k recall -x
With --slow, the slow tests too."""

CHECKS = {"ruff check": ["ruff", "check", "."], "lint-imports": ["lint-imports", "--no-cache"]}


@contextmanager
def place() -> Iterator[int]:
    """A number no other run in this checkout has now: it gives the names of test databases."""
    for number in range(8):
        with (RUN / f"suite{number}.lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield number
            return
    raise Refused("Eight runs of the suite are under way in this checkout; wait for one to end.")


def checks(env: dict[str, str]) -> bool:
    """Run the static checks; print what they find."""
    passed = True
    for name, words in CHECKS.items():
        with step(name) as notes:
            done = subprocess.run(
                [str(VENV / "bin" / words[0]), *words[1:]],
                cwd=ROOT,
                env=env,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            notes.append("failed" if done.returncode else "passed")
        if done.returncode:
            passed = False
            say(done.stdout)
    if not passed:
        say("  A check failed: the exit code will not be 0, whatever the tests say.")
    return passed


def main() -> int:
    arguments = sys.argv[1:]
    if arguments in (["-h"], ["--help"]):
        print(HELP)
        return 0
    end_like_ctrl_c()
    ensure_environment()
    browser, lacking = ensure_browser()
    servers = Servers("test")
    with servers.used() as addresses, place() as number:
        if number:
            addresses = servers.addresses(f"zhongzhao_{number}", number)
        env = os.environ | variables("test") | secrets() | addresses | browser
        env["PATH"] = f"{VENV / 'bin'}:{env['PATH']}"
        env["ZHONGZHAO_SKIPPED"] = lacking
        passed = checks(env)
        if lacking:
            say(f"  {lacking}")
        code = pytest(env, pytest_arguments(arguments))
    return code or (0 if passed else 1)


def pytest_arguments(arguments: list[str]) -> list[str]:
    """What pytest is told: two processes if nothing is said, and the slow tests only if asked for."""
    slow = "--slow" in arguments
    others = [word for word in arguments if word != "--slow"] or ["-n", "2"]
    chosen = any(word == "-m" or word.startswith("-m=") for word in others)
    return others if slow or chosen else [*others, "-m", "not slow"]


def pytest(env: dict[str, str], arguments: list[str]) -> int:
    """Run pytest on the terminal; a Ctrl-C is handed on, so that it closes its databases."""
    children = Children(env)
    process = children.start("pytest", [PYTHON, "-m", "pytest", *arguments], log=False)
    try:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                process.send_signal(signal.SIGINT)
    finally:
        children.stop()


if __name__ == "__main__":
    sys.exit(run(main))
