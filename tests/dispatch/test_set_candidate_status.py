"""设置考生状态: asked by one, carried out when another agrees, told in the track."""

import pytest
from django.urls import reverse

from accounts.models import Deed
from accounts.refusals import Refusal
from accounts.workbench import parts_for
from admissions.models import Dossier, DossierEvent
from dispatch.models import Run, StatusRequest
from dispatch.services import status
from tests import factories
from tests.dispatch.test_controls import sheet

CONFIRMED = {"confirmed": "1"}


def address(tail="new", *args) -> str:
    return reverse(f"dispatch:set_candidate_status__{tail}", args=args)


def states(candidates) -> list[str]:
    kept = dict(Dossier.objects.values_list("pk", "state"))
    return [kept[candidate.pk] for candidate in candidates]


def asked(actor, candidates, kind="absent") -> StatusRequest:
    numbers = [candidate.number for candidate in candidates]
    return status.status_request(actor=actor, status=kind, words="缺考两科", numbers=numbers)


def test_two_persons_take_candidates_out_and_bring_them_back(cast, make_candidates, client_of):
    two, stays = make_candidates(2), make_candidates(1)
    numbers = "\n".join(candidate.number for candidate in two)
    client = client_of(cast.city)
    data = {"status": "absent", "words": "缺考两科", "numbers": numbers}
    shown = client.post(address(), data).content.decode()
    assert two[0].name in shown
    assert not StatusRequest.objects.exists()
    assert client.post(address(), data | CONFIRMED).status_code == 302
    request = StatusRequest.objects.get()
    assert states(two) == ["pool", "pool"], "asking is not doing"
    own = client.post(address("decide", request.pk), {"agree": "1"} | CONFIRMED)
    assert "不能是申请人本人" in own.content.decode()
    second = client_of(cast.second)
    assert "第 " in second.get(reverse("dispatch:set_candidate_status")).content.decode()
    assert two[0].number in second.get(address("one", request.pk)).content.decode()
    assert second.post(address("decide", request.pk), {"agree": "1"} | CONFIRMED).status_code == 302
    assert states([*two, *stays]) == ["excluded", "excluded", "pool"]
    event = DossierEvent.objects.get(candidate=two[0])
    assert (event.step, event.deed.actor) == ("set_out", cast.second)
    assert event.note == f"缺考：缺考两科（申请人 {cast.city.name}）"
    assert event.word == "设为不参加"
    back = asked(cast.second, two, "restored")
    assert status.status_decide(actor=cast.city, request=back, agree=True) == 2
    assert states(two) == ["pool", "pool"]
    assert Deed.objects.filter(subject__contains="考生状态").count() >= 4


def test_a_list_comes_as_a_file_and_goes_as_one(cast, make_candidates, client_of):
    two, client = make_candidates(2), client_of(cast.city)
    rows = [["姓名", "考生号"], *([candidate.name, candidate.number] for candidate in two)]
    shown = client.post(address(), {"status": "abstains", "words": "出国", "upload": sheet(rows)})
    numbers = shown.wsgi_request.POST["numbers"]
    assert (
        client.post(
            address(), {"status": "abstains", "words": "出国", "numbers": numbers} | CONFIRMED
        ).status_code
        == 302
    )
    request = StatusRequest.objects.get()
    assert request.candidates == sorted(candidate.pk for candidate in two)
    assert client.get(address("export", request.pk)).status_code == 200
    missing = client.post(address(), {"status": "absent", "words": "x", "upload": sheet([["姓名"], ["甲"]])})
    assert "没有“考生号”一列" in missing.content.decode()


def test_all_who_cannot_are_named_and_nobody_is_asked_for(cast, batch, schools, make_candidates, client_of):
    free, out, other = make_candidates(1)[0], make_candidates(1)[0], make_candidates(1, city="4403")[0]
    Dossier.objects.filter(pk=out.pk).update(held=True)
    with pytest.raises(Refusal) as refused:
        asked(cast.city, [free, out, other])
    assert f"{out.number}：档案已挂起" in str(refused.value)
    assert f"{other.number}：没有这名考生" in str(refused.value)
    assert free.number not in str(refused.value)
    with pytest.raises(Refusal, match="没有可以恢复的状态"):
        asked(cast.city, [free], "restored")
    for wrong in ({"numbers": ""}, {"words": ""}, {"status": "asleep"}):
        data = {"status": "absent", "words": "x", "numbers": free.number} | wrong | CONFIRMED
        assert client_of(cast.city).post(address(), data).status_code == 422
    assert not StatusRequest.objects.exists()


def test_nobody_is_asked_for_twice_and_a_request_can_be_taken_back(cast, make_candidates, client_of):
    one = make_candidates(1)
    request = asked(cast.city, one)
    with pytest.raises(Refusal, match="等待复核"):
        asked(cast.second, one)
    with pytest.raises(Refusal, match="自己的"):
        status.status_withdraw(actor=cast.second, request=request)
    assert client_of(cast.city).post(address("withdraw", request.pk)).status_code == 302
    asked(cast.second, one)
    with pytest.raises(Refusal, match="已撤回"):
        status.status_decide(actor=cast.second, request=request, agree=True)


def test_it_waits_on_the_workbench_of_the_others(cast, make_candidates):
    asked(cast.city, make_candidates(1))

    def titles(actor):
        return [part.title for part in parts_for(actor)["to_dos"]]

    assert "考生状态待复核" in titles(cast.second)
    assert "考生状态待复核" not in titles(cast.city)
    assert "考生状态待复核" not in titles(cast.other_city)


def test_a_refusal_needs_words_and_moves_nobody(cast, make_candidates):
    one = make_candidates(1)
    request = asked(cast.city, one)
    with pytest.raises(Refusal, match="意见"):
        status.status_decide(actor=cast.second, request=request, agree=False)
    assert status.status_decide(actor=cast.second, request=request, agree=False, answer="缺证明") == 0
    assert states(one) == ["pool"]


def test_a_dossier_that_has_moved_since_stops_the_whole_request(cast, make_candidates):
    two = make_candidates(2)
    request = asked(cast.city, two)
    Dossier.objects.filter(pk=two[1].pk).update(held=True)
    with pytest.raises(Refusal, match=f"{two[1].number}：.*已挂起") as refused:
        status.status_decide(actor=cast.second, request=request, agree=True)
    assert two[0].number not in str(refused.value)
    assert states(two) == ["pool", "pool"]


def test_refused_while_a_run_that_counts_on_him_is_confirmed(cast, batch, schools, make_candidates):
    one = make_candidates(1)
    factories.make_choices(one, batch, schools[:1])
    request = asked(cast.city, one)
    run = Run.objects.create(
        batch=batch, round=1, created_by=cast.city, confirmed_by=cast.second, state="confirmed"
    )
    with pytest.raises(Refusal, match="不能修改"):
        status.status_decide(actor=cast.second, request=request, agree=True)
    Run.objects.filter(pk=run.pk).update(state="rehearsed", confirmed_by=None)
    assert status.status_decide(actor=cast.second, request=request, agree=True) == 1
    run.refresh_from_db()
    assert run.state == "draft"


def test_permission_and_tenant(cast, make_candidates, client_of):
    request = asked(cast.city, make_candidates(1))
    for tail in ("one", "decide", "withdraw", "export"):
        assert client_of(cast.school).get(address(tail, request.pk)).status_code == 403
        assert client_of(cast.reviewer).get(address(tail, request.pk)).status_code == 403
        assert client_of(cast.other_city).get(address(tail, request.pk)).status_code == 404
        assert client_of(cast.foreign).get(address(tail, request.pk)).status_code == 404
    assert client_of(cast.idle).get(reverse("dispatch:set_candidate_status")).status_code == 403
    with pytest.raises(Refusal, match="权限"):
        asked(cast.idle, make_candidates(1))
