"""The lock of a batch: its execution holds it alone, deeds of its schools hold it together.

A batch is of one city of one province and season, so that cities run at the same time. The lock goes with the
transaction. Whoever takes it takes it before any lock on a row.
"""

from collections.abc import Iterable

from django.db import connection


def batch_lock(batch: int) -> None:
    """Hold a batch alone until the transaction ends; wait for whoever acts in it.

    Args:
        batch: primary key.
    """
    _lock("pg_advisory_xact_lock", [batch])


def batches_share(batches: Iterable[int]) -> None:
    """Hold batches together with others who only act in them, until the transaction ends.

    Args:
        batches: primary keys; they are taken in their order.
    """
    _lock("pg_advisory_xact_lock_shared", sorted(set(batches)))


def _lock(function: str, batches: list[int]) -> None:
    with connection.cursor() as cursor:
        for batch in batches:
            cursor.execute(f"SELECT {function}(hashtextextended(%s, 0))", [f"dispatch-batch:{batch}"])
