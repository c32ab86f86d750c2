"""Which choices of a case count: its lines and the conditions of its units."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dispatch.kernel.case import Case

NO_LINE = np.iinfo(np.int64).min


def eligible(case: "Case") -> np.ndarray | None:
    """bool[n, k], the choices that lines and conditions leave; None if there are none at all."""
    found = [~barred for barred in (case.ineligible, case.unranked) if barred is not None]
    if case.lines:
        found.append(np.broadcast_to(reaches_line(case)[:, None], case.choices.shape))
    found += [
        check for check in (fits_region(case), fits_sex(case), reaches_minimum(case)) if check is not None
    ]
    if not found:
        return None
    whole = found[0].copy()
    for check in found[1:]:
        whole &= check
    return whole


def reaches_line(case: "Case") -> np.ndarray:
    """bool[n], who reaches the control line of his region."""
    ruled = np.isin(case.region, list(case.lines))
    total = case.total(ruled)
    reached = np.ones(len(ruled), np.bool_)
    for region, line in case.lines.items():
        reached &= (case.region != region) | (total.level >= total.line(line))
    return reached


def fits_region(case: "Case") -> np.ndarray | None:
    """bool[n, k], choices of units that take from the candidate's region; None if all take from all."""
    if (case.unit_region < 0).all():
        return None
    wanted = np.append(case.unit_region, -1).astype(np.int32)[case.choices]
    return (wanted < 0) | (wanted == case.region[:, None])


def fits_sex(case: "Case") -> np.ndarray | None:
    """bool[n, k], choices of units that take the candidate's sex; None if all take both."""
    if not case.unit_sex.any():
        return None
    wanted = np.append(case.unit_sex, 0).astype(np.int8)[case.choices]
    return (wanted == 0) | (wanted == case.sex[:, None])


def reaches_minimum(case: "Case") -> np.ndarray | None:
    """bool[n, k], choices of units whose lowest total the candidate reaches; None if no unit has one."""
    if all(line is None for line in case.min_total):
        return None
    asks = np.array([line is not None for line in case.min_total] + [False])
    total = case.total(asks[case.choices].any(axis=1))
    lowest = [NO_LINE if line is None else total.line(line) for line in case.min_total]
    return total.level[:, None] >= np.array([*lowest, NO_LINE])[case.choices]
