"""设置院校投档特殊条件限制: the rule builder, tried on a candidate, counted, then set."""

from django.urls import reverse

from accounts.models import Deed
from dispatch.models import Run, SchoolCondition
from dispatch.services.control import CONTROLS
from tests import factories
from tests.dispatch.test_controls import exported, sheet, url

CONFIRMED = {"confirmed": "1"}
GIRLS = {
    "school": "10001", "group_0": "1", "kind_0": "sex", "item_0": "", "demand_0": "2",
    "group_1": "2", "kind_1": "marks", "item_1": "chinese", "demand_1": "80", "kind_2": "",
}  # fmt: skip


def address(batch) -> str:
    return reverse("dispatch:set_school_conditions__change", args=[batch.pk])


def applicants(batch, schools, make_candidates):
    boy = make_candidates(1, sex="1", scores=[9000, 0, 0, 0])
    girls = make_candidates(2, sex="2", scores=[9000, 0, 0, 0])
    weak = make_candidates(1, sex="2", scores=[7000, 0, 0, 0])
    factories.make_choices([*boy, *girls, *weak], batch, schools[:1])
    return boy[0], girls[0], weak[0]


def test_who_passes_is_counted_before_it_is_set(cast, batch, schools, plan_line, make_candidates, client_of):
    applicants(batch, schools, make_candidates)
    client = client_of(cast.city)
    shown = client.post(address(batch), GIRLS).content.decode()
    assert "填报 4 名，符合条件的由 4 名变为 2 名" in shown
    assert not SchoolCondition.objects.exists()
    assert client.post(address(batch), GIRLS | CONFIRMED).status_code == 302
    assert set(SchoolCondition.objects.values_list("group", "kind", "item", "demand")) == {
        (1, "sex", "", "2"), (2, "marks", "chinese", "80"),
    }  # fmt: skip
    assert Deed.objects.get(function="dispatch.set_school_conditions").count == 2
    page = client.get(address(batch) + "?chosen=10001|1|sex||2")
    assert page.context["form"]["kind_1"].value() == "marks"
    none = {"school": "10001", "kind_0": ""} | CONFIRMED
    assert client.post(address(batch), none).status_code == 302
    assert not SchoolCondition.objects.exists()


def test_a_candidate_is_tried_and_nothing_is_written(
    cast, batch, schools, plan_line, make_candidates, client_of
):
    boy, girl, weak = applicants(batch, schools, make_candidates)
    client = client_of(cast.city)
    asked = GIRLS | {"try": "1"}
    assert "符合全部条件" in client.post(address(batch), asked | {"number": girl.number}).content.decode()
    said = client.post(address(batch), asked | {"number": boy.number}).content.decode()
    assert f"考生 {boy.number}：性别要求：女，本人男。" in said
    said = client.post(address(batch), asked | {"number": weak.number}).content.decode()
    assert "语文须不低于80分，本人70.00分" in said
    assert not SchoolCondition.objects.exists()


def test_a_candidate_of_another_city_is_not_tried(cast, batch, plan_line, make_candidates, client_of):
    other = make_candidates(1, city="4403")[0]
    answer = client_of(cast.city).post(address(batch), GIRLS | {"try": "1", "number": other.number})
    assert answer.status_code == 422
    assert "没有考生号" in answer.content.decode()


def test_nonsense_is_told_and_changes_nothing(cast, batch, plan_line, client_of):
    client = client_of(cast.city)
    wrong = client.post(address(batch), GIRLS | {"demand_0": "3", "item_1": "astrology"} | CONFIRMED)
    assert wrong.status_code == 422
    assert "性别填" in wrong.content.decode()
    assert "astrology" in wrong.content.decode()
    assert client.post(address(batch), GIRLS | {"school": "20001"} | CONFIRMED).status_code == 422
    assert client.post(address(batch), GIRLS | {"school": "", "try": "1"}).status_code == 422
    assert not SchoolCondition.objects.exists()


def test_refused_permission_tenant_and_state(cast, batch, plan_line, client_of):
    assert client_of(cast.school).post(address(batch), GIRLS | CONFIRMED).status_code == 403
    assert client_of(cast.other_city).post(address(batch), GIRLS | CONFIRMED).status_code == 404
    Run.objects.create(
        batch=batch, round=1, created_by=cast.city, confirmed_by=cast.second, state="confirmed"
    )
    assert "不能修改参数" in client_of(cast.city).post(address(batch), GIRLS | CONFIRMED).content.decode()
    assert not SchoolCondition.objects.exists()


def test_names_may_be_written_and_codes_are_kept(cast, batch, plan_line, client_of):
    """An officer knows 荔湾区 and 女, not 440103 and 2; a name that changes later must not undo a condition."""
    client = client_of(cast.city)
    data = GIRLS | {"demand_0": "女", "kind_1": "county", "item_1": "", "demand_1": "荔湾区 440104"}
    page = client.get(address(batch)).content.decode()
    assert '<option value="荔湾区">' in page
    assert f'<option value="{plan_line.school.code}">{plan_line.school.name}' in page
    assert client.post(address(batch), data | CONFIRMED).status_code == 302
    kept = set(SchoolCondition.objects.values_list("kind", "demand"))
    assert kept == {("sex", "2"), ("county", "440103 440104")}
    again = client.post(address(batch), data | CONFIRMED)
    assert "没有任何变化" in again.content.decode()
    listed = client.get(reverse("dispatch:set_school_conditions__one", args=[batch.pk])).content.decode()
    assert "荔湾区、越秀区" in listed
    control = CONTROLS["dispatch.set_school_conditions"]
    rows = exported(client, control, batch)
    line = {"学校代码": "10001", "组号": "2", "项目": "生源地"}
    lines = [line | {"要求": demand} for demand in ("荔湾区", "440103")]
    twice = [rows[0], *([one.get(title, "") for title in rows[0]] for one in lines)]
    wrong = client.post(url(control, "import", batch), {"upload": sheet(twice)}).context["wrong"]
    assert [(fault.row, fault.words) for fault in wrong] == [(3, "与第 2 行相同。")]
