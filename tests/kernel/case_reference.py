"""Cases for tests: made at random, written in both forms, and computed from the words of the page alone."""

import csv
import json
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from dispatch.kernel.case import Mode
from dispatch.kernel.problem import Problem, TiePolicy
from tests.kernel import reference

MODES = {
    "score_first": None,
    "choice_first": None,
    "parallel": (1, 2),
    "deferred_acceptance": (2, 1),
    "tiers": None,
}
names = st.sampled_from(
    ["a", "B", "10", "2", "09", "字", "𠮷", "x,y", 'q"r', "long-id-0123456789", "é", "a b"]
)
marks = st.sampled_from([90.2, 90.1, 90, 85.5, 85.55, 0, -3, 1e2, 90.30000000000001])
optional = st.none() | st.sampled_from(["440103", "荔湾"])


@st.composite
def instances(draw, kinds=("score", "common", "groups", "per_unit")):
    """Small crowded instances."""
    units = [
        {
            "id": name,
            "capacity": draw(st.integers(0, 3)),
            "ratio": draw(st.sampled_from([None, 100, 120, 50, 0, 112.5])),
            "region": draw(st.none() | optional),
            "sex": draw(st.sampled_from([None, None, 1, 2])),
            "min_total": draw(st.sampled_from([None, None, 85.5, 90.15])),
        }
        for name in draw(st.lists(names, max_size=4, unique=True))
    ]
    known = [unit["id"] for unit in units]
    choice = st.sampled_from([*known, *known, "unknown"]) if known else st.just("unknown")
    candidates = [
        {
            "id": name,
            "choices": draw(st.lists(choice, max_size=4)),
            "region": draw(optional),
            "sex": draw(st.sampled_from([None, 1, 2])),
            "total": draw(marks),
            "ma": draw(marks),
            "rank": draw(st.integers(1, 3)),
            "ineligible": draw(st.lists(choice, max_size=1)) if "per_unit" in kinds else None,
        }
        for name in draw(st.lists(names, max_size=9, unique=True))
    ]
    lines = draw(st.dictionaries(st.sampled_from(["440103", "荔湾", "elsewhere"]), marks, max_size=2))
    ids = [candidate["id"] for candidate in candidates]
    instance = {"units": [_bare(unit) for unit in units], "candidates": [_bare(c) for c in candidates]}
    instance |= {"control_lines": lines, "tiers": draw(st.lists(marks, max_size=3))}
    instance["priority"] = draw(_priorities(draw(st.sampled_from(kinds)), ids, known))
    return instance


@st.composite
def _priorities(draw, kind, ids, units):
    if kind == "score":
        keys = [{"field": "total"}, {"field": "ma", "order": "desc"}, {"field": "rank", "order": "asc"}]
        return {"type": kind, "keys": draw(st.lists(st.sampled_from(keys), min_size=1, max_size=3))}
    order = draw(st.permutations(ids))
    if kind == "common":
        return {"type": kind, "order": order}
    if kind == "groups":
        cuts = sorted(draw(st.lists(st.integers(0, len(order)), max_size=3)))
        edges = [0, *cuts, len(order)]
        return {"type": kind, "groups": [order[a:b] for a, b in pairwise(edges)]}
    ranked = st.lists(st.sampled_from(ids), unique=True) if ids else st.just([])
    return {"type": kind, "orders": {unit: draw(ranked) for unit in units}}


def _bare(row):
    return {name: value for name, value in row.items() if value is not None}


def exact(value):
    """A number as it is written."""
    return Fraction(repr(value))


def outcome_text(instance, mode, ties, rounding="up"):
    """What the command must print, by the reference; no array of the kernel's own making takes part."""
    candidates = instance["candidates"]
    units = {unit["id"]: at for at, unit in enumerate(instance["units"])}
    k = max((len(c["choices"]) for c in candidates), default=0)
    choices = [
        [units.get(c["choices"][j], -1) if j < len(c["choices"]) else -1 for j in range(k)]
        for c in candidates
    ]
    keys = [_key(instance, mode, c) for c in candidates]
    order = sorted(range(len(candidates)), key=lambda i: (keys[i], candidates[i]["id"]))
    levels = sorted(set(keys))
    orders = instance["priority"].get("orders")
    place = None
    if orders is not None:
        place = [
            [_place(orders, instance, c, u) or 0 for u in row]
            for c, row in zip(candidates, choices, strict=True)
        ]
    problem = Problem(
        np.array(order, np.int64),
        np.array([levels.index(key) for key in keys], np.int32),
        np.array(choices, np.int32).reshape(len(candidates), k),
        np.array([_seats(unit, rounding) for unit in instance["units"]], np.int32),
        np.array(
            [[_fits(instance, c, u) for u in row] for c, row in zip(candidates, choices, strict=True)],
            np.bool_,
        ).reshape(len(candidates), k),
        None if place is None else np.array(place, np.int32).reshape(len(candidates), k),
    )
    tier = None
    if mode == "tiers":
        segments = [_segment(instance, c) for c in candidates]
        tier = [sorted(set(segments)).index(segment) for segment in segments]
    sizes = MODES[mode] or ((max(k, 1),) if mode == "score_first" else (1,))
    outcome = reference.solve(problem, sizes, TiePolicy(ties), tier)
    rows = []
    for i in sorted(range(len(candidates)), key=lambda i: candidates[i]["id"]):
        at, column = int(outcome.unit[i]), int(outcome.position[i])
        rows.append([candidates[i]["id"], instance["units"][at]["id"] if at >= 0 else "-", column + 1])
    return rows


def _key(instance, mode, candidate):
    """Smaller is better."""
    priority, key = instance["priority"], []
    if mode == "tiers":
        key.append(_segment(instance, candidate))
    if priority["type"] == "score":
        for said in priority["keys"]:
            value = exact(candidate[said["field"]])
            key.append(value if said.get("order") == "asc" else -value)
    elif priority["type"] == "common":
        key.append(priority["order"].index(candidate["id"]))
    elif priority["type"] == "groups":
        key.append(_group(priority, candidate))
    else:
        key.append(candidate["id"])
    return tuple(key)


def _group(priority, candidate):
    return next(at for at, group in enumerate(priority["groups"]) if candidate["id"] in group)


def _segment(instance, candidate):
    if "tiers" not in instance:
        return _group(instance["priority"], candidate)
    return sum(exact(candidate["total"]) < exact(line) for line in set(instance["tiers"]))


def _seats(unit, rounding):
    places = unit["capacity"] * exact(unit.get("ratio", 100)) / 100
    return -(-places // 1) if rounding == "up" else (places + Fraction(1, 2)) // 1


def _place(orders, instance, candidate, unit):
    order = orders.get(instance["units"][unit]["id"], []) if unit >= 0 else []
    return order.index(candidate["id"]) if candidate["id"] in order else None


def _fits(instance, candidate, at):
    if at < 0:
        return False
    unit, orders = instance["units"][at], instance["priority"].get("orders")
    line = instance["control_lines"].get(candidate.get("region"))
    return (
        (line is None or exact(candidate["total"]) >= exact(line))
        and ("region" not in unit or unit["region"] == candidate.get("region"))
        and ("sex" not in unit or unit["sex"] == candidate.get("sex"))
        and ("min_total" not in unit or exact(candidate["total"]) >= exact(unit["min_total"]))
        and unit["id"] not in candidate.get("ineligible", [])
        and (orders is None or _place(orders, instance, candidate, at) is not None)
    )


def json_write(path: Path, instance) -> Path:
    """The instance as a JSON file."""
    path.write_text(json.dumps({"instance": instance}, ensure_ascii=False), "utf-8")
    return path


def folder_write(path: Path, instance, shuffle=None, **dialect) -> Path:
    """The instance as a folder; `shuffle` reorders rows and columns in place."""
    path.mkdir(exist_ok=True)
    candidates = instance["candidates"]
    tables = {
        "units.csv": [
            ["unit", "plan", "ratio_percent", "region", "sex", "min_total"],
            *([u["id"], u["capacity"], *(u.get(name, "") for name in ("ratio", "region", "sex", "min_total"))]
              for u in instance["units"]),
        ],
        "candidates.csv": [
            ["candidate", "region", "sex", "total", "ma", "rank"],
            *([c["id"], c.get("region", ""), c.get("sex", ""), c["total"], c["ma"], c["rank"]] for c in candidates),
        ],
        "choices.csv": [
            ["candidate", "no", "unit"],
            *([c["id"], no, unit] for c in candidates for no, unit in enumerate(c["choices"], 1)),
        ],
        "lines.csv": [["region", "total"], *map(list, instance["control_lines"].items())],
        "tiers.csv": [["total"], *([line] for line in instance.get("tiers", []))],
    }  # fmt: skip
    for name, rows in tables.items():
        if shuffle:
            columns = list(range(len(rows[0])))
            shuffle(columns)
            body = rows[1:]
            shuffle(body)
            rows = [[row[at] for at in columns] for row in [rows[0], *body]]
        with (path / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, **dialect).writerows(rows)
    return path


modes = st.sampled_from(sorted(MODES))
ties = st.sampled_from([str(policy) for policy in TiePolicy])


def arguments(mode, policy, rounding="up"):
    """Options of the command line."""
    assert mode in [*Mode]
    bands = [] if MODES[mode] is None else ["--bands", ",".join(map(str, MODES[mode]))]
    return ["--mode", mode, "--ties", policy, "--rounding", rounding, *bands]


def keys_of(instance):
    """--keys for a folder of this instance."""
    said = (key["field"] + ":" + key.get("order", "desc") for key in instance["priority"]["keys"])
    return ["--keys", ",".join(said)]
