"""`script/services`: the private servers for whoever works on the code."""

import argparse
import shlex
import sys

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
zhongzhao_NAME and test databases of that name.
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="script/services", description=HELP,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("deed", choices=("start", "stop", "env", "status", "psql"))
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
    elif chosen.deed == "psql":
        print(servers.postgres.sql(sys.stdin.read(), database), end="")
    else:
        if chosen.name and servers.postgres:
            servers.postgres.database(database)
        found = variables(purpose) | secrets() | servers.addresses(database)
        for name, value in found.items():
            print(f"export {name}={shlex.quote(value)}")
        print(f"export PATH={shlex.quote(str(VENV / 'bin'))}:$PATH")


def run(command) -> None:
    """Run a command's main function; what cannot be done is one line and exit code 1."""
    try:
        command()
    except Refused as refusal:
        say(f"\n{refusal}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    run(main)
