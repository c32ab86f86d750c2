"""设置考生状态: who has which status, the sheet of all, versions of a city and the way back to them."""

from io import BytesIO

import openpyxl
import pytest
from django.db import connection

from accounts.context import walled
from accounts.models import Deed
from accounts.refusals import Refusal
from admissions.models import Dossier, DossierEvent
from admissions.services.dossiers import Move, dossiers_move
from dispatch.models import CandidateStatus, Run, StatusChange, StatusRequest
from dispatch.queries.statuses import versions_differ
from dispatch.services import sending, status
from tests import factories
from tests.concurrency import in_threads
from tests.dispatch.test_controls import sheet
from tests.dispatch.test_set_candidate_status import address, asked, states
from tests.factories_dispatch import sheet_released

CONFIRMED = {"confirmed": "1"}
HEADER = ["考生号", "姓名", "状态", "原因"]


def effective(cast, candidates, kind="absent") -> StatusRequest:
    """A request that took effect."""
    request = asked(cast.city, candidates, kind)
    status.status_decide(actor=cast.second, request=request, agree=True)
    request.refresh_from_db()
    return request


def now_of(candidates) -> list:
    kept = dict(CandidateStatus.objects.values_list("pk", "status"))
    return [kept.get(candidate.pk) for candidate in candidates]


def exported(client, query="") -> list[list[str]]:
    answer = client.get(f"{address('in_force')}?export=xlsx{query}")
    assert answer.status_code == 200
    page = openpyxl.load_workbook(BytesIO(answer.content)).active
    return [["" if cell is None else str(cell) for cell in row] for row in page.iter_rows(values_only=True)]


def uploaded(client, rows, words="按名单"):
    return client.post(address("import"), {"upload": sheet(rows), "words": words})


def sent(client, rows, words="按名单"):
    """A sheet, looked at and confirmed."""
    shown = uploaded(client, rows, words)
    assert shown.status_code == 200, shown.content.decode()
    content = shown.wsgi_request.POST["content"]
    return shown.content.decode(), client.post(
        address("import"), {"content": content, "words": words} | CONFIRMED
    )


def test_who_has_a_status_is_listed_found_counted_and_exported(cast, make_candidates, client_of):
    absent, out = make_candidates(2), make_candidates(1, county="440104")
    effective(cast, absent)
    effective(cast, out, "disqualified")
    client = client_of(cast.city)
    page = client.get(address("in_force"))
    assert page.context["counted"] == 3
    assert "gz-second" in page.content.decode() or cast.second.name in page.content.decode()
    assert client.get(address("in_force") + "?status=disqualified").context["counted"] == 1
    assert client.get(address("in_force") + "?county=440104").context["counted"] == 1
    assert client.get(address("in_force") + f"?number={absent[0].number}").context["counted"] == 1
    assert client.get(address("in_force") + "?words=没有这样的原因").context["counted"] == 0
    rows = exported(client)
    assert rows[0] == HEADER
    assert [absent[0].number, absent[0].name, "缺考", "缺考两科"] in rows
    assert len(exported(client, "&status=disqualified")) == 2
    assert client_of(cast.county).get(address("in_force")).context["counted"] == 2, "of its own county"
    assert client_of(cast.province).get(address("in_force")).context["counted"] == 3
    assert client_of(cast.other_city).get(address("in_force")).context["counted"] == 0
    assert client_of(cast.foreign).get(address("in_force")).context["counted"] == 0
    for tail in ("in_force", "import", "versions"):
        assert client_of(cast.school).get(address(tail)).status_code == 403
        assert client_of(cast.idle).get(address(tail)).status_code == 403


def test_rows_stand_behind_the_wall(cast, make_candidates):
    effective(cast, make_candidates(2))
    for actor, seen in ((cast.city, 2), (cast.other_city, 0), (cast.foreign, 0), (cast.other_school, 0)):
        with walled(actor.scope), connection.cursor() as cursor:
            for model in (CandidateStatus, StatusChange):
                cursor.execute(f"SELECT count(*) FROM {model._meta.db_table}")
                assert cursor.fetchone()[0] == seen, (actor.username, model)


def test_what_is_exported_is_no_change_and_one_sheet_sets_many_statuses(cast, make_candidates, client_of):
    kept, other, back, new = make_candidates(1), make_candidates(1), make_candidates(1), make_candidates(1)
    effective(cast, [*kept, *other, *back])
    client = client_of(cast.city)
    rows = exported(client)
    assert "没有任何变化" in uploaded(client, rows).content.decode()
    by_number = {row[0]: row for row in rows}
    by_number[other[0].number][2:] = ["取消资格", "替考"]
    by_number[back[0].number][2:] = ["恢复", "有准假证明"]
    told, answer = sent(
        client, [*rows, [new[0].number, "姓名写错也不看", "不参加", ""]], words="招办会议纪要"
    )
    assert "缺考" in told
    assert "取消资格" in told
    assert "涉及 0 所院校、0 名" in told
    assert answer.status_code == 302
    request = StatusRequest.objects.latest("pk")
    assert (request.status, len(request.candidates)) == ("mixed", 3)
    assert now_of([*kept, *other, *back, *new]) == ["absent", "absent", "absent", None], "asking is not doing"
    status.status_decide(actor=cast.second, request=request, agree=True)
    assert now_of([*kept, *other, *back, *new]) == ["absent", "disqualified", None, "abstains"]
    assert states([*kept, *other, *back, *new]) == ["excluded", "excluded", "pool", "excluded"]
    last = {event.candidate_id: event for event in DossierEvent.objects.order_by("pk")}
    by = f"（申请人 {cast.city.name}）"
    assert last[other[0].pk].word == "改设考生状态"
    assert last[other[0].pk].note == f"取消资格：替考{by}"
    assert last[other[0].pk].deed.actor == cast.second
    assert last[back[0].pk].note == f"恢复：有准假证明{by}"
    assert last[new[0].pk].note == f"不参加：招办会议纪要{by}"
    assert len(exported(client)) == 4


def test_all_that_is_wrong_with_a_sheet_is_told_by_row(
    cast, batch, schools, plan_line, make_candidates, client_of
):
    good, sent_, held, waits, foreign, free = (make_candidates(1)[0] for _ in range(6))
    other = make_candidates(1, city="4403")[0]
    Dossier.objects.filter(pk=held.pk).update(held=True)
    sheet_released(cast.city, batch, schools[0], [sent_])
    asked(cast.city, [waits])
    rows = [
        HEADER,
        [good.number, "", "缺考", "x"],
        ["不是考生号", "", "缺考", "x"],
        [sent_.number, "", "缺考", "x"],
        [held.number, "", "缺考", "x"],
        [waits.number, "", "取消资格", "x"],
        [other.number, "", "缺考", "x"],
        [free.number, "", "恢复", "x"],
        [free.number, "", "睡着了", "x"],
        ["", "", "缺考", "x"],
        [good.number, "", "缺考", "x"],
        [foreign.number, "", "缺考", "长" * 201],
    ]
    client = client_of(cast.city)
    answer = uploaded(client, rows)
    assert answer.status_code == 422
    assert {fault.row for fault in answer.context["wrong"]} == {9, 10, 11}, "cells before rows"
    del rows[8:11]
    answer = uploaded(client, rows)
    told = {fault.row: fault.words for fault in answer.context["wrong"]}
    assert set(told) == {3, 4, 5, 6, 7, 8, 9}
    assert "没有这名考生" in told[3]
    assert "已投档" in told[4]
    assert "挂起" in told[5]
    assert "等待复核" in told[6]
    assert "没有这名考生" in told[7]
    assert "没有可以恢复" in told[8]
    assert "最多 200 个字" in told[9]
    assert uploaded(client, [["别的"], ["x"]]).status_code == 422
    assert uploaded(client, [HEADER]).status_code == 422
    assert StatusRequest.objects.count() == 1


def test_a_sheet_of_the_province_is_of_one_city(cast, make_candidates, client_of):
    one, other = make_candidates(1)[0], make_candidates(1, city="4403")[0]
    rows = [HEADER, [one.number, "", "缺考", "x"], [other.number, "", "缺考", "x"]]
    wrong = uploaded(client_of(cast.province), rows).context["wrong"]
    assert [fault.row for fault in wrong] == [3]
    assert "一个市" in wrong[0].words


def test_the_preview_tells_the_schools_too(cast, batch, schools, make_candidates, client_of):
    chose, none = make_candidates(2), make_candidates(1)
    factories.make_choices(chose, batch, schools)
    run = Run.objects.create(
        batch=batch, round=1, created_by=cast.city, state="rehearsed", fingerprint="a" * 64
    )
    data = {"status": "absent", "words": "x", "numbers": " ".join(c.number for c in [*chose, *none])}
    shown = client_of(cast.city).post(address(), data).content.decode()
    assert "涉及 2 所院校、2 名填报了志愿的考生" in shown
    assert "其中 1 名没有填报志愿" in shown
    assert "预演作废" in shown
    request = asked(cast.city, [*chose, *none])
    shown = client_of(cast.second).post(address("decide", request.pk), {"agree": "1"}).content.decode()
    assert "涉及 2 所院校、2 名" in shown
    run.refresh_from_db()
    assert run.state == "rehearsed", "looking is not doing"


def test_each_request_that_takes_effect_is_a_version_of_its_city(cast, make_candidates, client_of):
    one, other, far = make_candidates(1), make_candidates(1), make_candidates(1, city="4403")
    refused = asked(cast.city, one)
    status.status_decide(actor=cast.second, request=refused, agree=False, answer="缺证明")
    first, second = effective(cast, one), effective(cast, other)
    elsewhere = status.status_request(
        actor=cast.other_city, status="absent", words="x", numbers=[far[0].number]
    )
    status.status_decide(actor=cast.province, request=elsewhere, agree=True)
    elsewhere.refresh_from_db()
    refused.refresh_from_db()
    assert [r.version for r in (refused, first, second, elsewhere)] == [None, 1, 2, 1]
    page = client_of(cast.city).get(address("versions")).content.decode()
    assert f"{cast.city.name} 申请，{cast.second.name} 复核" in page
    assert "第 1 版与第 2 版：1 处不同" in page
    both = client_of(cast.city).get(address("versions") + "?old=0&new=2").content.decode()
    assert "第 0 版与第 2 版：2 处不同" in both
    assert one[0].number in both
    back = client_of(cast.city).get(address("versions") + "?old=2&new=0").content.decode()
    assert "第 2 版与第 0 版：2 处不同" in back
    province = client_of(cast.province).get(address("versions")).content.decode()
    assert address("versions", "4403") in province
    assert client_of(cast.province).get(address("versions", "4403")).status_code == 200
    assert client_of(cast.other_city).get(address("versions", "4401")).status_code == 404
    assert client_of(cast.foreign).get(address("versions__restore", "4401", 1)).status_code == 404


def test_a_version_comes_back_by_a_request_both_ways(cast, make_candidates, client_of):
    stays, taken, put = make_candidates(1), make_candidates(1), make_candidates(1)
    effective(cast, [*stays, *taken])
    effective(cast, taken, "restored")
    effective(cast, put, "disqualified")
    effective(cast, stays, "abstains")
    client = client_of(cast.city)
    where = address("versions__restore", "4401", 1)
    shown = client.post(where, {"words": "误操作"}).content.decode()
    assert "3" in shown
    assert client.post(where, {"words": ""} | CONFIRMED).status_code == 422
    assert client.post(where, {"words": "误操作"} | CONFIRMED).status_code == 302
    request = StatusRequest.objects.latest("pk")
    assert (request.back_to, request.status) == (1, "mixed")
    assert now_of([*stays, *taken, *put]) == ["abstains", None, "disqualified"], "asking is not doing"
    with pytest.raises(Refusal, match="本人"):
        status.status_decide(actor=cast.city, request=request, agree=True)
    assert status.status_decide(actor=cast.second, request=request, agree=True) == 3
    assert now_of([*stays, *taken, *put]) == ["absent", "absent", None]
    assert states([*stays, *taken, *put]) == ["excluded", "excluded", "pool"]
    request.refresh_from_db()
    assert request.version == 5
    ground = {"actor": cast.city, "season": request.season, "city": "4401"}
    assert versions_differ(**ground, old=1, new=5) == ({}, {})
    assert versions_differ(**ground, old=5) == ({}, {})
    with pytest.raises(Refusal, match="没有任何变化"):
        status.status_restore(actor=cast.city, city="4401", number=1, words="x")
    status.status_decide(
        actor=cast.second, agree=True,
        request=status.status_restore(actor=cast.city, city="4401", number=0, words="全部撤销"),
    )  # fmt: skip
    assert not CandidateStatus.objects.exists()
    assert client.get(address("versions__restore", "4401", 99)).status_code == 404


def test_who_has_moved_on_since_is_named_and_may_be_left_out(cast, make_candidates, client_of):
    gone, stays = make_candidates(1), make_candidates(1)
    effective(cast, [*gone, *stays])
    effective(cast, [*gone, *stays], "restored")
    Dossier.objects.filter(pk=gone[0].pk).update(held=True)
    client, where = client_of(cast.city), address("versions__restore", "4401", 1)
    assert gone[0].number in client.get(where).content.decode()
    answer = client.post(where, {"words": "x"} | CONFIRMED)
    assert answer.status_code == 422
    assert f"{gone[0].number}：档案已挂起" in answer.content.decode()
    assert not StatusRequest.objects.filter(back_to=1).exists()
    assert client.post(where, {"words": "x", "leave_out": "on"} | CONFIRMED).status_code == 302
    request = StatusRequest.objects.get(back_to=1)
    assert request.candidates == [stays[0].pk]
    Dossier.objects.filter(pk=stays[0].pk).update(held=True)
    page = client_of(cast.second).get(address("one", request.pk)).content.decode()
    assert "申请后有变化，已挂起" in page
    with pytest.raises(Refusal, match=f"{stays[0].number}：.*已挂起"):
        status.status_decide(actor=cast.second, request=request, agree=True)


def test_a_county_reads_versions_of_its_own_but_restores_none(cast, make_candidates, client_of):
    own, other = make_candidates(1), make_candidates(1, county="440104")
    effective(cast, [*own, *other])
    page = client_of(cast.county).get(address("versions") + "?old=0&new=1").content.decode()
    assert own[0].number in page
    assert other[0].number not in page
    assert "还原</a>" not in page
    with pytest.raises(Refusal, match="市招办"):
        status.status_restore(actor=cast.county, city="4401", number=0, words="x")
    request = asked(cast.city, [*own, *other], "restored")
    with walled(cast.county.scope), pytest.raises(Refusal, match="管辖"):
        status.status_decide(actor=cast.county, request=request, agree=True)


@pytest.mark.parametrize("state", ["confirmed", "executed"])
def test_a_restore_is_refused_while_a_run_counts_on_one_of_them(cast, batch, schools, make_candidates, state):
    one = make_candidates(1)
    factories.make_choices(one, batch, schools[:1])
    effective(cast, one)
    run = Run.objects.create(
        batch=batch, round=1, created_by=cast.city, confirmed_by=cast.second, state=state
    )
    with pytest.raises(Refusal, match="不能还原"):
        status.status_restore(actor=cast.city, city="4401", number=0, words="x")
    Run.objects.filter(pk=run.pk).update(state="released")
    status.status_restore(actor=cast.city, city="4401", number=0, words="x")


def test_whom_the_general_import_took_out_can_be_restored_and_taken_back(cast, season, make_candidates):
    one = make_candidates(1)
    dossiers_move(actor=None, step="exclude", moves=[Move(one[0].pk, note="G001 示例中学")])
    assert effective(cast, one, "restored").version == 1
    assert states(one) == ["pool"]
    request = status.status_restore(actor=cast.city, city="4401", number=0, words="登记没有错")
    status.status_decide(actor=cast.second, request=request, agree=True)
    assert CandidateStatus.objects.get().status == "general"
    assert CandidateStatus.objects.get().words == "G001 示例中学"


def test_chosen_rows_are_filled_in_and_nothing_happens_yet(cast, make_candidates, client_of):
    two = make_candidates(2)
    effective(cast, two)
    client = client_of(cast.city)
    page = client.post(address(), {"chosen": [two[0].pk]}).content.decode()
    assert two[0].number in page
    assert two[1].number not in page
    page = client.post(address(), {"all": "1", "query": "status=absent"}).content.decode()
    assert two[1].number in page
    assert client.post(address(), {"chosen": []}).status_code == 302


def test_somebody_elses_version_meanwhile_is_told(cast, make_candidates, client_of):
    one, other = make_candidates(1), make_candidates(1)
    client = client_of(cast.city)
    shown = uploaded(client, [HEADER, [one[0].number, "", "缺考", "x"]])
    content = shown.wsgi_request.POST["content"]
    effective(cast, other)
    answer = client.post(address("import"), {"content": content, "words": "x"} | CONFIRMED)
    assert "有人修改过" in answer.content.decode()
    assert not StatusRequest.objects.filter(candidates__contains=[one[0].pk]).exists()


def test_nothing_a_second_time_and_deeds_are_left(cast, make_candidates):
    one = make_candidates(1)
    effective(cast, one)
    with pytest.raises(Refusal, match="没有任何变化"):
        asked(cast.city, one)
    assert Deed.objects.filter(subject__contains="号申请：已生效（第 1 版）").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_officers_who_decide_at_once(cast, make_candidates):
    """Both agree to the same request: one of them is refused, and there is one version."""
    for number in range(4):
        one = make_candidates(1)
        request = asked(cast.city, one)
        second = (cast.second, cast.province)
        came = in_threads(
            2, lambda index, r=request, s=second: status.status_decide(actor=s[index], request=r, agree=True)
        )
        assert sorted(came) == ["Refusal", "done"]
        assert states(one) == ["excluded"]
        assert StatusRequest.objects.filter(version__isnull=False).count() == number + 1


@pytest.mark.django_db(transaction=True)
def test_two_requests_of_a_city_agreed_to_at_once_are_two_versions(cast, make_candidates):
    requests = [asked(cast.city, make_candidates(1)) for _ in range(4)]
    came = in_threads(
        4, lambda index: status.status_decide(actor=cast.second, request=requests[index], agree=True)
    )
    assert came == ["done"] * 4
    assert sorted(StatusRequest.objects.values_list("version", flat=True)) == [1, 2, 3, 4]


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_for_the_same_candidate_at_once(cast, make_candidates):
    one = make_candidates(1)
    actors = (cast.city, cast.second)
    assert sorted(in_threads(2, lambda index: asked(actors[index], one))) == ["Refusal", "done"]


@pytest.mark.django_db(transaction=True)
def test_a_restore_against_a_run_being_confirmed(cast, batch, schools, plan_line, make_candidates):
    """Either the run is confirmed and the restore waits, or the restore takes effect and the run is void."""
    one = make_candidates(1)
    factories.make_choices(one, batch, schools[:1])
    effective(cast, one)
    for number in range(5):
        restore = status.status_restore(actor=cast.city, city="4401", number=number % 2, words="x")
        run = Run.objects.create(
            batch=batch, round=number + 1, created_by=cast.city, state="rehearsed", fingerprint="a" * 64
        )
        deeds = (
            lambda run=run: sending.run_confirm(actor=cast.second, run=run, fingerprint="a" * 64),
            lambda r=restore: status.status_decide(actor=cast.second, request=r, agree=True),
        )
        came = in_threads(2, lambda index, deeds=deeds: deeds[index]())
        assert sorted(came) == ["Refusal", "done"]
        run.refresh_from_db()
        restore.refresh_from_db()
        assert (run.state == "confirmed") != (restore.state == "effective")
        Run.objects.filter(pk=run.pk).update(state="cancelled")
        if restore.state != "effective":
            status.status_decide(actor=cast.second, request=restore, agree=True)
