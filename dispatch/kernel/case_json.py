"""A case as one JSON file: `{"instance": {"units": [...], "candidates": [...], ...}}`."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np

from dispatch.kernel.case import CELLS, TOTAL, WIDEST, Case, Key, id_fault
from dispatch.kernel.fields import BadCase, Scores
from dispatch.kernel.json_values import count_of, document, entry, ids_of, number_at, said, sex_of, text_of

INSTANCE = ("units", "candidates", "control_lines", "priority", "tiers")
UNIT = ("id", "capacity", "ratio", "region", "sex", "min_total", "allotted")


def read(path: Path, keys: tuple[Key, ...] | None, note=lambda line: None) -> Case:
    """The case of a JSON file.

    Args:
        path: of the file.
        keys: from the command line, in place of those of the file.
        note: is told of keys that mean nothing here.

    Raises:
        BadCase: if the file is no case.
    """
    instance = entry(document(path), "instance", dict, "the file")
    for name in instance:
        if name not in INSTANCE:
            note(f"instance: {name!r} means nothing here; passed over")
    reader = _Reader(instance, note)
    return reader.case(keys)


class _Reader:
    """The parts of an instance, read one after the other."""

    def __init__(self, instance: Mapping, note):
        self.instance, self.note = instance, note
        self.units = entry(instance, "units", list, "instance")
        self.candidates = entry(instance, "candidates", list, "instance")
        self.unit_at = ids_of(self.units, "instance.units", note, UNIT)
        self.candidate_at = ids_of(self.candidates, "instance.candidates", note, None)
        self.regions: dict[str, int] = {}
        self.feeders: dict[str, int] = {}

    def case(self, keys: tuple[Key, ...] | None) -> Case:
        units = list(self._units())
        lines = self._lines()
        priority = self._priority(keys)
        region, sex = self._persons()
        case = Case(
            units=list(self.unit_at),
            capacity=[unit[0] for unit in units],
            ratio=[unit[1] for unit in units],
            unit_region=np.array([unit[2] for unit in units], np.int32),
            unit_sex=np.array([unit[3] for unit in units], np.int8),
            min_total=[unit[4] for unit in units],
            candidates=np.array([key.encode() for key in self.candidate_at] or np.empty(0, "S1")),
            region=region,
            sex=sex,
            scores={},
            choices=self._choices(),
            where=lambda c: f"instance.candidates[{c}]",
            regions=list(self.regions),
            lines=lines,
            tiers=self._tiers(),
            kept=dict(self._kept()),
        )
        case.feeders, case.feeder = list(self.feeders), self._feeder()
        case.ineligible = self._ineligible(case.choices)
        if isinstance(priority, tuple):
            case.keys = priority
        elif isinstance(priority, dict):
            case.place, case.unranked = self._places(case.choices, priority)
        else:
            case.standing = priority
        for name in {TOTAL, *(key.field for key in case.keys)}:
            case.scores[name] = self._scores(name)
        return case

    def _units(self) -> Iterator[tuple]:
        for at, unit in enumerate(self.units):
            path = f"instance.units[{at}]"
            if unit.get("capacity") is None:
                raise BadCase(f"{path}: 'capacity' is missing")
            ratio = number_at(unit, "ratio", path)
            if ratio is not None and ratio < 0:
                raise BadCase(f"{path}.ratio must not be negative")
            yield (
                count_of(unit, "capacity", path),
                100 if ratio is None else ratio,
                self._region(unit, path),
                sex_of(unit, path),
                number_at(unit, "min_total", path),
            )

    def _kept(self) -> Iterator[tuple[tuple[int, int], int]]:
        for at, unit in enumerate(self.units):
            path = f"instance.units[{at}]"
            given = entry(unit, "allotted", dict, path, {})
            for name in given:
                fault = id_fault(name)
                if fault:
                    raise BadCase(f"{path}.allotted: the junior school {fault}")
                seats = count_of(given, name, f"{path}.allotted")
                yield (at, self.feeders.setdefault(name, len(self.feeders))), seats

    def _feeder(self) -> np.ndarray | None:
        if not self.feeders:
            return None
        rows = enumerate(self.candidates)
        names = [text_of(row.get("feeder"), f"instance.candidates[{at}].feeder") for at, row in rows]
        return np.array([self.feeders.get(name, -1) for name in names], np.int32)

    def _lines(self) -> dict[int, Decimal | int]:
        given = entry(self.instance, "control_lines", dict, "instance", {})
        lines = {}
        for name in given:
            line = number_at(given, name, "instance.control_lines")
            if not name:
                raise BadCase("instance.control_lines: a line needs a region")
            if line is not None:
                lines[self.regions.setdefault(name, len(self.regions))] = line
        return lines

    def _region(self, owner: Mapping, path: str) -> int:
        name = text_of(owner.get("region"), f"{path}.region")
        return self.regions.setdefault(name, len(self.regions)) if name else -1

    def _persons(self) -> tuple[np.ndarray, np.ndarray]:
        region = np.full(len(self.candidates), -1, np.int32)
        sex = np.zeros(len(self.candidates), np.int8)
        for at, candidate in enumerate(self.candidates):
            path = f"instance.candidates[{at}]"
            region[at] = self._region(candidate, path)
            sex[at] = sex_of(candidate, path)
        return region, sex

    def _choices(self) -> np.ndarray:
        lists = []
        for at, candidate in enumerate(self.candidates):
            path = f"instance.candidates[{at}]"
            choices = entry(candidate, "choices", list, path)
            names = [text_of(name, f"{path}.choices[{j}]") for j, name in enumerate(choices)]
            lists.append([self.unit_at.get(name, -1) for name in names])
        width = max(map(len, lists), default=0)
        if width > WIDEST or width * len(lists) > CELLS:
            raise BadCase(f"instance.candidates: {width} choices for each of {len(lists)} are too many")
        table = np.full((len(lists), width), -1, np.int32)
        for at, choices in enumerate(lists):
            table[at, : len(choices)] = choices
        return table

    def _ineligible(self, choices: np.ndarray) -> np.ndarray | None:
        barred = None
        for at, candidate in enumerate(self.candidates):
            path = f"instance.candidates[{at}]"
            names = entry(candidate, "ineligible", list, path, [])
            units = [
                self.unit_at.get(text_of(name, f"{path}.ineligible[{j}]"), -2) for j, name in enumerate(names)
            ]
            if units:
                barred = np.zeros(choices.shape, np.bool_) if barred is None else barred
                barred[at] = np.isin(choices[at], units)
        return barred

    def _scores(self, name: str) -> Scores:
        rows = enumerate(self.candidates)
        return Scores.of([number_at(candidate, name, f"instance.candidates[{at}]") for at, candidate in rows])

    def _tiers(self) -> tuple[Decimal | int, ...] | None:
        if self.instance.get("tiers") is None:
            return None
        given = entry(self.instance, "tiers", list, "instance")
        path = "instance.tiers"
        numbers = [number_at(dict(enumerate(given)), at, path) for at in range(len(given))]
        if None in numbers:
            raise BadCase(f"{path}[{numbers.index(None)}] must be a number, not null")
        return tuple(numbers)

    def _priority(self, keys):
        """Keys, or int64[n] the place in a common order, or the order of each unit by its number."""
        priority = entry(self.instance, "priority", dict, "instance", {"type": "score", "keys": None})
        kind, path = priority.get("type"), "instance.priority"
        if kind == "score":
            return keys or self._keys(priority)
        if keys:
            raise BadCase(f"{path}: the case has an order of type {kind!r}, --keys cannot be used with it")
        if kind == "common":
            order = entry(priority, "order", list, path)
            return self._standing([[name] for name in order], f"{path}.order", "[{}]")
        if kind == "groups":
            groups = entry(priority, "groups", list, path)
            for at, group in enumerate(groups):
                if not isinstance(group, list):
                    raise BadCase(f"{path}.groups[{at}] must be a list, not {said(group)}")
            return self._standing(groups, f"{path}.groups", "[{}][{}]")
        if kind == "per_unit":
            return dict(self._orders(entry(priority, "orders", dict, path), f"{path}.orders"))
        raise BadCase(f"{path}.type must be score, common, groups or per_unit, not {said(kind)}")

    def _keys(self, priority: Mapping) -> tuple[Key, ...]:
        given = priority.get("keys")
        if given is None:
            return (Key(TOTAL),)
        path = "instance.priority.keys"
        if not isinstance(given, list) or not given:
            raise BadCase(f"{path} must be a list of at least one key")
        found = []
        for at, key in enumerate(given):
            if not isinstance(key, dict) or not isinstance(key.get("field"), str):
                raise BadCase(f"{path}[{at}] must be an object with the name of a 'field'")
            if key.get("order") not in (None, "asc", "desc"):
                self.note(f"{path}[{at}].order is {said(key['order'])}, not asc: descending")
            found.append(Key(key["field"], key.get("order") == "asc"))
        return tuple(found)

    def _standing(self, groups: Sequence[list], path: str, form: str) -> np.ndarray:
        """int64[n]; each candidate must be there once."""
        standing = np.full(len(self.candidates), -1, np.int64)
        for number, group in enumerate(groups):
            for at, name in enumerate(group):
                where = path + form.format(number, at)
                candidate = self._known(name, where)
                if standing[candidate] >= 0:
                    raise BadCase(f"{where}: candidate {said(name)} occurs twice")
                standing[candidate] = number
        if (standing < 0).any():
            missing = list(self.candidate_at)[int((standing < 0).argmax())]
            raise BadCase(f"{path}: candidate {said(missing)} is missing")
        return standing

    def _orders(self, orders: Mapping, path: str) -> Iterator[tuple[int, dict[int, int]]]:
        for name, order in orders.items():
            where = f"{path}[{said(name)}]"
            if name not in self.unit_at:
                raise BadCase(f"{where}: there is no such unit")
            if not isinstance(order, list):
                raise BadCase(f"{where} must be a list, not {said(order)}")
            standing: dict[int, int] = {}
            for at, given in enumerate(order):
                candidate = self._known(given, f"{where}[{at}]")
                if candidate in standing:
                    raise BadCase(f"{where}[{at}]: candidate {said(given)} occurs twice")
                standing[candidate] = at
            yield self.unit_at[name], standing

    def _known(self, name, where: str) -> int:
        candidate = self.candidate_at.get(text_of(name, where))
        if candidate is None:
            raise BadCase(f"{where}: there is no candidate {said(name)}")
        return candidate

    @staticmethod
    def _places(choices: np.ndarray, orders: Mapping[int, Mapping[int, int]]):
        place = np.zeros(choices.shape, np.int32)
        unranked = np.zeros(choices.shape, np.bool_)
        for candidate, column in np.argwhere(choices >= 0).tolist():
            standing = orders.get(int(choices[candidate, column]), {}).get(candidate)
            unranked[candidate, column] = standing is None
            place[candidate, column] = 0 if standing is None else standing
        return place, unranked
