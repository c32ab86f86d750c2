"""A case as one JSON file: `{"instance": {"units": [...], "candidates": [...], ...}}`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np

from dispatch.kernel.case import CELLS, INT32_MAX, TOTAL, WIDEST, Case, Key, id_fault
from dispatch.kernel.fields import BadCase, Scores, number_of, whole

INSTANCE = ("units", "candidates", "control_lines", "priority", "tiers")
UNIT = ("id", "capacity", "ratio", "region", "sex", "min_total")


def read(path: Path, keys: tuple[Key, ...] | None, note=lambda line: None) -> Case:
    """The case of a JSON file.

    Args:
        path: of the file.
        keys: from the command line, in place of those of the file.
        note: is told of keys that mean nothing here.

    Raises:
        BadCase: if the file is no case.
    """
    instance = _entry(_document(path), "instance", dict, "the file")
    for name in instance:
        if name not in INSTANCE:
            note(f"instance: {name!r} means nothing here; passed over")
    reader = _Reader(instance, note)
    return reader.case(keys)


class _Reader:
    """The parts of an instance, read one after the other."""

    def __init__(self, instance: Mapping, note):
        self.instance = instance
        self.units = _entry(instance, "units", list, "instance")
        self.candidates = _entry(instance, "candidates", list, "instance")
        self.unit_at = _ids(self.units, "instance.units", note, UNIT)
        self.candidate_at = _ids(self.candidates, "instance.candidates", note, None)
        self.regions: dict[str, int] = {}

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
        )
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
            ratio = _number(unit, "ratio", path)
            if ratio is not None and ratio < 0:
                raise BadCase(f"{path}.ratio must not be negative")
            yield (
                _count(unit["capacity"], f"{path}.capacity"),
                100 if ratio is None else ratio,
                self._region(unit, path),
                _sex(unit, path),
                _number(unit, "min_total", path),
            )

    def _lines(self) -> dict[int, Decimal | int]:
        given = _entry(self.instance, "control_lines", dict, "instance", {})
        lines = {}
        for name in given:
            line = _number(given, name, "instance.control_lines")
            if not name:
                raise BadCase("instance.control_lines: a line needs a region")
            if line is not None:
                lines[self.regions.setdefault(name, len(self.regions))] = line
        return lines

    def _region(self, owner: Mapping, path: str) -> int:
        name = _text(owner.get("region"), f"{path}.region")
        return self.regions.setdefault(name, len(self.regions)) if name else -1

    def _persons(self) -> tuple[np.ndarray, np.ndarray]:
        region = np.full(len(self.candidates), -1, np.int32)
        sex = np.zeros(len(self.candidates), np.int8)
        for at, candidate in enumerate(self.candidates):
            path = f"instance.candidates[{at}]"
            region[at] = self._region(candidate, path)
            sex[at] = _sex(candidate, path)
        return region, sex

    def _choices(self) -> np.ndarray:
        lists = []
        for at, candidate in enumerate(self.candidates):
            path = f"instance.candidates[{at}]"
            choices = _entry(candidate, "choices", list, path)
            names = [_text(name, f"{path}.choices[{j}]") for j, name in enumerate(choices)]
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
            names = _entry(candidate, "ineligible", list, path, [])
            units = [
                self.unit_at.get(_text(name, f"{path}.ineligible[{j}]"), -2) for j, name in enumerate(names)
            ]
            if units:
                barred = np.zeros(choices.shape, np.bool_) if barred is None else barred
                barred[at] = np.isin(choices[at], units)
        return barred

    def _scores(self, name: str) -> Scores:
        rows = enumerate(self.candidates)
        return Scores.of([_number(candidate, name, f"instance.candidates[{at}]") for at, candidate in rows])

    def _tiers(self) -> tuple[Decimal | int, ...] | None:
        if self.instance.get("tiers") is None:
            return None
        given = _entry(self.instance, "tiers", list, "instance")
        path = "instance.tiers"
        numbers = [_number(dict(enumerate(given)), at, path) for at in range(len(given))]
        if None in numbers:
            raise BadCase(f"{path}[{numbers.index(None)}] must be a number, not null")
        return tuple(numbers)

    def _priority(self, keys):
        """Keys, or int64[n] the place in a common order, or the order of each unit by its number."""
        priority = _entry(self.instance, "priority", dict, "instance", {"type": "score", "keys": None})
        kind, path = priority.get("type"), "instance.priority"
        if kind == "score":
            return keys or self._keys(priority)
        if keys:
            raise BadCase(f"{path}: the case has an order of type {kind!r}, --keys cannot be used with it")
        if kind == "common":
            order = _entry(priority, "order", list, path)
            return self._standing([[name] for name in order], f"{path}.order", "[{}]")
        if kind == "groups":
            groups = _entry(priority, "groups", list, path)
            for at, group in enumerate(groups):
                if not isinstance(group, list):
                    raise BadCase(f"{path}.groups[{at}] must be a list, not {_said(group)}")
            return self._standing(groups, f"{path}.groups", "[{}][{}]")
        if kind == "per_unit":
            return dict(self._orders(_entry(priority, "orders", dict, path), f"{path}.orders"))
        raise BadCase(f"{path}.type must be score, common, groups or per_unit, not {_said(kind)}")

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
                raise BadCase(f"{path}[{at}].order must be asc or desc, not {_said(key['order'])}")
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
                    raise BadCase(f"{where}: candidate {_said(name)} occurs twice")
                standing[candidate] = number
        if (standing < 0).any():
            missing = list(self.candidate_at)[int((standing < 0).argmax())]
            raise BadCase(f"{path}: candidate {_said(missing)} is missing")
        return standing

    def _orders(self, orders: Mapping, path: str) -> Iterator[tuple[int, dict[int, int]]]:
        for name, order in orders.items():
            where = f"{path}[{_said(name)}]"
            if name not in self.unit_at:
                raise BadCase(f"{where}: there is no such unit")
            if not isinstance(order, list):
                raise BadCase(f"{where} must be a list, not {_said(order)}")
            standing: dict[int, int] = {}
            for at, given in enumerate(order):
                candidate = self._known(given, f"{where}[{at}]")
                if candidate in standing:
                    raise BadCase(f"{where}[{at}]: candidate {_said(given)} occurs twice")
                standing[candidate] = at
            yield self.unit_at[name], standing

    def _known(self, name, where: str) -> int:
        candidate = self.candidate_at.get(_text(name, where))
        if candidate is None:
            raise BadCase(f"{where}: there is no candidate {_said(name)}")
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


def _document(path: Path):
    try:
        text = path.read_bytes().decode("utf-8-sig")
        return json.loads(
            text,
            parse_float=_literal,
            parse_int=_literal,
            parse_constant=_constant,
            object_pairs_hook=_object,
        )
    except OSError as error:
        raise BadCase(f"{path.name}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise BadCase(f"{path.name}: the text is not UTF-8, at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise BadCase(f"{path.name} line {error.lineno} column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise BadCase(f"{path.name}: the JSON is nested too deeply") from None


def _literal(text: str) -> Decimal | int:
    number = number_of(text)
    if number is None:
        raise BadCase(f"the number {text[:40]} is too long")
    return int(text) if text.lstrip("-").isdecimal() else number


def _constant(text: str):
    raise BadCase(f"{text} is no number")


def _object(pairs: list[tuple]) -> dict:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadCase(f"the key {_said(twice)} occurs twice in one object")
    return found


def _said(value) -> str:
    """A value in one short line."""
    said = json.dumps(value, ensure_ascii=False, default=str)
    return said if len(said) <= 60 else said[:57] + "..."


def _entry(owner, name: str, kind: type, path: str, default=None):
    """An entry of an object, of the right type; null is as good as none."""
    if not isinstance(owner, dict):
        raise BadCase(f"{path} must be an object, not {_said(owner)}")
    value = owner.get(name, default)
    value = default if value is None else value
    if value is None:
        raise BadCase(f"{path}: {name!r} is missing")
    if not isinstance(value, kind):
        wanted = {dict: "an object", list: "a list"}[kind]
        raise BadCase(f"{path}.{name} must be {wanted}, not {_said(value)}")
    return value


def _ids(rows: list, path: str, note, known: Sequence[str] | None) -> dict[str, int]:
    """Numbers by id, in the order of the file."""
    found: dict[str, int] = {}
    told = set()
    for at, row in enumerate(rows):
        where = f"{path}[{at}]"
        if not isinstance(row, dict):
            raise BadCase(f"{where} must be an object, not {_said(row)}")
        name = _text(row.get("id"), f"{where}.id")
        fault = id_fault(name)
        if fault:
            raise BadCase(f"{where}.id {fault}")
        if name in found:
            raise BadCase(f"{where}: the id {_said(name)} occurs twice")
        found[name] = at
        for extra in row.keys() - set(known or row) - told:
            told.add(extra)
            note(f"{where}: {extra!r} means nothing here; passed over")
    return found


def _text(value, where: str) -> str:
    """An id or a region: text, or a whole number as it is written; nothing for null."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise BadCase(f"{where} must be text or a whole number, not {_said(value)}")


def _number(owner: Mapping, name, path: str) -> Decimal | int | None:
    value = owner.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | Decimal)):
        place = f"[{name}]" if isinstance(name, int) else f".{name}"
        raise BadCase(f"{path}{place} must be a number, not {_said(value)}")
    return value


def _count(value, where: str) -> int:
    """A number of seats."""
    number = _number({where: value}, where, "")  # the type
    count = whole(number)
    if count is None or not 0 <= count <= INT32_MAX:
        raise BadCase(f"{where} must be a whole number from 0 to {INT32_MAX}, not {_said(value)}")
    return count


def _sex(owner: Mapping, path: str) -> int:
    value = owner.get("sex")
    if value is None or value == "":
        return 0
    if isinstance(value, bool) or value not in (1, 2, "1", "2"):
        raise BadCase(f"{path}.sex must be 1 or 2, not {_said(value)}")
    return int(value)
