"""申请考生转学: the new school asks with the signed application, the old school answers."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import Deed, User
from accounts.refusals import Refusal
from admissions.models import Dossier, Request
from admissions.services import requests as services
from dispatch.models import SchoolControl
from quotas.models import PlanLine
from tests import factories
from tests.concurrency import in_threads
from tests.factories_registration import make_window, register, state_of
from tests.factories_requests import drafted, paper, posted, submitted
from tests.registration.conftest import TRANSFER

PAGE = "registration:request_transfer"


def test_the_new_school_asks_and_both_are_asked(transfer, client_of, media):
    client = client_of(transfer.new)
    answer = client.post(reverse(f"{PAGE}__new"), posted(**transfer.values(), paper=paper("转学申请.pdf")))
    row = Request.objects.get()
    page = client.get(answer.url).content.decode()
    assert "转学申请.pdf" in page
    assert "广州市荔湾职业学校" in page
    assert transfer.student.id_number not in page
    shown = client.post(reverse(f"{PAGE}__submit", args=[row.pk]), {"version": 0}).content.decode()
    assert "由原录取学校广州市荔湾职业学校、生源地市广州市招办审核，期限 7 天" in shown
    client.post(reverse(f"{PAGE}__submit", args=[row.pk]), posted(version=0, confirmed="1"))
    row.refresh_from_db()
    assert (row.state, row.number[:2], state_of(transfer.student)) == ("submitted", "ZX", "admitted")
    assert [party.role for party in row.parties.all()] == ["原录取学校", "生源地市"]


def test_the_old_school_finds_it_and_consents(transfer, client_of):
    row = transfer.ask()
    client = client_of(transfer.old)
    consents = reverse(f"{PAGE}__consents")
    assert "待本校同意" in client.get(reverse(PAGE)).content.decode()
    assert row.number in client.get(consents).content.decode()
    one = reverse(f"{PAGE}__consents", args=[row.pk])
    assert transfer.student.number in client.get(one).content.decode()
    file = row.attachments.get()
    assert client.get(reverse(f"{PAGE}__consents__paper", args=[row.pk, file.pk])).status_code == 200
    assert "等待广州市招办审核" in client.post(one, posted(decision="approve"), follow=True).content.decode()
    assert Request.objects.get().state == "submitted"
    assert state_of(transfer.student) == "admitted"


def test_the_old_school_refuses_with_a_reason(transfer, client_of):
    row = transfer.ask()
    one = reverse(f"{PAGE}__consents", args=[row.pk])
    assert client_of(transfer.old).post(one, posted(decision="refuse")).status_code == 422
    client_of(transfer.old).post(one, posted(decision="refuse", reason="R07"))
    assert Request.objects.get().state == "refused"
    assert (state_of(transfer.student), transfer.seats()) == ("admitted", (3, 0))
    page = client_of(transfer.new).get(reverse(f"{PAGE}__one", args=[row.pk])).content.decode()
    assert "考生及家长未提出转学" in page


def test_needs_the_function(transfer, cast, client_of):
    row = transfer.ask()
    client = client_of(cast.registrar)
    assert client.get(reverse(PAGE)).status_code == 403
    assert client.post(reverse(f"{PAGE}__new"), posted(**transfer.values())).status_code == 403
    assert client.get(reverse(f"{PAGE}__consents", args=[row.pk])).status_code == 403


def test_a_school_that_is_no_party_sees_nothing(transfer, schools, client_of):
    row = transfer.ask()
    school = factories.make_school("30001")
    stranger = factories.make_user("school3", school.organisation, "leader")
    client = client_of(stranger)
    for tail in ("one", "consents"):
        assert client.get(reverse(f"{PAGE}__{tail}", args=[row.pk])).status_code == 404
    for tail in ("one__paper", "consents__paper"):
        name = f"{PAGE}__{tail}".replace("one__", "")
        assert client.get(reverse(name, args=[row.pk, row.attachments.get().pk])).status_code == 404


def test_only_with_number_and_proof_and_the_look_up_is_recorded(transfer, client_of):
    client, url = client_of(transfer.new), reverse(f"{PAGE}__new")
    answer = client.post(url, posted(**transfer.values(proof="另一人")))
    assert answer.status_code == 422
    assert "没有找到考生号与证件号码（或姓名）一致的考生" in answer.content.decode()
    assert "荔湾职业学校" not in answer.content.decode()
    assert Deed.objects.filter(subject=f"查找转学考生 {transfer.student.number}", actor=transfer.new).exists()
    drafted(transfer.new, TRANSFER, transfer.values(proof=transfer.student.id_number))
    assert "id_number" not in str(Request.objects.get().payload)
    assert transfer.student.id_number not in str(Request.objects.get().payload)


def test_who_lies_in_the_pool_is_admitted_from_there(transfer, make_candidates, client_of):
    free = make_candidates(1)[0]
    answer = client_of(transfer.new).post(
        reverse(f"{PAGE}__new"), posted(**transfer.values(number=free.number, proof=free.name))
    )
    assert "请用“录取在库考生”办理" in answer.content.decode()
    own = client_of(transfer.old).post(reverse(f"{PAGE}__new"), posted(**transfer.values()))
    assert "该考生已在贵校" in own.content.decode()
    Dossier.objects.filter(pk=transfer.student.pk).update(held=True)
    held = client_of(transfer.new).post(reverse(f"{PAGE}__new"), posted(**transfer.values()))
    assert "已挂起" in held.content.decode()


def test_only_a_line_for_his_city_with_a_seat(transfer, schools, other_batch, client_of):
    other = factories.make_plan_line(schools[1], other_batch)
    answer = client_of(transfer.new).post(reverse(f"{PAGE}__new"), posted(**transfer.values(line=other.pk)))
    assert "请选择面向广州市的计划" in answer.content.decode()
    foreign = client_of(transfer.new).post(
        reverse(f"{PAGE}__new"), posted(**transfer.values(line=transfer.old_line.pk))
    )
    assert foreign.status_code == 422
    PlanLine.objects.filter(pk=transfer.line.pk).update(seats_taken=1)
    with pytest.raises(Refusal, match="计划 1 个，已满"):
        transfer.ask()
    PlanLine.objects.filter(pk=transfer.line.pk).update(seats_taken=0)
    SchoolControl.objects.create(batch=transfer.line.batch, school=schools[1], status="finished")
    with pytest.raises(Refusal, match="已设为“录取结束”"):
        transfer.ask()


def test_without_the_signed_application_it_is_not_submitted(transfer):
    with pytest.raises(Refusal, match="须先上传考生本人及家长签字的申请"):
        submitted(transfer.new, TRANSFER, transfer.values())


def test_when_registration_is_over_nobody_is_moved_into_nowhere(transfer, season):
    make_window(season, opens=timedelta(days=-20), closes=timedelta(hours=-1))
    with pytest.raises(Refusal, match=r"新生注册已于.*截止，转入后无法注册"):
        transfer.ask()


def test_in_a_registered_state_too_and_once_at_a_time(transfer):
    register(transfer.placements[:1], transfer.old)
    row = transfer.ask()
    assert row.state == "submitted"
    with pytest.raises(Refusal, match=f"同一事项已有一件申请.*{row.number}"):
        transfer.ask()


@pytest.mark.django_db(transaction=True)
def test_of_two_schools_that_ask_at_once_one_is_heard(transfer, batch):
    third = factories.make_school("30001", supervisor="4403")
    leader = factories.make_user("school3", third.organisation, "leader")
    line = factories.make_plan_line(third, batch, seats=3)
    drafts = [
        transfer.draft(),
        drafted(leader, TRANSFER, transfer.values(line=line.pk), with_paper=True),
    ]

    def deed(index):
        actor = User.objects.get(pk=drafts[index].asked_by_id)
        services.request_submit(actor=actor, request=drafts[index])

    assert sorted(in_threads(2, deed)) == ["Refusal", "done"]
    assert sorted(Request.objects.values_list("state", flat=True)) == ["draft", "submitted"]
