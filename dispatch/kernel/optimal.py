"""Whether a stable outcome is the one that is best for the candidates, told without solving anything.

Source: the rotations of R. W. Irving, P. Leather, "The Complexity of Counting Stable Marriages", SIAM Journal
on Computing 15 (1986), read from the units' side and for many seats: D. Gusfield, R. W. Irving, "The Stable
Marriage Problem" (1989).

Take a stable outcome of one band, ties strict, and for each unit u the best placed s(u) of those it refused:
all who stand better are there, or were content before. If u had to give up one of its own, it would take s(u),
who would leave the unit where he is: an arrow from u to that unit; none if s(u) sits nowhere in this band, for
such a one sits nowhere in any stable outcome.

* If the arrows close a cycle, each s(u) of it can move to u: every unit of the cycle loses one and gains one,
  nobody is passed over (all between its last and s(u) were content), and each who moved fares better.
* If another stable outcome is better for the candidates, the units whose people differ are full in both and
  got worse people; the best of those whom such a unit refused is among those who fare better, so his unit
  differs too. The arrows from these units never leave them and must close a cycle.

So the outcome is the candidates' best exactly if there is no cycle.
"""

import numpy as np

from dispatch.kernel.fault import Kind

NEVER = np.iinfo(np.int64).max


def improvable(claim):
    """NOT_BEST at each unit of a cycle; the candidate named could move there.

    Args:
        claim: `check`'s view of an outcome, where units rank by orders of their own and ties are strict. It is
            taken to be stable; of an outcome that is not, what is found here means nothing.

    Cost: a pass over the choices, and a few over the units for each doubling of their number.
    """
    if not len(claim.sits):
        return
    problem, m = claim.problem, len(claim.problem.seats)
    # A node is a unit in one round: round * m + unit.
    nodes, seat = np.unique(claim.round * m + claim.unit, return_inverse=True)
    nowhere = len(nodes)
    node_of = np.full(len(problem.order), nowhere)
    node_of[claim.sits] = seat
    best = np.full(nowhere, NEVER)
    shared = np.bincount(claim.band)[claim.band] > 1  # bands of one choice have no cycles
    for block, refused in claim.refusals():
        rows, columns = np.nonzero(refused & shared & (problem.choices[block] >= 0))
        turns = claim.turns(block)[rows, columns]
        node = turns // claim.span * m + problem.choices[block][rows, columns]
        at = np.minimum(np.searchsorted(nodes, node), nowhere - 1)
        known = nodes[at] == node
        np.minimum.at(best, at[known], turns[known])
    who = problem.order[best % claim.span % len(problem.order)]
    # Who sits in a later round points there, from where no arrow comes back: not a cycle either.
    reached = np.append(np.where(best < NEVER, node_of[who], nowhere), nowhere)
    for _ in range(nowhere.bit_length()):
        reached = reached[reached]
    cycle = np.unique(reached[reached < nowhere])
    yield from claim.by_unit(Kind.NOT_BEST, nodes[cycle] % m, who[cycle])
