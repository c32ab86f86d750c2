"""A dispatch whose worker or whose database is killed: whole or absent, and started again the same.

    script/endure [--size 20000] [--points 20] [--seed N]

A city is filled, a run opened, rehearsed and confirmed through the services. Then, for each point, from a fresh copy
of the confirmed database: the execution is started as the page does (row of the job, message to the broker, a real
worker), something is killed after a random time, and what is in the database is compared to what the rehearsal
promised (`bench.wholeness`) before anything else is done. What was killed comes back; at every other point the
message is waited for, at the others an officer starts again at once. The run must then be whole, with the outcome of
the rehearsal computed from the placements; a late delivery of the first message must change nothing; and the run is
undone. The moments are spread evenly over the time of an undisturbed execution, one at random in each equal part.
"""

import argparse
import os
import random
import sys
import time
from dataclasses import dataclass, field
from statistics import median

import django

django.setup()

from django.core.cache import cache  # noqa: E402
from django.db import OperationalError, connection  # noqa: E402

from accounts.refusals import Refusal  # noqa: E402
from admissions.jobs import Progress, job_cancel, job_interrupted, job_worked_on  # noqa: E402
from admissions.models import Batch, Job  # noqa: E402
from dispatch.models import Run  # noqa: E402
from dispatch.services import executing, sending  # noqa: E402
from dispatch.tasks import execute  # noqa: E402

from . import filling, scratch  # noqa: E402
from .common import Report, say, timed  # noqa: E402
from .victims import Server, Worker  # noqa: E402
from .wholeness import ABSENT, BETWEEN, WHOLE, Promise  # noqa: E402

BASE, POINT = "zhongzhao_bench", "zhongzhao_bench_point"
PATIENCE = 60  # seconds for a job to end, and for a message to come back
HEAD = f"{'':>3} {'killed':<14}{'at ms':>7}  {'the progress said':<26}{'the database was at':<44}" \
    f"{'found':<8}{'its job':<12}{'back s':>7}  {'again by':<10}{'whole s':>8}"  # fmt: skip


@dataclass
class Point:
    """One moment, and what came of it; times in seconds."""

    number: int
    victim: str
    at: float
    told: str = ""
    doing: str = ""
    found: str = ""
    job: str = ""
    back: float = 0.0
    by: str = ""
    whole: float = 0.0
    faults: list[str] = field(default_factory=list)

    def line(self) -> str:
        return f"{self.number:>3} {self.victim:<14}{self.at * 1000:>7.0f}  {_wide(self.told, 26)}{self.doing:<44.43}" \
            f"{self.found:<8}{self.job:<12}{self.back:>7.2f}  {self.by:<10}{self.whole:>8.2f}" \
            + "".join(f"\n    FAULT {fault}" for fault in self.faults)  # fmt: skip


def _wide(words: str, width: int) -> str:
    """Chinese characters take two columns."""
    return words + " " * max(1, width - sum(2 if ord(c) > 0x2E80 else 1 for c in words))


class Desk:
    """The officer at his desk: one confirmed run, its worker, its server."""

    def __init__(self, size: int):
        self.server, self.worker = Server(), Worker(POINT)
        self.promise = self._prepare(size)

    def _prepare(self, size: int) -> Promise:
        scratch.open_base()
        filling.fill(size, choices=10, units=max(10, min(2000, size // 40)))
        Batch.objects.update(tie_policy="accept_all", tie_keys=[])  # so that plans are exceeded
        batch, (officer, second) = filling.found()
        run = sending.run_open(actor=officer, batch=batch)
        sending.run_rehearse(
            actor=officer, run=run, progress=Progress("00000000-0000-0000-0000-000000000000")
        )
        run.refresh_from_db()
        sending.run_confirm(actor=second, run=run, fingerprint=run.fingerprint)
        run.refresh_from_db()
        promise = Promise(run)
        over = sum(promise.whole["seats over the plan"].values())
        say(f"{run.candidates} candidates, {run.sent} to send to {promise.whole['sheets']} schools,"
            f" {over} above the plan; outcome {promise.digest[:16]}")  # fmt: skip
        return promise

    def fresh(self) -> None:
        """The confirmed run once more, untouched."""
        scratch.use(BASE)
        scratch.copy(BASE, POINT)
        self.officer = filling.found()[1][0]

    def run(self) -> Run:
        return Run.objects.select_related("batch__season").get(pk=self.promise.run)

    def start(self) -> Job:
        """As the page does."""
        return executing.run_execute_start(actor=self.officer, run=self.run())

    def wait(self, job: Job, patience: float = PATIENCE) -> str:
        """Until a job has ended and its worker has laid it down; its state.

        For an instant after a commit the server shows its rows and not yet the new partition; the answer to
        the worker, and so the end of his lock, comes after that instant.
        """
        until = time.monotonic() + patience
        while time.monotonic() < until:
            job.refresh_from_db()
            if job.ended and not job_worked_on(job):
                break
            time.sleep(0.005)
        return job.state

    def settle(self, patience: float = PATIENCE) -> None:
        """Until nobody works on anything, the verification that follows an execution above all."""
        until, quiet = time.monotonic() + patience, 0
        while quiet < 3 and time.monotonic() < until:
            busy = any(job_worked_on(job) for job in Job.objects.filter(state__in=Job.UNDER_WAY))
            quiet = 0 if busy else quiet + 1
            time.sleep(0.03)

    def undisturbed(self) -> float:
        """Seconds of an execution that nobody disturbs, from the message to the job's end."""
        self.fresh()
        job = self.start()
        state, seconds = timed(lambda: self.wait(job))
        word, differences = self.promise.verdict()
        if (state, word) != (Job.State.DONE, WHOLE):
            raise SystemExit(f"undisturbed, the job is {state} and the run {word}: {differences}")
        self.settle()
        return seconds

    def disturbed(self, point: Point) -> None:
        """Kill at one moment, look, let it come back, start again, look, undo, look."""
        self.fresh()
        job = self.start()
        began = time.perf_counter()
        self.server.doing(POINT)  # has its connection ready
        time.sleep(max(0.0, point.at - (time.perf_counter() - began)))
        point.told = (cache.get(f"job:{job.pk}") or {}).get("words", "-")
        point.doing = self.server.doing(POINT)
        killed = {"worker": self.worker.kill_whole, "pool process": self.worker.kill_pool,
                  "PostgreSQL": self.server.kill_whole}[point.victim]  # fmt: skip
        killed()
        point.at, dead = time.perf_counter() - began, time.perf_counter()
        if point.victim == "PostgreSQL":
            point.back = self.server.come_back()
        self._look(point, job)
        if point.victim == "worker":
            point.back = self.worker.come_back()
        self._again(point, job)
        point.whole = time.perf_counter() - dead
        self._whole(point, "after starting again")
        execute(str(job.pk))  # the first message comes late, once more
        self._whole(point, "after a late delivery")
        self.settle()
        executing.run_cancel(actor=self.officer, run=self.run(), reason="演练")
        point.faults += self.promise.undone()

    def _look(self, point: Point, job: Job) -> None:
        """Before anything is started again, but for the message of a process whose worker lives on.

        A server still ends the statement of a worker that has died, a commit perhaps.
        """
        if point.victim == "worker":
            until = time.monotonic() + PATIENCE
            while job_worked_on(job) and time.monotonic() < until:
                time.sleep(0.002)
        point.found, differences = self.promise.verdict()
        if point.found == BETWEEN and point.victim == "pool process":  # see ``wait``
            time.sleep(0.1)
            point.found, differences = self.promise.verdict()
        point.faults += differences
        job.refresh_from_db()
        point.job = "interrupted" if job_interrupted(job) else job.state
        if point.victim != "pool process" and (job.state == Job.State.DONE) != (point.found == WHOLE):
            point.faults.append(f"the run is {point.found} and its job {job.state}")

    def _again(self, point: Point, job: Job) -> None:
        """By the message that comes back, or by the officer, who does not wait.

        A worker that outlives the server has acknowledged a message that it had taken; one that it could
        not take goes back.
        """
        job.refresh_from_db()
        if point.found == WHOLE:
            point.by = "-"
            return
        comes_back = point.victim != "PostgreSQL" or job.state == Job.State.QUEUED
        if comes_back and (point.number % 2 or point.victim == "pool process"):
            point.by = "message"
            self.wait(job)
            return
        point.by = "officer"
        if job.state == Job.State.QUEUED:
            job_cancel(actor=self.officer, job=job)
        try:
            self.wait(self.start())
        except Refusal as refusal:
            point.faults.append(f"the officer was refused: {refusal}")

    def _whole(self, point: Point, when: str) -> None:
        word, differences = self.promise.verdict()
        if word != WHOLE:
            point.faults += [f"{when} the run is {word}", *differences]


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
    parser.add_argument("--size", type=int, default=20_000)
    parser.add_argument("--points", type=int, default=20)
    parser.add_argument("--seed", type=int)
    chosen = parser.parse_args()
    if "endure" not in os.environ.get("ZHONGZHAO_RUN", ""):
        raise SystemExit("script/endure starts this: it kills the server it works on")
    seed = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(1_000_000)
    report = Report("endure")
    say(f"seed {seed}")
    desk = Desk(chosen.size)
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
