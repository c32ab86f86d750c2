"""审核补录考生: the approval issues the number and admits, in one transaction; a refusal keeps its reason."""

from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse

from accounts.context import walled
from accounts.models import Deed, User
from accounts.refusals import Refusal
from admissions.models import Candidate, Dossier, DossierEvent, Request
from admissions.services import requests as services
from dispatch.models import Placement
from quotas.models import PlanLine
from registration.models import Enrolment, LateCandidate, LateCounter
from registration.services.numbers import number_issue
from registration.services.students import admissions_cancel, students_register
from rosters.models import Roster
from rosters.queries.roster_rows import roster_sections
from rosters.services.printing import roster_print, rosters_print_start
from tests import factories
from tests.concurrency import in_threads
from tests.factories_registration import make_window, state_of
from tests.factories_requests import posted
from tests.registration.conftest import LATE

PAGE = "registration:review_late_candidates"


def kinds() -> list:
    return [services.kind_of(LATE)]


def test_approved_he_has_number_dossier_and_place(late, client_of):
    row = late.enter(reason="L03", phone="02012345678")
    client, one = client_of(late.reviewer), reverse(f"{PAGE}__one", args=[row.pk])
    page = client.get(one).content.decode()
    assert late.values()["id_number"] in page
    assert "复员退伍军人" in page
    shown = client.post(one, posted(decision="approve"), follow=True).content.decode()
    assert "考生号为 21440103900001" in shown
    row.refresh_from_db()
    candidate = Candidate.objects.get()
    assert (row.state, row.candidate_id) == ("effective", candidate.pk)
    assert (candidate.number, candidate.name, candidate.county) == ("21440103900001", "陈二明", "440103")
    assert (candidate.born_on.isoformat(), candidate.phone) == ("2000-05-01", "02012345678")
    dossier = Dossier.objects.get()
    placement = Placement.objects.get()
    assert (dossier.state, dossier.school_id, dossier.placement_id) == (
        "admitted", late.line.school_id, placement.pk,
    )  # fmt: skip
    assert (placement.method, placement.plan_line_id, placement.city) == ("late", late.line.pk, "4401")
    assert PlanLine.objects.get(pk=late.line.pk).seats_taken == 1
    person = LateCandidate.objects.get()
    assert (person.category, person.handler, person.graduated_in) == ("L03", "王老师", 2016)


def test_then_he_is_registered_and_printed_in_the_second_stage(late, cast, schools, season):
    person = late.admitted()
    make_window(season, "printing", 2)
    with walled(late.school.scope):
        students_register(actor=late.school, candidates=[person.pk])
    assert Enrolment.objects.get().stage == 2
    rosters_print_start(actor=cast.city, schools=[schools[0]], stage=2)
    roster_print(roster=Roster.objects.get())
    assert (Roster.objects.get().state, Roster.objects.get().students) == ("printed", 1)
    ((_, entries),) = [(section, list(rows)) for section, rows in roster_sections(season, schools[0], 2)]
    assert entries[0].row.candidate_number == person.number
    with pytest.raises(Refusal, match="没有已注册的新生"):
        rosters_print_start(actor=cast.city, schools=[schools[0]], stage=1)


def test_who_does_not_come_goes_to_the_pool_with_his_number(late, client_of):
    person = late.admitted()
    admissions_cancel(actor=late.school, candidates=[person.pk], reason="未报到")
    assert state_of(person.candidate) == "pool"
    client = client_of(late.school)
    page = client.get(reverse("registration:view_late_results")).content.decode()
    assert person.number in page
    answer = client.post(reverse("registration:enter_late_candidate__new"), posted(**late.values()))
    assert "请用“录取在库考生”办理" in answer.content.decode()


def test_refused_the_reason_is_kept(late, client_of):
    row = late.enter()
    one = reverse(f"{PAGE}__one", args=[row.pk])
    assert client_of(late.reviewer).post(one, posted(decision="refuse", reason="R08")).status_code == 422
    client_of(late.reviewer).post(one, posted(decision="refuse", reason="R08", words="退伍证不清"))
    assert Request.objects.get().state == "refused"
    assert not Candidate.objects.exists()
    page = client_of(late.school).get(reverse("registration:view_late_results")).content.decode()
    assert "身份或报考资格材料不符：退伍证不清" in page
    assert late.enter().state == "submitted"  # put right, he may be entered again


def test_needs_the_function(late, cast, client_of):
    row = late.enter()
    client = client_of(cast.city)
    assert client.get(reverse(PAGE)).status_code == 403
    assert client.post(reverse(f"{PAGE}__one", args=[row.pk]), posted(decision="approve")).status_code == 403
    assert not Candidate.objects.exists()


def test_another_city_sees_nothing(late, other_reviewer, client_of):
    row = late.enter()
    assert client_of(other_reviewer).get(reverse(f"{PAGE}__one", args=[row.pk])).status_code == 404
    late.admitted(2)
    with walled(other_reviewer.scope), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM registration_latecandidate")
        assert cursor.fetchone()[0] == 0
    with walled(late.reviewer.scope):
        assert LateCandidate.objects.visible_to(late.reviewer).count() == 1
    assert not LateCandidate.objects.visible_to(other_reviewer).exists()


def test_what_has_changed_meanwhile_is_refused_and_nothing_remains(late, make_candidates, client_of):
    row = late.enter()
    make_candidates(1, id_number=late.values()["id_number"])
    client, one = client_of(late.reviewer), reverse(f"{PAGE}__one", args=[row.pk])
    assert "考生库：未通过" in client.get(one).content.decode()
    answer = client.post(one, posted(decision="approve"))
    assert answer.status_code == 422
    assert "请用“录取在库考生”办理。没有派号" in answer.content.decode()
    assert (Request.objects.get().state, row.parties.get().decision) == ("submitted", "")
    assert (LateCandidate.objects.count(), Placement.objects.count()) == (0, 0)


def test_without_a_seat_no_number_is_spent(late):
    row = late.enter()
    PlanLine.objects.filter(pk=late.line.pk).update(seats_taken=2)
    with pytest.raises(Refusal, match="已满"):
        services.request_approve(actor=late.reviewer, request=row.pk)
    assert not Candidate.objects.exists()
    assert not LateCounter.objects.exists()


def test_after_the_end_of_the_stage_until_the_end_of_registration(late, season):
    row, other = late.enter(), late.enter(2)
    make_window(season, "dispatch", 2, opens=timedelta(days=-9), closes=timedelta(minutes=-5))
    services.request_approve(actor=late.reviewer, request=row.pk)
    make_window(season, "registration", 2, opens=timedelta(days=-9), closes=timedelta(minutes=-1))
    with pytest.raises(Refusal, match=r"新生注册已于.*录取后无法注册"):
        services.request_approve(actor=late.reviewer, request=other.pk)
    assert Candidate.objects.count() == 1


def test_in_bulk_all_that_are_green(late, make_candidates, client_of):
    PlanLine.objects.filter(pk=late.line.pk).update(seats_planned=9)
    rows = [late.enter(serial) for serial in range(1, 5)]
    make_candidates(1, id_number=late.values(2)["id_number"])
    client, url = client_of(late.reviewer), reverse(f"{PAGE}__approve")
    assert "<strong>3</strong>" in client.post(url, {"all": "1", "query": ""}).content.decode()
    client.post(url, posted(all="1", query="", confirmed="1"))
    assert sorted(LateCandidate.objects.values_list("number", flat=True)) == [
        f"2144010390000{n}" for n in (1, 2, 3)
    ]
    assert Request.objects.get(pk=rows[1].pk).state == "submitted"


def test_the_queue_asks_a_bounded_number_of_questions(late, client_of, django_assert_max_num_queries):
    for serial in range(1, 6):
        late.enter(serial)
    client = client_of(late.reviewer)
    client.get(reverse(PAGE))
    with django_assert_max_num_queries(25):
        client.get(reverse(PAGE))


def test_a_number_of_the_base_roll_is_passed_over(late, make_candidates):
    make_candidates(1, number="21440103900001")
    assert late.admitted().number == "21440103900002"


def test_numbers_used_up_or_without_a_pattern_are_refused(late, season, monkeypatch):
    LateCounter.objects.create(season=season, head="214401039", last=99_999)
    row = late.enter()
    with pytest.raises(Refusal, match="号段 214401039 已用完"):
        services.request_approve(actor=late.reviewer, request=row.pk)
    monkeypatch.setattr("registration.services.numbers.late_number_of", lambda city: "")
    with pytest.raises(Refusal, match="没有设置补录考生号的编码规则"):
        services.request_approve(actor=late.reviewer, request=row.pk)
    assert not Candidate.objects.exists()


def test_it_leaves_a_trace(late):
    person = late.admitted()
    deeds = [event.deed for event in person.request.events.all()]
    assert deeds == ["drafted", "submitted", "approved", "effective"]
    event = DossierEvent.objects.get()
    assert (event.step, event.source, event.target) == ("admit_late_candidate", "pool", "admitted")
    assert event.deed.actor == late.reviewer
    assert "经办人 王老师" in event.note
    assert Deed.objects.filter(subject=f"补录录取 {person.number} 陈二明", actor=late.reviewer).exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_schools_that_submit_one_person_at_once_one_is_heard(late, cast, schools, batch):
    line = factories.make_plan_line(schools[1], batch)
    drafts = [late.draft(), late.draft(actor=cast.other_school, line=line.pk)]

    def deed(index):
        actor = User.objects.get(pk=drafts[index].asked_by_id)
        services.request_submit(actor=actor, request=drafts[index])

    assert sorted(in_threads(2, deed)) == ["Refusal", "done"]
    assert sorted(Request.objects.values_list("state", flat=True)) == ["draft", "submitted"]


@pytest.mark.django_db(transaction=True)
def test_of_two_schools_one_person_approved_at_once_has_one_number(late, cast, schools, batch):
    """Even where two entries of one person wait side by side, as after a correction by hand."""
    line = factories.make_plan_line(schools[1], batch)
    # Another county, so that nothing but the person himself makes them wait for each other.
    other = late.draft(actor=cast.other_school, line=line.pk, county="440104")
    rows = [late.enter(), other]
    Request.objects.filter(pk=other.pk).update(subject="another")
    other.refresh_from_db()
    Request.objects.filter(pk=rows[0].pk).update(subject="one")
    services.request_submit(actor=cast.other_school, request=other)
    second = factories.make_user("gz-reviewer-2", late.reviewer.organisation, "reviewing")
    actors = [late.reviewer.pk, second.pk]

    def deed(index):
        services.request_approve(actor=User.objects.get(pk=actors[index]), request=rows[index].pk)

    assert sorted(in_threads(2, deed)) == ["Refusal", "done"]
    assert Candidate.objects.filter(id_number=late.values()["id_number"]).count() == 1
    assert LateCandidate.objects.count() == 1
    assert sorted(Request.objects.values_list("state", flat=True)) == ["effective", "submitted"]


@pytest.mark.django_db(transaction=True)
def test_four_officers_at_once_give_no_number_twice(late):
    PlanLine.objects.filter(pk=late.line.pk).update(seats_planned=40)
    counties = ("440103", "440104")
    rows = [late.enter(serial, county=counties[serial % 2]) for serial in range(1, 21)]
    office = late.reviewer.organisation
    officers = [late.reviewer, *(factories.make_user(f"gz-{n}", office, "reviewing") for n in range(3))]

    def deed(index):
        actor = User.objects.get(pk=officers[index].pk)
        own = [row.pk for row in rows[index::4]]
        done, left = services.requests_approve_green(actor=actor, kinds=kinds(), requests=own)
        assert (done, left) == (5, [])

    assert in_threads(4, deed) == ["done"] * 4
    numbers = set(LateCandidate.objects.values_list("number", flat=True))
    assert numbers == {f"21{county}9{serial:05d}" for county in counties for serial in range(1, 11)}
    assert PlanLine.objects.get(pk=late.line.pk).seats_taken == 20


@pytest.mark.django_db(transaction=True)
def test_of_three_for_two_seats_two_are_admitted(late):
    rows = [late.enter(serial) for serial in (1, 2, 3)]
    office = late.reviewer.organisation
    officers = [late.reviewer, *(factories.make_user(f"gz-{n}", office, "reviewing") for n in range(2))]

    def deed(index):
        actor = User.objects.get(pk=officers[index].pk)
        services.request_approve(actor=actor, request=rows[index].pk)

    results = in_threads(3, deed)
    assert results.count("done") == 2
    assert PlanLine.objects.get(pk=late.line.pk).seats_taken == 2
    assert (Candidate.objects.count(), Dossier.objects.count()) == (2, 2)


@pytest.mark.django_db(transaction=True)
def test_numbers_issued_by_four_connections_never_collide(late, season):
    from django.db import transaction

    found = []

    def deed(index):
        for _ in range(10):
            with transaction.atomic():
                found.append(number_issue(season=season, county="440103"))

    assert in_threads(4, deed) == ["done"] * 4
    assert len(set(found)) == 40
