"""A light client: requests that arrive at a given rate whether or not earlier ones are answered (open loop).

Each request has a connection of its own, as a proxy makes them. A time is counted from the moment at which the request
was due, so that what waits in a queue is counted too.
"""

import asyncio
import heapq
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

HOST = "localhost"
SECRET = "c" * 32  # of the CSRF cookie; the header repeats it
PATIENCE = 60.0


@dataclass(frozen=True)
class Request:
    """What is asked, by whom; ``goal`` in ms.

    Attributes:
        expected: statuses that are no error.
        answered: told the status once it is known.
    """

    kind: str
    goal: int
    address: str
    cookie: str = ""
    fields: dict | None = None
    htmx: bool = False
    expected: tuple[int, ...] = (200,)
    answered: Callable[[int], None] | None = None

    def encoded(self) -> bytes:
        body = urlencode(self.fields).encode() if self.fields is not None else b""
        lines = [
            f"{'POST' if self.fields is not None else 'GET'} {self.address} HTTP/1.1",
            f"Host: {HOST}",
            "X-Forwarded-Proto: https",
            f"Cookie: sessionid={self.cookie}; csrftoken={SECRET}",
            "Connection: close",
        ]
        if self.htmx:
            lines.append("HX-Request: true")
        if self.fields is not None:
            lines += [
                f"Origin: https://{HOST}",
                f"X-CSRFToken: {SECRET}",
                "Content-Type: application/x-www-form-urlencoded",
                f"Content-Length: {len(body)}",
            ]
        return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(frozen=True)
class Answer:
    """What came of it: seconds from when it was due; status 0 if none came."""

    kind: str
    goal: int
    seconds: float
    status: int
    size: int
    wrong: str = ""


async def ask(port: int, request: Request, due: float) -> Answer:
    """Send one request and read the whole answer."""
    status, data, wrong = 0, b"", ""
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
            writer.write(request.encoded())
            data = await reader.read()
            writer.close()
            status = int(data[9:12] or 0)
    except (OSError, TimeoutError, ValueError) as error:
        wrong = type(error).__name__
    seconds = time.perf_counter() - due
    if status not in request.expected and not wrong:
        wrong = f"{status} {request.address}"
    if request.answered:
        request.answered(status)
    return Answer(request.kind, request.goal, seconds, status, len(data), wrong)


async def _arrive(
    port: int, rate: float, seconds: float, make: Callable[[], Request]
) -> tuple[list[Answer], int]:
    dice = random.Random(7)  # noqa: S311 - gaps, no secrets
    start = time.perf_counter()
    at, under_way, answers, most = 0.0, set(), [], 0
    while (at := at + dice.expovariate(rate)) < seconds:
        if (wait := start + at - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        task = asyncio.create_task(ask(port, make(), start + at))
        under_way.add(task)
        most = max(most, len(under_way))
        task.add_done_callback(lambda done: (under_way.discard(done), answers.append(done.result())))
    while under_way:
        await asyncio.wait(under_way)
    return answers, most


def arrivals(port: int, rate: float, seconds: float, make: Callable[[], Request]) -> tuple[list[Answer], int]:
    """Requests at random moments (a Poisson process) of a rate; all answers, and how many waited at most.

    Args:
        rate: requests a second.
        seconds: how long they arrive; what is late is waited for.
        make: the next request.
    """
    return asyncio.run(_arrive(port, rate, seconds, make))


def one_by_one(port: int, requests: Iterable[Request]) -> list[Answer]:
    """One request after the other."""

    async def all_of_them():
        return [await ask(port, request, time.perf_counter()) for request in requests]

    return asyncio.run(all_of_them())


def percentile(values: Iterable[float], share: float) -> float:
    """The value below which a share of them lies; the highest of few."""
    values = list(values)
    return heapq.nsmallest(max(1, -(-int(len(values) * share * 1000) // 1000)), values)[-1] if values else 0.0
