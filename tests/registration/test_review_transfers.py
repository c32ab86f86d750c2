"""审核转校请求: with the city's approval the student moves in one transaction, and is never without a place."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.context import walled
from accounts.models import Deed, User
from accounts.refusals import Refusal
from admissions.models import Dossier, DossierEvent, Request, RequestParty
from admissions.services import requests as services
from admissions.services.requests.clock import requests_keep
from dispatch.models import Placement
from quotas.models import PlanLine
from registration.models import Enrolment
from registration.services import transfers
from registration.services.registered import registrations_cancel
from registration.services.students import students_register
from rosters.models import Roster
from rosters.services.printing import roster_print, rosters_print_start
from tests import factories
from tests.concurrency import in_threads
from tests.factories_registration import admit, make_window, register, state_of
from tests.factories_requests import posted
from tests.registration.conftest import TRANSFER

PAGE = "registration:review_transfers"


def kinds() -> list:
    return [services.kind_of(TRANSFER)]


def where(transfer) -> tuple[str, int]:
    dossier = Dossier.objects.get(pk=transfer.student.pk)
    return dossier.state, dossier.school_id


def at_old(transfer, state="admitted") -> bool:
    """The student is where he was: dossier, placement and seat."""
    assert where(transfer) == (state, transfer.old_line.school_id)
    assert transfer.seats() == (3, 0)
    assert Placement.objects.get(candidate=transfer.student).closed_at is None
    return True


def test_approved_he_moves_with_seat_and_placement(transfer, client_of):
    row = transfer.consented()
    client = client_of(transfer.reviewer)
    one = reverse(f"{PAGE}__one", args=[row.pk])
    assert transfer.student.number in client.get(one).content.decode()
    client.post(one, posted(decision="approve"))
    row.refresh_from_db()
    assert row.state == "effective"
    assert where(transfer) == ("admitted", transfer.line.school_id)
    assert transfer.seats() == (2, 1)
    new, old = Placement.objects.filter(candidate=transfer.student)
    assert (new.method, new.plan_line_id, new.closed_at) == ("transfer", transfer.line.pk, None)
    assert (old.closed_at is not None, old.reason_words) == (
        True,
        f"转校：考生及家长要求转录（申请 {row.number}）",
    )
    assert Dossier.objects.get(pk=transfer.student.pk).placement_id == new.pk


def test_of_a_registered_student_the_registration_ends_and_he_registers_anew(transfer):
    register(transfer.placements, transfer.old)
    row = transfer.consented()
    with walled(transfer.reviewer.scope):
        services.request_approve(actor=transfer.reviewer, request=row.pk)
    assert where(transfer) == ("admitted", transfer.line.school_id)
    assert Enrolment.objects.count() == 2
    with walled(transfer.new.scope):
        students_register(actor=transfer.new, candidates=[transfer.student.pk])
    assert Enrolment.objects.get(pk=transfer.student.pk).school_id == transfer.line.school_id


def test_who_registers_meanwhile_still_moves(transfer):
    row = transfer.consented()
    register(transfer.placements[:1], transfer.old)
    services.request_approve(actor=transfer.reviewer, request=row.pk)
    assert where(transfer) == ("admitted", transfer.line.school_id)
    assert not Enrolment.objects.exists()


def test_needs_the_function(transfer, cast, client_of):
    row = transfer.consented()
    client = client_of(cast.city)
    assert client.get(reverse(PAGE)).status_code == 403
    assert client.post(reverse(f"{PAGE}__one", args=[row.pk]), posted(decision="approve")).status_code == 403
    assert at_old(transfer)


def test_another_citys_request_is_not_there(transfer, schools, make_candidates, client_of, other_reviewer):
    """The new school is supervised by 深圳, so its office sees the request and does not decide; a county sees none."""
    row = transfer.consented()
    with pytest.raises(Refusal, match="不由您单位审核"):
        services.request_approve(actor=other_reviewer, request=row.pk)
    stranger = factories.make_user("jinan-reviewer", factories.make_organisation("3701"), "reviewing")
    county = factories.make_user("liwan-reviewer", factories.make_organisation("440103"), "reviewing")
    for actor in (stranger, county):
        client = client_of(actor)
        assert client.get(reverse(f"{PAGE}__one", args=[row.pk])).status_code == 404
        with walled(actor.scope), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM admissions_request")
            assert cursor.fetchone()[0] == 0
    assert at_old(transfer)


def test_the_city_waits_for_the_old_school_and_goes_on_when_it_is_silent(transfer, client_of):
    row = transfer.ask()
    client, one = client_of(transfer.reviewer), reverse(f"{PAGE}__one", args=[row.pk])
    answer = client.post(one, posted(decision="approve"))
    assert answer.status_code == 422
    assert "广州市荔湾职业学校尚未答复" in answer.content.decode()
    assert at_old(transfer)
    assert set(RequestParty.objects.values_list("decision", flat=True)) == {""}
    with time_machine.travel(timezone.now() + timedelta(days=3, minutes=1), tick=False):
        client = client_of(transfer.reviewer)
        assert "仍未答复，可径行审核" in client.get(one).content.decode()
        client.post(one, posted(decision="approve"))
    assert where(transfer) == ("admitted", transfer.line.school_id)
    assert [e.deed for e in row.events.all()][3:] == ["lapsed", "approved", "effective"]


def test_what_has_moved_meanwhile_is_refused_and_the_approval_undone(transfer, client_of):
    register(transfer.placements[:1], transfer.old)
    row = transfer.consented()
    registrations_cancel(actor=transfer.old, candidates=[transfer.student.pk], reason="转往外省")
    client, one = client_of(transfer.reviewer), reverse(f"{PAGE}__one", args=[row.pk])
    assert "请改用“录取在库考生”办理" in client.get(one).content.decode()
    answer = client.post(one, posted(decision="approve"))
    assert answer.status_code == 422
    assert "已不在申请所指的录取上" in answer.content.decode()
    assert Request.objects.get().state == "submitted"
    assert row.parties.get(organisation=transfer.reviewer.organisation).decision == ""


def test_who_was_admitted_by_a_third_school_meanwhile_stays_there(transfer, batch):
    register(transfer.placements[:1], transfer.old)
    row = transfer.consented()
    registrations_cancel(actor=transfer.old, candidates=[transfer.student.pk], reason="转往外省")
    third = factories.make_plan_line(factories.make_school("30001"), batch)
    admit([transfer.student], third)
    with pytest.raises(Refusal, match="已不在申请所指的录取上"):
        services.request_approve(actor=transfer.reviewer, request=row.pk)
    assert where(transfer) == ("admitted", third.school_id)
    assert transfer.seats() == (2, 0)


def test_after_the_end_of_registration_he_stays(transfer, season):
    row = transfer.consented()
    make_window(season, opens=timedelta(days=-20), closes=timedelta(hours=-1))
    with pytest.raises(Refusal, match=r"新生注册已于.*截止，转入后无法注册，不能转校"):
        services.request_approve(actor=transfer.reviewer, request=row.pk)
    assert at_old(transfer)


def test_a_held_dossier_stays(transfer):
    row = transfer.consented()
    Dossier.objects.filter(pk=transfer.student.pk).update(held=True)
    with pytest.raises(Refusal, match="已挂起"):
        services.request_approve(actor=transfer.reviewer, request=row.pk)
    assert at_old(transfer)


def test_without_a_seat_he_stays(transfer):
    row = transfer.consented()
    PlanLine.objects.filter(pk=transfer.line.pk).update(seats_taken=1)
    with pytest.raises(Refusal, match="计划只剩 0 个"):
        services.request_approve(actor=transfer.reviewer, request=row.pk)
    PlanLine.objects.filter(pk=transfer.line.pk).update(seats_taken=0)
    assert at_old(transfer)


@pytest.mark.parametrize("broken", ["dossiers_move", "seats_take", "seats_give_back"])
def test_a_fault_anywhere_leaves_him_where_he_is(transfer, monkeypatch, broken):
    register(transfer.placements[:1], transfer.old)
    row = transfer.consented()

    def fails(**kwargs):
        raise Refusal("办不到。")

    monkeypatch.setattr(transfers, broken, fails)
    with pytest.raises(Refusal, match="办不到"):
        services.request_approve(actor=transfer.reviewer, request=row.pk)
    assert at_old(transfer, "registered")
    assert Enrolment.objects.filter(pk=transfer.student.pk).exists()
    assert Request.objects.get().state == "submitted"


@pytest.mark.parametrize("filed", [False, True])
def test_who_stands_in_a_printed_roster_is_corrected(transfer, cast, schools, filed):
    register(transfer.placements, transfer.old)
    row = transfer.consented()
    rosters_print_start(actor=cast.city, schools=[schools[0]], stage=1)
    roster_print(roster=Roster.objects.get())
    if filed:
        Roster.objects.update(state="filed", filed_by=cast.second, filed_at=timezone.now())
    word = "已备案" if filed else "已打印"
    with pytest.raises(Refusal, match=rf"录取名册第 1 版（{word}）.*请按更正办理"):
        services.request_approve(actor=transfer.reviewer, request=row.pk)
    assert at_old(transfer, "registered")


def test_as_often_as_the_province_allows(transfer, schools, batch):
    services.request_approve(actor=transfer.reviewer, request=transfer.consented().pk)
    third = factories.make_school("30001")
    leader = factories.make_user("school3", third.organisation, "leader")
    line = factories.make_plan_line(third, batch)
    with pytest.raises(Refusal, match="此前已转校 1 次，本省每名考生限 1 次"):
        type(transfer)(**vars_of(transfer) | {"new": leader, "line": line}).ask()


def vars_of(transfer) -> dict:
    return {name: getattr(transfer, name) for name in transfer.__dataclass_fields__}


def test_in_bulk_after_consent_only(transfer):
    rows = [transfer.ask()]
    approve = lambda: services.requests_approve_green(  # noqa: E731
        actor=transfer.reviewer, kinds=kinds(), requests=[row.pk for row in rows]
    )
    assert approve()[0] == 0
    services.request_approve(actor=transfer.old, request=rows[0].pk)
    assert approve() == (1, [])
    assert where(transfer) == ("admitted", transfer.line.school_id)


def test_the_queue_asks_a_bounded_number_of_questions(transfer, client_of, django_assert_max_num_queries):
    PlanLine.objects.filter(pk=transfer.line.pk).update(seats_planned=9)
    for placement in transfer.placements:
        student = placement.candidate
        transfer.ask(number=student.number, proof=student.name)
    for actor, url in (
        (transfer.reviewer, reverse(PAGE)),
        (transfer.old, reverse("registration:request_transfer__consents")),
    ):
        client = client_of(actor)
        client.get(url)
        with django_assert_max_num_queries(25):
            client.get(url)


def test_it_leaves_a_trace(transfer):
    row = transfer.consented()
    services.request_approve(actor=transfer.reviewer, request=row.pk)
    assert [event.deed for event in row.events.all()] == [
        "drafted", "attached", "submitted", "approved", "approved", "effective",
    ]  # fmt: skip
    event = DossierEvent.objects.get(step="transfer")
    assert event.deed.actor == transfer.reviewer
    assert (event.source, event.target, event.school_id) == ("admitted", "admitted", transfer.line.school_id)
    assert event.note.startswith("广州市荔湾职业学校 → 深圳市罗湖职业学校（计算机应用）：考生及家长要求转录")
    assert Deed.objects.filter(actor=transfer.reviewer, subject__contains="转校").exists()


@pytest.mark.django_db(transaction=True)
def test_of_an_approval_and_a_cancellation_one_happens(transfer):
    register(transfer.placements, transfer.old)
    row = transfer.consented()

    def deed(index):
        if index:
            actor = User.objects.get(pk=transfer.old.pk)
            registrations_cancel(actor=actor, candidates=[transfer.student.pk], reason="转往外省")
        else:
            services.request_approve(actor=User.objects.get(pk=transfer.reviewer.pk), request=row.pk)

    assert sorted(in_threads(2, deed)) == ["Refusal", "done"]
    moved = Request.objects.get().state == "effective"
    assert (state_of(transfer.student), transfer.seats()) == (
        ("admitted", (2, 1)) if moved else ("pool", (2, 0))
    )
    assert Enrolment.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_an_approval_and_a_registration_both_end_at_the_new_school(transfer):
    row = transfer.consented()

    def deed(index):
        if index:
            students_register(actor=User.objects.get(pk=transfer.old.pk), candidates=[transfer.student.pk])
        else:
            services.request_approve(actor=User.objects.get(pk=transfer.reviewer.pk), request=row.pk)

    results = in_threads(2, deed)
    assert "done" in results
    assert where(transfer) == ("admitted", transfer.line.school_id)
    assert transfer.seats() == (2, 1)
    assert not Enrolment.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_students_for_the_last_seat_one_moves(transfer):
    rows = []
    for placement in transfer.placements[:2]:
        student = placement.candidate
        rows.append(transfer.consented(number=student.number, proof=student.name))
    second = factories.make_user("gz-reviewer-2", transfer.reviewer.organisation, "reviewing")
    actors = [transfer.reviewer.pk, second.pk]

    def deed(index):
        services.request_approve(actor=User.objects.get(pk=actors[index]), request=rows[index].pk)

    assert sorted(in_threads(2, deed)) == ["SeatsExhausted", "done"]
    assert transfer.seats() == (2, 1)
    states = Dossier.objects.filter(pk__in=[p.candidate_id for p in transfer.placements[:2]])
    schools = sorted(states.values_list("school", flat=True))
    assert schools == sorted([transfer.old_line.school_id, transfer.line.school_id])


def test_a_transfer_the_other_way_round_waits_for_nobody(transfer, schools, batch, make_candidates):
    """Lines are locked in the order of keys whoever gives and whoever takes."""
    PlanLine.objects.filter(pk=transfer.line.pk).update(seats_planned=5)
    back = admit(make_candidates(1), transfer.line)[0]
    turned = vars_of(transfer) | {
        "old": transfer.new, "new": transfer.old, "line": transfer.old_line, "old_line": transfer.line,
        "student": back.candidate,
    }  # fmt: skip
    rows = [transfer.consented(), type(transfer)(**turned).consented()]
    done = services.requests_approve_green(
        actor=transfer.reviewer, kinds=kinds(), requests=[row.pk for row in rows]
    )
    assert done == (2, [])
    assert transfer.seats() == (3, 1)


def test_the_clock_reminds_the_old_school_and_tells_that_its_days_are_over(transfer, client_of):
    row = transfer.ask()
    old = lambda: row.events.filter(actor=None).order_by("pk").values_list("deed", flat=True)  # noqa: E731
    desk = reverse("accounts:workbench")
    with time_machine.travel(row.submitted_at + timedelta(days=2, hours=1), tick=False):
        requests_keep()
        assert list(old()) == ["reminded"]
        page = client_of(transfer.old).get(desk).content.decode()
        assert "待本校同意" in page
        assert "已超期" not in page
    with time_machine.travel(row.submitted_at + timedelta(days=3, hours=1), tick=False):
        requests_keep()
        requests_keep()
        assert list(old()) == ["reminded", "overdue"]
        assert "径行审核以前仍可答复" in row.events.filter(actor=None).last().words
        client = client_of(transfer.old)
        assert "待本校同意（已超期）" in client.get(desk).content.decode()
        queue = reverse("registration:request_transfer__consents")
        listed = client.get(f"{queue}?late=1").content.decode()
        assert row.number in listed
        assert "已过 1 小时" in listed
    with time_machine.travel(row.submitted_at + timedelta(days=3, hours=2), tick=False):
        services.request_approve(actor=transfer.old, request=row)  # better late than never


def test_the_old_school_is_told_that_it_was_passed_over_and_that_its_student_has_left(transfer, client_of):
    row = transfer.ask()
    desk = reverse("accounts:workbench")
    with time_machine.travel(row.submitted_at + timedelta(days=3, hours=1), tick=False):
        services.request_approve(actor=transfer.reviewer, request=row.pk)
        client = client_of(transfer.old)
        page = client.get(desk).content.decode()
        assert "贵校逾期未答复，由广州市招办径行审核" in page
        assert f"申请 {row.number} 已生效，贵校学生已转出" in page
        one = reverse("registration:request_transfer__consents", args=[row.pk])
        assert one in page
        assert "逾期未答复" in client.get(one).content.decode()
        listed = client.get(reverse("registration:request_transfer__consents") + "?shown=done")
        assert row.number in listed.content.decode()
        assert "已转出" not in client_of(transfer.new).get(desk).content.decode()
    with time_machine.travel(row.submitted_at + timedelta(days=12), tick=False):
        assert "已转出" not in client_of(transfer.old).get(desk).content.decode()


def test_the_old_school_that_consented_is_told_that_its_student_has_left(transfer, client_of):
    row = transfer.consented()
    services.request_approve(actor=transfer.reviewer, request=row.pk)
    page = client_of(transfer.old).get(reverse("accounts:workbench")).content.decode()
    assert "贵校学生已转出" in page
    assert "逾期未答复" not in page
