"""`script/demo`: from a checkout to a running province and one whole day of its admissions."""

import argparse
import fcntl
import http.client
import os
import shutil
import socket
import subprocess
import sys
import time

from script.setup.children import Children, end_like_ctrl_c
from script.setup.environment import PYTHON, VENV, ensure_environment, secrets, variables
from script.setup.servers import Servers, own_address
from script.setup.services import Parser, run
from script.setup.steps import LOGS, ROOT, RUN, Refused, command, run_folder, say, step, tail

HOST = "127.0.0.1"


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = Parser(prog="script/demo", description="Set everything up, run a day of admissions, then serve.")
    parser.add_argument("--candidates", type=positive, default=20000, help="number of candidates (20000)")
    parser.add_argument("--seed", type=int, default=2026, help="seed of the made-up province (2026)")
    parser.add_argument("--port", type=positive, default=8000, help="port on 127.0.0.1 (8000)")
    parser.add_argument("--reset", action="store_true", help="delete all data first")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--no-serve", action="store_true", help="end when the day is over")
    which.add_argument("--serve", action="store_true", help="serve the present data, run no day")
    return parser.parse_args(arguments)


def need_port(port: int) -> None:
    """Refuse a port that somebody listens on, before anything is done."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or "no such port"
            raise Refused(
                f"Port {port} cannot be used: {reason} (端口不可用): script/demo --port"
                f" {port + 1 if port < 65535 else 8000}"
            ) from None


def reset() -> None:
    """Delete databases, Redis and files of this checkout, unless another command works on them."""
    if own_address("DATABASE_URL") or own_address("REDIS_URL"):
        raise Refused(
            "--reset deletes only what lies in this checkout; empty the servers of DATABASE_URL and"
            " REDIS_URL by hand (请手动清空外部数据库)."
        )
    servers = Servers("dev")
    with servers.lock.open("a") as users:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(
                "Another command works on these data: end it first (请先结束正在运行的程序)."
            ) from None
        with step("Deleting all data"):
            servers.stop()
            servers.forget()
            shutil.rmtree(RUN / "files", ignore_errors=True)
            run_folder()


def manage(env: dict[str, str], *words: str) -> None:
    with step(f"manage.py {' '.join(words)}"):
        command([PYTHON, "manage.py", *words], what=f"manage.py {words[0]}", env=env, cwd=ROOT)


def wait_for_web(children: Children, port: int) -> None:
    patience = time.monotonic() + 60
    while time.monotonic() < patience:
        if "web" in children.ended():
            break
        try:
            line = http.client.HTTPConnection(HOST, port, timeout=30)
            line.request("GET", "/")
            if line.getresponse().status < 500:
                return
            break
        except OSError:
            time.sleep(0.1)
    raise Refused(f"The web server does not answer: {tail(LOGS / 'web.log', 2)} (see {LOGS / 'web.log'})")


def start_processes(children: Children, port: int) -> None:
    with step("Web server, worker, schedule") as notes:
        children.start(
            "web",
            [
                VENV / "bin" / "gunicorn",
                "admissions.project.wsgi",
                "--bind",
                f"{HOST}:{port}",
                "--workers",
                "2",
                "--threads",
                "4",
                "--timeout",
                "300",
                "--graceful-timeout",
                "10",
                "--access-logfile",
                LOGS / "access.log",
                "--no-control-socket",
            ],
        )
        celery = [PYTHON, "-m", "celery", "-A", "admissions.project", "--workdir", ROOT]
        children.start("worker", [*celery, "worker", "-c", "2", "--loglevel", "INFO"])
        children.start(
            "beat",
            [
                *celery,
                "beat",
                "--loglevel",
                "INFO",
                "--pidfile=",
                "--scheduler",
                "django_celery_beat.schedulers:DatabaseScheduler",
            ],
        )
        wait_for_web(children, port)
        notes.append(f"http://{HOST}:{port}")


def run_day(children: Children, chosen: argparse.Namespace) -> None:
    """Run the day with its output on the terminal; stop at once if a server ends meanwhile."""
    say("")
    process = children.start(
        "day",
        [
            PYTHON,
            "-m",
            "script.day",
            "--base-url",
            f"http://{HOST}:{chosen.port}",
            "--candidates",
            str(chosen.candidates),
            "--seed",
            str(chosen.seed),
        ],
        log=False,
    )
    while True:
        try:
            code = process.wait(1)
            break
        except subprocess.TimeoutExpired:
            need_alive(children)
    del children.started["day"]
    if code:
        raise Refused(f"The day failed with exit code {code} (演示未成功); logs: {LOGS}")


def need_alive(children: Children) -> None:
    for name in children.ended():
        if name != "day":
            log = LOGS / f"{name}.log"
            raise Refused(f"The process {name} ended: {tail(log, 2)} (see {log})")


def main() -> None:
    chosen = parse()
    end_like_ctrl_c()
    need_port(chosen.port)
    began = time.monotonic()
    ensure_environment()
    if chosen.reset:
        reset()
    with Servers("dev").used() as addresses:
        env = os.environ | variables("dev") | secrets() | addresses | {"PYTHONUNBUFFERED": "1"}
        manage(env, "migrate", "--no-input")
        manage(env, "load_reference")
        children = Children(env)
        try:
            start_processes(children, chosen.port)
            say(f"  Ready after {time.monotonic() - began:.1f} s")
            if not chosen.serve:
                run_day(children, chosen)
            if not chosen.no_serve:
                serve(children, chosen.port)
        finally:
            with step("Stopping web server, worker, schedule"):
                children.stop()


def serve(children: Children, port: int) -> None:
    """Serve until Ctrl-C."""
    say(f"\nOpen http://{HOST}:{port}/ (请在浏览器中打开).")
    say("Ctrl-C stops everything; the data are kept.")
    try:
        while True:
            time.sleep(1)
            need_alive(children)
    except KeyboardInterrupt:
        say("")


if __name__ == "__main__":
    sys.exit(run(main))
