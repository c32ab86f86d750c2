"""What happens between a rehearsal and its confirmation: told beforehand, told afterwards, and refused."""

import pytest
from django.db.models import F
from django.urls import reverse

from accounts.refusals import Refusal
from dispatch.models import Run
from dispatch.queries.since import since_rehearsed
from dispatch.services import executing, keeping, sending
from quotas.models import PlanLine
from tests import factories
from tests.factories_dispatch import admitted_from_pool
from tests.factories_registration import make_window
from tests.factories_requests import drafted
from tests.factories_single import agree, line_at, point_asked, point_values, special_asked
from tests.runs import NOBODY

KEY = "dispatch.dispatch_above_line"


@pytest.fixture
def ready(make_candidates, batch, schools):
    made = make_candidates(4)
    factories.make_choices(made[:3], batch, schools)
    return made


@pytest.fixture
def run(cast, batch, schools, plan_line, ready):
    line_at(batch, 100)
    made = sending.run_open(actor=cast.city, batch=batch)
    sending.run_rehearse(actor=cast.city, run=made, progress=NOBODY)
    made.refresh_from_db()
    return made


def pages(cast, run, client_of) -> tuple[str, str]:
    """The run's page, and the second person's."""
    own = client_of(cast.city).get(reverse("dispatch:dispatch_batch__run", args=[run.pk]))
    second = client_of(cast.reviewer).get(reverse("dispatch:confirm_dispatch__run", args=[run.pk]))
    return own.content.decode(), second.content.decode()


def test_nothing_has_changed(cast, run, client_of):
    assert not since_rehearsed(run)
    own, second = pages(cast, run, client_of)
    assert "作废，不能复核" not in own
    assert "核对无误，确认投档" in second


def test_who_sends_one_candidate_is_told_before(cast, run, batch, schools, ready, client_of, media):
    row = drafted(cast.city, KEY, point_values(ready[0], batch, schools[0]))
    client = client_of(cast.city)
    words = f"{run}已于"
    assert words in client.get(reverse("dispatch:dispatch_above_line__one", args=[row.pk])).content.decode()
    submit = reverse("dispatch:dispatch_above_line__submit", args=[row.pk])
    confirm = client.post(submit, {"version": row.version}).content.decode()
    assert "等待复核，此时投出或录取考生，该次预演作废，须重新预演" in confirm


def test_who_approves_a_schools_request_is_told_before_and_the_school_is_not(
    cast, run, batch, ready, client_of, media
):
    row = special_asked(cast.school, ready[:1], batch)
    officer = client_of(cast.reviewer).get(reverse("dispatch:review_special_dispatch__one", args=[row.pk]))
    assert f"{run}已于" in officer.content.decode()
    school = client_of(cast.school).get(reverse("dispatch:request_special_dispatch__one", args=[row.pk]))
    assert f"{run}已于" not in school.content.decode()


def test_a_school_is_told_before_it_takes_from_the_pool(cast, run, client_of):
    client = client_of(cast.school)
    for page in ("dispatch:admit_from_pool", "dispatch:admit_in_bulk"):
        assert "预演作废、须重做" in client.get(reverse(page)).content.decode()
    Run.objects.update(state=Run.State.DRAFT)
    assert "预演作废、须重做" not in client.get(reverse("dispatch:admit_from_pool")).content.decode()


def test_a_candidate_sent_meanwhile_is_named_with_who_did_it(
    cast, run, batch, schools, ready, client_of, media
):
    row = point_asked(cast.city, KEY, ready[0], batch, schools[0])
    agree(cast.reviewer, row)
    found = since_rehearsed(run)
    assert found.count == 1
    assert [(school.pk, before, now) for school, before, now in found.plans] == [(schools[0].pk, 10, 9)]
    for words in pages(cast, run, client_of):
        assert "1 名考生的档案有变动，1 所院校的计划余额有变化，该次预演作废，不能复核" in words
        assert ready[0].number in words
        assert cast.reviewer.name in words
    assert "核对无误，确认投档" not in pages(cast, run, client_of)[1]


def test_a_confirmation_is_refused_and_changes_nothing(cast, run, ready):
    keeping.hold_dossier(actor=cast.city, candidates=[ready[0].pk], reason="核查")
    with pytest.raises(Refusal, match="预演以后，1 名考生的档案有变动，该次预演作废，没有复核"):
        sending.run_confirm(actor=cast.reviewer, run=run, fingerprint=run.fingerprint)
    run.refresh_from_db()
    assert (run.state, run.confirmed_by) == (Run.State.REHEARSED, None)
    sending.run_rehearse(actor=cast.city, run=run, progress=NOBODY)
    run.refresh_from_db()
    assert not since_rehearsed(run)
    sending.run_confirm(actor=cast.reviewer, run=run, fingerprint=run.fingerprint)


def test_what_does_not_bear_on_the_run_leaves_it_alone(cast, run, ready):
    keeping.hold_dossier(actor=cast.city, candidates=[ready[3].pk], reason="没有该批次志愿")
    assert not since_rehearsed(run)
    keeping.hold_dossier(actor=cast.city, candidates=[ready[0].pk], reason="核查")
    keeping.release_dossier(actor=cast.city, candidates=[ready[0].pk], reason="核查完毕")
    assert not since_rehearsed(run), "held and released, he stands as he stood"


def test_a_school_that_took_from_the_pool_is_named(cast, run, batch, plan_line, ready, client_of):
    make_window(batch.season)
    admitted_from_pool(cast.school, ready[1], plan_line)
    found = since_rehearsed(run)
    assert [event.candidate_id for event in found.events] == [ready[1].pk]
    assert found.events[0].deed.actor == cast.school
    own, _ = pages(cast, run, client_of)
    assert schools_word(found) in own


def schools_word(found) -> str:
    school, before, now = found.plans[0]
    return f"{school.code} {school.name} {before} → {now}"


def test_the_own_execution_is_no_change(cast, run):
    sending.run_confirm(actor=cast.reviewer, run=run, fingerprint=run.fingerprint)
    run.refresh_from_db()
    assert run.state == Run.State.CONFIRMED
    executing.run_execute(actor=cast.city, run=Run.objects.get(pk=run.pk), progress=NOBODY)
    assert since_rehearsed(run) is None, "a page that read the run before its execution ended"


def test_more_seats_are_a_change(cast, run, plan_line):
    PlanLine.objects.filter(pk=plan_line.pk).update(seats_changed=F("seats_changed") + 2)
    assert since_rehearsed(run).words == "1 所院校的计划余额有变化"
