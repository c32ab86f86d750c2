"""The desk at which something is killed: a job is started as the page does, disturbed at one moment, and looked at.

What the job is, what it promises and how it is started again is said by ``bench.desks``.
"""

import time
from dataclasses import dataclass, field

from django.core.cache import cache

from accounts.models import User
from accounts.refusals import Refusal
from admissions.jobs import job_cancel, job_interrupted, job_worked_on
from admissions.models import Job

from . import scratch
from .common import timed
from .victims import Server, Worker
from .wholeness import BETWEEN, WHOLE, Promised

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
    """The officer at his desk: what is to be started, its worker, its server.

    Attributes:
        what: is started, in a word.
        promise: what it must leave behind.
    """

    what: str

    def __init__(self, size: int):
        self.server, self.worker = Server(), Worker(POINT)
        scratch.open_base()
        self.promise = self.prepare(size)

    def prepare(self, size: int) -> Promised:
        """Fill the base so that the work only has to be started; what it promises."""
        raise NotImplementedError

    def start(self) -> Job:
        """Start the work as the page does, for the first time or again."""
        raise NotImplementedError

    def deliver(self, job: Job) -> None:
        """The message of a job comes late, once more."""
        raise NotImplementedError

    def finish(self) -> list[str]:
        """Whatever can be tried once it is whole; what was wrong with it."""
        raise NotImplementedError

    def officer(self) -> User:
        """Who starts it."""
        return User.objects.select_related("organisation").get(username="bench")

    def fresh(self) -> None:
        """All once more, untouched."""
        scratch.use(BASE)
        scratch.copy(BASE, POINT)

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
        """Seconds of the work that nobody disturbs, from the message to the job's end."""
        self.fresh()
        job = self.start()
        state, seconds = timed(lambda: self.wait(job))
        word, differences = self.promise.verdict()
        if (state, word) != (Job.State.DONE, WHOLE):
            raise SystemExit(f"undisturbed, the job is {state} and the {self.what} {word}: {differences}")
        self.settle()
        return seconds

    def disturbed(self, point: Point) -> None:
        """Kill at one moment, look, let it come back, start again, look, deliver it late, look, finish."""
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
        self.deliver(job)
        self._whole(point, "after a late delivery")
        self.settle()
        point.faults += self.finish()

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
            point.faults.append(f"the {self.what} is {point.found} and its job {job.state}")

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
            job_cancel(actor=self.officer(), job=job)
        try:
            self.wait(self.start())
        except Refusal as refusal:
            if not job_worked_on(job):
                point.faults.append(f"the officer was refused: {refusal}")
            point.by = "message"  # it was there before him
            self.wait(job)

    def _whole(self, point: Point, when: str) -> None:
        word, differences = self.promise.verdict()
        if word != WHOLE:
            point.faults += [f"{when} the {self.what} is {word}", *differences]
