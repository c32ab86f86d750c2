"""设置院校机动计划数: bounded, outside of a dispatch, given to plan lines without audit."""

import pytest
from django.urls import reverse

from accounts.models import Deed
from accounts.refusals import Refusal
from dispatch import loading
from dispatch.models import Run
from quotas.models import PlanChange, PlanLine, Reserve, ReserveVersion
from quotas.services.reserve import CONTROL, reserve_use
from tests import factories
from tests.dispatch.test_controls import exported, sheet

CONFIRMED = {"confirmed": "1"}


def address(batch, tail="change", *more) -> str:
    return reverse(f"quotas:set_reserve__{tail}", args=[batch.pk, *more])


@pytest.fixture
def forty(schools, batch):
    """Forty seats of the first school: two may be kept back."""
    return factories.make_plan_line(schools[0], batch, seats=40)


def test_a_reserve_is_set_compared_and_taken_back(cast, batch, forty, client_of):
    client = client_of(cast.city)
    assert "荔湾" in client.get(address(batch, "one")).content.decode()
    assert client.post(address(batch), {"school": "10001", "seats": "2"} | CONFIRMED).status_code == 302
    assert Reserve.objects.get().seats == 2
    assert "第 2 版" in Deed.objects.get(function="quotas.set_reserve").subject
    assert ReserveVersion.objects.count() == 2
    assert client.post(address(batch, "restore", 1), CONFIRMED).status_code == 302
    assert CONTROL.now(batch) == {}
    assert client.get(address(batch, "versions")).status_code == 200


def test_it_comes_back_by_its_own_sheet(cast, batch, forty, client_of):
    client = client_of(cast.city)
    rows = exported(client, CONTROL, batch)
    assert rows[0] == ["学校代码", "学校名称", "计划数", "上限", "已使用", "机动计划数"]
    rows[1][-1] = "2"
    shown = client.post(address(batch, "import"), {"upload": sheet(rows)})
    content = shown.wsgi_request.POST["content"]
    assert client.post(address(batch, "import"), {"content": content} | CONFIRMED).status_code == 302
    assert CONTROL.now(batch) == {("10001",): {"seats": 2}}


@pytest.mark.parametrize("asked", [{"seats": "3"}, {"seats": "-1"}, {"seats": ""}, {"school": "20001"}])
def test_beyond_the_bound_nothing_is_set(cast, batch, forty, client_of, asked):
    answer = client_of(cast.city).post(address(batch), {"school": "10001", "seats": "1"} | asked | CONFIRMED)
    assert answer.status_code == 422
    assert not Reserve.objects.exists()


def test_a_dispatch_does_not_offer_it_until_a_line_has_got_it(cast, batch, schools, forty, make_candidates):
    factories.make_choices(make_candidates(1), batch, schools[:1])
    Reserve.objects.create(batch=batch, school=schools[0], seats=2)

    def left():
        loading.choices_freeze(batch)
        return loading.snapshot_load(batch, loading.parameters_of(batch)).left.tolist()

    assert left() == [40]
    reserve_use(actor=cast.city, batch=batch, line=forty, seats=2)
    assert left() == [42]


def test_seats_go_to_a_line_and_back_on_the_page(cast, batch, schools, forty, client_of):
    Reserve.objects.create(batch=batch, school=schools[0], seats=2)
    client, use = client_of(cast.city), address(batch, "use")
    assert "40 → 42" in client.post(use, {"line": forty.pk, "seats": "2"}).content.decode()
    assert client.post(use, {"line": forty.pk, "seats": "2"} | CONFIRMED).status_code == 302
    forty.refresh_from_db()
    assert (forty.seats, Reserve.objects.get().used) == (42, 2)
    assert PlanChange.objects.get().way == "reserve"
    assert "40 → 42" in Deed.objects.get(subject__startswith="调整机动计划").note
    assert (
        "2 个，不能少于"
        in client.post(address(batch), {"school": "10001", "remove": "on"} | CONFIRMED).content.decode()
    )
    assert client.post(use, {"line": forty.pk, "seats": "-2"} | CONFIRMED).status_code == 302
    forty.refresh_from_db()
    assert (forty.seats, Reserve.objects.get().used) == (40, 0)


@pytest.mark.parametrize(("seats", "words"), [(3, "只剩"), (-1, "收回"), (0, "不能为 0")])
def test_more_than_there_is_is_refused(cast, batch, schools, forty, seats, words):
    Reserve.objects.create(batch=batch, school=schools[0], seats=2)
    with pytest.raises(Refusal, match=words):
        reserve_use(actor=cast.city, batch=batch, line=forty, seats=seats)
    assert not PlanChange.objects.exists()


def test_what_is_taken_does_not_come_back(cast, batch, schools, forty):
    Reserve.objects.create(batch=batch, school=schools[0], seats=2)
    reserve_use(actor=cast.city, batch=batch, line=forty, seats=2)
    PlanLine.objects.update(seats_taken=41)
    with pytest.raises(Refusal, match="已占用 41"):
        reserve_use(actor=cast.city, batch=batch, line=forty, seats=-2)


def test_a_line_of_another_batch_or_school_gets_nothing(cast, season, batch, schools, forty):
    Reserve.objects.create(batch=batch, school=schools[0], seats=2)
    other = factories.make_plan_line(schools[0], factories.make_batch(season, code="43"))
    with pytest.raises(Refusal, match="不在本批次"):
        reserve_use(actor=cast.city, batch=batch, line=other, seats=1)
    second = factories.make_plan_line(schools[1], batch)
    with pytest.raises(Refusal, match="没有机动计划"):
        reserve_use(actor=cast.city, batch=batch, line=second, seats=1)


def test_refused_permission_tenant_and_state(cast, batch, schools, forty, client_of):
    asked = {"school": "10001", "seats": "2"} | CONFIRMED
    Reserve.objects.create(batch=batch, school=schools[0], seats=1)
    use = {"line": forty.pk, "seats": "1"} | CONFIRMED
    for actor, status in (
        (cast.school, 403),
        (cast.reviewer, 403),
        (cast.other_city, 404),
        (cast.foreign, 404),
    ):
        assert client_of(actor).post(address(batch), asked).status_code == status
        assert client_of(actor).post(address(batch, "use"), use).status_code == status
        assert client_of(actor).get(address(batch, "export")).status_code == status
    assert client_of(cast.county).post(address(batch, "use"), use).status_code == 422
    Run.objects.create(
        batch=batch, round=1, created_by=cast.city, confirmed_by=cast.second, state="confirmed"
    )
    assert "不能修改参数" in client_of(cast.city).post(address(batch), asked).content.decode()
    assert client_of(cast.city).post(address(batch, "use"), use).status_code == 422
    assert Reserve.objects.get().seats == 1
    assert not PlanChange.objects.exists()
