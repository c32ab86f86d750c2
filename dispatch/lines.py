"""Lines as rows → the lowest dispatch score asked for each choice (设置区域分数线, 设置院校区域分数线)."""

from collections.abc import Mapping, Sequence

import numpy as np
from django.db.models import Sum

from admissions.models import Batch, Subject
from quotas.models import PlanLine

from .models import ProvinceLine, SchoolLine


def lines_of(batch: Batch) -> dict:
    """The lines of regions as plain data, for the parameters of a run.

    Returns:
        ``lines``: score by county, "" for the whole city, of all kinds of plan; ``kind_lines``: the same by
        kind of plan; ``province_lines``: score by kind, "" for all. Hundredths of a mark.
    """
    lines: dict[str, int] = {}
    kind_lines: dict[str, dict[str, int]] = {}
    for line in batch.lines.order_by("kind", "county"):
        (kind_lines.setdefault(line.kind, {}) if line.kind else lines)[line.county] = line.score
    return {"lines": lines, "kind_lines": kind_lines, "province_lines": province_lines(batch)}


def province_lines(batch: Batch) -> dict[str, int]:
    """Lowest lines of the province in a batch's marks: per cent are of the city's full marks, rounded up."""
    return floors_of(batch, list(ProvinceLine.objects.filter(season=batch.season_id).order_by("kind")))


def floors_of(batch: Batch, rows: Sequence[ProvinceLine]) -> dict[str, int]:
    """As ``province_lines``, of rows at hand."""
    if all(row.percent is None for row in rows):
        return {row.kind: row.score for row in rows}
    subjects = Subject.objects.filter(season=batch.season_id, city=batch.city, counted=True)
    full = subjects.aggregate(full=Sum("full_marks"))["full"] or 0
    return {row.kind: row.score if row.percent is None else -(-full * row.percent // 100) for row in rows}


def line_at(parameters: Mapping, county: str, kind: str) -> int:
    """The line of a county for a kind of plan: the nearer place first, there the kind before all kinds.

    The province's lowest line holds wherever it is higher.

    Args:
        parameters: as of ``lines_of``.
        county: six digits; "" for whoever is elsewhere in the city.
        kind: code of the kind of plan.
    """
    lines = parameters["lines"]
    of_kind, floors = parameters.get("kind_lines", {}).get(kind, {}), parameters.get("province_lines", {})
    found = (table[place] for place in (county, "") for table in (of_kind, lines) if place in table)
    return max(next(found, 0), floors.get(kind, floors.get("", 0)))


def need_at(parameters: Mapping, county: str, kinds: Sequence[str], own: Mapping[str, int]) -> int:
    """The line of a county for one school.

    Args:
        parameters: as of ``lines_of``.
        county: six digits.
        kinds: of plan that the school has in the batch; it may take a dossier for any of them.
        own: the school's own lines by county, "" for all.
    """
    return max(min(line_at(parameters, county, kind) for kind in kinds), _nearest(own, county))


def need_of(
    batch: Batch, parameters: Mapping, counties: np.ndarray, choices: np.ndarray, schools: np.ndarray
) -> np.ndarray:
    """The line of each choice: the highest of the province's, the region's and the school's own.

    A school that has several kinds of plan in the batch may take a dossier for any of them, so that the
    lowest of their lines counts.

    Args:
        batch: of one city.
        parameters: as of ``lines_of``.
        counties: S6[n], codes of the candidates' counties.
        choices: int32[n, k], places in ``schools``, -1 where there is none.
        schools: int64[m], primary keys.

    Returns:
        int32[n, k], or int32[n, 1] where no line differs from school to school; hundredths of a mark.
    """
    places, place = np.unique(counties, return_inverse=True)
    own = _own_lines(batch)
    if own or parameters.get("kind_lines") or len(parameters.get("province_lines", {})) > 1:
        kinds = _kinds_of(batch)
        table = np.array(
            [
                [
                    need_at(parameters, county, kinds.get(school, ("",)), own.get(school, {}))
                    for school in schools.tolist()
                ]
                + [0]
                for county in (code.decode() for code in places.tolist())
            ],
            np.int32,
        )
        return table[place[:, None], choices]
    floors = [line_at(parameters, code.decode(), "") for code in places.tolist()]
    return np.array(floors, np.int32)[place][:, None]


def _own_lines(batch: Batch) -> dict[int, dict[str, int]]:
    """Lines of schools: by school, then by county."""
    own: dict[int, dict[str, int]] = {}
    for school, county, score in SchoolLine.objects.filter(batch=batch).values_list(
        "school", "county", "score"
    ):
        own.setdefault(school, {})[county] = score
    return own


def _nearest(lines: Mapping[str, int], county: str) -> int:
    return lines.get(county, lines.get("", 0))


def _kinds_of(batch: Batch) -> dict[int, Sequence[str]]:
    """Kinds of plan each school has in the batch."""
    kinds: dict[int, list[str]] = {}
    for school, kind in PlanLine.objects.filter(batch=batch).values_list("school", "kind").distinct():
        kinds.setdefault(school, []).append(kind)
    return kinds
