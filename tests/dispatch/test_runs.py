"""What a run keeps: its arrays read back, and the explanation of one candidate from the rows that bear on him."""

import numpy as np
import pytest

from accounts.refusals import Refusal
from admissions.jobs import Progress
from admissions.models import Candidate, School
from dispatch import runs
from dispatch.kernel.check import faults
from dispatch.kernel.explain import explain, words
from dispatch.kernel.fault import Fault, Kind
from dispatch.models import RegionLine, Run
from dispatch.services import executing, sending
from dispatch.snapshot import Snapshot
from tests import factories

NOBODY = Progress("00000000-0000-0000-0000-000000000000")


@pytest.fixture
def crowd(cast, batch, schools, plan_line, make_candidates):
    """Thirty candidates who want two schools of ten and four seats, some the one first, some the other."""
    factories.make_plan_line(schools[1], batch, seats=4)
    candidates = make_candidates(30)
    for place, candidate in enumerate(candidates):
        Candidate.objects.filter(pk=candidate.pk).update(total=30000 + 500 * (place // 2))
        factories.make_choices([candidate], batch, schools if place % 3 else schools[::-1])
    RegionLine.objects.create(batch=batch, score=31000)
    return candidates


def rehearsed(cast, batch) -> Run:
    run = sending.run_open(actor=cast.city, batch=batch)
    sending.run_rehearse(actor=cast.city, run=run, progress=NOBODY)
    run.refresh_from_db()
    return run


def test_arrays_come_back_as_they_were_kept(cast, batch, crowd):
    run = rehearsed(cast, batch)
    snapshot, outcome = runs.rehearsal_kept(runs.run_formal(run))
    again = snapshot.solve()
    assert again.unit.tolist() == outcome.unit.tolist()
    assert snapshot.score.tolist() == list(
        Candidate.objects.order_by("number").values_list("total", flat=True)
    )


@pytest.mark.parametrize("mode", ["score_first", "choice_first", "tiers"])
def test_a_few_rows_explain_as_all_rows_would(cast, batch, crowd, mode):
    batch.mode, batch.tiers = mode, [35000]
    batch.save()
    run = rehearsed(cast, batch)
    snapshot, outcome = runs.rehearsal_kept(runs.run_formal(run))
    names = dict(School.objects.values_list("pk", "name"))
    keys = snapshot.schools.tolist()
    told = set()
    for place, candidate in enumerate(snapshot.candidates.tolist()):
        reasons = explain(snapshot.problem, outcome, snapshot.bands, place, snapshot.tier)
        of_all = words(reasons, lambda unit: names[keys[unit]], snapshot.score)
        of_few = runs.run_explain(run, candidate)
        for whole, few in zip(of_all, of_few, strict=True):
            assert whole == few or ("未达到分数线" in whole and "低于分数线310.00分" in few)
            told.add(few[-6:])
    assert len(told) > 3, "sent, full, below the line, not reached, void"


def test_files_gone_are_said_to_be_gone(cast, batch, crowd):
    run = rehearsed(cast, batch)
    runs.rehearsal_drop(runs.run_formal(run))
    with pytest.raises(Refusal, match="留存文件"):
        runs.run_explain(run, crowd[0].pk)


def test_the_last_formal_rehearsal_alone_keeps_its_input(
    cast, batch, crowd, django_capture_on_commit_callbacks
):
    run = rehearsed(cast, batch)
    with django_capture_on_commit_callbacks(execute=True):
        sending.run_rehearse(actor=cast.city, run=run, progress=NOBODY)
    first, second = run.rehearsals.order_by("number")
    assert not runs.kept_path(first, "input").exists()
    assert runs.outcome_kept(first)["unit"].tolist() == runs.outcome_kept(second)["unit"].tolist()
    assert runs.kept_path(second, "input").exists()


def at_fault(unit_of):
    """A check that finds one fault at a unit as long as somebody is sent there."""

    def find(snapshot: Snapshot, outcome) -> list[Fault]:
        found = list(faults(snapshot.problem, outcome, snapshot.bands, snapshot.ties, snapshot.tier))
        unit = unit_of(snapshot)
        there = np.flatnonzero(outcome.unit == unit)
        return [*found, Fault(Kind.OVER_QUOTA, unit, int(there[0]))] if len(there) else found

    return find


def test_a_school_at_fault_and_all_linked_to_it_are_left_out(
    cast, batch, crowd, schools, make_candidates, monkeypatch
):
    apart = factories.make_school("30001", name="佛山市另一职业学校")
    factories.make_plan_line(apart, batch, seats=2)
    others = make_candidates(3, total=40000)
    factories.make_choices(others, batch, [apart])
    monkeypatch.setattr(
        Snapshot, "faults", at_fault(lambda s: int(np.searchsorted(s.schools, schools[0].pk)))
    )
    run = rehearsed(cast, batch)
    assert sorted(run.left_out) == sorted(school.pk for school in schools[:2])
    assert len(run.faults) == 1
    assert run.sent == 2, "the school that shares no candidate with them goes on"
    assert "隔离" in runs.run_explain(run, crowd[-1].pk)[0]
    sending.run_confirm(actor=cast.reviewer, run=run, fingerprint=run.fingerprint)
    executing.run_execute(actor=cast.city, run=run, progress=NOBODY)
    assert {sheet.school_id for sheet in run.sheets.all()} == {apart.pk}


def test_a_run_whose_rest_is_at_fault_too_is_refused(cast, batch, crowd, schools, monkeypatch):
    monkeypatch.setattr(Snapshot, "faults", lambda snapshot, outcome: [Fault(Kind.SEAT_UNFILLED, 0, 0)])
    run = sending.run_open(actor=cast.city, batch=batch)
    with pytest.raises(Refusal, match="仍未通过"):
        sending.run_rehearse(actor=cast.city, run=run, progress=NOBODY)
    run.refresh_from_db()
    assert run.state == Run.State.DRAFT
