"""A job whose worker or whose database is killed: whole or absent, and started again the same.

    script/endure [--of dispatch|import] [--size 20000] [--points 20] [--seed N]

What is to be done is prepared through the services: a run, opened, rehearsed and confirmed; or the file of a city's
results, checked over that of the day before. Then, for each point, from a fresh copy of that database: the work is
started as the page does (row of the job, message to the broker, a real worker), something is killed after a random
time, and what is in the database is compared to what was promised (``bench.wholeness``) before anything else is done.
What was killed comes back; at every other point the message is waited for, at the others an officer starts again at
once. The work must then be whole; a late delivery of the first message must change nothing; at last a run is undone, and
a file brought in once more finds nothing to change. The moments are spread evenly over the time of undisturbed work,
one at random in each equal part.
"""

import argparse
import os
import random
import sys
from statistics import median

import django

django.setup()

from django.db import OperationalError, connection  # noqa: E402

from accounts.refusals import Refusal  # noqa: E402

from .common import Report, say  # noqa: E402
from .desk import HEAD, Desk, Point  # noqa: E402
from .desks import DESKS  # noqa: E402
from .wholeness import ABSENT, BETWEEN, WHOLE  # noqa: E402


def moments(rng: random.Random, points: int, seconds: float) -> list[float]:
    """One at random in each of as many equal parts of the time, in random order."""
    found = [(number + rng.random()) * seconds / points for number in range(points)]
    rng.shuffle(found)
    return found


def campaign(desk: Desk, points: int, rng: random.Random) -> list[Point]:
    """All points, each printed as it is over."""
    times = [desk.undisturbed() for _ in range(5)]
    say(
        f"undisturbed {', '.join(f'{t * 1000:.0f}' for t in times)} ms; moments over {median(times[1:]) * 1000:.0f} ms\n"
    )
    say(HEAD)
    found = []
    for kind in ("worker", "PostgreSQL"):
        for number, at in enumerate(moments(rng, points, median(times[1:])), 1):
            victim = "pool process" if kind == "worker" and number % 4 == 0 else kind
            point = Point(number, victim, at)
            try:
                desk.disturbed(point)
            except (OperationalError, Refusal) as error:
                point.faults.append(f"{type(error).__name__}: {error}")
            found.append(point)
            say(point.line())
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--of", choices=sorted(DESKS), default="dispatch")
    parser.add_argument("--size", type=int, default=20_000)
    parser.add_argument("--points", type=int, default=20)
    parser.add_argument("--seed", type=int)
    chosen = parser.parse_args()
    if "endure" not in os.environ.get("ZHONGZHAO_RUN", ""):
        raise SystemExit("script/endure starts this: it kills the server it works on")
    seed = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(1_000_000)
    report = Report(f"endure_{chosen.of}" if chosen.of != "dispatch" else "endure")
    say(f"seed {seed}")
    desk = DESKS[chosen.of](chosen.size)
    try:
        desk.worker.start()
        found = campaign(desk, chosen.points, random.Random(seed))  # noqa: S311 - moments, no secrets
    finally:
        desk.worker.stop()
        connection.close()
    return verdict(report, found, chosen.size, seed)


def verdict(report: Report, points: list[Point], size: int, seed: int) -> int:
    """Sum up; 1 if anything went wrong."""
    say("")
    for kind in ("worker", "pool process", "PostgreSQL"):
        of = [point for point in points if point.victim == kind]
        if of:
            count = {word: sum(point.found == word for point in of) for word in (ABSENT, WHOLE, BETWEEN)}
            said = ", ".join(f"{number} {word}" for word, number in count.items())
            say(f"{kind}: {len(of)} killed, found {said}; {sum(not point.faults for point in of)} without fault;"
                f" back within {max(point.back for point in of):.1f} s, whole within"
                f" {max(point.whole for point in of):.1f} s")  # fmt: skip
    report.add(size=size, seed=seed, points=[vars(point) for point in points])
    return 1 if any(point.faults for point in points) else 0


if __name__ == "__main__":
    sys.exit(main())
