"""指标分配 under 院校计划管理: seats kept for junior schools, by form and sheet, with versions."""

import pytest
from django.urls import reverse

from accounts.models import Deed
from accounts.refusals import Refusal
from admissions.models import FeederSchool
from admissions.services.controls import control_change
from dispatch.models import Run
from quotas.models import Allotment, ReserveVersion
from quotas.services.allotments import CONTROL
from tests import factories
from tests.dispatch.test_controls import exported, sheet

CONFIRMED = {"confirmed": "1"}
HOME = "quotas:manage_plans__allotments"


def address(batch, tail="", *more) -> str:
    return reverse(f"{HOME}__{tail}" if tail else HOME, args=[batch.pk, *more])


@pytest.fixture
def feeders(season):
    """Two junior schools of 广州, one of 深圳."""
    places = [("F001", "4401", "440103"), ("F002", "4401", "440103"), ("F003", "4403", "440303")]
    return [
        FeederSchool.objects.create(province="44", city=city, county=county, code=code, name=f"{code}初中")
        for code, city, county in places
    ]


def asked(seats="3", feeder="F001", school="10001") -> dict:
    return {"school": school, "feeder": feeder, "seats": seats} | CONFIRMED


def test_seats_are_allotted_compared_and_taken_back(cast, batch, plan_line, feeders, client_of):
    client = client_of(cast.city)
    assert "指标分配" in client.get(reverse("quotas:manage_plans")).content.decode()
    assert client.post(address(batch, "change"), asked()).status_code == 302
    assert client.post(address(batch, "change"), asked("7", "F002")).status_code == 302
    assert CONTROL.now(batch) == {("10001", "F001"): {"seats": 3}, ("10001", "F002"): {"seats": 7}}
    page = client.get(address(batch)).content.decode()
    assert "F001初中" in page
    assert "没有启用指标到校" in page
    assert "10 个" in client.get(reverse(HOME)).content.decode()
    assert "第 3 版" in Deed.objects.filter(function="quotas.manage_plans").latest("pk").subject
    assert client.post(address(batch, "restore", 1), CONFIRMED).status_code == 302
    assert not Allotment.objects.exists()
    assert ReserveVersion.objects.filter(function="quotas.manage_plans").count() == 4
    assert client.get(address(batch, "versions")).status_code == 200


def test_a_sheet_goes_out_and_comes_back(cast, batch, plan_line, feeders, client_of):
    Allotment.objects.create(batch=batch, school=plan_line.school, feeder=feeders[0], seats=2)
    client = client_of(cast.city)
    rows = exported_at(client, batch)
    assert rows[0] == ["学校代码", "毕业学校代码", "学校名称", "毕业学校", "计划数", "指标数"]
    rows[1][-1] = "4"
    rows.append(["10001", "F002", "", "", "", "6"])
    shown = client.post(address(batch, "import"), {"upload": sheet(rows)})
    assert "10 个，占其计划 10 个" in shown.content.decode()
    assert "请核对后确认：指标分配" in shown.content.decode()
    content = shown.wsgi_request.POST["content"]
    assert client.post(address(batch, "import"), {"content": content} | CONFIRMED).status_code == 302
    assert CONTROL.now(batch) == {("10001", "F001"): {"seats": 4}, ("10001", "F002"): {"seats": 6}}


def exported_at(client, batch):
    return exported(client, CONTROL, batch, address(batch, "export"))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (asked("11"), "指标合计 11 个，超过本批次计划 10 个"),
        (asked(feeder="F009"), "不是本市的毕业学校"),
        (asked(feeder="F003"), "不是本市的毕业学校"),
        (asked(school="20001"), "没有招生计划"),
        (asked("0"), "须为 1 至 9999 的整数"),
        (asked(""), "指标数不能为空"),
    ],
)
def test_what_is_wrong_changes_nothing(cast, batch, plan_line, feeders, client_of, wrong, words):
    answer = client_of(cast.city).post(address(batch, "change"), wrong)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Allotment.objects.exists()


def test_all_errors_of_a_sheet_are_told_at_once(cast, batch, plan_line, feeders, client_of):
    rows = [["学校代码", "毕业学校代码", "指标数"], ["10001", "F001", "11"], ["10001", "F009", "1"]]
    said = client_of(cast.city).post(address(batch, "import"), {"upload": sheet(rows)}).content.decode()
    assert "超过本批次计划 10 个" in said
    assert "不是本市的毕业学校" in said
    assert not Allotment.objects.exists()


@pytest.mark.parametrize(
    ("who", "status"), [("idle", 403), ("other_city", 404), ("foreign", 404), ("province", 200)]
)
def test_who_may_see_and_who_may_set(cast, batch, plan_line, feeders, client_of, who, status):
    client = client_of(getattr(cast, who))
    assert client.get(address(batch)).status_code == status
    answer = client.post(address(batch, "change"), asked())
    assert answer.status_code in ({200: (302, 422)}.get(status, (status,)))


@pytest.mark.parametrize("who", ["county", "school"])
def test_a_county_and_a_school_set_nothing(cast, batch, plan_line, feeders, who):
    with pytest.raises(Refusal):
        control_change(
            actor=getattr(cast, who), control=CONTROL, batch=batch, after={("10001", "F001"): {"seats": 1}}
        )
    assert not Allotment.objects.exists()


def test_two_schools_have_seats_of_their_own(cast, batch, schools, plan_line, feeders, client_of):
    factories.make_plan_line(schools[1], batch, seats=2)
    client = client_of(cast.city)
    client.post(address(batch, "change"), asked("1", school="10001 20001"))
    assert CONTROL.now(batch) == {("10001", "F001"): {"seats": 1}, ("20001", "F001"): {"seats": 1}}


def test_nothing_is_set_while_a_run_is_confirmed(cast, batch, plan_line, feeders, client_of):
    Run.objects.create(
        batch=batch, round=1, state=Run.State.CONFIRMED, parameters={}, created_by=cast.city,
        confirmed_by=cast.second,
    )  # fmt: skip
    assert client_of(cast.city).post(address(batch, "change"), asked()).status_code == 422
    assert not Allotment.objects.exists()
