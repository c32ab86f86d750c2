"""`script/services`: the private servers for whoever works on the code."""

import argparse
import shlex
import sys
import zlib
from collections.abc import Callable

from script.setup.environment import VENV, ensure_environment, secrets, variables
from script.setup.servers import Servers
from script.setup.steps import Refused, say

HELP = """\
Start the private PostgreSQL and Redis (unix sockets only) and leave them running, for work on the code:

  script/services start              environment, libraries, servers
  eval "$(script/services env)"      then: .venv/bin/python manage.py ...
  script/services stop               the data are kept

With --test the servers are those of script/test, which forget the disk for speed:

  script/services start --test
  eval "$(script/services env --test --as alice)"    then: .venv/bin/pytest ...

Give --as a name of your own when several people work in one checkout at once: each then has the database
zhongzhao_NAME, test databases of that name, and a Redis database by itself. The PATH set has psql too.
"""


class Parser(argparse.ArgumentParser):
    """Refuses a wrong flag in one line."""

    def error(self, message: str) -> None:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help, 参数有误)\n")


def main() -> None:
    parser = Parser(
        prog="script/services", description=HELP, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("deed", choices=("start", "stop", "env", "status"))
    parser.add_argument("--test", action="store_true", help="the servers of the tests")
    parser.add_argument("--as", dest="name", default="", help="use a database of one's own, zhongzhao_NAME")
    chosen = parser.parse_args()
    purpose = "test" if chosen.test else "dev"
    database = f"zhongzhao_{chosen.name}" if chosen.name else "zhongzhao"
    if chosen.deed == "start":
        ensure_environment()
    servers = Servers(purpose)
    if chosen.deed == "start":
        servers.stay.touch()
        servers.start()
        say(f'Next: eval "$(script/services env{" --test" if chosen.test else ""})"')
    elif chosen.deed == "stop":
        servers.stop()
    elif chosen.deed == "status":
        for server in filter(None, (servers.postgres, servers.valkey)):
            up = server.pid() if server is servers.postgres else server.running()
            print(f"{server.name}: {'runs' if up else 'does not run'}, {server.socket}")
    elif not servers.running():
        raise Refused("The servers do not run: script/services start")
    else:
        if chosen.name and servers.postgres:
            servers.postgres.database(database)
        number = 1 + zlib.crc32(chosen.name.encode()) % 15 if chosen.name else 0
        found = variables(purpose) | secrets() | servers.addresses(database, number)
        for name, value in found.items():
            print(f"export {name}={shlex.quote(value)}")
        folders = [VENV / "bin", *((servers.postgres.bin,) if servers.postgres else ())]
        print(f"export PATH={shlex.quote(':'.join(map(str, folders)))}:$PATH")


def run(command: Callable[[], int | None]) -> int | None:
    """Run a command's main function; what cannot be done is one line and exit code 1."""
    try:
        return command()
    except Refused as refusal:
        say(f"\n{refusal}")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(run(main))
