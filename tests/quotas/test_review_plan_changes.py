"""审核增减计划数: the source city decides; seats change once, and never below those taken."""

import re
from io import BytesIO

import pytest
from django.db import connection
from django.urls import reverse
from openpyxl import load_workbook

from accounts.context import walled
from accounts.models import Deed, User
from accounts.refusals import Refusal
from admissions.models import Request, RequestEvent, RequestParty
from admissions.services import requests as services
from dispatch.models import Run
from quotas.models import PlanChange, PlanLine
from quotas.services import seats_take
from tests import factories
from tests.concurrency import in_threads
from tests.factories_requests import posted, submitted
from tests.quotas.conftest import CHANGE

PAGE = "quotas:review_plan_changes"


def asked(line, seats=5, **more):
    return {"line": line.pk, "seats": seats, "reason": "P01", "words": "", **more}


@pytest.fixture
def row(cast, plan_line):
    return submitted(cast.school, CHANGE, asked(plan_line))


def seats(line) -> int:
    return PlanLine.objects.get(pk=line.pk).seats


def test_the_city_approves_and_the_seats_change(cast, row, plan_line, client_of):
    client = client_of(cast.reviewer)
    page = client.get(reverse(PAGE)).content.decode()
    assert row.number in page
    assert "检查全部通过的 1 件" in page
    one = reverse(f"{PAGE}__one", args=[row.pk])
    assert "10 → 15，已占用 0" in client.get(one).content.decode()
    client.post(one, posted(decision="approve"))
    row.refresh_from_db()
    assert (row.state, seats(plan_line)) == ("effective", 15)
    change = PlanChange.objects.get()
    assert (change.before, change.after, change.made_by) == (10, 15, cast.reviewer)
    assert "计划数 10 → 15" in row.events.last().words


def test_needs_the_function(cast, row, client_of):
    client = client_of(cast.city)  # may send, not review
    for tail, args in (("", []), ("__one", [row.pk]), ("__approve", []), ("__take", [])):
        assert client.post(reverse(PAGE + tail, args=args)).status_code == 403


def test_another_citys_request_is_not_there(cast, row, other_reviewer, client_of):
    client = client_of(other_reviewer)
    assert client.get(reverse(f"{PAGE}__one", args=[row.pk])).status_code == 404
    assert client.post(reverse(f"{PAGE}__one", args=[row.pk]), posted(decision="approve")).status_code == 404
    assert row.number not in client.get(reverse(PAGE) + "?shown=all").content.decode()
    with pytest.raises(Refusal, match="没有这件申请"):
        services.request_approve(actor=other_reviewer, request=row)


def test_the_wall_of_the_database_hides_it(cast, row, other_reviewer):
    for who, count in ((other_reviewer, 0), (cast.reviewer, 1), (cast.other_school, 0), (cast.school, 1)):
        with walled(who.scope), connection.cursor() as cursor:
            for table in ("request", "requestparty", "requestevent"):
                cursor.execute(f"SELECT count(DISTINCT {'id' if table == 'request' else 'request_id'})"
                               f" FROM admissions_{table}")  # fmt: skip
                assert cursor.fetchone()[0] == count, (who, table)


def test_an_office_above_sees_it_and_decides_nothing(cast, row, province_reviewer, client_of):
    client = client_of(province_reviewer)
    assert row.number not in client.get(reverse(PAGE)).content.decode()
    assert row.number in client.get(reverse(PAGE) + "?shown=all").content.decode()
    one = reverse(f"{PAGE}__one", args=[row.pk])
    assert 'value="approve"' not in client.get(one).content.decode()
    assert client.post(one, posted(decision="approve")).status_code == 422
    assert Request.objects.get().state == "submitted"


def test_refused_with_a_coded_reason(cast, row, plan_line, client_of):
    client, one = client_of(cast.reviewer), reverse(f"{PAGE}__one", args=[row.pk])
    assert client.post(one, posted(decision="refuse")).status_code == 422
    assert client.post(one, posted(decision="refuse", reason="R02")).status_code == 422  # needs words
    assert Request.objects.get().state == "submitted"
    client.post(one, posted(decision="refuse", reason="R02", words="附近三校均有余额"))
    assert (Request.objects.get().state, seats(plan_line)) == ("refused", 10)
    page = (
        client_of(cast.school).get(reverse("quotas:request_plan_change__one", args=[row.pk])).content.decode()
    )
    assert "理由不充分：附近三校均有余额" in page
    assert cast.reviewer.name not in page  # who in the office it was is no business of the school


def test_returned_it_is_corrected_and_asked_again(cast, row, plan_line, client_of):
    office, school = client_of(cast.reviewer), client_of(cast.school)
    one = reverse(f"{PAGE}__one", args=[row.pk])
    assert office.post(one, posted(decision="return")).status_code == 422
    assert office.post(one, posted(decision="return", reason="U02")).status_code == 422  # words are missing
    assert office.post(one, posted(decision="return", reason="R01")).status_code == 422  # one for refusing
    office.post(one, posted(decision="return", reason="U02", words="数目请与招生简章一致"))
    row.refresh_from_db()
    assert row.state == "draft"
    page = school.get(reverse("quotas:request_plan_change")).content.decode()
    assert "退回修改" in page
    edit = reverse("quotas:request_plan_change__edit", args=[row.pk])
    assert 'value="5"' in school.get(edit).content.decode()
    school.post(edit, posted(**asked(plan_line, 3)))
    services.request_submit(actor=cast.school, request=row)
    assert row.parties.count() == 1
    office.post(one, posted(decision="approve"))
    assert seats(plan_line) == 13
    deeds = ["drafted", "submitted", "returned", "changed", "submitted", "approved", "effective"]
    assert [event.deed for event in row.events.all()] == deeds


def test_a_decided_request_is_not_decided_again(cast, row):
    services.request_approve(actor=cast.reviewer, request=row)
    for deed in (
        lambda: services.request_approve(actor=cast.reviewer, request=row),
        lambda: services.request_refuse(actor=cast.reviewer, request=row, reason="R01"),
        lambda: services.request_return(actor=cast.reviewer, request=row, reason="U02", words="改"),
    ):
        with pytest.raises(Refusal, match="当前为“已生效”，已不能审核"):
            deed()
    with pytest.raises(Refusal, match="已经办结"):
        services.request_withdraw(actor=cast.school, request=row)
    assert PlanChange.objects.count() == 1


def test_what_cannot_take_effect_leaves_the_approval_undone(cast, plan_line, client_of):
    row = submitted(cast.school, CHANGE, asked(plan_line, -5, reason="P02"))
    PlanLine.objects.filter(pk=plan_line.pk).update(seats_taken=8)
    answer = client_of(cast.reviewer).post(reverse(f"{PAGE}__one", args=[row.pk]), posted(decision="approve"))
    assert answer.status_code == 422
    assert "已占用 8 个，不能减少 5 个。最多减少 2 个" in answer.content.decode()
    assert RequestParty.objects.get().decision == ""
    assert (Request.objects.get().state, seats(plan_line)) == ("submitted", 10)
    assert not RequestEvent.objects.filter(deed="approved").exists()


def test_not_while_a_dispatch_counts_on_the_plan(cast, batch, row, plan_line):
    run = Run.objects.create(
        batch=batch, round=1, state="confirmed", created_by=cast.city, confirmed_by=cast.second
    )
    with pytest.raises(Refusal, match="投档已复核，正待执行"):
        services.request_approve(actor=cast.reviewer, request=row)
    Run.objects.filter(pk=run.pk).update(state="executed")
    services.request_approve(actor=cast.reviewer, request=row)
    assert seats(plan_line) == 15


def test_in_bulk_only_what_is_green(cast, batch, schools, plan_line, row, client_of):
    small = factories.make_plan_line(schools[0], batch, major="740201", seats=4)
    yellow = submitted(cast.school, CHANGE, asked(small, 40))  # ten times the plan
    client, url = client_of(cast.reviewer), reverse(f"{PAGE}__approve")
    shown = client.post(url, {"all": "1", "query": ""}).content.decode()
    assert "<strong>1</strong>" in shown
    assert yellow.number not in shown
    assert seats(plan_line) == 10
    assert client.post(url, posted(chosen=[row.pk], edit="1")).url == reverse(PAGE)
    client.post(url, posted(chosen=[row.pk, yellow.pk], confirmed="1"))
    assert (seats(plan_line), seats(small)) == (15, 4)
    assert Request.objects.get(pk=yellow.pk).state == "submitted"
    assert client.post(url, posted(chosen=[yellow.pk])).status_code == 422
    client.post(reverse(f"{PAGE}__one", args=[yellow.pk]), posted(decision="approve"))
    assert seats(small) == 44


def test_what_one_has_in_hand_no_other_decides(cast, row, client_of):
    colleague = factories.make_user("gz-reviewer-2", cast.reviewer.organisation, "reviewing")
    client_of(cast.reviewer).post(reverse(f"{PAGE}__take"))
    with pytest.raises(Refusal, match="正由 gz-reviewer 审核"):
        services.request_approve(actor=colleague, request=row)
    with pytest.raises(Refusal, match=r"正在审核.*不能撤回"):
        services.request_withdraw(actor=cast.school, request=row)
    assert services.requests_take(actor=colleague, kinds=[services.kind_of(CHANGE)]) == 0
    client_of(cast.reviewer).post(reverse(f"{PAGE}__lay_back"))
    assert services.request_withdraw(actor=cast.school, request=row).state == "withdrawn"


def test_a_double_click_takes_once(cast, row, client_of):
    client, take = client_of(cast.reviewer), reverse(f"{PAGE}__take")
    page = client.get(reverse(PAGE)).content.decode()
    key = re.search(rf'action="{take}".*?name="form_key" value="([^"]+)"', page, re.S)[1]
    assert "已领取 1 件" in client.post(take, {"form_key": key}, follow=True).content.decode()
    client.post(reverse(f"{PAGE}__lay_back"))
    assert "没有重复执行" in client.post(take, {"form_key": key}, follow=True).content.decode()
    assert not row.parties.filter(taken_by=cast.reviewer).exists()


def test_the_queue_is_exported_with_the_words_of_its_checks(cast, row, client_of):
    content = client_of(cast.reviewer).get(reverse(PAGE) + "?export=xlsx").content
    head, first = list(load_workbook(BytesIO(content)).active.values)[:2]
    assert dict(zip(head, first, strict=True))["余额"] == "通过：10 → 15，已占用 0"


def test_the_lists_ask_a_bounded_number_of_questions(
    cast, batch, schools, row, client_of, django_assert_max_num_queries
):
    for number in range(12):
        line = factories.make_plan_line(schools[0], batch, major=f"7301{number:02d}")
        submitted(cast.school, CHANGE, asked(line))
    for who, page in ((cast.reviewer, PAGE), (cast.school, "quotas:request_plan_change")):
        client = client_of(who)
        client.get(reverse(page))
        with django_assert_max_num_queries(25):
            answer = client.get(reverse(page))
        assert row.number in answer.content.decode()


def test_the_workbench_counts_what_waits(cast, row, client_of):
    page = client_of(cast.reviewer).get(reverse("accounts:workbench")).content.decode()
    assert "审核增减计划数" in page[page.index("to-dos") :]
    services.request_return(actor=cast.reviewer, request=row, reason="U02", words="请核实")
    assert (
        "申请增减计划数：退回修改"
        in client_of(cast.school).get(reverse("accounts:workbench")).content.decode()
    )


def test_it_leaves_a_trace(cast, row):
    with walled(cast.reviewer.scope):
        services.request_approve(actor=cast.reviewer, request=row)
    assert Deed.objects.filter(subject__contains=f"同意 {row.number}", actor=cast.reviewer).count() == 1
    assert [event.actor for event in row.events.filter(deed__in=("approved", "effective"))] == [
        cast.reviewer
    ] * 2


@pytest.mark.django_db(transaction=True)
def test_of_a_decrease_and_an_admission_only_one_finds_the_seats(cast, plan_line):
    """Ten seats: a decrease by six against admissions that take six; together they would need twelve."""
    row = submitted(cast.school, CHANGE, asked(plan_line, -6, reason="P02"))
    connection.close()

    def deed(index):
        if index:
            seats_take(wanted={plan_line.pk: 6})
        else:
            services.request_approve(actor=User.objects.get(pk=cast.reviewer.pk), request=row.pk)

    results = in_threads(2, deed)
    line = PlanLine.objects.get(pk=plan_line.pk)
    decreased = Request.objects.get().state == "effective"
    assert sorted(results) == (["SeatsExhausted", "done"] if decreased else ["Refusal", "done"])
    assert (line.seats, line.seats_taken) == ((4, 0) if decreased else (10, 6))
    assert RequestParty.objects.get().decision == ("approved" if decreased else "")


@pytest.mark.django_db(transaction=True)
def test_of_two_approvals_at_once_one_counts(cast, plan_line):
    row = submitted(cast.school, CHANGE, asked(plan_line))
    colleague = factories.make_user("gz-reviewer-2", cast.reviewer.organisation, "reviewing")
    officers = [cast.reviewer.pk, colleague.pk]
    connection.close()

    def deed(index):
        services.request_approve(actor=User.objects.get(pk=officers[index]), request=row.pk)

    assert sorted(in_threads(2, deed)) == ["Refusal", "done"]
    assert seats(plan_line) == 15
    assert PlanChange.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_a_withdrawal_and_an_approval_one_counts(cast, plan_line):
    row = submitted(cast.school, CHANGE, asked(plan_line))
    connection.close()

    def deed(index):
        if index:
            services.request_withdraw(actor=User.objects.get(pk=cast.school.pk), request=row)
        else:
            services.request_approve(actor=User.objects.get(pk=cast.reviewer.pk), request=row.pk)

    assert sorted(in_threads(2, deed)) == ["Refusal", "done"]
    state = Request.objects.get().state
    approved = state == "effective"
    assert approved or state == "withdrawn"
    assert seats(plan_line) == (15 if approved else 10)
    assert PlanChange.objects.count() == int(approved)
