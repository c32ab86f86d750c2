"""The demonstration's officer holds the draw where a lottery number is the last tie key."""

import pytest

from admissions.models import Candidate
from dispatch.models import Run
from script.day.browser import Browser
from script.day.sending import dispatch
from tests import factories
from tests.browser.desk import PASSWORD


@pytest.fixture
def at(live_server, cast):
    """A logged-in person, by user."""

    def log_in(user) -> Browser:
        user.set_password(PASSWORD)
        user.save(update_fields=["password"])
        made = Browser(live_server.url, user.username)
        made.log_in(PASSWORD)
        return made

    return log_in


@pytest.mark.django_db(transaction=True)
def test_a_day_with_a_draw(at, media, cast, batch, schools, plan_line, make_candidates):
    made = make_candidates(12)
    factories.make_choices(made, batch, schools)
    Candidate.objects.update(total=30000)
    batch.tie_keys = ["lottery"]
    batch.save()
    assert dispatch(at(cast.city), at(cast.reviewer), str(batch.pk)) == 10
    run = Run.objects.get()
    assert (run.state, run.roster_size, run.drawings.count()) == (Run.State.RELEASED, 12, 1)
