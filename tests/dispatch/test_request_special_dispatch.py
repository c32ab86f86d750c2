"""申请批件投档: a school names candidates of the pool whom it cannot browse, each with his reason."""

import pytest
from django.urls import reverse

from accounts.models import Deed
from accounts.refusals import Refusal
from admissions.lifecycle import State
from admissions.models import Request
from admissions.services import requests as services
from quotas.models import PlanLine
from tests import factories
from tests.factories_dispatch import state_of
from tests.factories_requests import drafted, paper, posted
from tests.factories_single import agree, line_at, special_asked, special_values

KEY, PAGE = "dispatch.request_special_dispatch", "dispatch:request_special_dispatch"


@pytest.fixture
def three(make_candidates):
    return make_candidates(3)


def test_a_school_names_several_each_with_his_reason(cast, three, batch, plan_line, client_of, media):
    client = client_of(cast.school)
    form = client.get(reverse(f"{PAGE}__new")).content.decode()
    assert "广州市 中职批" in form
    assert three[0].number not in form, "nobody is offered"
    values = special_values(three, batch) | {
        "names": f"{three[0].number} {three[0].id_number} 院校误退\n{three[1].number}，{three[1].name}，政策照顾"
    }
    answer = client.post(reverse(f"{PAGE}__new"), posted(**values, paper=paper()))
    row = Request.objects.get()
    page = client.get(answer.url).content.decode()
    for words in (three[0].name, "院校误退", "政策照顾", "2 名均在库", "余 10，申请 2"):
        assert words in page, words
    assert three[0].id_number not in page
    assert three[0].id_number not in str(row.payload), "a draft keeps no ID number"
    submit = reverse(f"{PAGE}__submit", args=[row.pk])
    assert "由生源地市广州市招办审核" in client.post(submit, {"version": 0}).content.decode()
    client.post(submit, posted(version=0, confirmed="1"))
    row.refresh_from_db()
    assert (row.state, row.number[:2]) == ("submitted", "PJ")
    assert [state_of(one) for one in three] == [State.POOL] * 3
    edit = client.get(reverse(f"{PAGE}__one", args=[row.pk])).content.decode()
    assert "审核中" in edit


def test_the_school_is_not_told_scores_lines_or_choices(cast, three, batch, schools, plan_line, client_of):
    line_at(batch, 40000)
    row = special_asked(cast.school, three[:1], batch)
    page = client_of(cast.school).get(reverse(f"{PAGE}__one", args=[row.pk])).content.decode()
    for words in ("控制线 400", f"{three[0].total / 100:.2f}", "未填报", "目前情况"):
        assert words not in page, words


def test_needs_the_function(cast, three, batch, plan_line, client_of):
    row = special_asked(cast.school, three, batch)
    for client in (client_of(cast.member), client_of(cast.city)):
        for tail, args in (("", []), ("__new", []), ("__one", [row.pk]), ("__register", [])):
            assert client.get(reverse(PAGE + tail, args=args)).status_code == 403


def test_another_schools_request_is_not_there(cast, three, batch, plan_line, client_of):
    row = special_asked(cast.school, three, batch)
    agree(cast.reviewer, row)
    client = client_of(cast.other_school)
    assert client.get(reverse(f"{PAGE}__one", args=[row.pk])).status_code == 404
    assert three[0].number not in client.get(reverse(f"{PAGE}__register")).content.decode()
    own = client_of(cast.school).get(reverse(f"{PAGE}__register")).content.decode()
    assert three[0].number in own
    assert cast.reviewer.name not in own, "a school is not told which officer agreed"


def test_whoever_is_wrong_is_named_and_nothing_is_kept(
    cast, three, make_candidates, batch, schools, plan_line, client_of
):
    guest = make_candidates(1, city="4403")[0]
    gone = make_candidates(1)[0]
    special = special_asked(cast.school, [gone], batch)
    agree(cast.reviewer, special)
    client, url = client_of(cast.school), reverse(f"{PAGE}__new")
    for text, words in (
        (f"{three[0].number} 另一人 理由", "第 1 行：没有找到考生号与证件号码"),
        (f"{three[0].number} {three[0].name}", "第 1 行须写明"),
        (f"{guest.number} {guest.name} 理由", "请按生源地市分别申请"),
        (f"{gone.number} {gone.name} 理由", "该考生已在贵校"),
        (f"{three[0].number} {three[0].name} 理由\n" * 2, "第 2 行：考生号重复"),
        (f"{three[0].number} {three[0].name} 理由\n" * 21, "最多 20 名"),
    ):
        answer = client.post(url, posted(**special_values([], batch, names=text)))
        assert answer.status_code == 422, text
        assert words in answer.content.decode(), words
    assert Request.objects.count() == 1
    assert Deed.objects.filter(subject=f"查找在库考生 {three[0].number}", actor=cast.school).exists()


def test_a_batch_without_a_plan_of_ones_own_is_not_offered(
    cast, three, batch, other_batch, schools, plan_line, client_of
):
    factories.make_plan_line(schools[1], other_batch)
    answer = client_of(cast.school).post(
        reverse(f"{PAGE}__new"), posted(**special_values(three, other_batch))
    )
    assert answer.status_code == 422


def test_without_the_paper_or_the_seats_it_is_not_submitted(cast, three, batch, plan_line):
    row = drafted(cast.school, KEY, special_values(three, batch))
    with pytest.raises(Refusal, match="须先上传各级签字的批件"):
        services.request_submit(actor=cast.school, request=row)
    PlanLine.objects.update(seats_taken=8)
    with pytest.raises(Refusal, match=r"计划余 2.*少于申请的 3 名"):
        special_asked(cast.school, three, batch)


def test_a_draft_is_edited_as_it_was_filled_in(cast, three, batch, plan_line, client_of):
    row = drafted(cast.school, KEY, special_values(three, batch))
    page = client_of(cast.school).get(reverse(f"{PAGE}__edit", args=[row.pk])).content.decode()
    assert f"{three[1].number} {three[1].name} 院校同意接收" in page


def test_it_leaves_a_trace(cast, three, batch, plan_line):
    row = special_asked(cast.school, three, batch)
    assert [event.deed for event in row.events.all()] == ["drafted", "attached", "submitted"]
    assert Deed.objects.filter(subject__contains=f"提交 {row.number}", actor=cast.school).exists()
    assert Deed.objects.filter(subject__startswith="查找在库考生", actor=cast.school).count() == 3


def test_the_list_of_ones_own_requests_leads_to_the_register(cast, three, batch, plan_line, client_of):
    row = special_asked(cast.school, three, batch)
    page = client_of(cast.school).get(reverse(PAGE)).content.decode()
    assert row.number in page
    assert reverse(f"{PAGE}__register") in page
