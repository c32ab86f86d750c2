"""指标到校 in a run: the seats that schools keep for junior schools, from rows to arrays (decision 0025).

Source: domain.md §6.6. Which rows count: those of the batch, of schools whose allotted seats no standing run has
given yet. What such a run left was converted, so that a later round sends by the unified plan alone.
"""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
from django.db.models import Sum

from accounts.refusals import Refusal
from admissions.models import Batch, School
from quotas.models import Allotment
from quotas.services.allotments import CONTROL

from .kernel.allotment import Via
from .models import Run, RunSchool

NAMED = 5
QUALIFIED = "是"
"""What a trait must say of who qualifies."""
NONE, NOBODY = -1, np.iinfo(np.int64).max


def seats_allotted(batch: Batch, only: Sequence[int] = ()):
    """The rows of seats that a run of the batch would give now.

    Args:
        batch: of one city.
        only: keys of the schools that a run is confined to; empty for all.
    """
    given = RunSchool.objects.filter(
        run__batch=batch, run__executed_at__isnull=False, run__cancelled_at__isnull=True, kept__gt=0
    )
    rows = Allotment.objects.filter(batch=batch).exclude(school__in=given.values("school"))
    return rows.filter(school__in=only) if only else rows


def allotted_of(batch: Batch, kind: str, only: Sequence[int]) -> dict:
    """What a run says of allotted seats among its parameters; nothing where none are given.

    Returns:
        ``allotted``: ``when``, ``floor`` and ``margin`` (hundredths of a mark or None), ``trait``, ``seats`` in
        all, ``version`` of the table.
    """
    if not batch.allotment or kind == Run.Kind.LOTTERY:
        return {}
    seats = seats_allotted(batch, only).aggregate(seats=Sum("seats"))["seats"]
    if not seats:
        return {}
    version = (
        CONTROL.versions.objects.filter(batch=batch, function=CONTROL.function).order_by("-number").first()
    )
    return {
        "allotted": {
            "when": batch.allotment,
            "floor": batch.allotment_floor,
            "margin": batch.allotment_margin,
            "trait": batch.allotment_trait,
            "seats": seats,
            "version": version.number if version else 0,
        }
    }


def feeder_sql(trait: str) -> str:
    """SQL of the key of a candidate's junior school (``c``), 0 for who has none or does not qualify.

    Args:
        trait: name of the trait that must say 是; matched before against ``condition_kinds.TRAIT``. Empty for none.
    """
    if not trait:
        return "coalesce(c.feeder_school_id, 0)::bigint"
    return (
        "CASE WHEN EXISTS (SELECT 1 FROM dispatch_trait t WHERE t.candidate_id = c.id"
        f" AND t.code = '{trait}' AND t.value = '{QUALIFIED}') THEN coalesce(c.feeder_school_id, 0) ELSE 0 END::bigint"
    )


def allotted_arrays(
    batch: Batch, parameters: dict, schools: np.ndarray, seats: np.ndarray, feeder: np.ndarray
) -> dict[str, np.ndarray]:
    """The fields of a snapshot about allotted seats.

    Args:
        batch, parameters: of the run; ``allotted`` is among the parameters.
        schools: int64[m], keys.
        seats: int32[m], dossiers each may take; a school that may take none keeps none.
        feeder: int64[n], keys as of ``feeder_sql``.

    Raises:
        Refusal: if a school keeps more seats than it may take.
    """
    said = parameters["allotted"]
    rows = np.array(
        list(seats_allotted(batch, parameters["only"]).values_list("school", "feeder", "seats")), np.int64
    ).reshape(-1, 3)
    rows = rows[np.isin(rows[:, 0], schools[seats > 0])]
    feeders = np.unique(rows[:, 1])
    quota = np.zeros((len(schools), len(feeders)), np.int32)
    quota[np.searchsorted(schools, rows[:, 0]), np.searchsorted(feeders, rows[:, 1])] = rows[:, 2]
    over = np.flatnonzero(quota.sum(axis=1) > seats)
    if over.size:
        names = School.objects.filter(pk__in=schools[over[:NAMED]].tolist()).values_list("name", flat=True)
        raise Refusal(
            f"{'、'.join(names)}{'等' if over.size > NAMED else ''} {over.size} 所院校的指标多于可投数，不能投档。",
            hint="请在“院校计划管理”的指标分配中核对。",
        )
    at = np.searchsorted(feeders, feeder).clip(max=max(len(feeders) - 1, 0))
    known = feeders[at] == feeder if len(feeders) else np.zeros(len(feeder), np.bool_)
    numbers = (
        ["before", "after"].index(said["when"]),
        *(NONE if said[name] is None else said[name] for name in ("floor", "margin")),
    )
    return {
        "quota": quota,
        "feeders": feeders,
        "feeder": np.where(known, at, -1).astype(np.int32),
        "allotted": np.array(numbers, np.int64),
    }


def allotted_digest(snapshot) -> str:
    """SHA-256 over all that a snapshot says of allotted seats, with the scores that its floors compare."""
    sha = hashlib.sha256(b"allotted 1\n")
    for name, dtype in (
        ("quota", "<i4"), ("feeders", "<i8"), ("feeder", "<i4"), ("allotted", "<i8"), ("score", "<i4"),
    ):  # fmt: skip
        array = np.ascontiguousarray(getattr(snapshot, name), dtype)
        sha.update(f"{name} {'x'.join(map(str, array.shape))}\n".encode())
        sha.update(array.tobytes())
    return sha.hexdigest()


def allotted_results(snapshot, outcome) -> list[dict]:
    """What each school's row of a run says of allotted seats: fields of ``RunSchool``; empty without them."""
    if snapshot.quota is None:
        return [{}] * len(snapshot.schools)
    units = len(snapshot.schools)
    columns = {"kept": snapshot.quota.sum(axis=1).tolist()}
    for via, name in ((Via.ALLOTTED, "lowest_allotted"), (Via.UNIFIED, "lowest_unified")):
        came = outcome.via == via
        lowest = np.full(units, NOBODY, np.int64)
        np.minimum.at(lowest, outcome.unit[came], snapshot.score[came])
        columns[name] = [None if score == NOBODY else score for score in lowest.tolist()]
        if via is Via.ALLOTTED:
            columns["allotted"] = np.bincount(outcome.unit[came], minlength=units).tolist()
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def feeders_used(arrays: Mapping[str, np.ndarray], came: Mapping[str, np.ndarray]) -> np.ndarray:
    """int64[f, 4], by junior school: its key, seats kept for it, seats its candidates took, lowest score of those.

    Args:
        arrays: of a rehearsal's input as kept, with ``quota``.
        came: of its outcome as kept, with ``via``. The lowest score is -1 where nobody came.
    """
    feeders = np.asarray(arrays["feeders"])
    took = np.flatnonzero(came["via"] == Via.ALLOTTED)
    of = arrays["feeder"][took]
    lowest = np.full(len(feeders), NOBODY, np.int64)
    np.minimum.at(lowest, of, arrays["score"][took])
    used = np.bincount(of, minlength=len(feeders))
    lowest[lowest == NOBODY] = NONE
    return np.stack([feeders, arrays["quota"].sum(axis=0), used, lowest], axis=1)
