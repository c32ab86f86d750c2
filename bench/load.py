"""A thousand officers at once: reads and decisions arrive at given rates at a real server, and its pages are timed.

    script/bench load [--sizes 200000] [--rates 25 50 100] [--seconds 30] [--users 1000] [--workers 4] [--walls] [--again]

The web server runs as production runs it (gunicorn with the settings of production), on the same machine as PostgreSQL,
Redis and the client. Of each rate a fifth are decisions (a school's on one dossier; a tenth of them audits), the rest
the mix of pages in `bench.load_mix`, by users chosen at random among all who are on line; what open pages ask by
themselves (the numbers beside the menu, who else reads a dossier) comes on top. Requests arrive whether or not
earlier ones are answered. Told are, per rate and kind of page, the median, 95th and 99th percentile from the moment a
request was due; errors; what was achieved; and the seconds of processor that web, PostgreSQL, Redis and the client took
per request, which others at work on the machine disturb least. F is the same server's answer to a request for a static
file, and the page of the log-in. With --walls the same reads go in turn to a server whose pages row-level security
holds, and to one whose pages it does not. With --again what was filled last is used once more.
"""

import argparse
import json
import random
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from functools import partial
from statistics import median
from uuid import uuid4

import django

django.setup()

from django.db import connection  # noqa: E402
from django.urls import reverse  # noqa: E402

from . import filling, load_mix, pages, scratch  # noqa: E402
from .common import MB, Report, machine, say, timed  # noqa: E402
from .load_client import Answer, Request, arrivals, one_by_one, percentile  # noqa: E402
from .load_mix import Draft, World  # noqa: E402
from .load_server import Server  # noqa: E402

DECISIONS = 0.2  # of all requests


class Office:
    """Makes the next request of the mix."""

    def __init__(self, world: World, seed: int = 4):
        self.world, self.dice = world, random.Random(seed)  # noqa: S311 - a mix, no secret
        self.shares = [page.share for page in load_mix.PAGES]
        self.drafts, self.audits = deque(world.drafts), deque(world.waiting[len(world.waiting) // 2 :])
        world.waiting = world.waiting[: len(world.waiting) // 2]
        world.dice = self.dice

    def requests(self, rate: float) -> tuple[Callable[[], Request], float]:
        """What makes the next request when people ask at a rate, and the rate with what their pages ask by themselves."""
        beside = load_mix.by_themselves(self.world)
        kinds = [self.decision, self.page, *(partial(self.look, kind) for kind, _ in beside)]
        rates = [rate * DECISIONS, rate * (1 - DECISIONS), *(each for _, each in beside)]
        return lambda: self.dice.choices(kinds, rates)[0](), sum(rates)

    def look(self, page: load_mix.Page) -> Request:
        """A look at a page by one of those who have it."""
        person = self.world.of(page.who)
        return Request(page.name, page.goal, page.address(self.world, person), person.cookie)

    def page(self) -> Request:
        """A page of the mix."""
        return self.look(self.dice.choices(load_mix.PAGES, self.shares)[0])

    def decision(self) -> Request:
        """A school's on one dossier, as the keyboard sends it; or an audit of one candidate."""
        if self.audits and self.dice.random() < load_mix.APPROVED:
            address = reverse("dispatch:review_admissions__one", args=[self.audits.popleft()])
            fields = {"decision": "approve", "words": "", "form_key": str(uuid4())}
            person = self.world.of("reviewer")
            return Request(
                "审核录取, approve", load_mix.DECISION, address, person.cookie, fields, expected=(302,)
            )
        draft = self.drafts.popleft()
        address = reverse("dispatch:decide_as_leader__decide", args=[draft.person.desk.sheet])
        fields = {
            "candidate": draft.candidate,
            "version": draft.version,
            "decision": "undecide" if draft.decided else "admit",
        }
        return Request(
            "拟录取/待定", load_mix.DECISION, address, draft.person.cookie, fields, htmx=True,
            answered=lambda status: self.decided(draft, status),
        )  # fmt: skip

    def decided(self, draft: Draft, status: int) -> None:
        """The dossier comes to its turn again."""
        if status == 200:
            draft.version, draft.decided = draft.version + 1, not draft.decided
            self.drafts.append(draft)


def prepare(size: int, schools: int, again: bool) -> None:
    """A filled and stirred database to measure in, a copy for each size."""
    base = scratch.open_base()
    name = f"{base}_load_{size}"
    if again:
        scratch.use(name)
        return
    scratch.copy(base, name)
    seconds = timed(lambda: filling.fill(size, 4, max(10, size * 9 // 10000)))[1]
    say(f"{filling.sizes_of()} filled in {seconds:.0f} s")
    pages.people()
    say(f"dispatched, decided, audited in {timed(lambda: pages.stir(schools))[1]:.0f} s")


def floors(server: Server, times: int = 200) -> dict:
    """What the server needs for a static file, and for a page without a user."""
    manifest = json.loads((server.static / "staticfiles.json").read_text())
    found = {}
    for name, address in (
        ("F: a static file", f"/static/{manifest['paths']['img/icon.svg']}"),
        ("F: the log-in", reverse("accounts:log_in")),
    ):
        request = Request(name, 0, address)
        one_by_one(server.port, [request] * times)  # each process has it ready
        before = server.cpu()
        answers = one_by_one(server.port, [request] * times)
        found[name] = of_requests(answers) | {"cpu_ms": spent(before, server.cpu(), times)}
    return found


def spent(before: dict, after: dict, requests: int) -> dict[str, float]:
    """Milliseconds of processor per request."""
    return {name: round((after[name] - before[name]) * 1000 / max(requests, 1), 2) for name in after}


def of_requests(answers: list[Answer]) -> dict:
    """Figures of the requests of one kind; times in ms."""
    seconds = [answer.seconds * 1000 for answer in answers]
    return {
        "requests": len(answers),
        "errors": sum(bool(answer.wrong) for answer in answers),
        "p50": round(percentile(seconds, 0.5), 1),
        "p95": round(percentile(seconds, 0.95), 1),
        "p99": round(percentile(seconds, 0.99), 1),
        "kb": round(sum(answer.size for answer in answers) / 1000 / max(len(answers), 1)),
    }


def at_rate(server: Server, office: Office, rate: float, seconds: float) -> dict:
    """Requests of the mix at one rate."""
    before = server.cpu()
    make, all_told = office.requests(rate)
    (answers, most), taken = timed(lambda: arrivals(server.port, all_told, seconds, make))
    kinds = defaultdict(list)
    for answer in answers:
        kinds[answer.kind].append(answer)
    goals = {kind: of[0].goal for kind, of in kinds.items()}
    figures = {
        "rate": rate,
        "by_themselves": round(all_told - rate, 1),
        "achieved": round(len(answers) / taken, 1),
        "under_way_at_most": most,
        "whole": of_requests(answers),
        "cpu_ms": spent(before, server.cpu(), len(answers)),
        "web_mb": server.memory() // MB,
        "load": machine()["load"],
        "wrong": Counter(answer.wrong for answer in answers if answer.wrong).most_common(10),
        "kinds": {kind: of_requests(kinds[kind]) | {"goal": goals[kind]} for kind in sorted(kinds)},
    }
    tell(figures)
    return figures


def tell(figures: dict) -> None:
    """Print the figures of a rate."""
    whole = figures["whole"]
    say(
        f"\n{figures['rate']:g} requests a second and {figures['by_themselves']} by pages themselves:"
        f" {figures['achieved']} answered a second, {whole['errors']} errors of"
        f" {whole['requests']}, at most {figures['under_way_at_most']} under way, web {figures['web_mb']} MB,"
        f" load {figures['load'][0]}"
    )
    say(f"processor a request in ms: {figures['cpu_ms']}")
    say(f"{'':<28}{'requests':>9}{'errors':>8}{'p50':>9}{'p95':>9}{'p99':>9}{'KB':>7}")
    for kind, of in (*figures["kinds"].items(), ("whole", whole)):
        mark = " SLOW" * (of["p95"] > of.get("goal", 1e9))
        say(
            f"{kind:<28}{of['requests']:>9}{of['errors']:>8}{of['p50']:>9.1f}{of['p95']:>9.1f}{of['p99']:>9.1f}"
            f"{of['kb']:>7}{mark}"
        )
    for wrong, times in figures["wrong"]:
        say(f"    {times} × {wrong}")


def walls(database: str, world: World, requests: int = 300, rounds: int = 4) -> dict:
    """The same reads in turn with row-level security and without: processor per request, median times."""
    office = Office(world)
    reads = [office.page() for _ in range(requests)]
    found = {"with": [], "without": []}
    with Server(database, 1, 1) as with_walls, Server(database, 1, 1, walls=False) as without:
        servers = {"with": with_walls, "without": without}
        for server in servers.values():
            one_by_one(server.port, reads)  # warm
        for number in range(rounds):
            for name in sorted(servers, reverse=number % 2):
                server, before = servers[name], servers[name].cpu()
                answers = one_by_one(server.port, reads)
                if any(answer.wrong for answer in answers):
                    raise SystemExit(Counter(answer.wrong for answer in answers if answer.wrong))
                cpu = spent(before, server.cpu(), requests)
                found[name].append({"cpu_ms": cpu, **of_requests(answers)})
    figures = {}
    for name, runs in found.items():
        figures[name] = {
            "web_ms": median(run["cpu_ms"]["web"] for run in runs),
            "postgresql_ms": median(run["cpu_ms"].get("postgresql", 0.0) for run in runs),
            "p50": median(run["p50"] for run in runs),
        }
    held, free = (
        sum(figures[name][of] for of in ("web_ms", "postgresql_ms")) for name in ("with", "without")
    )
    figures["cost"] = round(held / free - 1, 3)
    say(f"\nrow-level security: {figures}")
    return figures


def measure(size: int, given) -> dict:
    """Fill, start the server, let them come."""
    prepare(size, given.schools, given.again)
    world = load_mix.world(given.users)
    count = {who: len(of) for who, of in world.people.items()}
    say(f"on line {count}, {len(world.drafts)} dossiers to decide, {len(world.waiting)} to audit")
    figures = {"size": size, "users": count, "workers": given.workers, "threads": given.threads}
    database = connection.settings_dict["NAME"]
    connection.close()
    if given.walls:
        return figures | {"walls": walls(database, world)}
    office = Office(world)
    with Server(database, given.workers, given.threads) as server:
        figures["floors"] = floors(server)
        for name, of in figures["floors"].items():
            say(f"{name:<28}p50 {of['p50']:.1f} ms, processor {of['cpu_ms']}")
        say("warming")
        at_rate(server, office, 10, 10)
        figures["rates"] = [at_rate(server, office, rate, given.seconds) for rate in given.rates]
    return figures


def main() -> None:
    """Measure each size."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[200_000])
    parser.add_argument("--rates", type=float, nargs="+", default=[25, 50, 100])
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--schools", type=int, default=40, help="schools that have decided before")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument(
        "--walls", action="store_true", help="what row-level security costs, and nothing else"
    )
    parser.add_argument("--again", action="store_true", help="use what was filled last")
    given = parser.parse_args()
    report = Report("load-walls" if given.walls else "load")
    base = connection.settings_dict["NAME"]
    for size in given.sizes:
        report.add(**measure(size, given))
        scratch.use(base)


if __name__ == "__main__":
    main()
