"""Times of the kernel alone at the size of a province; no database.

    script/bench kernel [--sizes 20000 200000 1000000]

Choices follow a popularity of units that is lognormal; a tenth is void, a tenth not eligible; seats for nine
in ten. Each figure is the median of three.
"""

import argparse
from dataclasses import replace

import numpy as np

from dispatch.kernel import bands
from dispatch.kernel.check import faults
from dispatch.kernel.explain import explain, words
from dispatch.kernel.order import lottery_numbers, order_candidates
from dispatch.kernel.problem import Problem, TiePolicy, digest

from .common import MB, Report, median_of, peak_memory, say, timed

COLUMNS, UNITS = 10, 2000


def problem_of(n: int, figures: dict) -> Problem:
    """A made-up problem; what making it took is added to the figures."""
    random = np.random.default_rng(1)
    score = (random.normal(45_000, 9_000, n).clip(0, 75_000) // 50 * 50).astype(np.int32)
    keys = [(random.normal(24_000, 4_000, n).clip(0, 36_000) // 50 * 50).astype(np.int32)]
    keys += [random.integers(0, 24, n, np.int32) * 500 for _ in range(3)]
    numbers = [f"44010321{i:07d}" for i in range(n)]
    lottery, figures["lottery_numbers"] = timed(lambda: lottery_numbers("seed", numbers))
    figures["order_candidates, 4 keys"] = median_of(lambda: order_candidates(score, keys, lottery))
    order, tie_group = order_candidates(score, keys, lottery)
    popularity = random.lognormal(0, 1, UNITS)
    choices = random.choice(UNITS, (n, COLUMNS), p=popularity / popularity.sum()).astype(np.int32)
    choices[random.random((n, COLUMNS)) < 0.1] = -1
    seats = (random.dirichlet(np.full(UNITS, 2)) * n * 0.9).astype(np.int32)
    eligible = random.random((n, COLUMNS)) < 0.9
    figures["Problem"] = median_of(lambda: Problem(order, tie_group, choices, seats, eligible))
    return Problem(order, tie_group, choices, seats, eligible)


def measure(n: int) -> dict[str, float]:
    """Seconds by name."""
    figures: dict[str, float] = {}
    problem = problem_of(n, figures)
    figures["digest(problem)"] = median_of(lambda: digest(problem))
    for sizes in ((COLUMNS,), (1,), (1, 2)):
        for ties in TiePolicy:
            outcome = bands.solve(problem, sizes, ties)
            figures[f"solve {sizes} {ties}"] = median_of(lambda s=sizes, t=ties: bands.solve(problem, s, t))
            figures[f"faults {sizes} {ties}"] = median_of(
                lambda o=outcome, s=sizes, t=ties: list(faults(problem, o, s, t))
            )
            if found := list(faults(problem, outcome, sizes, ties)):
                raise SystemExit(f"the check found {found[:3]}")
        who = int(np.flatnonzero(outcome.unit < 0)[-1])
        figures[f"explain {sizes}"] = median_of(
            lambda o=outcome, s=sizes, c=who: words(explain(problem, o, s, c))
        )
    measure_own_orders(problem, figures)
    return figures


def measure_own_orders(problem: Problem, figures: dict) -> None:
    """The same where each unit ranks by scores of its own, without any bearing on the common order."""
    scores = np.random.default_rng(2).integers(0, 75_000, problem.choices.shape, np.int32)
    own = replace(problem, place=-scores)
    for sizes in ((COLUMNS,), (1, 2)):
        for ties in TiePolicy:
            outcome = bands.solve(own, sizes, ties)
            name = f"own orders {sizes} {ties}"
            figures[f"solve {name}"] = median_of(lambda s=sizes, t=ties: bands.solve(own, s, t))
            figures[f"faults {name}"] = median_of(
                lambda o=outcome, s=sizes, t=ties: list(faults(own, o, s, t))
            )
            if found := list(faults(own, outcome, sizes, ties)):
                raise SystemExit(f"the check found {found[:3]}")
    who = int(np.flatnonzero(outcome.unit < 0)[-1])
    figures["explain own orders"] = median_of(lambda: words(explain(own, outcome, sizes, who)))


def main() -> None:
    """Measure each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[20_000, 200_000])
    chosen, report = parser.parse_args(), Report("kernel")
    for n in chosen.sizes:
        with peak_memory() as memory:
            figures = measure(n)
        say(f"{n} candidates, {COLUMNS} choices, {UNITS} units, peak memory {memory['added'] // MB} MB")
        for name, seconds in figures.items():
            say(f"  {name:<38}{seconds * 1000:9.1f} ms")
        report.add(size=n, seconds=figures, memory=memory["added"])


if __name__ == "__main__":
    main()
