"""The values of a JSON case: each of the right type, or an error that says where it is."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from dispatch.kernel.case import INT32_MAX, id_fault
from dispatch.kernel.fields import BadCase, number_of, whole

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[-+.\w]+')
"""A text or a number of a JSON document that can be read."""


class _BadLiteral(ValueError):
    """A number that is none, as it is written."""

    def __init__(self, literal: str, message: str):
        super().__init__(message)
        self.literal = literal


def document(path: Path):
    """What a JSON file holds; fractions as decimals.

    Raises:
        BadCase: if it cannot be read, is no JSON in UTF-8, or has a number that is none or a key twice.
    """
    twice = []

    def entries(pairs: list[tuple]) -> dict:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice.append((found, next(name for name in names if names.count(name) > 1)))
        return found

    text = ""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        found = json.loads(
            text,
            parse_float=_literal,
            parse_int=_literal,
            parse_constant=_constant,
            object_pairs_hook=entries,
        )
        if twice:
            owner, name = twice[-1]  # the outermost: nothing around it was thrown away
            where = next(_paths_to(owner, found, ""))
            raise BadCase(f"{where or 'the file'}: the key {said(name)} occurs twice")
        return found
    except _BadLiteral as error:
        at = next(token.start() for token in TOKEN.finditer(text) if token[0] == error.literal)
        line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
        raise BadCase(f"{path.name} line {line} column {column}: {error}") from None
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
        raise _BadLiteral(text, f"the number {text[:40]} is too long")
    return int(text) if text.lstrip("-").isdecimal() else number


def _constant(text: str):
    raise _BadLiteral(text, f"{text} is no number")


def _paths_to(wanted, value, path: str) -> Iterator[str]:
    """Where in a document an object is."""
    if value is wanted:
        yield path
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _paths_to(wanted, inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _paths_to(wanted, inner, f"{path}[{at}]")


def said(value) -> str:
    """A value in one short line."""
    number = isinstance(value, Decimal)
    text = str(value) if number else json.dumps(value, ensure_ascii=False, default=str)
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


def count_of(owner: Mapping, name: str, path: str) -> int:
    """A number of seats."""
    number = number_at(owner, name, path)
    count = whole(number)
    if count is None or not 0 <= count <= INT32_MAX:
        raise BadCase(f"{path}.{name} must be a whole number from 0 to {INT32_MAX}, not {said(number)}")
    return count


def sex_of(owner: Mapping, path: str) -> int:
    value = owner.get("sex")
    if value is None or value == "":
        return 0
    if isinstance(value, bool) or value not in (1, 2, "1", "2"):
        raise BadCase(f"{path}.sex must be 1 or 2, not {said(value)}")
    return int(value)
