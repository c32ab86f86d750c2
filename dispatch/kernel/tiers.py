"""分段（梯度线）: score segments from the top, inside each the bands of choices."""

from collections.abc import Sequence

import numpy as np

from dispatch.kernel.bands import solve_segments
from dispatch.kernel.problem import Outcome, Problem, TiePolicy


def solve(
    problem: Problem, tier: np.ndarray, bands: Sequence[int] = (1,), ties: TiePolicy = TiePolicy.STRICT
) -> Outcome:
    """Serve the highest segment through all its choices, then the next segment on the seats left.

    Source: none of the five notices; practice of Chengdu (630 and then every 5 points), Taiyuan (660, every
    5 points) and Guangzhou (梯度控制线上志愿优先), domain.md §6.4 with P10–P13. One segment for all is plain
    `bands.solve`; a segment for each group of equals is 分数优先, whatever the bands.

    Args:
        problem: n candidates, k choices each, m units.
        tier: int16[n] by candidate index, 0 is the highest segment; never falling along the order, and the
            same for all equals.
        bands: sizes of the bands of choices inside a segment; (1,) is 志愿优先.
        ties: what happens to equals at the last seat.

    Raises:
        ValueError: if a tier is not a segment of the order, or bands have no sizes.

    Cost: as `bands.solve`, and some 0.1 ms for each segment and band.
    """
    check_tiers(problem, tier)
    along = tier[problem.order]
    cuts = np.flatnonzero(np.diff(along)) + 1
    return solve_segments(problem, [0, *cuts.tolist(), len(along)], bands, ties)


def check_tiers(problem: Problem, tier: np.ndarray) -> None:
    """Refuse tiers that are no segments of the order.

    Raises:
        ValueError: on a wrong shape or dtype, a negative tier, one that falls along the order, or equals in
            different tiers.
    """
    n = len(problem.order)
    if not isinstance(tier, np.ndarray) or tier.dtype != np.int16 or tier.shape != (n,):
        raise ValueError(f"tier must be int16 of shape ({n},)")
    along, groups = tier[problem.order], problem.tie_group[problem.order]
    if n and along[0] < 0:
        raise ValueError("a tier is negative")
    if (along[1:] < along[:-1]).any():
        raise ValueError("tier falls along the order")
    if ((along[1:] != along[:-1]) & (groups[1:] == groups[:-1])).any():
        raise ValueError("candidates equal on score and all tie keys are in different tiers")
