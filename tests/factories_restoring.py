"""A registration that closed too early, what the clock then did, and the window put off."""

from collections.abc import Sequence
from datetime import timedelta

from admissions.models import DossierEvent, Season, Window
from dispatch.models import Placement
from registration.models import Restoration
from registration.services import restoring
from registration.services.deadlines import unregistered_reset
from tests.factories_registration import make_window


def reset_wrongly(season: Season, *, region: str = "44", actor=None) -> int:
    """Reset who is not registered, and put the window off again.

    Returns:
        the key of the reset in the record of deeds.
    """
    window = make_window(season, closes=timedelta(days=-1))
    assert unregistered_reset(actor=actor, window=window, region=region)
    make_window(season)
    return last_reset()


def last_reset() -> int:
    """The key of the last reset."""
    return DossierEvent.objects.filter(step="reset_unregistered").order_by("-pk").first().deed_id


def asked(actor, deed: int, **more) -> Restoration:
    return restoring.restoration_ask(actor=actor, deed=deed, words="截止时间设错，已顺延", **more)


def agreed(actor, row: Restoration) -> Restoration:
    """Agreed to by a second person; the job has not run."""
    restoring.restoration_agree(actor=actor, row=row)
    row.refresh_from_db()
    return row


def restored(first, second, deed: int, **more) -> dict[str, int]:
    """Asked, agreed and carried out."""
    return restoring.unregistered_restore(actor=second, row=agreed(second, asked(first, deed, **more)))


def closed(placements: Sequence[Placement]) -> list[bool]:
    """Whether each placement is closed, as it stands now."""
    rows = dict(Placement.objects.filter(pk__in=[p.pk for p in placements]).values_list("pk", "closed_at"))
    return [rows[p.pk] is not None for p in placements]


def window_shut(season: Season) -> Window:
    """Registration is over again."""
    return make_window(season, closes=timedelta(days=-1))
