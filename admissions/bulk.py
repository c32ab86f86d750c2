"""Rows and arrays: binary COPY in and out, for columns of fixed width.

PostgreSQL's binary format gives every value a length; where no column is null and all are of fixed
width, a whole table is one NumPy array of records and no row is touched by Python.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from django.db import connection

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
INT4, INT8, INT2 = np.dtype(">i4"), np.dtype(">i8"), np.dtype(">i2")
_INT4_OID = 23


def _record(columns: Mapping[str, np.dtype]) -> np.dtype:
    fields: list[tuple[str, np.dtype]] = [("_count", INT2)]
    for name, dtype in columns.items():
        fields += [(f"_{name}", INT4), (name, dtype)]
    return np.dtype(fields)


def copy_out(query: str, params: Sequence, columns: Mapping[str, np.dtype]) -> np.ndarray:
    """The rows of a query as an array of records.

    Args:
        query: a SELECT; no value may be null.
        params: its parameters.
        columns: name and big-endian dtype of each column, in order; text columns are ``S<n>`` of one length.

    Returns:
        records[n] with the columns' names.

    Raises:
        ValueError: if a value was null or of another width.
    """
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT BINARY)", params) as copy,
    ):
        data = b"".join(copy)
    record = _record(columns)
    body = memoryview(data)[len(_HEADER) : -len(_TRAILER)]
    if len(body) % record.itemsize:
        raise ValueError("a value is null or of another width than said")
    rows = np.frombuffer(body, record)
    for name, dtype in columns.items():
        if len(rows) and not (rows[f"_{name}"] == dtype.itemsize).all():
            raise ValueError(f"column {name} holds a null or a value of another width")
    return rows


def copy_in(table: str, columns: Mapping[str, np.ndarray]) -> int:
    """Add rows to a table.

    Args:
        table: its name; from the code, never from a user.
        columns: big-endian integers, ``S<n>`` text, or int32[n, k] for a column of integer arrays.

    Returns:
        number of rows.
    """
    length = len(next(iter(columns.values())))
    parts = {name: _array_column(values) if values.ndim == 2 else values for name, values in columns.items()}
    rows = np.empty(length, _record({name: values.dtype for name, values in parts.items()}))
    rows["_count"] = len(parts)
    for name, values in parts.items():
        rows[f"_{name}"] = values.dtype.itemsize
        rows[name] = values
    target = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(target) as copy:
        copy.write(_HEADER + rows.tobytes() + _TRAILER)
    return length


def _array_column(values: np.ndarray) -> np.ndarray:
    """Integer arrays of one length, in PostgreSQL's binary form of int4[]."""
    length, width = values.shape
    if not width:
        return np.frombuffer(np.array([0, 0, _INT4_OID], INT4).tobytes() * length, "V12")
    head = [("dimensions", INT4), ("flags", INT4), ("oid", INT4), ("size", INT4), ("lower", INT4)]
    record = np.dtype([*head, ("elements", np.dtype([("length", INT4), ("value", INT4)]), (width,))])
    rows = np.zeros(length, record)
    rows["dimensions"], rows["oid"], rows["size"], rows["lower"] = 1, _INT4_OID, width, 1
    rows["elements"]["length"], rows["elements"]["value"] = 4, values
    return rows.view(f"V{record.itemsize}")
