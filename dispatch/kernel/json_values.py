"""The values of a JSON case: each of the right type, or an error that says where it is."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from dispatch.kernel.case import INT32_MAX, id_fault
from dispatch.kernel.fields import BadCase, number_of, whole


def document(path: Path):
    """What a JSON file holds; fractions as decimals.

    Raises:
        BadCase: if it cannot be read, is no JSON in UTF-8, or has a number that is none or a key twice.
    """
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
        raise BadCase(f"the key {said(twice)} occurs twice in one object")
    return found


def said(value) -> str:
    """A value in one short line."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def entry(owner, name: str, kind: type, path: str, default=None):
    """An entry of an object, of the right type; null is as good as none."""
    if not isinstance(owner, dict):
        raise BadCase(f"{path} must be an object, not {said(owner)}")
    value = owner.get(name, default)
    value = default if value is None else value
    if value is None:
        raise BadCase(f"{path}: {name!r} is missing")
    if not isinstance(value, kind):
        wanted = {dict: "an object", list: "a list"}[kind]
        raise BadCase(f"{path}.{name} must be {wanted}, not {said(value)}")
    return value


def ids_of(rows: list, path: str, note, known: Sequence[str] | None) -> dict[str, int]:
    """Numbers by id, in the order of the file."""
    found: dict[str, int] = {}
    told = set()
    for at, row in enumerate(rows):
        where = f"{path}[{at}]"
        if not isinstance(row, dict):
            raise BadCase(f"{where} must be an object, not {said(row)}")
        name = text_of(row.get("id"), f"{where}.id")
        fault = id_fault(name)
        if fault:
            raise BadCase(f"{where}.id {fault}")
        if name in found:
            raise BadCase(f"{where}: the id {said(name)} occurs twice")
        found[name] = at
        for extra in row.keys() - set(known or row) - told:
            told.add(extra)
            note(f"{where}: {extra!r} means nothing here; passed over")
    return found


def text_of(value, where: str) -> str:
    """An id or a region: text, or a whole number as it is written; nothing for null."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise BadCase(f"{where} must be text or a whole number, not {said(value)}")


def number_at(owner: Mapping, name, path: str) -> Decimal | int | None:
    value = owner.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | Decimal)):
        place = f"[{name}]" if isinstance(name, int) else f".{name}"
        raise BadCase(f"{path}{place} must be a number, not {said(value)}")
    return value


def count_of(value, where: str) -> int:
    """A number of seats."""
    number = number_at({where: value}, where, "")  # the type
    count = whole(number)
    if count is None or not 0 <= count <= INT32_MAX:
        raise BadCase(f"{where} must be a whole number from 0 to {INT32_MAX}, not {said(value)}")
    return count


def sex_of(owner: Mapping, path: str) -> int:
    value = owner.get("sex")
    if value is None or value == "":
        return 0
    if isinstance(value, bool) or value not in (1, 2, "1", "2"):
        raise BadCase(f"{path}.sex must be 1 or 2, not {said(value)}")
    return int(value)
