"""Real connections side by side, for tests marked ``django_db(transaction=True)``."""

import time
from contextlib import contextmanager
from threading import Barrier, Thread

from django.db import OperationalError, connection, connections, transaction
from django.db.backends.postgresql.operations import DatabaseOperations


def in_threads(number: int, deed) -> list[str]:
    """Run ``deed(index)`` in threads with connections of their own, all at the same moment.

    Returns:
        what each came to: ``done``, or the name of its error.
    """
    results, gate = [], Barrier(number)

    def run(index):
        try:
            gate.wait(timeout=30)
            deed(index)
            results.append("done")
        except Exception as error:
            results.append(type(error).__name__)
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(index,)) for index in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def while_another_waits(first, second) -> str:
    """Let ``second``, on a connection of its own, run into what ``first`` has locked and not committed yet.

    Returns:
        what ``second`` came to, as of ``in_threads``.

    Raises:
        AssertionError: if it never waits: then nothing is tested.
    """
    results: list[str] = []

    def run():
        try:
            second()
            results.append("done")
        except Exception as error:
            results.append(type(error).__name__)
        finally:
            connections.close_all()

    thread = Thread(target=run)
    with transaction.atomic():
        first()
        thread.start()
        until = time.monotonic() + 20
        while not (waits := _somebody_waits()) and thread.is_alive() and time.monotonic() < until:
            time.sleep(0.01)
    thread.join()
    assert waits, f"the second did not wait for the first; it is {results}"
    return results[0]


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
        )
        return cursor.fetchone()[0]


@contextmanager
def _open(operations):
    """Let a test's end empty the tables to which rows are only ever added."""
    with operations.connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'append_only'")
        tables = [row[0] for row in cursor.fetchall()]
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only")
        try:
            yield
        finally:
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER append_only")


_flush = DatabaseOperations.execute_sql_flush


def execute_sql_flush(self, sql_list):
    """Empty the tables; a request that a browser left behind may hold one of them for a moment."""
    for patience in (0.5, 2, 5, None):
        try:
            with _open(self):
                return _flush(self, sql_list)
        except OperationalError:  # a deadlock, from which either side may be chosen to go
            if patience is None:
                raise
            time.sleep(patience)


DatabaseOperations.execute_sql_flush = execute_sql_flush
