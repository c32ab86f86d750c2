"""Times of the public case file: a folder of a million candidates with ten choices, read, solved, written.

    script/bench case [--sizes 20000 200000 1000000] [--orders listed shuffled]

The floors are what a reader could do with what Python has: the bytes of the files read and no more, the csv
module over the same files without keeping anything, and numpy.loadtxt.
Each figure is the median of three; the command runs in a process of its own, whose peak memory is given. The
ratio is of the seconds that a processor was at work, which others at work on the machine disturb less.
"""

import argparse
import csv
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from .common import MB, Report, say, timed

COLUMNS, UNITS = 10, 2000


def folder_write(folder: Path, n: int, shuffled: bool) -> None:
    """A made-up case of n candidates; shuffled: the rows of choices.csv in no order."""
    random = np.random.default_rng(1)
    total = (random.normal(45_000, 9_000, n).clip(0, 75_000) // 50 * 50) / 100
    maths, chinese = random.integers(0, 241, (2, n)) / 2
    counties = np.array([f"44{city:02d}{county:02d}" for city in range(1, 22) for county in range(1, 9)])
    county, sex = random.choice(counties, n), random.integers(1, 3, n)
    popularity = random.lognormal(0, 1, UNITS)
    choices = random.choice(UNITS, n * COLUMNS, p=popularity / popularity.sum())
    plan = (random.dirichlet(np.full(UNITS, 2)) * n * 0.9).astype(int)
    with (folder / "units.csv").open("w") as file:
        file.write("unit,plan,ratio_percent,region,sex,min_total\n")
        file.writelines(f"{10000 + u},{plan[u]},{100 + 5 * (u % 3)},,,\n" for u in range(UNITS))
    with (folder / "lines.csv").open("w") as file:
        file.write("region,total\n")
        file.writelines(f"{name},{300 + at % 40}\n" for at, name in enumerate(counties))
    with (folder / "candidates.csv").open("w") as file:
        file.write("candidate,region,sex,total,ma,zh\n")
        columns = (county, sex, total, maths, chinese)
        for at, row in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
            file.write(f"4401032100{at:07d},{','.join(map(str, row))}\n")
    with (folder / "choices.csv").open("w") as file:
        file.write("candidate,no,unit\n")
        rows = random.permutation(n * COLUMNS) if shuffled else np.arange(n * COLUMNS)
        for row, unit in zip(rows.tolist(), choices[rows].tolist(), strict=True):
            file.write(f"4401032100{row // COLUMNS:07d},{row % COLUMNS + 1},{10000 + unit}\n")


# A small process starts the command: the peak memory of a child counts from that of its parent.
WRAP = """
import os, sys, time
start = time.perf_counter()
null = os.open(os.devnull, os.O_WRONLY)
pid = os.posix_spawn(sys.executable, [sys.executable, *sys.argv[1:]], os.environ,
                     file_actions=[(os.POSIX_SPAWN_DUP2, null, 1)])
_, status, used = os.wait4(pid, 0)
print(time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def command(folder: Path, *arguments: str) -> tuple[float, float, int]:
    """Seconds, seconds of a processor and peak memory in bytes of a command on the folder."""
    call = [sys.executable, "-c", WRAP, "-m", "dispatch.kernel", arguments[0], str(folder), *arguments[1:]]
    seconds, busy, memory = subprocess.run(call, stdout=subprocess.PIPE, check=True).stdout.split()
    return float(seconds), float(busy), int(memory)


def measure(folder: Path) -> dict[str, tuple[float, float, int]]:
    """Seconds, seconds of a processor and peak memory by name; the median of three."""
    out = str(folder / "outcome.csv")
    keys = ("--keys", "total,ma,zh")
    commands = {
        "solve score_first": ("solve", *keys, "--out", out),
        "check score_first": ("check", out, *keys),
        "solve choice_first": ("solve", "--mode", "choice_first", *keys, "--out", out),
        "solve parallel 1,2 accept_all": (
            "solve", "--mode", "parallel", "--bands", "1,2", "--ties", "accept_all", *keys, "--out", out,
        ),
        "explain": ("explain", "44010321000000007", *keys),
    }  # fmt: skip
    found = {}
    for name, arguments in commands.items():
        found[name] = sorted(command(folder, *arguments) for _ in range(3))[1]
    files = sorted(folder.glob("*.csv"))
    for name, floor in {
        "floor: read the bytes": lambda: [path.read_bytes() for path in files],
        "floor: csv module": lambda: [_by_csv(path) for path in files],
        "floor: numpy.loadtxt of choices": lambda: _loadtxt(folder),
    }.items():
        found[name] = sorted(_timed(floor) for _ in range(3))[1]
    return found


def _timed(deed) -> tuple[float, float, int]:
    start = time.process_time()
    _, seconds = timed(deed)
    return seconds, time.process_time() - start, 0


def _by_csv(path: Path) -> int:
    with path.open(newline="") as file:
        return sum(1 for _ in csv.reader(file))


def _loadtxt(folder: Path) -> None:
    with (folder / "choices.csv").open() as file:
        np.loadtxt(file, np.int64, delimiter=",", skiprows=1)


def main() -> None:
    """Measure each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[20_000, 200_000])
    parser.add_argument("--orders", nargs="+", choices=["listed", "shuffled"], default=["listed", "shuffled"])
    chosen, report = parser.parse_args(), Report("case")
    for n in chosen.sizes:
        for order in chosen.orders:
            with tempfile.TemporaryDirectory() as name:
                folder_write(Path(name), n, order == "shuffled")
                size = sum(path.stat().st_size for path in Path(name).iterdir())
                found = measure(Path(name))
            say(f"{n} candidates, {COLUMNS} choices, {UNITS} units, {size // MB} MB, rows {order}")
            floor = found["floor: csv module"][1]
            for what, (seconds, busy, memory) in found.items():
                peak = f"{memory // MB:8d} MB" if memory else ""
                say(f"  {what:<32}{seconds:8.2f} s{busy:8.2f} s of a core{busy / floor:7.2f} × csv{peak}")
            report.add(size=n, order=order, found=found)


if __name__ == "__main__":
    main()
