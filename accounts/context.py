"""The context of a deed: who acts, through which function, from where.

Doors (views, tasks, commands) open a context; services write deeds in it without knowing requests.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.db import connection, transaction

from .models import Deed
from .scopes import Scope

WEB_ROLE = "zhongzhao_web"


@dataclass(frozen=True, slots=True)
class Context:
    """What a door knows of the deed under way.

    Attributes:
        function: key of the function in use.
        address: network address the request came from, if any.
    """

    function: str = ""
    address: str | None = None


_current: ContextVar[Context] = ContextVar("deed_context", default=Context())  # noqa: B039 - frozen


@contextmanager
def deed_context(*, function: str, address: str | None = None) -> Iterator[None]:
    """Open the context in which services record their deeds."""
    token = _current.set(Context(function, address))
    try:
        yield
    finally:
        _current.reset(token)


def deed_record(*, actor, subject: str = "", count: int = 1, note: str = "", function: str = "") -> Deed:
    """Write down a deed; call it in the transaction of the deed itself.

    Args:
        actor: the user, or None for the platform's own clockwork.
        subject: what it was done to, in words.
        count: number of rows concerned.
        note: reason or details in words.
        function: key of the function; by default that of the open context.
    """
    context = _current.get()
    return Deed.objects.create(
        actor=actor,
        organisation=actor.organisation if actor else None,
        function=function or context.function,
        address=context.address,
        subject=subject[:200],
        count=count,
        note=note,
    )


@contextmanager
def walled(scope: Scope | None) -> Iterator[None]:
    """Run as the database role that row-level security holds within a scope.

    Role and scope end with the block, or with the transaction around it.

    Args:
        scope: what may be seen; None sees no person at all.
    """
    with transaction.atomic():  # an error takes the role back together with what was written
        _take_role(scope)
        yield
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")


@contextmanager
def walled_to_the_end(scope: Scope | None) -> Iterator[None]:
    """The same up to the end of the transaction, without asking the database to step in and out.

    For a request that has a transaction to itself and whose answer is drawn inside. Inside of another
    transaction (a test) it is ``walled``.

    Args:
        scope: what may be seen.
    """
    if connection.savepoint_ids or not connection.in_atomic_block:
        with walled(scope):
            yield
        return
    _take_role(scope)
    yield


def _take_role(scope: Scope | None) -> None:
    values = scope_settings(scope)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SET LOCAL ROLE {WEB_ROLE}; SELECT " + ", ".join("set_config(%s, %s, true)" for _ in values),
            [part for pair in values.items() for part in pair],
        )


@contextmanager
def unwalled() -> Iterator[None]:
    """Step outside the wall for a deed that by its nature crosses it, and back again.

    A school that admits a candidate from the pool takes a dossier it cannot see while it lies there,
    and one that gives a dossier back writes a row it then no longer sees: row-level security refuses
    both. Whoever steps outside answers for the rows: address them by key, lock them, check them.
    It is a savepoint: an error inside undoes what was written and puts the wall up again. Outside
    of a wall (tasks, commands) it is nothing.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        within = cursor.fetchone()[0] == WEB_ROLE
    if not within:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
        yield
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {WEB_ROLE}")


def scope_settings(scope: Scope | None) -> dict[str, str]:
    """The scope as the settings that the policies read: lists with commas, empty for none."""
    by_length = {2: [], 4: [], 6: []}
    for code in scope.regions if scope else ():
        by_length[len(code)].append(code)
    return {
        "zhongzhao.provinces": ",".join(by_length[2]),
        "zhongzhao.cities": ",".join(by_length[4]),
        "zhongzhao.counties": ",".join(by_length[6]),
        "zhongzhao.schools": ",".join(str(key) for key in scope.schools) if scope else "",
    }
