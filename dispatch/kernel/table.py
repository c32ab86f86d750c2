"""CSV files as columns of bytes, a block at a time: fast where no quotes occur, otherwise by the csv module.

A block is one array of bytes with the start and the length of each field in it. Both ways of cutting lines
into fields end in blocks, so that whatever reads fields is the same for both.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from dispatch.kernel.fields import BadCase

CHUNK = 1 << 24
"""Bytes read at a time: some 16 times as much is needed for the work."""
ROWS = 1 << 16
"""Rows in a block that the csv module has cut."""
COMMA, NEWLINE, RETURN = b",\n\r"
BOM = b"\xef\xbb\xbf"
MASKS = np.array([(1 << 8 * length) - 1 for length in range(9)], np.uint64)


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One field of each row of a block.

    Attributes:
        name: for messages, the file and the heading.
        buffer: uint8[...], at least eight bytes longer than its last field.
        start, length: int64[r], where each field is in the buffer.
        lines: int64[r], line of the file on which each row begins, from 1; or the first one's.
    """

    file: str
    name: str
    buffer: np.ndarray
    start: np.ndarray
    length: np.ndarray
    lines: np.ndarray | int

    def __len__(self):
        return len(self.start)

    def text(self, row: int) -> str:
        """The field of a row."""
        start = int(self.start[row])
        return self.buffer[start : start + int(self.length[row])].tobytes().decode()

    def line(self, row: int) -> int:
        """The line of the file on which a row begins."""
        return self.lines + row if isinstance(self.lines, int) else int(self.lines[row])

    def bad(self, row: int, what: str) -> BadCase:
        """The error that a row is wrong in this column."""
        return BadCase(f"{self.file} line {self.line(row)}: {self.name} {what}")

    def words(self, width: int | None = None) -> np.ndarray:
        """uint64[r, w]: the bytes of each field, padded with zeros to the longest; little-endian words."""
        wide = -(-int(self.length.max(initial=1)) // 8)
        width = max(wide, 1) if width is None else width
        eights = np.ndarray((max(len(self.buffer) - 7, 0),), "<u8", self.buffer, strides=(1,))
        words = np.empty((len(self), width), np.uint64)
        for word in range(width):
            length = (self.length - 8 * word).clip(0, 8)
            words[:, word] = eights[np.where(length > 0, self.start + 8 * word, 0)] & MASKS[length]
        return words

    def digits(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Numbers of plain digits with at most one point and a minus sign.

        Returns:
            int64[r], the digits without the point; int8[r], how many stand behind it; bool[r], false where
            the field is something else (empty, or written in another way).
        """
        value = np.zeros(len(self), np.int64)
        decimals = np.zeros(len(self), np.int8)
        length = self.length
        first = self.buffer[self.start]
        negative = (first == ord("-")) & (length > 0)
        good = (length > negative) & (length <= 18)
        count = np.zeros(len(self), np.int8)
        pointed = np.zeros(len(self), np.bool_)
        for at in range(min(int(length.max(initial=0)), 18)):
            inside = length > at
            byte = self.buffer[np.where(inside, self.start + at, 0)]
            digit = byte - np.uint8(ord("0"))
            is_digit = inside & (digit < 10)
            value = np.where(is_digit, value * 10 + digit, value)
            decimals += is_digit & pointed
            count += is_digit
            is_point = inside & (byte == ord("."))
            good &= ~inside | is_digit | (is_point & ~pointed) | (negative if at == 0 else False)
            pointed |= is_point
        return np.where(negative, -value, value), decimals, good & (count > 0)


def header(path: Path) -> list[str]:
    """The headings of a CSV file."""
    with _opened(path) as file:
        return next(_by_csv(path, file, 1), (1, []))[1]


def rows(path: Path, needed: Sequence[str], known: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a small file, with the line on which each begins.

    Args:
        path: of the file.
        needed: headings that must be there.
        known: headings that may be there; others are passed over.
    """
    names = None
    for line, row in _by_csv(path, io.BytesIO(_read(path)), 1):
        if names is None:
            names = _named(path, row, needed)
            continue
        if len(row) != len(names):
            raise BadCase(f"{path.name} line {line}: {len(row)} fields, the heading has {len(names)}")
        found = dict.fromkeys(known, "") | dict(zip(names, row, strict=True))
        yield line, {name: found[name] for name in known}
    if names is None:
        raise BadCase(f"{path.name}: the file is empty")


def blocks(path: Path, names: Sequence[str], headings: list[str] | None = None) -> Iterator[list[Column]]:
    """The rows of a big file, a block at a time.

    Args:
        path: of the file.
        names: headings of the columns that are wanted; they must be there.
        headings: of a file that has none itself.

    Yields:
        one `Column` for each name.

    Raises:
        BadCase: if the file cannot be read, is no CSV in UTF-8, has a NUL, lacks a heading, or a row has
            more or fewer fields than the heading.
    """
    with _opened(path) as file:
        line, rest, plain = 1, b"", True
        if headings is None:
            first = file.readline()
            plain = b'"' not in first and b"\r" not in first.removesuffix(b"\n").removesuffix(b"\r")
            if plain:
                line, headings = 2, _named(path, _heading(path, first), names)
        elif file.peek(3).startswith(BOM):
            plain = False
        if not plain:
            file.seek(0)
            yield from _slow(path, names, headings, _by_csv(path, file, 1))
            return
        while True:
            start = file.tell() - len(rest)
            read = file.read(CHUNK)
            whole, rest = _cut(rest + read, last=not read)
            if whole:
                found = None if b'"' in whole else _fast(path, names, headings, whole, line)
                if found is None:
                    file.seek(start)
                    yield from _slow(path, names, headings, _by_csv(path, file, line))
                    return
                yield found
                line += len(found[0])
            if not read:
                return


def _cut(chunk: bytes, last: bool) -> tuple[bytes, bytes]:
    """The whole lines of a chunk, and what is left of it."""
    if last:
        return (chunk if chunk.endswith(b"\n") or not chunk else chunk + b"\n"), b""
    end = chunk.rfind(b"\n") + 1
    return chunk[:end], chunk[end:]


def _fast(path, names, headings, chunk, line) -> list[Column] | None:
    """A chunk of whole lines, cut in NumPy; None if it is not as plain as that."""
    _check_text(path, chunk, line)
    length = len(chunk)
    width = 8 - length % 8 + 8
    buffer = np.frombuffer(chunk + bytes(width), np.uint8)
    at = np.flatnonzero((buffer == COMMA) | (buffer == NEWLINE))
    columns = len(headings)
    if len(at) % columns:
        return None
    ends = at.reshape(-1, columns)
    count = len(ends)
    if (buffer[ends[:, -1]] != NEWLINE).any() or chunk.count(b"\n") != count:
        return None
    starts = np.empty_like(ends)
    starts.reshape(-1)[0] = 0
    starts.reshape(-1)[1:] = at[:-1] + 1
    last = ends[:, -1]
    if b"\r" in chunk:
        returned = (buffer[last - 1] == RETURN) & (last > 0)
        if chunk.count(b"\r") != int(returned.sum()):
            return None
        last = last - returned
    if columns == 1 and (last == starts[:, 0]).any():
        return None  # an empty line is no row
    found = []
    for name in names:
        at = headings.index(name)
        end = last if at == columns - 1 else ends[:, at]
        start = np.ascontiguousarray(starts[:, at])
        found.append(Column(path.name, name, buffer, start, end - start, line))
    return found


def _slow(path, names, headings, numbered) -> Iterator[list[Column]]:
    """Rows cut by the csv module, laid out as blocks."""
    held, lines = [], []
    for line, row in chain(numbered, [(0, None)]):
        if row is not None:
            if headings is None:
                headings = _named(path, row, names)
                continue
            if len(row) != len(headings):
                raise BadCase(f"{path.name} line {line}: {len(row)} fields, the heading has {len(headings)}")
            held.append(row)
            lines.append(line)
        if held and (row is None or len(held) == ROWS):
            yield _laid_out(path, names, headings, held, lines)
            held, lines = [], []


def _laid_out(path, names, headings, held, lines) -> list[Column]:
    numbers = np.array(lines, np.int64)
    found = []
    for name in names:
        at = headings.index(name)
        fields = [row[at].encode() for row in held]
        length = np.fromiter(map(len, fields), np.int64, len(fields))
        buffer = np.frombuffer(b"".join(fields) + bytes(16), np.uint8)
        found.append(Column(path.name, name, buffer, np.cumsum(length) - length, length, numbers))
    return found


def _by_csv(path, file, line) -> Iterator[tuple[int, list[str]]]:
    """Rows from here on, by the csv module, with the line on which each begins; empty lines are no rows."""
    with io.TextIOWrapper(file, "utf-8-sig" if line == 1 else "utf-8", newline="") as text:
        reader = csv.reader(text, strict=True)
        before = 0
        while (row := _next(path, reader, line)) is not None:
            if any("\0" in field for field in row):
                raise BadCase(f"{path.name} line {line + before}: a NUL character")
            if row:
                yield line + before, row
            before = reader.line_num


def _next(path, reader, line) -> list[str] | None:
    try:
        return next(reader, None)
    except UnicodeDecodeError:
        raise BadCase(f"{path.name} line {_not_text(path)}: the text is not UTF-8") from None
    except csv.Error as error:
        raise BadCase(f"{path.name} line {line + reader.line_num - 1}: {error}") from None


def _not_text(path) -> int:
    """The first line that is not UTF-8; the decoder of a whole file knows only the block."""
    with _opened(path) as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 1


def _check_text(path, chunk, line) -> None:
    if b"\0" in chunk:
        at = line + chunk.count(b"\n", 0, chunk.index(0))
        raise BadCase(f"{path.name} line {at}: a NUL character")
    if not chunk.isascii():
        try:
            chunk.decode()
        except UnicodeDecodeError as error:
            at = line + chunk.count(b"\n", 0, error.start)
            raise BadCase(f"{path.name} line {at}: the text is not UTF-8") from None


def _heading(path, first: bytes) -> list[str]:
    for _, row in _by_csv(path, io.BytesIO(first), 1):
        return row
    return []


def _named(path, headings: list[str], needed: Sequence[str]) -> list[str]:
    """The headings, if all that is needed is among them, once."""
    for name in headings:
        if headings.count(name) > 1:
            raise BadCase(f"{path.name} line 1: the column {name!r} is there twice")
    for name in needed:
        if name not in headings:
            raise BadCase(f"{path.name} line 1: the column {name!r} is missing")
    return headings


def _read(path: Path) -> bytes:
    with _opened(path) as file:
        return file.read()


@contextmanager
def _opened(path: Path):
    try:
        file = path.open("rb")
    except OSError as error:
        raise BadCase(f"{path.name}: {error.strerror}") from None
    with file:
        yield file
