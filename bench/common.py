"""What all measurements share: times, medians, peak memory, facts of the machine, a report that is kept.

Every script of this package is run by `script/bench NAME ...`, or, with a database of one's own, by

    script/services start; eval "$(script/services env --as bench)"; python -m bench.NAME ...

It prints what it measures and writes the same as JSON into bench/results/, which is not kept in Git.
"""

import json
import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results"
MB = 1 << 20


def timed(deed: Callable):
    """Do it; give what it gave and the seconds it took."""
    start = time.perf_counter()
    result = deed()
    return result, time.perf_counter() - start


def median_of(deed: Callable, times: int = 3) -> float:
    """Median seconds of doing it several times."""
    return median(timed(deed)[1] for _ in range(times))


def _status(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise KeyError(name)


@contextmanager
def peak_memory() -> Iterator[dict[str, int]]:
    """Bytes that this process needs at most inside, above what it held before (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from now on
    found = {"before": _status("VmRSS"), "added": 0}
    yield found
    found["added"] = max(0, _status("VmHWM") - found["before"])


class Steps:
    """Seconds of named steps; the same name again is added."""

    def __init__(self):
        self.seconds: dict[str, float] = {}

    def wrap(self, owner, attribute: str, name: str) -> None:
        """Let a function or method add its time under a name from now on, until ``unwrap``."""
        plain = getattr(owner, attribute)

        def measured(*args, **kwargs):
            result, seconds = timed(lambda: plain(*args, **kwargs))
            self.seconds[name] = self.seconds.get(name, 0.0) + seconds
            return result

        setattr(owner, attribute, measured)
        self._wrapped = [*getattr(self, "_wrapped", ()), (owner, attribute, plain)]

    def unwrap(self) -> None:
        """Put back what was wrapped."""
        for owner, attribute, plain in reversed(self._wrapped):
            setattr(owner, attribute, plain)
        self._wrapped = []


def machine() -> dict:
    """What the figures were made on; the load tells whether others worked at the same time."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(memory / (1 << 30), 1),
        "python": platform.python_version(),
        "load": [round(value, 2) for value in os.getloadavg()],
    }


class Report:
    """Figures of one script: printed as they come, written as JSON at the end.

    Args:
        name: of the script.
    """

    def __init__(self, name: str):
        self.name, self.start, self.parts = name, machine(), []
        say(f"{name}: {self.start}")

    def add(self, **figures) -> None:
        """Keep the figures of one size; what was kept so far is written at once."""
        self.parts.append(figures)
        RESULTS.mkdir(parents=True, exist_ok=True)
        whole = {"start": self.start, "end": machine(), "results": self.parts}
        sizes = "-".join(str(part["size"]) for part in self.parts)
        path = RESULTS / f"{self.name}-{sizes}.json"
        path.write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n")
        say(f"load at the end {whole['end']['load']}; written to {path.relative_to(ROOT)}\n")


def say(line: str) -> None:
    """A line for the reader, at once."""
    print(line, flush=True)


def shares(seconds: dict[str, float], whole: float) -> Iterator[str]:
    """Lines: name, milliseconds, share of the whole."""
    for name, value in seconds.items():
        yield f"  {name:<34}{value * 1000:10.1f} ms{value / whole:8.1%}"


def medians(runs: list[dict[str, float]]) -> dict[str, float]:
    """Medians, name by name, of several runs."""
    return {name: median(run.get(name, 0.0) for run in runs) for name in runs[0]}
