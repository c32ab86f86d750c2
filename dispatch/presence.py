"""Who of a school has which dossier open now: a line beside the dossier, and nothing depends on it.

It lies in the cache and fades by itself. What two people do to one dossier is told apart by its version.
"""

import logging
from collections.abc import Iterable

from django.core.cache import cache
from redis.exceptions import RedisError

from accounts.models import User

SECONDS = 30  # how often an open page says that it is still open: every school of a province has some
FADES = 3 * SECONDS
log = logging.getLogger(__name__)


def presence_note(*, actor: User, sheet: int, candidate: int) -> None:
    """Say that the actor has a dossier of a sheet open; what he had open before he has no more.

    Args:
        actor: of the school.
        sheet: primary key.
        candidate: primary key.
    """
    try:
        cache.set(_key(sheet, actor.pk), candidate, FADES)
    except (RedisError, OSError) as error:
        log.warning("presence is not noted: %s", error)


def presence_of_others(*, actor: User, sheet: int, candidate: int, people: Iterable[User]) -> list[User]:
    """Who else has the dossier open.

    Args:
        actor: who looks.
        sheet, candidate: as for ``presence_note``.
        people: who may read the sheet.
    """
    keys = {_key(sheet, user.pk): user for user in people if user.pk != actor.pk}
    try:
        found = cache.get_many(keys)
    except (RedisError, OSError) as error:
        log.warning("presence is not known: %s", error)
        return []
    return [user for key, user in keys.items() if found.get(key) == candidate]


def _key(sheet: int, user: int) -> str:
    return f"reading:{sheet}:{user}"
