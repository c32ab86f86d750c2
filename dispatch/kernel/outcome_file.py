"""The outcome of a case as text: `candidate,unit or -,number of the choice from 1, or 0`, a line for each.

Where seats are allotted a fourth field names the round: `unified`, `allotted`, `converted`, or `-`.

An id with a comma or a quotation mark is quoted as in any CSV file.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from dispatch.kernel import table
from dispatch.kernel.allotment import Via
from dispatch.kernel.case import NONE, WIDEST, Case, id_ranks
from dispatch.kernel.index import Index
from dispatch.kernel.problem import Outcome

HEADINGS, ROUND = ["candidate", "unit", "number"], "round"
NAMES = {via: via.name.lower() if via else NONE for via in Via}


def outcome_bytes(candidates: np.ndarray, units: Sequence[str], outcome: Outcome) -> bytes:
    """The lines, sorted by the ids of candidates as text.

    Args:
        candidates: S[n], ids in UTF-8.
        units: ids of the units.
        outcome: of them.
    """
    by_id = np.empty(len(candidates), np.int64)
    by_id[id_ranks(candidates)] = np.arange(len(by_id))
    names = np.array([name.encode() for name in (*units, NONE)])
    numbers = np.arange(int(outcome.position.max(initial=-1)) + 2).astype("S")
    columns = candidates[by_id], names[outcome.unit[by_id]], numbers[outcome.position[by_id] + 1]
    if outcome.via is None:
        return csv_lines(*columns)
    return csv_lines(*columns, np.array([NAMES[via].encode() for via in Via])[outcome.via[by_id]])


def csv_lines(*columns: np.ndarray) -> bytes:
    """A line for each row of some columns; text with a comma or a quotation mark is quoted.

    Args:
        columns: S[r] each; no NUL, no line breaks.
    """
    parts = []
    for column, end in zip(columns, b"," * (len(columns) - 1) + b"\n", strict=True):
        text = np.ascontiguousarray(_quoted_all(column))
        parts.append(text.view(np.uint8).reshape(len(text), text.dtype.itemsize))
        parts.append(np.full((len(text), 1), end, np.uint8))
    letters = np.concatenate(parts, axis=1).reshape(-1)
    return letters[letters != 0].tobytes()  # there is no NUL in the text: what is 0 is the padding behind it


def digits_of(numbers: np.ndarray) -> np.ndarray:
    """S[r], whole numbers from 0 in digits, for `csv_lines`: with NULs in front, which it drops."""
    width = len(str(int(numbers.max(initial=0))))
    letters = np.zeros((len(numbers), width), np.uint8)
    left = numbers.astype(np.int64)
    for at in range(width - 1, -1, -1):
        rest = left // 10
        letters[:, at] = np.where((left > 0) | (at == width - 1), left - rest * 10 + ord("0"), 0)
        left = rest
    return letters.reshape(-1).view(f"S{width}")


def _quoted_all(text: np.ndarray) -> np.ndarray:
    """S[r], quoted where the csv module would."""
    letters = text.tobytes()
    if b"," not in letters and b'"' not in letters:
        return text
    return np.array([_quoted(name) for name in text.tolist()])


def outcome_read(path: Path, case: Case, rounds: bool = False) -> tuple[Outcome, list[str]]:
    """An outcome as somebody gives it, for the check.

    Args:
        path: of the file; the order of its lines does not matter.
        case: whose candidates and units it names.
        rounds: whether each line names the round.

    Returns:
        the outcome, and what is wrong with the roll of candidates, in words for the officer: then the
        outcome is not complete.

    Raises:
        BadCase: if the file cannot be read, or a line is not of that form.
    """
    persons = Index.of_text(case.candidates)
    units = Index.of(case.units)
    position = np.full(len(case.candidates), -1, np.int16)
    unit = np.full(len(case.candidates), -1, np.int32)
    times = np.zeros(len(case.candidates), np.int64)
    via = np.zeros(len(case.candidates), np.uint8) if rounds else None
    wrong, headings = [], [*HEADINGS, ROUND] if rounds else HEADINGS
    for who, where, number, *held in table.blocks(path, headings, headings):
        candidate = persons.find(who.words())
        for row in np.flatnonzero(candidate < 0).tolist():
            wrong.append(f"结果第{who.line(row)}行：考生{who.text(row)}不在本案中。")
        nowhere = (where.length == 1) & (where.buffer[where.start] == ord(NONE))
        named = units.find(where.words())
        named[named < 0] = len(case.units)  # no unit of the case: wrong, whatever the choice
        known = candidate >= 0
        position[candidate[known]] = _numbers(number)[known] - 1
        unit[candidate[known]] = np.where(nowhere, -1, named)[known]
        if held:
            via[candidate[known]] = _rounds(held[0])[known]
        times += np.bincount(candidate[known], minlength=len(times))
    wrong += _roll_faults(case, times)
    return Outcome(position, unit, via), wrong


def _roll_faults(case: Case, times: np.ndarray) -> Iterator[str]:
    for candidate in np.flatnonzero(times != 1).tolist():
        name = case.candidates[candidate].decode()
        yield f"考生{name}在结果中" + (
            "没有记录。" if not times[candidate] else f"出现{times[candidate]}次。"
        )


def _rounds(column: table.Column) -> np.ndarray:
    """uint8[r], the rounds that lines name."""
    known = list(NAMES.values())
    found = Index.of(known).find(column.words())
    bad = np.flatnonzero((found < 0) | (column.length == 0))
    if bad.size:
        row = int(bad[0])
        raise column.bad(row, f"must be one of {', '.join(known)}, not {column.text(row)!r}")
    return np.array(list(NAMES), np.uint8)[found]


def _numbers(column: table.Column) -> np.ndarray:
    value, decimals, good = column.digits()
    bad = np.flatnonzero(~good | (decimals > 0) | (value < 0))
    if bad.size:
        row = int(bad[0])
        raise column.bad(row, f"of the choice must be a whole number from 0, not {column.text(row)!r}")
    return value.clip(max=WIDEST)


def _quoted(name: bytes) -> bytes:
    if b"," not in name and b'"' not in name:
        return name
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([name.decode()])
    return line.getvalue().encode()
