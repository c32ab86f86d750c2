"""指定考生线下点投: the line alone is waived; the office above agrees, and it stands in a register."""

from io import BytesIO

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import Organisation
from accounts.refusals import Refusal
from admissions.lifecycle import State
from admissions.models import DossierEvent, Request
from admissions.services import requests as services
from dispatch.lines import lines_of, need_of
from dispatch.models import ProvinceLine, RegionLine, SchoolCondition, SchoolLine, SingleDispatch
from dispatch.queries.single import Ask, standings_of
from tests import factories
from tests.factories_dispatch import placement_of, state_of
from tests.factories_requests import drafted, paper, posted
from tests.factories_single import agree, line_at, point_asked, point_values

KEY, PAGE, QUEUE = "dispatch.dispatch_below_line", "dispatch:dispatch_below_line", "dispatch:confirm_dispatch"


@pytest.fixture
def candidate(make_candidates):
    return make_candidates(1, total=23850)[0]


@pytest.fixture
def ready(cast, batch, schools, plan_line):
    line_at(batch, 25000)
    return schools[0]


def asked(actor, candidate, batch, school, **more) -> Request:
    return point_asked(actor, KEY, candidate, batch, school, **more)


def test_the_province_agrees_after_it_has_seen_the_difference_in_red(
    cast, candidate, batch, ready, client_of
):
    client = client_of(cast.city)
    assert "须有两人签字的批准文件" in client.get(reverse(f"{PAGE}__new")).content.decode()
    answer = client.post(
        reverse(f"{PAGE}__new"), posted(**point_values(candidate, batch, ready), paper=paper())
    )
    row = Request.objects.get()
    assert "低于控制线 11.50 分" in row.summary
    assert "控制线 250.00，投档成绩 238.50，低 11.50 分" in client.get(answer.url).content.decode()
    submit = reverse(f"{PAGE}__submit", args=[row.pk])
    shown = client.post(submit, {"version": 0}).content.decode()
    assert "由上级招办广东省招办审核" in shown
    assert "高风险操作" in shown
    client.post(submit, posted(version=0, confirmed="1"))
    province = client_of(cast.province)
    assert "danger-words" in province.get(reverse(f"{QUEUE}__single")).content.decode()
    one = reverse(f"{QUEUE}__single", args=[row.pk])
    page = province.get(one).content.decode()
    for words in ("note-danger", "facts-danger", "<dt>低于控制线</dt><dd>11.50 分</dd>", "王一 李二"):
        assert words in page, words
    province.post(one, posted(decision="approve", words="同意"))
    assert (state_of(candidate), placement_of(candidate).sheet.number) == (State.SENT, row.number)


def test_nobody_of_the_office_that_asks_agrees(cast, candidate, batch, ready, client_of):
    row = asked(cast.city, candidate, batch, ready)
    for actor in (cast.second, cast.reviewer):
        with pytest.raises(Refusal, match="不由您单位审核"):
            agree(actor, row)
    assert client_of(cast.second).get(reverse(f"{QUEUE}__single", args=[row.pk])).status_code == 200
    assert state_of(candidate) == State.POOL


def test_a_county_needs_its_city_and_the_province(cast, candidate, batch, ready):
    row = asked(cast.county, candidate, batch, ready)
    assert [party.organisation.name for party in row.parties.all()] == ["广州市招办", "广东省招办"]
    agree(cast.second, row)
    assert state_of(candidate) == State.POOL
    agree(cast.province, row)
    assert state_of(candidate) == State.SENT


def test_without_an_office_above_the_head_agrees(cast, candidate, batch, ready):
    Organisation.objects.filter(region="44", kind="province").update(active=False)
    row = asked(cast.city, candidate, batch, ready)
    with pytest.raises(Refusal, match="由本单位负责人批准"):
        agree(cast.reviewer, row)
    with pytest.raises(Refusal, match="不能审核本人"):
        agree(cast.city, row)
    agree(cast.second, row)
    assert state_of(candidate) == State.SENT


def test_what_the_province_asks_for_its_head_agrees_to(cast, candidate, batch, ready):
    row = asked(cast.province, candidate, batch, ready)
    office = cast.province.organisation
    with pytest.raises(Refusal, match="负责人"):
        agree(factories.make_user("gd-reviewer", office, "reviewing"), row)
    agree(factories.make_user("gd-head", office, "head"), row)
    assert state_of(candidate) == State.SENT


def test_needs_the_function(cast, candidate, batch, ready, client_of):
    row = asked(cast.city, candidate, batch, ready)
    for tail in ("", "__new", "__register"):
        assert client_of(cast.reviewer).get(reverse(PAGE + tail)).status_code == 403
    with pytest.raises(Refusal, match="没有审核"):
        agree(factories.make_user("gd-data", cast.province.organisation, "data"), row)


def test_another_city_sees_neither_request_nor_register(cast, candidate, batch, ready, client_of):
    row = asked(cast.city, candidate, batch, ready)
    agree(cast.province, row)
    other = client_of(cast.other_city)
    assert other.get(reverse(f"{PAGE}__one", args=[row.pk])).status_code == 404
    for name in (PAGE, "dispatch:admit_below_line", QUEUE):
        assert candidate.number not in other.get(reverse(f"{name}__register")).content.decode()


def test_only_the_line_is_waived(cast, candidate, make_candidates, batch, ready):
    above = make_candidates(1, total=25000)[0]
    with pytest.raises(Refusal, match="已达线，应使用线上点投"):
        asked(cast.city, above, batch, ready)
    SchoolCondition.objects.create(
        batch=batch, school=ready, group=1, kind="sex", item="", demand="1" if candidate.sex == "2" else "2"
    )
    with pytest.raises(Refusal, match="特殊条件：性别要求"):
        asked(cast.city, candidate, batch, ready)


def test_without_a_line_nothing_lies_below_it(cast, candidate, batch, ready):
    RegionLine.objects.all().delete()
    with pytest.raises(Refusal, match="未设控制线"):
        asked(cast.city, candidate, batch, ready)


def test_two_different_signers_are_named(cast, candidate, batch, ready, client_of):
    for signers in ("王一", "王一 王一", "王一 李二 张三"):
        values = point_values(candidate, batch, ready, signers=signers)
        answer = client_of(cast.city).post(reverse(f"{PAGE}__new"), posted(**values))
        assert answer.status_code == 422
        assert "须有两人签字" in answer.content.decode()
    row = drafted(cast.city, KEY, point_values(candidate, batch, ready))
    with pytest.raises(Refusal, match="须先上传两人签字的批准文件"):
        services.request_submit(actor=cast.city, request=row)


def test_it_is_never_approved_in_bulk(cast, candidate, batch, ready):
    factories.make_choices([candidate], batch, [ready])
    row = asked(cast.city, candidate, batch, ready)
    done, left = services.requests_approve_green(
        actor=cast.province, kinds=services.kinds_of("dispatch.confirm_dispatch"), requests=[row.pk]
    )
    assert (done, len(left)) == (0, 1)


def test_the_register_of_the_office_above_filters_and_exports(cast, candidate, batch, ready, client_of):
    row = asked(cast.city, candidate, batch, ready)
    agree(cast.province, row)
    client = client_of(cast.province)
    url = reverse(f"{QUEUE}__register")
    page = client.get(url).content.decode()
    for words in (
        row.number,
        candidate.number,
        candidate.name,
        "250",
        "238.5",
        "11.5",
        "投档差错更正",
        "线下点投",
    ):
        assert words in page, words
    assert reverse(f"{QUEUE}__single", args=[row.pk]) in page
    assert candidate.number in client.get(url, {"region": "4401", "school": ready.code}).content.decode()
    assert candidate.number not in client.get(url, {"region": "4403"}).content.decode()
    assert candidate.number not in client.get(url, {"step": "admit_below_line"}).content.decode()
    sheet = load_workbook(BytesIO(client.get(url, {"export": "xlsx"}).content)).active
    cells = [str(cell.value) for line in sheet.iter_rows() for cell in line]
    for words in (row.number, candidate.number, "线下点投", "238.5", "11.5"):
        assert words in cells, words
    assert candidate.number in client_of(cast.city).get(reverse(f"{PAGE}__register")).content.decode()


def test_what_was_sent_above_the_line_stands_in_no_register(cast, make_candidates, batch, ready, client_of):
    above = make_candidates(1, total=30000)[0]
    agree(cast.second, point_asked(cast.city, "dispatch.dispatch_above_line", above, batch, ready))
    assert above.number not in client_of(cast.province).get(reverse(f"{QUEUE}__register")).content.decode()


def test_it_leaves_a_trace(cast, candidate, batch, ready):
    agree(cast.province, asked(cast.city, candidate, batch, ready))
    event = DossierEvent.objects.get(candidate=candidate)
    assert (event.step, event.deed.actor, event.deed.organisation.region) == (
        "dispatch_below_line", cast.province, "44",
    )  # fmt: skip
    single = SingleDispatch.objects.get()
    assert (single.line, single.score, single.short) == (25000, 23850, 1150)
    assert (single.asked_by, single.agreed_by) == (cast.city, cast.province)


def test_the_line_is_that_of_a_run(cast, make_candidates, batch, other_batch, ready, schools):
    """The line here and in a dispatch of the whole batch come of the same rows by two ways."""
    import numpy as np

    line_at(batch, 25000)
    for county, kind, score in (("440103", "", 26000), ("", "01", 24000), ("440104", "01", 27500)):
        RegionLine.objects.create(batch=batch, county=county, kind=kind, score=score)
    SchoolLine.objects.create(batch=batch, school=ready, county="440104", score=28000)
    ProvinceLine.objects.create(season=batch.season, kind="", score=None, percent=70)
    ProvinceLine.objects.create(season=batch.season, kind="01", score=24500)
    factories.make_plan_line(ready, batch, major="740201", kind="01")
    factories.make_plan_line(schools[1], batch, kind="01")
    factories.make_plan_line(schools[1], other_batch)
    people = [make_candidates(1, county=county)[0] for county in ("440103", "440104")]
    asks = [Ask(p.pk, s.pk, batch.pk) for p in people for s in schools]
    asks.append(Ask(people[0].pk, schools[1].pk, other_batch.pk))
    found = standings_of(asks)
    need = need_of(
        batch,
        lines_of(batch),
        np.array([p.county for p in people], "S6"),
        np.array([[0, 1]] * 2, np.int32),
        np.array([s.pk for s in schools], np.int64),
    )
    assert [found[ask].need for ask in asks[:4]] == need.reshape(-1).tolist()
    assert len(set(need.reshape(-1).tolist())) > 2
    assert found[asks[4]].need == -(-36000 * 70 // 100)


def test_the_list_of_ones_own_requests_leads_to_the_register(cast, candidate, batch, ready, client_of):
    row = asked(cast.city, candidate, batch, ready)
    page = client_of(cast.city).get(reverse(PAGE)).content.decode()
    assert row.number in page
    assert reverse(f"{PAGE}__register") in page
