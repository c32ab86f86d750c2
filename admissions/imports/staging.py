"""Staging: rows as a file of COPY text beside the upload, and as a table of the transaction.

The dry run writes the staged rows to a file once; the write copies them from there, so that nothing is
parsed twice, and refuses if a byte has changed.
"""

import json
import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from django.db import connection

from .blocks import Block
from .importer import PLAN, ROWS, Staged

_CHUNK = 1 << 20


class RowsFile:
    """Writes staged rows: a line of JSON with the fields the file had, then COPY text.

    Args:
        path: where; replaced if it exists.
        fields: fields present in the uploaded file.
        staged: columns in order.
    """

    def __init__(self, path: Path, fields: Sequence[str], staged: Sequence[Staged]):
        self.file = path.open("wb")
        self.names = [column.name for column in staged]
        self.digest = sha256()
        head = json.dumps({"fields": list(fields), "columns": self.names}).encode() + b"\n"
        self._put(head)

    def write(self, block: Block) -> None:
        """Add a block."""
        columns = [map(str, block.numbers), *(block.column(name) for name in self.names)]
        text = "\n".join(map("\t".join, zip(*columns, strict=True)))
        if "\\" in text:
            text = text.replace("\\", "\\\\")
        self._put(text.encode() + b"\n")

    def _put(self, data: bytes) -> None:
        self.file.write(data)
        self.digest.update(data)

    def close(self) -> str:
        """Close, and give the digest."""
        self.file.close()
        return self.digest.hexdigest()


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    digest = sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def stage(path: Path, staged: Sequence[Staged]) -> tuple[str, ...]:
    """Copy a file of rows into the staging table of this transaction.

    Returns:
        the fields the uploaded file had.
    """
    unstage()
    with connection.cursor() as cursor:
        columns = ", ".join(f"{column.name} {column.type}" for column in staged)
        cursor.execute("SET LOCAL work_mem = '256MB'")
        cursor.execute(f"CREATE TEMP TABLE {ROWS} (row_no integer, {columns}) ON COMMIT DROP")
        with path.open("rb") as file:
            head = json.loads(file.readline())
            with cursor.copy(f"COPY {ROWS} FROM STDIN (NULL '')") as copy:
                while chunk := file.read(_CHUNK):
                    copy.write(chunk)
        # Few columns and few samples: the planner needs to know how many rows there are, not much more.
        cursor.execute("SET LOCAL default_statistics_target = 10")
        cursor.execute(f"ANALYZE {ROWS} (row_no, {staged[0].name})")
    return tuple(head["fields"])


def unstage() -> None:
    """Drop the tables of an import; they would end with the transaction anyway."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{ROWS}, pg_temp.{PLAN}")


def erase(path: Path) -> None:
    """Remove a file if it is there."""
    if path.exists():
        os.unlink(path)
