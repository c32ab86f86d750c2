"""`script/endure`: servers of its own for `bench.endure`, which kills them."""

import argparse
import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from script.setup.children import Children, end_like_ctrl_c
from script.setup.environment import PYTHON, ensure_environment, secrets, variables
from script.setup.servers import Servers
from script.setup.services import Parser, run
from script.setup.steps import LOGS, RUN, Refused, step

DATABASE = "zhongzhao_bench"
HELP = """\
Kill the Celery worker, then PostgreSQL, at random moments of the execution of a formal dispatch, or of the import of a
city's results, and look each time whether the work is whole or absent and whether it can be started again with the
same outcome. Exit status 1 if not.

PostgreSQL, Redis and all data are its own, in .run/endure, made anew and removed at the end; the servers write to
disk as a deployment's do. Takes some three minutes for 20 points each at 20 000 candidates.
"""


def parse() -> argparse.Namespace:
    parser = Parser(
        prog="script/endure", description=HELP, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--of", choices=("dispatch", "import"), default="dispatch", help="what is killed (dispatch)"
    )
    parser.add_argument("--size", type=int, default=20_000, help="candidates (20000)")
    parser.add_argument(
        "--points", type=int, default=20, help="moments for the worker, and for PostgreSQL (20)"
    )
    parser.add_argument(
        "--seed", type=int, help="of the moments; by default another one each time, and printed"
    )
    return parser.parse_args()


@contextmanager
def only_one() -> Iterator[None]:
    """Keep a second one away, which would remove the servers of the first."""
    with (RUN / "endure.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused("script/endure runs already in this checkout (该程序正在运行).") from None
        yield


def kill_and_look(servers: Servers, words: list[str]) -> int:
    """Run the measurement on servers of its own; its exit status."""
    with servers.used():
        servers.postgres.database(DATABASE)
        env = (
            os.environ
            | variables("dev")
            | secrets()
            | servers.addresses(DATABASE)
            | {"PYTHONUNBUFFERED": "1"}
        )
        children = Children(env)
        try:
            return children.start("endure", [PYTHON, "-m", "bench.endure", *words], log=False).wait()
        finally:
            children.stop()


def main() -> int:
    chosen = parse()
    end_like_ctrl_c()
    ensure_environment()
    words = ["--of", chosen.of, "--size", str(chosen.size), "--points", str(chosen.points)]
    words += ["--seed", str(chosen.seed)] if chosen.seed is not None else []
    with only_one():
        servers = Servers("dev")
        servers.forget()
        try:
            return kill_and_look(servers, words)
        finally:
            with step(f"Removing servers and data (logs stay in {LOGS})"):
                servers.forget()


if __name__ == "__main__":
    sys.exit(run(main))
