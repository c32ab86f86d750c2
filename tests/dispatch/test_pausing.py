"""Schools pause from the second person's confirmation until release; an execution and a deed do not interleave."""

import contextlib
import time
from threading import Event, Thread

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.urls import reverse

from accounts.refusals import Refusal
from admissions.jobs import Progress
from admissions.lifecycle import State
from admissions.models import Dossier
from dispatch.loading import choices_freeze
from dispatch.locks import batch_lock, batches_share
from dispatch.models import Placement, Run
from dispatch.services import (
    control,
    deciding,
    executing,
    pool,
    pool_bulk,
    school,
    sending,
    submitting,
    verifying,
)
from tests import factories
from tests.concurrency import in_threads
from tests.factories_dispatch import admitted_from_pool, placement_of, sheet_released, state_of, version_of
from tests.factories_papers import stored

NOBODY = Progress("00000000-0000-0000-0000-000000000000")


@pytest.fixture
def reading(cast, batch, schools, plan_line, make_candidates):
    """The first school reads a sheet of three; another round, of the second school, is rehearsed meanwhile."""
    factories.make_plan_line(schools[1], batch, seats=2)
    own, others = make_candidates(3), make_candidates(4)
    factories.make_choices(others, batch, schools[1:])
    choices_freeze(batch)
    sheet = sheet_released(cast.city, batch, schools[0], own)
    deciding.sheet_open(actor=cast.school, sheet=sheet)
    return sheet


def rehearsed(cast, batch, schools) -> Run:
    kind = Run.Kind.SCHOOL
    run = sending.run_open(actor=cast.city, batch=batch, kind=kind, schools=schools[1:])
    sending.run_rehearse(actor=cast.city, run=run, progress=NOBODY)
    run.refresh_from_db()
    return run


def confirmed(cast, batch, schools) -> Run:
    run = rehearsed(cast, batch, schools)
    sending.run_confirm(actor=cast.reviewer, run=run, fingerprint=run.fingerprint)
    run.refresh_from_db()
    return run


def released(cast, run) -> None:
    verifying.run_verify(actor=cast.city, run=run, progress=NOBODY)
    executing.run_release(actor=cast.city, run=run)


def deeds(cast, sheet, candidate) -> dict:
    """Each deed of a school in the batch, ready to be tried."""
    at = {"actor": cast.school, "sheet": sheet}
    one = at | {"candidate": candidate.pk, "version": version_of(candidate)}
    return {
        "open": lambda: deciding.sheet_open(**at),
        "admit": lambda: deciding.dossier_propose_admit(**one, plan_line=None),
        "return": lambda: deciding.dossier_propose_return(**one, reason="01"),
        "undecide": lambda: deciding.dossier_undecide(**one),
        "assign": lambda: submitting.majors_assign(**at),
        "submit": lambda: submitting.sheet_submit(**at),
        "withdraw": lambda: submitting.sheet_withdraw(**at),
    }


def first_of(sheet):
    return Placement.objects.filter(sheet=sheet).order_by("rank").first().candidate


@pytest.mark.parametrize("deed", ["open", "admit", "return", "undecide", "assign", "submit", "withdraw"])
def test_deeds_on_sheets_wait_for_the_release(cast, batch, schools, reading, deed):
    run = confirmed(cast, batch, schools)
    candidate = first_of(reading)
    with pytest.raises(Refusal, match="院校操作已暂停"):
        deeds(cast, reading, candidate)[deed]()
    executing.run_execute(actor=cast.city, run=run, progress=NOBODY)
    with pytest.raises(Refusal, match="院校操作已暂停"):
        deeds(cast, reading, candidate)[deed]()
    assert state_of(candidate) == State.READING
    released(cast, run)
    with contextlib.suppress(Refusal):  # some have nothing to do on this sheet
        deeds(cast, reading, candidate)[deed]()
    assert not school.batches_must_hold_still([batch.pk])
    if deed in ("admit", "return"):
        assert state_of(candidate) in (State.PROPOSE_ADMIT, State.PROPOSE_RETURN)


@pytest.mark.parametrize("way", ["rehearse", "cancel", "undo"])
def test_each_way_back_ends_the_pause(cast, batch, schools, reading, way):
    run = confirmed(cast, batch, schools)
    if way == "undo":
        executing.run_execute(actor=cast.city, run=run, progress=NOBODY)
    if way == "rehearse":
        sending.run_rehearse(actor=cast.city, run=run, progress=NOBODY)
    else:
        executing.run_cancel(actor=cast.city, run=run, reason="计划有误")
    deeds(cast, reading, first_of(reading))["return"]()
    assert state_of(first_of(reading)) == State.PROPOSE_RETURN


def test_the_pool_waits_too(cast, batch, schools, plan_line, make_candidates):
    factories.make_plan_line(schools[1], batch, seats=2)
    factories.make_choices(make_candidates(4), batch, schools[1:])
    taken, wanted = make_candidates(2)
    placement = admitted_from_pool(cast.school, taken, plan_line)
    confirmed(cast, batch, schools)
    with pytest.raises(Refusal, match="院校操作已暂停"):
        admitted_from_pool(cast.school, wanted, plan_line)
    with pytest.raises(Refusal, match="院校操作已暂停"):
        pool.pool_withdraw(actor=cast.school, placement=placement)
    line = pool_bulk.Line(1, wanted.number, wanted.name, plan_line.major_code)
    assert "院校操作已暂停" in pool_bulk.pool_check(actor=cast.school, lines=[line])[0].words
    with pytest.raises(Refusal, match="没有可以录取"):
        pool_bulk.admit_in_bulk(actor=cast.school, lines=[line], paper=stored())
    assert (state_of(taken), state_of(wanted)) == (State.ADMIT_SUBMITTED, State.POOL)


def test_another_batch_is_not_paused(cast, season, batch, schools, reading, make_candidates):
    later = factories.make_batch(season, "4401", code="43", position=2)
    confirmed(cast, batch, schools)
    line = factories.make_plan_line(schools[0], later)
    Placement.objects.filter(sheet=reading).update(closed_at="2021-08-20T08:00Z")
    reading.submitted_at = reading.released_at
    reading.save()
    candidate = make_candidates(1)[0]
    admitted_from_pool(cast.school, candidate, line)
    assert placement_of(candidate).batch_id == later.pk


def test_the_pages_say_so(cast, batch, schools, reading, client_of):
    reader, office = client_of(cast.school), client_of(cast.city)
    pages = [
        reverse("dispatch:decide_as_leader"),
        reverse("dispatch:decide_as_leader__one", args=[reading.pk]),
        reverse("dispatch:admit_from_pool"),
        reverse("dispatch:admit_in_bulk"),
        reverse("accounts:workbench"),
    ]
    assert not any("院校操作已暂停" in reader.get(page).content.decode() for page in pages)
    run = confirmed(cast, batch, schools)
    assert all("院校操作已暂停" in reader.get(page).content.decode() for page in pages)
    page = reverse("dispatch:dispatch_school__run", args=[run.pk])
    assert "院校操作已暂停：自" in office.get(page).content.decode()


def test_parameters_wait_for_the_release(cast, batch, schools, reading):
    run = confirmed(cast, batch, schools)
    executing.run_execute(actor=cast.city, run=run, progress=NOBODY)
    line = {"actor": cast.city, "batch": batch, "county": "", "score": 100}
    with pytest.raises(Refusal, match="不能修改参数"):
        control.set_region_line(**line)
    released(cast, run)
    control.set_region_line(**line)


def hold(batches, *, shared: bool = False):
    """Hold locks of batches on a connection of its own until the answer is called."""
    held, go = Event(), Event()

    def work():
        with transaction.atomic():
            if shared:
                batches_share([batch.pk for batch in batches])
            else:
                for batch in batches:
                    batch_lock(batch.pk)
            held.set()
            go.wait(30)
        connections.close_all()

    thread = Thread(target=work)
    thread.start()
    assert held.wait(10)

    def let_go():
        go.set()
        thread.join()

    return let_go


def waits(deed) -> bool:
    """Whether a deed waits for a lock: it is given half a second."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '500ms'")
            deed()
    except OperationalError as error:
        if "lock timeout" in str(error):
            return True
        raise
    return False


@pytest.mark.django_db(transaction=True)
def test_an_execution_waits_for_a_deed_and_a_deed_for_an_execution(cast, batch, schools, reading):
    run = confirmed(cast, batch, schools)
    let_go = hold([batch], shared=True)  # a school in the middle of a deed
    try:
        assert waits(lambda: executing.run_execute(actor=cast.city, run=run, progress=NOBODY))
        run.refresh_from_db()
        assert run.state == Run.State.CONFIRMED
        assert not waits(lambda: batches_share([batch.pk])), "schools do not wait for each other"
    finally:
        let_go()
    Run.objects.filter(pk=run.pk).update(state=Run.State.REHEARSED)
    let_go = hold([batch])  # an execution under way
    try:
        deed = deeds(cast, reading, first_of(reading))["return"]
        assert waits(deed)
        assert state_of(first_of(reading)) == State.READING
    finally:
        let_go()
    deed()
    assert state_of(first_of(reading)) == State.PROPOSE_RETURN


@pytest.mark.django_db(transaction=True)
def test_executions_of_one_batch_wait_for_each_other_and_cities_do_not(
    cast, batch, other_batch, schools, reading
):
    run = confirmed(cast, batch, schools)
    let_go = hold([other_batch])  # another city executes
    try:
        assert not waits(lambda: executing.run_execute(actor=cast.city, run=run, progress=NOBODY))
    finally:
        let_go()
    run.refresh_from_db()
    assert run.state == Run.State.EXECUTED
    let_go = hold([batch])
    try:
        assert waits(lambda: batch_lock(batch.pk))
    finally:
        let_go()


@pytest.mark.django_db(transaction=True)
def test_at_the_same_moment_the_deed_is_before_or_refused(cast, batch, schools, reading):
    """A school submits decisions while the run is confirmed and executed: all or none of it, never half."""
    run = rehearsed(cast, batch, schools)
    candidate = first_of(reading)
    deed = deeds(cast, reading, candidate)["return"]

    def office():
        sending.run_confirm(actor=cast.reviewer, run=run, fingerprint=run.fingerprint)
        executing.run_execute(actor=cast.city, run=run, progress=NOBODY)

    def decide():
        time.sleep(0.01)
        deed()

    done = in_threads(2, lambda index: (office, decide)[index]())
    run.refresh_from_db()
    assert run.state == Run.State.EXECUTED
    assert sorted(done) in (["Refusal", "done"], ["done", "done"])
    assert state_of(candidate) == (State.READING if "Refusal" in done else State.PROPOSE_RETURN)
    assert Dossier.objects.filter(state=State.SENT).count() == 2
