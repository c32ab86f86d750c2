"""批量投档: rehearsal, a second person, execution, release and undo."""

import pytest
from django.urls import reverse

from accounts.models import Deed
from accounts.refusals import Refusal
from admissions.jobs import Progress
from admissions.lifecycle import State
from admissions.models import Candidate, Choice, Dossier, DossierEvent, Job
from dispatch.models import Placement, RegionLine, Run, Sheet
from dispatch.services import executing, sending, verifying
from tests import factories
from tests.concurrency import in_threads


@pytest.fixture
def ready(cast, batch, schools, plan_line, make_candidates):
    """Fifteen candidates of 广州 want the first school, which has ten seats."""
    candidates = make_candidates(15)
    factories.make_choices(candidates, batch, schools)
    RegionLine.objects.create(batch=batch, score=100)
    return candidates


def rehearsed(cast, batch) -> Run:
    run = sending.run_open(actor=cast.city, batch=batch)
    sending.run_rehearse(actor=cast.city, run=run, progress=Progress("00000000-0000-0000-0000-000000000000"))
    run.refresh_from_db()
    return run


def executed(cast, batch) -> Run:
    run = rehearsed(cast, batch)
    sending.run_confirm(actor=cast.reviewer, run=run, fingerprint=run.fingerprint)
    executing.run_execute(actor=cast.city, run=run, progress=Progress("00000000-0000-0000-0000-000000000000"))
    run.refresh_from_db()
    return run


def states() -> dict:
    return {state: Dossier.objects.filter(state=state).count() for state in ("pool", "sent")}


def test_rehearsal_moves_nobody_and_tells_each_school_its_lowest(cast, batch, ready):
    run = rehearsed(cast, batch)
    assert (run.candidates, run.sent, run.faults) == (15, 10, [])
    row = run.schools.get()
    best = sorted((c.total for c in ready), reverse=True)
    assert (row.plan, row.wanted, row.sent, row.lowest) == (10, 15, 10, best[9])
    assert states() == {"pool": 15, "sent": 0}


def test_the_same_input_gives_the_same_fingerprint(cast, batch, ready):
    first = rehearsed(cast, batch)
    before = first.fingerprint
    sending.run_rehearse(
        actor=cast.city, run=first, progress=Progress("00000000-0000-0000-0000-000000000000")
    )
    first.refresh_from_db()
    assert first.fingerprint == before


def test_execution_sends_the_best_and_writes_one_event_each(cast, batch, ready, plan_line):
    run = executed(cast, batch)
    assert states() == {"pool": 5, "sent": 10}
    sheet = run.sheets.get()
    placed = Placement.objects.filter(run=run)
    assert placed.count() == sheet.size == 10
    assert {p.school_id for p in placed} == {plan_line.school_id}
    assert {p.supervisor for p in placed} == {"4401"}
    best = sorted(ready, key=lambda c: (-c.total, c.number))[:10]
    assert set(placed.values_list("candidate", flat=True)) == {c.pk for c in best}
    assert all(len(p.tie_values) == 2 for p in placed)
    assert DossierEvent.objects.filter(step="dispatch", placement_id__in=placed.values("id")).count() == 10
    assert Deed.objects.filter(subject__startswith="投档", count=10).exists()
    dossier = Dossier.objects.get(pk=best[0].pk)
    assert placed.get(candidate=best[0]).pk == dossier.placement_id


def test_nobody_confirms_his_own_run_nor_another_fingerprint(cast, batch, ready):
    run = rehearsed(cast, batch)
    with pytest.raises(Refusal, match="本人"):
        sending.run_confirm(actor=cast.city, run=run, fingerprint=run.fingerprint)
    with pytest.raises(Refusal, match="已经变化"):
        sending.run_confirm(actor=cast.reviewer, run=run, fingerprint="0" * 64)


def test_an_execution_is_refused_if_anything_changed_since(cast, batch, ready):
    run = rehearsed(cast, batch)
    sending.run_confirm(actor=cast.reviewer, run=run, fingerprint=run.fingerprint)
    Candidate.objects.filter(pk=ready[-1].pk).update(total=99999)
    with pytest.raises(Refusal, match="没有执行"):
        executing.run_execute(
            actor=cast.city, run=run, progress=Progress("00000000-0000-0000-0000-000000000000")
        )
    assert states() == {"pool": 15, "sent": 0}
    assert not Sheet.objects.exists()


def test_an_unconfirmed_run_is_not_executed(cast, batch, ready):
    run = rehearsed(cast, batch)
    with pytest.raises(Refusal, match="第二人"):
        executing.run_execute_start(actor=cast.city, run=run)


def test_undo_until_a_school_has_read(cast, batch, ready):
    run = executed(cast, batch)
    verifying.run_verify(actor=cast.city, run=run, progress=Progress("00000000-0000-0000-0000-000000000000"))
    executing.run_release(actor=cast.city, run=run)
    run.refresh_from_db()
    assert executing.run_cancel(actor=cast.city, run=run, reason="计划有误") == 10
    assert states() == {"pool": 15, "sent": 0}
    assert not Placement.objects.open().filter(run=run).exists()


def test_no_undo_once_a_school_has_opened_its_sheet(cast, batch, ready):
    run = executed(cast, batch)
    run.sheets.update(opened_at=run.executed_at)
    with pytest.raises(Refusal, match="开始阅档"):
        executing.run_cancel(actor=cast.city, run=run, reason="计划有误")


def test_a_line_keeps_out_who_is_below(cast, batch, ready):
    third = sorted((c.total for c in ready), reverse=True)[2]
    RegionLine.objects.filter(batch=batch).update(score=third)
    assert rehearsed(cast, batch).sent == sum(c.total >= third for c in ready)


def test_a_held_dossier_and_a_foreign_candidate_take_no_part(cast, batch, ready, make_candidates, schools):
    Dossier.objects.filter(pk=ready[0].pk).update(held=True)
    factories.make_choices(make_candidates(2, city="4403"), batch, schools)
    assert rehearsed(cast, batch).candidates == 14


def test_whoever_was_returned_is_not_sent_there_again(cast, batch, ready, plan_line):
    Placement.objects.create(
        candidate=ready[0], season=batch.season, batch=batch, province="44", city="4401", county="440103",
        school=plan_line.school, supervisor="4401", method="dispatch", reason_id="01", closed_at="2021-08-20T08:00Z",
    )  # fmt: skip
    run = executed(cast, batch)
    assert not Placement.objects.open().filter(run=run, candidate=ready[0]).exists()


def test_accept_all_records_what_stands_above_the_plan(cast, batch, ready, plan_line):
    batch.tie_policy = "accept_all"
    batch.tie_keys = []
    batch.save()
    Candidate.objects.filter(pk__in=[c.pk for c in ready]).update(total=30000)
    assert executed(cast, batch).sent == 15
    plan_line.refresh_from_db()
    assert plan_line.seats_over == 5


def test_pages_from_opening_to_release(cast, batch, ready, client_of, django_capture_on_commit_callbacks):
    officer, second = client_of(cast.city), client_of(cast.reviewer)

    def post(client, name, pk, **data):
        with django_capture_on_commit_callbacks(execute=True):
            response = client.post(reverse(f"dispatch:{name}", args=[pk]), {"confirmed": "1"} | data)
        assert response.status_code == 302, response.content.decode()

    assert batch.name in officer.get(reverse("dispatch:dispatch_batch")).content.decode()
    post(officer, "dispatch_batch__open", batch.pk)
    run = Run.objects.get()
    post(officer, "dispatch_batch__run__rehearse", run.pk)
    run.refresh_from_db()
    assert run.state == Run.State.REHEARSED
    why = officer.get(reverse("dispatch:dispatch_batch__run", args=[run.pk]), {"candidate": ready[0].number})
    assert "第1志愿" in why.content.decode()
    assert run.fingerprint[:16] in second.get(reverse("dispatch:confirm_dispatch")).content.decode()
    post(second, "confirm_dispatch__run", run.pk, fingerprint=run.fingerprint)
    asked = officer.post(reverse("dispatch:dispatch_batch__run__execute", args=[run.pk]))
    assert asked.status_code == 200
    assert "10" in asked.content.decode()
    assert states()["sent"] == 0, "asking is not doing"
    post(officer, "dispatch_batch__run__execute", run.pk)
    post(officer, "dispatch_batch__run__release", run.pk)
    run.refresh_from_db()
    assert run.state == Run.State.RELEASED
    assert Job.objects.filter(state="done").count() == 3, "rehearsal, execution, verification"


def test_it_needs_the_permission(cast, batch, client_of):
    for user in (cast.idle, cast.school, cast.reviewer):
        assert client_of(user).get(reverse("dispatch:dispatch_batch")).status_code == 403


def test_another_city_does_not_find_the_run(cast, batch, ready, client_of):
    run = rehearsed(cast, batch)
    for name, pk in (("dispatch_batch__run", run.pk), ("dispatch_batch__open", batch.pk)):
        assert client_of(cast.other_city).get(reverse(f"dispatch:{name}", args=[pk])).status_code == 404
        assert client_of(cast.foreign).get(reverse(f"dispatch:{name}", args=[pk])).status_code == 404


def test_the_guard_refuses_a_move_that_no_step_allows(ready):
    from django.db import DatabaseError, transaction

    with pytest.raises(DatabaseError, match=r"no step leads|dossier_at_school_or_free"), transaction.atomic():
        Dossier.objects.filter(pk=ready[0].pk).update(
            state=State.REGISTERED, placement_id=1, school_id=ready[0].pk
        )


@pytest.mark.django_db(transaction=True)
def test_two_cities_execute_at_once(cast, batch, other_batch, ready, schools, plan_line, make_candidates):
    """Both read placements of the other before they attach their own: neither waits for the other for ever."""
    factories.make_plan_line(schools[1], other_batch, seats=5)
    factories.make_choices(make_candidates(8, city="4403"), other_batch, schools[1:])
    reviewer = factories.make_user("sz-reviewer", cast.other_city.organisation, "reviewing")
    runs = []
    for of, sender, second in ((batch, cast.city, cast.reviewer), (other_batch, cast.other_city, reviewer)):
        run = sending.run_open(actor=sender, batch=of)
        sending.run_rehearse(actor=sender, run=run, progress=Progress("00000000-0000-0000-0000-000000000000"))
        run.refresh_from_db()
        sending.run_confirm(actor=second, run=run, fingerprint=run.fingerprint)
        runs.append((sender, run))
    done = in_threads(
        2,
        lambda index: executing.run_execute(
            actor=runs[index][0],
            run=runs[index][1],
            progress=Progress("00000000-0000-0000-0000-000000000000"),
        ),
    )
    assert done == ["done", "done"]
    assert states()["sent"] == 15


def test_outside_of_the_window_nothing_is_sent(cast, batch, ready):
    window = batch.season.windows.create(
        kind="dispatch", opens_at="2021-08-20T00:00+08:00", closes_at="2021-08-28T23:59+08:00"
    )
    with pytest.raises(Refusal, match="8月28日"):
        sending.run_open(actor=cast.city, batch=batch)
    window.delete()
    assert rehearsed(cast, batch).sent == 10


def test_an_undone_run_lets_choices_be_put_right(cast, batch, ready, schools):
    run = executed(cast, batch)
    executing.run_cancel(actor=cast.city, run=run, reason="志愿有误")
    Choice.objects.filter(candidate=ready[0]).delete()
    assert rehearsed(cast, batch).candidates == 14
