"""指定院校投档: the rule of the batch, for some of its schools only."""

import pytest
from django.urls import reverse

from accounts.models import Deed
from accounts.refusals import Refusal
from admissions.jobs import Progress
from admissions.lifecycle import State
from admissions.models import Choice, Dossier, DossierEvent, Job
from dispatch.models import Placement, RegionLine, Run
from dispatch.runs import run_explain
from dispatch.services import executing, sending, verifying
from tests import factories
from tests.factories_dispatch import state_of

PAGE = "dispatch:dispatch_school"
NOBODY = Progress("00000000-0000-0000-0000-000000000000")


@pytest.fixture
def ready(cast, batch, schools, plan_line, make_candidates):
    """Six of 广州 want the first school (ten seats) and then the second (two seats); three only the first."""
    factories.make_plan_line(schools[1], batch, seats=2)
    both, one = make_candidates(6), make_candidates(3)
    factories.make_choices(both, batch, schools)
    factories.make_choices(one, batch, schools[:1])
    RegionLine.objects.create(batch=batch, score=100)
    return both


def rehearsed(cast, batch, schools, actor=None) -> Run:
    run = sending.run_open(actor=actor or cast.city, batch=batch, kind=Run.Kind.SCHOOL, schools=schools)
    sending.run_rehearse(actor=actor or cast.city, run=run, progress=NOBODY)
    run.refresh_from_db()
    return run


def executed(cast, batch, schools, actor=None) -> Run:
    run = rehearsed(cast, batch, schools, actor)
    sending.run_confirm(actor=cast.reviewer, run=run, fingerprint=run.fingerprint)
    executing.run_execute(actor=actor or cast.city, run=run, progress=NOBODY)
    run.refresh_from_db()
    return run


def best(candidates, number):
    return {c.pk for c in sorted(candidates, key=lambda c: (-c.total, c.number))[:number]}


def test_only_this_school_gets_dossiers_from_those_who_chose_it(cast, batch, schools, ready):
    run = executed(cast, batch, schools[1:])
    assert (run.candidates, run.sent) == (6, 2), "who did not choose it takes no part"
    placed = Placement.objects.filter(run=run)
    assert {p.school_id for p in placed} == {schools[1].pk}
    assert {p.candidate_id for p in placed} == best(ready, 2)
    assert {p.choice_position for p in placed} == {2}, "choices keep their place"
    assert [row.school_id for row in run.schools.all()] == [schools[1].pk]


def test_who_is_held_sent_or_admitted_takes_no_part(cast, batch, schools, ready):
    first = executed(cast, batch, schools[:1])
    assert first.sent == 9
    executing.run_cancel(actor=cast.city, run=first, reason="计划有误")
    held, *rest = sorted(ready, key=lambda c: (-c.total, c.number))
    Dossier.objects.filter(pk=held.pk).update(held=True)
    run = executed(cast, batch, schools[1:])
    assert run.candidates == 5
    assert {p.candidate_id for p in run.placements.all()} == best(rest, 2)
    again = executed(cast, batch, schools[:1])
    assert again.candidates == 6, "two are sent, one is held"
    assert state_of(held) == State.POOL


def test_the_first_choice_full_does_not_stand_in_the_way(cast, batch, schools, ready):
    """A choice of a school outside of the run is void: it neither takes the dossier nor blocks the next."""
    run = rehearsed(cast, batch, schools[1:])
    words = run_explain(run, max(ready, key=lambda c: c.total).pk)
    assert words[0] == "第1志愿：未填报，或所填院校不在本次指定范围内。"
    assert "已投档" in words[1]


def test_the_rule_of_the_batch_holds(cast, batch, schools, ready):
    batch.mode = "choice_first"
    batch.save()
    late = max(ready, key=lambda c: c.total)
    Choice.objects.filter(candidate__in=[c.pk for c in ready if c != late], position=1).delete()
    for choice in Choice.objects.filter(batch=batch, school=schools[1]).exclude(candidate=late):
        choice.position = 1
        choice.save()
    run = executed(cast, batch, schools[1:])
    assert late.pk not in {p.candidate_id for p in run.placements.all()}, "second choices come second"


def test_each_dossier_has_its_event_and_the_deed_is_written(cast, batch, schools, ready):
    run = executed(cast, batch, schools[1:])
    events = DossierEvent.objects.filter(step="dispatch_school")
    assert events.count() == 2
    assert {event.target for event in events} == {State.SENT}
    assert Deed.objects.filter(subject=f"新建指定院校投档 {run}").exists()
    executing.run_cancel(actor=cast.city, run=run, reason="计划有误")
    assert DossierEvent.objects.filter(step="cancel_school_run", note="计划有误").count() == 2
    assert not Dossier.objects.filter(state=State.SENT).exists()


def test_who_may_only_do_this_can_do_it(cast, batch, schools, ready):
    only = factories.make_user(
        "gz-only", cast.city.organisation, extra=["dispatch.dispatch_school", "accounts.workbench"]
    )
    run = executed(cast, batch, schools[1:], actor=only)
    assert run.sent == 2
    with pytest.raises(Refusal, match="权限"):
        sending.run_open(actor=only, batch=batch)
    executing.run_cancel(actor=only, run=run, reason="计划有误")


@pytest.mark.usefixtures("ready")
def test_what_is_refused(cast, batch, other_batch, schools, plan_line):
    at = {"actor": cast.city, "batch": batch, "kind": Run.Kind.SCHOOL}
    with pytest.raises(Refusal, match="请选择院校"):
        sending.run_open(**at)
    stranger = factories.make_school("30001")
    with pytest.raises(Refusal, match="没有招生计划"):
        sending.run_open(**at, schools=[stranger])
    with pytest.raises(Refusal, match="管辖范围"):
        sending.run_open(**(at | {"batch": other_batch}), schools=schools)
    run = executed(cast, batch, schools[:1])
    verifying.run_verify(actor=cast.city, run=run, progress=NOBODY)
    executing.run_release(actor=cast.city, run=run)
    with pytest.raises(Refusal, match="尚未提交"):
        sending.run_open(**at, schools=schools[:1])
    sending.run_open(**at, schools=schools[1:])
    with pytest.raises(Refusal, match="尚未完成"):
        sending.run_open(**at, schools=schools[1:])


@pytest.mark.usefixtures("ready")
def test_nobody_chose_it(cast, batch, schools, plan_line):
    third = factories.make_school("30001")
    factories.make_plan_line(third, batch, seats=3)
    with pytest.raises(Refusal, match="没有在库考生填报所选院校"):
        rehearsed(cast, batch, [third])


def test_pages_from_choosing_to_release(
    cast, batch, schools, ready, client_of, django_capture_on_commit_callbacks
):
    officer, second = client_of(cast.city), client_of(cast.reviewer)

    def post(client, name, pk, **data):
        with django_capture_on_commit_callbacks(execute=True):
            response = client.post(reverse(f"dispatch:{name}", args=[pk]), {"confirmed": "1"} | data)
        assert response.status_code == 302, response.content.decode()
        return response

    assert batch.name in officer.get(reverse(PAGE)).content.decode()
    opening = reverse(f"{PAGE}__open", args=[batch.pk])
    page = officer.get(opening, {"q": "罗湖"}).content.decode()
    assert schools[1].name in page
    assert schools[0].name not in page
    assert "③ 检查" not in page
    page = officer.get(opening, {"q": "没有这所", "schools": [schools[1].pk, "x", "999999"]}).content.decode()
    assert schools[1].name in page, "who is chosen stays in sight"
    assert "③ 检查" in page
    assert officer.post(opening).status_code == 422
    assert officer.post(opening, {"schools": "999999"}).status_code == 422
    post(officer, "dispatch_school__open", batch.pk, schools=[schools[1].pk])
    run = Run.objects.get()
    assert (run.kind, run.only_schools) == ("dispatch_school", [schools[1].pk])
    post(officer, "dispatch_school__run__rehearse", run.pk)
    run.refresh_from_db()
    post(second, "confirm_dispatch__run", run.pk, fingerprint=run.fingerprint)
    post(officer, "dispatch_school__run__execute", run.pk)
    post(officer, "dispatch_school__run__release", run.pk)
    run.refresh_from_db()
    assert (run.state, run.sent) == (Run.State.RELEASED, 2)
    assert Job.objects.filter(state="done", function="dispatch.dispatch_school").count() == 3
    listed = officer.get(reverse(PAGE)).content.decode()
    assert schools[1].name in listed
    other = reverse("dispatch:dispatch_batch__run", args=[run.pk])
    assert officer.get(other).status_code == 404, "its pages stand below the function that opened it"


def test_the_page_tells_plan_wishes_and_what_is_unsettled(cast, batch, schools, ready, client_of):
    run = executed(cast, batch, schools[1:])
    page = client_of(cast.city).get(reverse(f"{PAGE}__open", args=[batch.pk])).content.decode()
    row = page[page.index(f"school-{schools[1].pk}") :].split("</tr>")[0]
    assert run.sheets.get().number in row
    assert '<td class="num">4</td>' in row, "two of six are no longer in the pool"


def test_it_needs_the_permission(cast, batch, client_of):
    for user in (cast.idle, cast.school, cast.reviewer):
        assert client_of(user).get(reverse(PAGE)).status_code == 403
        assert client_of(user).get(reverse(f"{PAGE}__open", args=[batch.pk])).status_code == 403


def test_another_city_does_not_find_it(cast, batch, schools, ready, client_of):
    run = rehearsed(cast, batch, schools[1:])
    for name, pk in (("dispatch_school__run", run.pk), ("dispatch_school__open", batch.pk)):
        for user in (cast.other_city, cast.foreign):
            assert client_of(user).get(reverse(f"dispatch:{name}", args=[pk])).status_code == 404
