"""Databases to measure in: an empty one with the platform's tables, a filled one, and copies of it.

A copy is made file by file, so each repetition starts from the same tables, without what the one before
left dead in them. Only databases whose name has "bench" in it are ever touched.
"""

import psycopg
from django.core.management import call_command
from django.db import connection
from psycopg.errors import InsufficientPrivilege


def open_base() -> str:
    """Migrate the database of the environment, and give its name."""
    name = connection.settings_dict["NAME"]
    if "bench" not in name:
        raise SystemExit(f'{name}: eval "$(script/services env --as bench)" first')
    call_command("migrate", verbosity=0)
    connection.close()
    return name


def copy(source: str, target: str) -> None:
    """Copy a database and use the copy from now on."""
    connection.close()
    with _server() as server:
        _drop(server, target)
        server.execute(f'CREATE DATABASE "{target}" TEMPLATE "{_own(source)}" STRATEGY FILE_COPY')
    use(target)


def use(name: str) -> None:
    """Connect to another database from now on."""
    connection.close()
    connection.settings_dict["NAME"] = _own(name)


def drop(*names: str) -> None:
    """Remove databases."""
    connection.close()
    with _server() as server:
        for name in names:
            _drop(server, name)


def _drop(server, name: str) -> None:
    statement = f'DROP DATABASE IF EXISTS "{_own(name)}"'
    try:
        server.execute(f"{statement} WITH (FORCE)")
    except InsufficientPrivilege:  # autovacuum is at work on it; the plain statement asks it to stop
        server.execute(statement)


def ask(statement: str, *params):
    """The first row of a query."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        return cursor.fetchone()


def execute(statement: str, *params) -> None:
    """Carry out a statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)


def wal() -> tuple[int, int]:
    """Bytes of log that this connection has written, and how many whole pages are among it.

    Servers before version 18 count for all connections together, and tell no pages.
    """
    if ask("SELECT current_setting('server_version_num')::int")[0] < 180000:
        return int(ask("SELECT pg_current_wal_insert_lsn() - '0/0'")[0]), 0
    execute("SELECT pg_stat_force_next_flush()")
    found = ask("SELECT wal_bytes, wal_fpi FROM pg_stat_get_backend_wal(pg_backend_pid())")
    return int(found[0]), int(found[1])


def _own(name: str) -> str:
    if "bench" not in name:
        raise ValueError(f"{name} is not a database of the measurements")
    return name


def _server() -> psycopg.Connection:
    params = connection.get_connection_params()
    where = {name: params[name] for name in ("host", "port", "user", "password") if params.get(name)}
    return psycopg.connect(**where, dbname="postgres", autocommit=True)
