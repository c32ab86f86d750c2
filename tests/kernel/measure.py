"""Times of the kernel at the size of a province: `python -m tests.kernel.measure [candidates]`.

Choices follow a popularity of units that is lognormal; a tenth is void, a tenth not eligible; seats for nine
in ten. Each figure is the median of three.
"""

import resource
import sys
from statistics import median
from time import perf_counter

import numpy as np

from dispatch.kernel import bands
from dispatch.kernel.check import faults
from dispatch.kernel.explain import explain, words
from dispatch.kernel.order import lottery_numbers, order_candidates
from dispatch.kernel.problem import Problem, TiePolicy, digest

COLUMNS, UNITS = 10, 2000


def say(what, seconds):
    sys.stdout.write(f"{what:<32}{seconds * 1000:9.1f} ms\n")


def timed(what, deed, times=3):
    """Do it, say how long it took, and hand back what it gave."""
    spent = []
    for _ in range(times):
        start = perf_counter()
        result = deed()
        spent.append(perf_counter() - start)
    say(what, median(spent))
    return result


def main(n):
    random = np.random.default_rng(1)
    score = (random.normal(45_000, 9_000, n).clip(0, 75_000) // 50 * 50).astype(np.int32)
    keys = [(random.normal(24_000, 4_000, n).clip(0, 36_000) // 50 * 50).astype(np.int32)]
    keys += [random.integers(0, 24, n, np.int32) * 500 for _ in range(3)]
    numbers = [f"44010321{i:07d}" for i in range(n)]
    lottery = timed("lottery_numbers", lambda: lottery_numbers("seed", numbers), times=1)
    order, tie_group = timed("order_candidates, 4 keys", lambda: order_candidates(score, keys, lottery))
    popularity = random.lognormal(0, 1, UNITS)
    choices = random.choice(UNITS, (n, COLUMNS), p=popularity / popularity.sum()).astype(np.int32)
    choices[random.random((n, COLUMNS)) < 0.1] = -1
    seats = (random.dirichlet(np.full(UNITS, 2)) * n * 0.9).astype(np.int32)
    eligible = random.random((n, COLUMNS)) < 0.9
    problem = timed("Problem", lambda: Problem(order, tie_group, choices, seats, eligible))
    timed("digest(problem)", lambda: digest(problem))
    for sizes in ((COLUMNS,), (1,), (1, 2)):
        for ties in TiePolicy:
            outcome = timed(f"solve {sizes} {ties}", lambda s=sizes, t=ties: bands.solve(problem, s, t))
            found = timed(
                f"faults {sizes} {ties}", lambda o=outcome, s=sizes, t=ties: list(faults(problem, o, s, t))
            )
            assert not found
        unplaced = int(np.flatnonzero(outcome.unit < 0)[-1])
        timed(f"explain {sizes}", lambda o=outcome, s=sizes, c=unplaced: words(explain(problem, o, s, c)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(f"{n} candidates, peak memory {peak // 1024} MB\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
