"""The floor F of a dispatch: what moving the same bytes costs with a plain client and nothing else.

Binary COPY out of just the needed columns, and binary COPY of the resulting placements, states and events
into logged tables of the same columns without an index, committed; on the connection of the run itself.
"""

from django.db import connection, transaction

from .common import timed
from .scratch import ask, execute, wal

READ = (
    "SELECT id, county, total, concessions, scores FROM admissions_candidate",
    "SELECT candidate_id, state, held FROM admissions_dossier",
    "SELECT candidate_id, schools FROM dispatch_frozenchoices",
)
WRITTEN = {
    "placement": ("dispatch_placement", "run_id = {run}"),
    "state": ("admissions_dossier", "state = 'sent'"),
    "event": ("admissions_dossierevent", "step = 'dispatch'"),
}


def read() -> float:
    """Seconds to read what a run needs, before the dossiers have moved."""
    return timed(lambda: [_out(query) for query in READ])[1]


def write(run: int) -> dict:
    """What it takes to write the rows that a run has written.

    Returns:
        seconds, rows, bytes of the tables and bytes of log.
    """
    data = {}
    for name, (table, condition) in WRITTEN.items():
        query = f"SELECT * FROM {table} WHERE {condition.format(run=run)}"
        data[name] = _out(query)
        execute(f"CREATE TABLE bench_{name} AS {query} LIMIT 0")
    before = wal()[0]

    def write_all():
        with transaction.atomic(), connection.cursor() as cursor:
            for name, content in data.items():
                with cursor.copy(f"COPY bench_{name} FROM STDIN (FORMAT BINARY)") as copy:
                    copy.write(content)

    seconds = timed(write_all)[1]
    found = {"seconds": seconds, "wal": wal()[0] - before, "rows": 0, "bytes": 0}
    for name in WRITTEN:
        rows, size = ask(f"SELECT count(*), pg_table_size('bench_{name}') FROM bench_{name}")
        found["rows"] += rows
        found["bytes"] += size
        execute(f"DROP TABLE bench_{name}")
    return found


def _out(query: str) -> bytes:
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT BINARY)") as copy,
    ):
        return b"".join(copy)
