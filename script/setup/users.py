"""As whom PostgreSQL runs: it refuses root, and root is who runs CI and most first tries.

As root, in this order: a user namespace in which root bears another number (files stay root's, and a
folder closed to others is no hindrance), or, where namespaces are refused, a real other user.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Runner:
    """How to start a program of the server.

    Attributes:
        prefix: words before the command.
        account: the other user, if the program changes to one.
    """

    prefix: tuple[str, ...] = ()
    account: pwd.struct_passwd | None = None
    keywords: dict = field(default_factory=dict)

    def arguments(self, *words: str | Path) -> list[str]:
        return [*self.prefix, *(str(word) for word in words)]

    def works(self, *words: str | Path) -> bool:
        try:
            return not subprocess.run(
                self.arguments(*words),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
                cwd="/",
                **self.keywords,
            ).returncode
        except (OSError, subprocess.SubprocessError):
            return False

    def give(self, path: Path) -> None:
        """Hand a file or folder to the user of the server."""
        if self.account:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)


def accounts(*names: str) -> list[pwd.struct_passwd]:
    return [entry for name in names for entry in pwd.getpwall() if entry.pw_name == name and entry.pw_uid]


def runners() -> list[Runner]:
    """The ways to run the server on this machine, best first; an empty list as root means none."""
    if os.geteuid():
        return [Runner()]
    ways = []
    for entry in accounts("postgres", "daemon", "nobody"):  # initdb wants a number that has a name
        inside = Runner(("unshare", "--user", f"--map-user={entry.pw_uid}", f"--map-group={entry.pw_gid}"))
        if inside.works("true"):
            ways.append(inside)
            break
    for entry in accounts("postgres", "nobody"):
        other = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        ways.append(Runner(account=entry, keywords=other))
    return ways
