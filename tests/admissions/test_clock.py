"""What the clock of deadlines does when something goes wrong."""

from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError
from django.utils import timezone

from admissions.models import WindowNotice
from admissions.services import deadlines as services
from admissions.tasks import windows_keep
from tests.factories_registration import make_window


def test_what_goes_wrong_with_one_deadline_holds_up_no_other(season, other_season, monkeypatch):
    """That of the other province comes first; it is told of when its turn comes again."""
    first, second = (make_window(one, closes=timedelta(days=2)) for one in (other_season, season))
    plain = services.window_tell

    def failing(key):
        if key == first.pk:
            raise DatabaseError
        return plain(key)

    monkeypatch.setattr(services, "window_tell", failing)
    with time_machine.travel(timezone.now() + timedelta(days=1), tick=False):
        with pytest.raises(DatabaseError):
            windows_keep()
        assert list(WindowNotice.objects.values_list("window", "days")) == [(second.pk, 1)]
        monkeypatch.undo()
        windows_keep()
    assert list(WindowNotice.objects.values_list("window", "days")) == [(first.pk, 1), (second.pk, 1)]
