"""审核录后退: the source city decides; the seat is free and the dossier lies in the pool again."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from accounts.context import walled
from accounts.models import Deed, User
from accounts.refusals import Refusal
from admissions.models import DossierEvent, Request, RequestEvent, RequestParty
from admissions.services import requests as services
from dispatch.models import Placement
from quotas.models import PlanLine
from registration.models import Enrolment
from registration.services.registered import registrations_cancel
from registration.services.withdrawals import admission_withdraw
from rosters.models import Roster
from rosters.services.printing import roster_print, rosters_print_start
from tests import factories
from tests.concurrency import in_threads
from tests.factories_registration import admit, make_window, register, state_of
from tests.factories_requests import drafted, posted, submitted

KEY, PAGE = "registration.request_withdrawal", "registration:review_withdrawals"


@pytest.fixture
def placements(cast, season, plan_line, make_candidates):
    make_window(season)
    return admit(make_candidates(3), plan_line)


@pytest.fixture
def candidate(placements):
    return placements[0].candidate


def ask(cast, candidate, **more):
    values = {"number": candidate.number, "name": candidate.name, "reason": "W01", "words": "", **more}
    return submitted(cast.school, KEY, values, with_paper=True)


def taken(line) -> int:
    return PlanLine.objects.get(pk=line.pk).seats_taken


def test_approved_the_seat_is_free_and_the_dossier_in_the_pool(cast, candidate, plan_line, client_of):
    row = ask(cast, candidate)
    client = client_of(cast.reviewer)
    one = reverse(f"{PAGE}__one", args=[row.pk])
    page = client.get(one).content.decode()
    assert candidate.number in page
    assert "申请书.pdf" in page
    assert client.get(reverse(f"{PAGE}__paper", args=[row.pk, row.attachments.get().pk])).status_code == 200
    client.post(one, posted(decision="approve"))
    row.refresh_from_db()
    assert (row.state, state_of(candidate), taken(plan_line)) == ("effective", "pool", 2)
    placement = Placement.objects.get(candidate=candidate)
    assert placement.closed_at is not None
    event = DossierEvent.objects.get(step="withdraw_after_admission")
    assert event.note == f"考生及家长申请转录（申请 {row.number}）"
    assert event.deed.actor == cast.reviewer


def test_of_a_registered_student_the_registration_ends_too(cast, placements, candidate, plan_line):
    register(placements[:1], cast.school)
    row = ask(cast, candidate)
    with walled(cast.reviewer.scope):
        services.request_approve(actor=cast.reviewer, request=row)
    assert (state_of(candidate), taken(plan_line)) == ("pool", 2)
    assert not Enrolment.objects.exists()


def test_needs_the_function(cast, candidate, client_of):
    row = ask(cast, candidate)
    client = client_of(cast.city)
    assert client.get(reverse(PAGE)).status_code == 403
    assert client.post(reverse(f"{PAGE}__one", args=[row.pk]), posted(decision="approve")).status_code == 403
    paper = reverse(f"{PAGE}__paper", args=[row.pk, row.attachments.get().pk])
    assert client.get(paper).status_code == 403


def test_another_citys_request_is_not_there(cast, candidate, client_of):
    row = ask(cast, candidate)
    stranger = factories.make_user("sz-reviewer", factories.make_organisation("4403"), "reviewing")
    client = client_of(stranger)
    for tail, more in (("one", []), ("paper", [row.attachments.get().pk])):
        assert client.get(reverse(f"{PAGE}__{tail}", args=[row.pk, *more])).status_code == 404
    with walled(stranger.scope), connection.cursor() as cursor:
        for table in ("request", "requestattachment", "requestevent", "requestparty"):
            cursor.execute(f"SELECT count(*) FROM admissions_{table}")
            assert cursor.fetchone()[0] == 0, table


def test_a_candidate_of_another_city_is_decided_there(cast, schools, other_batch, make_candidates, client_of):
    line = factories.make_plan_line(schools[0], other_batch)
    stranger = admit(make_candidates(1, city="4403"), line)[0].candidate
    row = ask(cast, stranger)
    reviewer = factories.make_user("sz-reviewer", factories.make_organisation("4403"), "reviewing")
    assert [party.organisation.region for party in row.parties.all()] == ["4403"]
    with pytest.raises(Refusal, match="不由您单位审核"):  # the school's supervisor sees it
        services.request_approve(actor=cast.reviewer, request=row)
    client_of(reviewer).post(reverse(f"{PAGE}__one", args=[row.pk]), posted(decision="approve"))
    assert state_of(stranger) == "pool"


def test_what_has_moved_meanwhile_is_refused_and_the_approval_undone(cast, placements, candidate, client_of):
    register(placements[:1], cast.school)
    row = ask(cast, candidate)
    registrations_cancel(actor=cast.school, candidates=[candidate.pk], reason="转往外省")
    client, one = client_of(cast.reviewer), reverse(f"{PAGE}__one", args=[row.pk])
    assert "录取：未通过" in client.get(one).content.decode()
    answer = client.post(one, posted(decision="approve"))
    assert answer.status_code == 422
    assert "已不在申请所指的录取上" in answer.content.decode()
    assert (Request.objects.get().state, RequestParty.objects.get().decision) == ("submitted", "")


def test_a_printed_roster_keeps_its_students(cast, schools, placements, candidate):
    register(placements, cast.school)
    row = ask(cast, candidate)
    rosters_print_start(actor=cast.city, schools=[schools[0]], stage=1)
    roster_print(roster=Roster.objects.get())
    with pytest.raises(Refusal, match=r"录取名册第 1 版（已打印）.*请按更正办理"):
        services.request_approve(actor=cast.reviewer, request=row)
    assert (state_of(candidate), Request.objects.get().state) == ("registered", "submitted")
    with pytest.raises(Refusal, match=r"系统检查未通过.*录取名册第 1 版"):
        ask(cast, placements[1].candidate)


def test_a_held_dossier_is_not_withdrawn(cast, candidate):
    row = ask(cast, candidate)
    candidate.dossier.held = True
    candidate.dossier.save(update_fields=["held"])
    with pytest.raises(Refusal, match="已挂起"):
        services.request_approve(actor=cast.reviewer, request=row)
    assert Request.objects.get().state == "submitted"


def test_a_candidate_leaves_by_his_own_wish_once_only(cast, candidate, plan_line):
    services.request_approve(actor=cast.reviewer, request=ask(cast, candidate))
    admit([candidate], plan_line)
    with pytest.raises(Refusal, match="此前已录后退 1 次，本省每名考生限 1 次"):
        ask(cast, candidate)
    row = ask(
        cast, candidate, reason="W03", words="录入时选错考生"
    )  # the school's mistake, looked at one by one
    assert (
        services.requests_approve_green(
            actor=cast.reviewer, kinds=[services.kind_of(KEY)], requests=[row.pk]
        )[0]
        == 0
    )
    services.request_approve(actor=cast.reviewer, request=row)
    assert state_of(candidate) == "pool"


def test_in_bulk_after_a_count(cast, placements, plan_line, client_of):
    rows = [ask(cast, placement.candidate) for placement in placements]
    client, url = client_of(cast.reviewer), reverse(f"{PAGE}__approve")
    shown = client.post(url, {"all": "1", "query": f"number={rows[0].number}"}).content.decode()
    assert "<strong>1</strong>" in shown
    assert "<strong>3</strong>" in client.post(url, {"all": "1", "query": ""}).content.decode()
    client.post(url, posted(all="1", query="", confirmed="1"))
    assert {state_of(placement.candidate) for placement in placements} == {"pool"}
    assert taken(plan_line) == 0


def test_the_queue_asks_a_bounded_number_of_questions(
    cast, placements, client_of, django_assert_max_num_queries
):
    for placement in placements:
        ask(cast, placement.candidate)
    client = client_of(cast.reviewer)
    client.get(reverse(PAGE))
    with django_assert_max_num_queries(25):
        client.get(reverse(PAGE))


def test_it_leaves_a_trace_that_nobody_alters(cast, candidate):
    row = ask(cast, candidate)
    services.request_approve(actor=cast.reviewer, request=row)
    deeds = [event.deed for event in row.events.all()]
    assert deeds == ["drafted", "attached", "submitted", "approved", "effective"]
    assert Deed.objects.filter(actor=cast.reviewer, subject__contains=row.number).count() == 2
    for deed in (lambda: RequestEvent.objects.update(words=""), lambda: RequestEvent.objects.all().delete()):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            deed()


@pytest.mark.django_db(transaction=True)
def test_of_two_submissions_about_one_candidate_one_stands(cast, placements, candidate):
    values = {"number": candidate.number, "name": candidate.name, "reason": "W01", "words": ""}
    drafts = [drafted(cast.school, KEY, values, with_paper=True) for _ in range(2)]
    connection.close()

    def deed(index):
        services.request_submit(actor=User.objects.get(pk=cast.school.pk), request=drafts[index])

    assert sorted(in_threads(2, deed)) == ["Refusal", "done"]
    assert sorted(Request.objects.values_list("state", flat=True)) == ["draft", "submitted"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("by_request", [True, False])
def test_of_an_approval_and_a_cancellation_the_seat_is_given_back_once(
    cast, placements, candidate, plan_line, by_request
):
    register(placements, cast.school)
    row = ask(cast, candidate)
    connection.close()

    def deed(index):
        if index:
            actor = User.objects.get(pk=cast.school.pk)
            registrations_cancel(actor=actor, candidates=[candidate.pk], reason="转往外省")
        elif by_request:
            services.request_approve(actor=User.objects.get(pk=cast.reviewer.pk), request=row.pk)
        else:
            officer = User.objects.get(pk=cast.reviewer.pk)
            admission_withdraw(actor=officer, candidate=candidate.pk, placement=None, words="误录")

    assert sorted(in_threads(2, deed)) == ["Refusal", "done"]
    assert (state_of(candidate), taken(plan_line)) == ("pool", 2)
    assert Enrolment.objects.count() == 2
